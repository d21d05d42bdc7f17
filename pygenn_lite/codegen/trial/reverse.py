"""Differentiates straight-line code backwards, statement by statement, so that nothing swells:
what a value adds to the loss is a temporary of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import sympy
from sympy.logic.boolalg import Boolean

from pygenn_lite.codegen.program.kernel import Assign
from pygenn_lite.codegen.program.text import shown
from pygenn_lite.codegen.systems.system import symbol
from pygenn_lite.errors import UnsupportedFeatureError
from pygenn_lite.records import dataclass

BAR = "bar__"  # the derivative of the loss by a temporary


@dataclass(frozen=True)
class Reversed:
    """Straight-line code run backwards.

    Attributes
    ----------
    statements : tuple of Assign
        Over temporaries of the code, and `seeds`.
    by : mapping of str to sympy.Expr
        By symbol that the code starts from: what it adds to the loss, 0 left out.
    """

    statements: tuple[Assign, ...]
    by: Mapping[str, sympy.Expr]


def reverse(
    statements: Sequence[Assign],
    seeds: Iterable[tuple[str, sympy.Expr]],
    wanted: Iterable[str],
    prefix: str = BAR,
) -> Reversed:
    """The derivative of a loss by what code starts from.

    Parameters
    ----------
    statements : sequence of Assign
        Each name once, smooth (`smooth_statements`).
    seeds : iterable of (str, sympy.Expr)
        What values of the code add to the loss, per unit.
    wanted : iterable of str
        Symbols that it starts from.
    prefix : str
        Of temporaries.
    """
    wanted = set(wanted)
    active = _active(statements, wanted)
    terms: dict[str, list[sympy.Expr]] = {}
    for name, seed in seeds:
        terms.setdefault(name, []).append(seed)
    found = []
    for statement in reversed(statements):
        if statement.target not in active or statement.target not in terms:
            continue
        bar = sympy.Add(*terms.pop(statement.target))
        if bar == 0:
            continue
        slopes = {
            s.name: slope
            for s in sorted(statement.value.free_symbols, key=str)
            if s.name in active and (slope := _slope(statement, s)) != 0
        }
        if len(slopes) > 1 and not bar.is_Symbol:
            found.append(Assign(f"{prefix}{statement.target}", bar))
            bar = symbol(f"{prefix}{statement.target}")
        for name, slope in slopes.items():
            terms.setdefault(name, []).append(bar * slope)
    by = {name: sympy.Add(*parts) for name, parts in terms.items() if name in wanted}
    return Reversed(tuple(found), {name: value for name, value in by.items() if value != 0})


def _active(statements: Iterable[Assign], wanted: set[str]) -> set[str]:
    """What depends on anything that is wanted, that included."""
    active = set(wanted)
    for statement in statements:
        value = statement.value
        condition = isinstance(value, Boolean) and not value.is_Symbol
        if not condition and active & {s.name for s in value.free_symbols}:
            active.add(statement.target)
    return active


def _slope(statement: Assign, by: sympy.Symbol) -> sympy.Expr:
    slope = sympy.diff(statement.value, by)
    if slope.has(sympy.Derivative, sympy.Subs, sympy.DiracDelta):
        raise UnsupportedFeatureError(
            f"{shown(statement.value)} has no derivative by {by.name}",
            hint="write it with smooth functions",
        )
    return slope
