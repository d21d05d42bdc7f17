"""Connectivity rules: which source neuron has a synapse with which target neuron."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pygenn_lite.declaration.language.constants import as_float, constant_value
from pygenn_lite.declaration.language.equations import Expression, ExpressionLike, parse_expression
from pygenn_lite.declaration.language.parser import parse_tree
from pygenn_lite.declaration.language.vocabulary import DISTANCE, RANDOM
from pygenn_lite.declaration.numeric import plain_array, plain_indices, plain_number, whole_number
from pygenn_lite.declaration.values import FrozenArray
from pygenn_lite.errors import ConnectivityError

STORAGE = ("auto", "sparse", "dense", "procedural")


@dataclass(frozen=True)
class Connectivity:
    """Base of all rules."""

    def __post_init__(self) -> None:
        for flag in ("autapses", "multapses"):
            value = getattr(self, flag, True)
            if not isinstance(value, (bool, np.bool_)):
                raise ConnectivityError(
                    f"{flag} = {value!r} is neither True nor False", where=type(self).__name__
                )
            if hasattr(self, flag):
                object.__setattr__(self, flag, bool(value))

    def validate(self, n_pre: int, n_post: int, same_population: bool, where: str = "") -> None:
        """Check the rule against the sizes of its populations.

        Raises
        ------
        ConnectivityError
            It cannot be fulfilled; the message says why.
        """


@dataclass(frozen=True)
class AllToAll(Connectivity):
    """Every pair; without autapses, no neuron with itself."""

    autapses: bool = True


@dataclass(frozen=True)
class OneToOne(Connectivity):
    """Neuron i with neuron i."""

    def validate(self, n_pre: int, n_post: int, same_population: bool, where: str = "") -> None:
        """Sizes must be equal."""
        if n_pre != n_post:
            raise ConnectivityError(
                f"one-to-one needs populations of equal size, not {n_pre} and {n_post}",
                where=where,
                hint="make the sizes equal or choose another rule",
            )


@dataclass(frozen=True)
class FixedProbability(Connectivity):
    """Each pair independently with probability `p`.

    Examples
    --------
    >>> pg.FixedProbability(0.1, autapses=False)
    FixedProbability(p=0.1, autapses=False)
    >>> pg.FixedProbability(1.5)
    Traceback (most recent call last):
    pygenn_lite.errors.ConnectivityError: ...probability 1.5 lies outside [0, 1]...
    """

    p: float
    autapses: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "p", _probability(self.p, "FixedProbability"))


@dataclass(frozen=True)
class FixedTotalNumber(Connectivity):
    """Exactly `n` synapses between uniformly drawn pairs.

    With `probability` instead: n = ln(1 - p) / ln(1 - 1/(N_pre N_post)), rounded (Potjans and
    Diesmann 2014): as many as make a pair connected with probability p."""

    n: int | None = None
    probability: float | None = None
    autapses: bool = True
    multapses: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.n is None) == (self.probability is None):
            raise ConnectivityError(
                "give either n or probability", where="FixedTotalNumber", hint="one of the two"
            )
        if self.n is not None:
            object.__setattr__(self, "n", _count(self.n, "FixedTotalNumber"))
        else:
            probability = _probability(self.probability, "FixedTotalNumber")
            object.__setattr__(self, "probability", probability)
            if self.probability == 1.0:
                raise ConnectivityError(
                    "probability 1 would need infinitely many synapses",
                    where="FixedTotalNumber",
                    hint="use AllToAll()",
                )

    def total(self, n_pre: int, n_post: int) -> int:
        """Number of synapses between populations of these sizes."""
        if self.n is not None:
            return self.n
        assert self.probability is not None
        pairs = n_pre * n_post
        if pairs <= 1 or self.probability == 0:
            return round(self.probability * pairs)
        return round(math.log1p(-self.probability) / math.log1p(-1.0 / pairs))

    def validate(self, n_pre: int, n_post: int, same_population: bool, where: str = "") -> None:
        """Without multapses there must be enough pairs."""
        lost = n_pre if same_population and not self.autapses else 0
        total, pairs = self.total(n_pre, n_post), n_pre * n_post
        _check_room(self, total, pairs, lost, "synapses", "pairs", where)


@dataclass(frozen=True)
class FixedInDegree(Connectivity):
    """Each target neuron has exactly `n` synapses from uniformly drawn sources."""

    n: int
    autapses: bool = True
    multapses: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "n", _count(self.n, "FixedInDegree"))

    def validate(self, n_pre: int, n_post: int, same_population: bool, where: str = "") -> None:
        """Without multapses there must be enough sources."""
        _check_degree(self, n_pre, same_population, where, "sources")


@dataclass(frozen=True)
class FixedOutDegree(Connectivity):
    """Each source neuron has exactly `n` synapses onto uniformly drawn targets."""

    n: int
    autapses: bool = True
    multapses: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "n", _count(self.n, "FixedOutDegree"))

    def validate(self, n_pre: int, n_post: int, same_population: bool, where: str = "") -> None:
        """Without multapses there must be enough targets."""
        _check_degree(self, n_post, same_population, where, "targets")


@dataclass(frozen=True, init=False)
class Explicit(Connectivity):
    """Synapse k goes from `pre[k]` to `post[k]`; arrays of weights and delays follow this order."""

    pre: FrozenArray
    post: FrozenArray

    def __init__(self, pre: ArrayLike, post: ArrayLike) -> None:
        object.__setattr__(self, "pre", _indices(pre, "pre"))
        object.__setattr__(self, "post", _indices(post, "post"))
        if len(self.pre) != len(self.post):
            raise ConnectivityError(
                f"pre has {len(self.pre)} entries, post {len(self.post)}",
                where="Explicit",
                hint="give one of each per synapse",
            )

    def validate(self, n_pre: int, n_post: int, same_population: bool, where: str = "") -> None:
        """Indices must lie in the populations."""
        _check_range(self.pre, n_pre, "source", where)
        _check_range(self.post, n_post, "target", where)


@dataclass(frozen=True, init=False)
class CSR(Connectivity):
    """Synapses of source i go to ``targets[row_begin[i]:row_begin[i + 1]]``."""

    row_begin: FrozenArray
    targets: FrozenArray

    def __init__(self, row_begin: ArrayLike, targets: ArrayLike) -> None:
        object.__setattr__(self, "row_begin", _indices(row_begin, "row_begin"))
        object.__setattr__(self, "targets", _indices(targets, "targets"))
        rows = self.row_begin.array
        if (
            len(rows) == 0
            or rows[0] != 0
            or np.any(np.diff(rows) < 0)
            or rows[-1] != len(self.targets)
        ):
            raise ConnectivityError(
                "row_begin must rise from 0 to the number of targets",
                where="CSR",
                hint="give len(sources) + 1 entries",
            )

    def validate(self, n_pre: int, n_post: int, same_population: bool, where: str = "") -> None:
        """One row per source, targets in the population."""
        if len(self.row_begin) != n_pre + 1:
            raise ConnectivityError(
                f"row_begin has {len(self.row_begin)} entries; {n_pre} sources need {n_pre + 1}",
                where=where,
            )
        _check_range(self.targets, n_post, "target", where)


@dataclass(frozen=True, init=False)
class DistanceDependent(Connectivity):
    """Each pair with a probability that is an expression of ``distance`` (the populations need
    positions); no synapses beyond `max_distance`."""

    probability: Expression
    max_distance: float | None
    autapses: bool = field(default=False)

    def __init__(
        self, probability: ExpressionLike, max_distance: float | None = None, autapses: bool = False
    ) -> None:
        expression = parse_expression(probability, "DistanceDependent")
        unknown = expression.symbols - {DISTANCE}
        if unknown or expression.functions & RANDOM:
            raise ConnectivityError(
                f"the probability {expression.text!r} may depend on 'distance' only",
                where="DistanceDependent",
                hint="e.g. 'exp(-distance/100)'",
            )
        if expression.is_condition:
            raise ConnectivityError(
                f"the probability {expression.text!r} is a condition, not a number",
                where="DistanceDependent",
                hint=f"write where({expression.text}, 1, 0)",
            )
        constant = constant_value(parse_tree(expression.text), "DistanceDependent")
        if constant is not None:
            _probability(constant, "DistanceDependent")
            expression = parse_expression(constant, "DistanceDependent")  # "1/2" and 0.5 are equal
        given = plain_number(max_distance)
        limit = None if given is None else as_float(given)
        if max_distance is not None and (limit is None or not 0 < limit < math.inf):
            raise ConnectivityError(
                f"max_distance = {max_distance!r} is not a valid distance",
                where="DistanceDependent",
                hint="give a positive number, or None for no limit",
            )
        object.__setattr__(self, "probability", expression)
        object.__setattr__(self, "max_distance", limit)
        object.__setattr__(self, "autapses", autapses)
        self.__post_init__()


def expected_synapses(rule: Connectivity, n_pre: int, n_post: int, same_population: bool) -> float:
    """Number of synapses a rule makes, on average; not of `DistanceDependent`, whose number
    depends on where the neurons are."""
    pairs = float(n_pre) * n_post
    missing = n_pre if same_population and not getattr(rule, "autapses", True) else 0
    if isinstance(rule, AllToAll):
        return pairs - missing
    if isinstance(rule, OneToOne):
        return float(n_pre)
    if isinstance(rule, FixedProbability):
        return (pairs - missing) * rule.p
    if isinstance(rule, FixedTotalNumber):
        return float(rule.total(n_pre, n_post))
    if isinstance(rule, FixedInDegree):
        return float(rule.n) * n_post
    if isinstance(rule, FixedOutDegree):
        return float(rule.n) * n_pre
    if isinstance(rule, Explicit):
        return float(len(rule.pre))
    assert isinstance(rule, CSR), rule
    return float(len(rule.targets))


def from_scipy(matrix: Any) -> tuple[CSR, FrozenArray]:
    """Connectivity and weights of a scipy.sparse matrix (rows = sources, columns = targets)."""
    if not hasattr(matrix, "tocsr"):
        raise ConnectivityError(
            f"{type(matrix).__name__} is not a scipy.sparse matrix",
            where="from_scipy",
            hint="give scipy.sparse.csr_array(matrix)",
        )
    csr = matrix.tocsr()
    return CSR(csr.indptr, csr.indices), FrozenArray(plain_array(csr.data, "weights", "from_scipy"))


def _probability(p: object, where: str) -> float:
    number = plain_number(p)
    if number is None or not 0.0 <= number <= 1.0:
        raise ConnectivityError(
            f"probability {p!r} lies outside [0, 1]", where=where, hint="give a number from 0 to 1"
        )
    return float(number)


def _count(n: object, where: str) -> int:
    number = whole_number(n)
    if number is None or not 0 <= number < 2**62:
        raise ConnectivityError(
            f"n = {n!r} is not a valid number of synapses",
            where=where,
            hint="give a whole number >= 0",
        )
    return number


def _indices(values: Any, what: str) -> FrozenArray:
    return FrozenArray(plain_indices(values, what, error=ConnectivityError))


def _check_range(values: FrozenArray, size: int, what: str, where: str) -> None:
    array = values.array
    if array.size and (array.min() < 0 or array.max() >= size):
        bad = int(array[(array < 0) | (array >= size)][0])
        raise ConnectivityError(
            f"{what} index {bad} is out of range",
            where=where,
            hint=f"indices run from 0 to {size - 1}",
        )


def _check_degree(
    rule: FixedInDegree | FixedOutDegree, size: int, same: bool, where: str, what: str
) -> None:
    lost = 1 if same and not rule.autapses else 0
    _check_room(rule, rule.n, size, lost, "synapses per neuron", what, where)


def _check_room(
    rule: FixedInDegree | FixedOutDegree | FixedTotalNumber,
    wanted: int,
    places: int,
    lost: int,
    synapses: str,
    what: str,
    where: str,
) -> None:
    """There must be a place for every synapse. `lost` of the `places` are autapses and forbidden;
    the hint names what would help, and nothing that is so already."""
    available = places - lost
    if wanted == 0 or (available > 0 and (rule.multapses or wanted <= available)):
        return
    hints = []
    if not rule.multapses and available > 0:
        hints.append("allow multapses (multapses=True)")
    if lost and (wanted <= places or rule.multapses):
        hints.append("allow autapses (autapses=True)")
    if lost and not hints:
        hints.append("allow autapses and multapses (both True)")
    lower = "n" if rule.n is not None else "the probability"
    hints.append(f"lower {lower}: at most {available} {synapses} fit")
    without = [word for word in ("autapses", "multapses") if not getattr(rule, word)]
    if not lost and "autapses" in without:
        without.remove("autapses")
    shown = f" without {' and '.join(without)}" if without else ""
    raise ConnectivityError(
        f"{wanted} {synapses}{shown} need more than the {available} {what} there are",
        where=where,
        hint=", or ".join(hints),
    )
