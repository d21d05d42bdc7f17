"""Explicit Runge-Kutta methods as users give them: a tableau, checked, with the order and the
limit of stability that follow from it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pygenn_lite.declaration.language.constants import as_float
from pygenn_lite.declaration.numeric import plain_number
from pygenn_lite.errors import Location, ModelError
from pygenn_lite.records import dataclass

MOST_STAGES = 16
HIGHEST_ORDER = 8  # that is looked for
TOLERANCE = 1e-9  # of coefficients that were given as decimals
WHERE = Location("Runge-Kutta tableau")

if TYPE_CHECKING:
    from fractions import Fraction  # which knows decimal numbers: imported where it is used

Row: TypeAlias = "tuple[Fraction, ...]"
Tree: TypeAlias = tuple[Any, ...]  # a rooted tree: the tuple of the trees at its root


@dataclass(frozen=True, init=False)
class RungeKutta:
    """An explicit Runge-Kutta method, for ``integrator=`` of a model.

    Parameters
    ----------
    a : sequence of sequences
        What of the earlier slopes makes each stage: row i has at most i numbers (further ones must
        be 0: the method is explicit).
    b : sequence
        What of the slopes makes the step; the sum is 1.
    c : sequence, optional
        Times of the stages in units of the step; by default the sums of the rows of `a`, which they
        must be.

        Numbers may be ints, floats, `fractions.Fraction`, or text such as ``"1/3"``.

    Raises
    ------
    ModelError
        The tableau is not explicit, not consistent, or not a tableau.

    Examples
    --------
    >>> ralston = pg.RungeKutta([[], ["2/3"]], ["1/4", "3/4"])
    >>> ralston.order, ralston.stages, round(ralston.limit, 3)
    (2, 2, 2.0)
    >>> pg.RungeKutta([[], [0.5]], [0.5, 0.25])
    Traceback (most recent call last):
    pygenn_lite.errors.ModelError: ...the numbers of b add up to 3/4...
    """

    a: tuple[Row, ...]
    b: Row
    c: Row

    def __init__(
        self,
        a: Sequence[Sequence[Any]],
        b: Sequence[Any],
        c: Sequence[Any] | None = None,
    ) -> None:
        weights = _row(b, "b")
        rows = _sequence(a, "a")
        if not 1 <= len(weights) <= MOST_STAGES or len(rows) != len(weights):
            raise _wrong(
                f"a has {len(rows)} rows and b {len(weights)} numbers",
                f"give both one entry per stage, 1 to {MOST_STAGES} of them",
            )
        stages = tuple(_stage(row, i) for i, row in enumerate(rows))
        sums = tuple(map(_sum, stages))
        if not _close(total := _sum(weights), 1):
            raise _wrong(f"the numbers of b add up to {total}", "a consistent method has the sum 1")
        nodes = sums if c is None else _row(c, "c")
        if len(nodes) != len(sums) or not all(map(_close, nodes, sums)):
            raise _wrong(
                f"c = {_text(nodes)} are not the sums of the rows of a, {_text(sums)}",
                "leave c out",
            )
        for name, value in (("a", stages), ("b", weights), ("c", nodes)):
            object.__setattr__(self, name, value)

    @classmethod
    def from_text(cls, text: str) -> RungeKutta:
        """The method that `str` wrote."""
        call = ast.parse(text, mode="eval").body
        assert isinstance(call, ast.Call)
        return cls(*(_literal(argument) for argument in call.args))

    @property
    def stages(self) -> int:
        """How often the derivatives are evaluated in a step."""
        return len(self.b)

    @cached_property
    def order(self) -> int:
        """The error of a step is O(dt^(order + 1)); from Butcher's conditions, one per tree."""
        for order in range(2, HIGHEST_ORDER + 1):
            if order > self.stages or not all(map(self._meets, trees(order))):
                return order - 1
        return HIGHEST_ORDER

    @cached_property
    def limit(self) -> float:
        """The largest h |lambda| at which dx/dt = lambda x, lambda < 0, does not grow."""
        a = np.zeros((self.stages, self.stages))
        for i, row in enumerate(self.a):
            a[i, : len(row)] = [float(x) for x in row]
        powers, coefficients = np.ones(self.stages), [1.0]
        for _ in range(self.stages):
            coefficients.append(float(np.dot([float(x) for x in self.b], powers)))
            powers = a @ powers
        growth = np.polynomial.Polynomial(coefficients)
        x = np.linspace(0.0, 2.0 * self.stages**2 + 1.0, 200_001)
        beyond = np.flatnonzero(np.abs(growth(-x)) > 1.0 + 1e-9)
        if beyond.size == 0 or beyond[0] == 0:
            return float(x[-1] if beyond.size == 0 else 0.0)
        low, high = float(x[beyond[0] - 1]), float(x[beyond[0]])
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if abs(growth(-middle)) <= 1.0 + 1e-12 else (low, middle)
        return low

    def _meets(self, tree: Tree) -> bool:
        total = _sum(b * phi for b, phi in zip(self.b, self._weights(tree), strict=True))
        return _close(total * density(tree), 1)

    def _weights(self, tree: Tree) -> Row:
        """The elementary weight of a tree at each stage."""
        result = [_number(1, "")] * self.stages
        for branch in tree:
            below = self._weights(branch)
            for i, row in enumerate(self.a):
                result[i] *= _sum(x * below[j] for j, x in enumerate(row))
        return tuple(result)

    def __str__(self) -> str:
        rows = ", ".join(_text(row) for row in self.a)
        return f"RungeKutta([{rows}], {_text(self.b)}, {_text(self.c)})"

    def __repr__(self) -> str:
        return f"<RungeKutta: {self.stages} stages, order {self.order}>"


@cache
def trees(order: int) -> tuple[Tree, ...]:
    """All rooted trees of so many nodes: each is one condition on the tableau."""
    return tuple(dict.fromkeys(_forests(order - 1, order - 1)))


def _forests(nodes: int, largest: int) -> Iterator[Tree]:
    """Multisets of trees with so many nodes together, none of more than `largest`."""
    if nodes == 0:
        yield ()
    for size in range(min(nodes, largest), 0, -1):
        for times in range(1, nodes // size + 1):
            for chosen in combinations_with_replacement(trees(size), times):
                for rest in _forests(nodes - size * times, size - 1):
                    yield (*chosen, *rest)


def density(tree: Tree) -> int:
    """Product over all nodes of the number of nodes from there upwards."""
    result = _size(tree)
    for branch in tree:
        result *= density(branch)
    return result


def _size(tree: Tree) -> int:
    return 1 + sum(map(_size, tree))


def _stage(given: Any, index: int) -> Row:
    row = _row(given, f"row {index} of a")
    if any(row[index:]):
        raise _wrong(
            f"row {index} of a has {len(row)} numbers: stage {index} would depend on itself or on "
            "later ones",
            "give an explicit method: row i has at most i numbers that are not 0",
        )
    return row[:index]


def _row(given: Any, what: str) -> Row:
    return tuple(_number(item, what) for item in _sequence(given, what))


def _sequence(given: Any, what: str) -> list[Any]:
    if isinstance(given, np.ndarray):
        return list(given.tolist())
    if not isinstance(given, (list, tuple)):
        raise _wrong(f"{what} = {given!r:.60}", "give lists of numbers")
    return list(given)


def _sum(numbers: Iterable[Fraction]) -> Fraction:
    return sum(numbers, _number(0, ""))


def _number(given: Any, what: str) -> Fraction:
    from fractions import Fraction

    if isinstance(given, Fraction):
        return given
    if isinstance(given, str):
        try:
            return Fraction(given.replace(" ", ""))
        except (ValueError, ZeroDivisionError):
            raise _wrong(f"{given!r:.60} in {what}", "write fractions as '1/3'") from None
    number = plain_number(given)
    value = None if number is None else as_float(number)
    if value is None or value - value != 0:
        raise _wrong(f"{given!r:.60} in {what}", "give finite numbers")
    short = Fraction(value).limit_denominator(1_000_000)
    return short if float(short) == value else Fraction(value)  # 1/3 as a float is meant as 1/3


def _literal(node: ast.expr) -> Any:
    if isinstance(node, ast.List):
        return [_literal(item) for item in node.elts]
    return ast.unparse(node)


def _close(one: Fraction | int, other: Fraction | int) -> bool:
    return abs(float(one - other)) <= TOLERANCE


def _text(row: Row) -> str:
    return f"[{', '.join(map(str, row))}]"


def _wrong(message: str, hint: str) -> ModelError:
    return ModelError(message, where=WHERE, hint=hint)
