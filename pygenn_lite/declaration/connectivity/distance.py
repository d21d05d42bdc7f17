"""Connectivity by distance: each pair with a probability of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import field
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.connectivity.base import (
    Connectivity,
    Count,
    Indices,
    RandomNumbers,
    YamlForm,
    probability_of,
)
from pygenn_lite.declaration.connectivity.ends import Ends
from pygenn_lite.declaration.language.constants import as_float, constant_value
from pygenn_lite.declaration.language.equations import Expression, ExpressionLike, parse_expression
from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.declaration.language.parser import parse_tree
from pygenn_lite.declaration.language.vocabulary import (
    AXES,
    DISTANCE,
    OFFSETS,
    RANDOM,
    SYNAPSE_SYMBOLS,
)
from pygenn_lite.declaration.numeric import plain_number
from pygenn_lite.errors import ConnectivityError, Location
from pygenn_lite.records import dataclass

FloatArray = npt.NDArray[np.float64]
PAIRS_AT_ONCE = 1 << 21
MOST_PAIRS_COUNTED = 1 << 19  # of larger groups, so many pairs stand for all
PAIR_BYTES = 110  # for a while, of each pair that is looked at; measured: 77 to 103
ROUNDING = 1e-9  # by how much a computed probability may leave [0, 1]


_KNOWN = {
    DISTANCE,
    *OFFSETS,
    *SYNAPSE_SYMBOLS,
    *(f"{axis}_{side}" for axis in AXES for side in ("pre", "post")),
}


@dataclass(frozen=True, init=False)
class DistanceDependent(Connectivity):
    """Each pair with a probability that is an expression of ``distance`` (the populations need
    positions); no synapses beyond `max_distance`.

    Parameters
    ----------
    probability : str
        May also read the coordinates ``x_pre``, ``x_post``, ..., ``z_post``, the offsets
        ``dx = x_post - x_pre``, ``dy``, ``dz``, and ``i_pre``, ``i_post``, ``n_pre``, ``n_post``.
    max_distance : float, optional
    autapses : bool
    periodic : sequence of float, optional
        Lengths of a box whose opposite sides are one, a length for each coordinate: distances and
        offsets are then those of the shortest way, in the values of weights and delays, too.

    Examples
    --------
    >>> ring = pg.DistanceDependent("exp(-distance/0.1)", periodic=(1.0,))
    >>> ahead = pg.DistanceDependent("where(dx > 0, exp(-dx/20), 0)", max_distance=100.0)
    """

    yaml: ClassVar[YamlForm] = YamlForm(
        "distance_dependent",
        "probability",
        ("max_distance", "autapses", "periodic"),
        all_of=("probability",),
    )
    drawing_bytes: ClassVar[int] = PAIR_BYTES

    probability: Expression
    max_distance: float | None
    autapses: bool = field(default=False)
    periodic: tuple[float, ...] | None = field(default=None, metadata={"later": True})

    def __init__(
        self,
        probability: ExpressionLike,
        max_distance: float | None = None,
        autapses: bool = False,
        periodic: Sequence[float] | None = None,
    ) -> None:
        expression = parse_expression(probability, Location.of("DistanceDependent"))
        unknown = sorted(expression.symbols - _KNOWN)
        if unknown or expression.functions & RANDOM:
            raise ConnectivityError(
                f"the probability {expression.text!r} "
                + (
                    f"reads {unknown[0]!r}{nearest(unknown[0], _KNOWN)}" if unknown else "is random"
                ),
                where=Location.of("DistanceDependent"),
                hint="it may read distance, dx, x_pre, x_post, i_pre, ...: 'exp(-distance/100)'",
            )
        if expression.is_condition:
            raise ConnectivityError(
                f"the probability {expression.text!r} is a condition, not a number",
                where=Location.of("DistanceDependent"),
                hint=f"write where({expression.text}, 1, 0)",
            )
        constant = constant_value(parse_tree(expression.text), Location.of("DistanceDependent"))
        if constant is not None:
            probability_of(constant, Location.of("DistanceDependent"))
            expression = parse_expression(
                constant, Location.of("DistanceDependent")
            )  # "1/2" and 0.5 are equal
        given = plain_number(max_distance)
        limit = None if given is None else as_float(given)
        if max_distance is not None and (limit is None or not 0 < limit < math.inf):
            raise ConnectivityError(
                f"max_distance = {max_distance!r} is not a valid distance",
                where=Location.of("DistanceDependent"),
                hint="give a positive number, or None for no limit",
            )
        object.__setattr__(self, "probability", expression)
        object.__setattr__(self, "max_distance", limit)
        object.__setattr__(self, "autapses", autapses)
        object.__setattr__(self, "periodic", _box(periodic))
        self.__post_init__()

    @property
    def box(self) -> tuple[float, ...]:
        """`periodic`, or nothing."""
        return self.periodic or ()

    @property
    def repeats(self) -> bool:
        """Never."""
        return False

    def count(self, ends: Ends) -> Count:
        """Expected; of large groups as far as some of the pairs tell."""
        n_pairs = ends.n_pre * ends.n_post
        if n_pairs <= MOST_PAIRS_COUNTED:
            pre, post = np.divmod(np.arange(n_pairs), max(ends.n_post, 1))
            return Count(float(self._probabilities(ends, pre, post).sum()), exact=False)
        random = np.random.default_rng(0)  # any: the same figure every time
        pre, post = (random.integers(0, size, MOST_PAIRS_COUNTED) for size in ends.sizes)
        mean = float(self._probabilities(ends, pre, post).mean())
        return Count(mean * n_pairs, exact=False)

    def pairs(self, ends: Ends, random: RandomNumbers) -> tuple[Indices, Indices]:
        """Each pair on its own, some rows at a time."""
        rows_at_once = max(1, PAIRS_AT_ONCE // ends.n_post)
        found_pre, found_post = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for begin in range(0, ends.n_pre, rows_at_once):
            rows = np.arange(begin, min(begin + rows_at_once, ends.n_pre))
            uniforms = random.row_uniforms(rows, ends.n_post).ravel()
            pre, post = np.repeat(rows, ends.n_post), np.tile(np.arange(ends.n_post), len(rows))
            chosen = uniforms < self._probabilities(ends, pre, post)
            found_pre.append(pre[chosen])
            found_post.append(post[chosen])
        return np.concatenate(found_pre), np.concatenate(found_post)

    def _probabilities(self, ends: Ends, pre: Indices, post: Indices) -> FloatArray:
        """Probability of each of some pairs; 0 where they cannot be connected."""
        if not ends.have_distance:
            raise ConnectivityError(
                "distances need positions of both populations, with as many coordinates",
                where=ends.where.entry("connectivity"),
                hint="give both populations positions of shape (size, 1 to 3)",
            )
        self._check_coordinates(ends)
        possible = np.ones(len(pre), dtype=bool)
        if self.max_distance is not None:
            possible &= ends.squared_distance(pre, post) <= self.max_distance**2
        if not self.autapses and ends.same_population:
            possible &= pre != post
        probability = ends.evaluate(self.probability, pre, post)
        self._check(probability, possible, ends, pre, post)
        return np.where(possible, probability, 0.0)

    def _check_coordinates(self, ends: Ends) -> None:
        """As many as the box has, and those that the probability reads."""
        assert ends.positions[0] is not None
        number = ends.positions[0].shape[1]
        if self.periodic is not None and len(self.periodic) != number:
            raise ConnectivityError(
                f"periodic has {len(self.periodic)} lengths, positions have {number} coordinates",
                where=ends.where.entry("connectivity"),
                hint="give one length for each coordinate",
            )
        lacking = {f"{a}_{side}" for a in AXES[number:] for side in ("pre", "post")}
        for symbol in sorted(self.probability.symbols & {*lacking, *OFFSETS[number:]}):
            raise ConnectivityError(
                f"the probability {self.probability.text!r} reads {symbol!r}, but positions have "
                f"{number} coordinate{'s' * (number > 1)}",
                where=ends.where.entry("connectivity"),
                hint="give positions of shape (size, 1 to 3)",
            )

    def _check(
        self,
        probability: FloatArray,
        possible: npt.NDArray[np.bool_],
        ends: Ends,
        pre: Indices,
        post: Indices,
    ) -> None:
        """Only of pairs that may be connected: 1/distance is infinite where autapses are not
        allowed."""
        bad = possible & ~((probability >= -ROUNDING) & (probability <= 1 + ROUNDING))
        if not np.any(bad):
            return
        first = np.flatnonzero(bad)[:1]
        names = ends.names(self.probability, pre[first], post[first])
        at = f" at distance {names[DISTANCE][0]:g}" if DISTANCE in names else ""
        raise ConnectivityError(
            f"the probability {self.probability.text!r} is {probability[first[0]]:g}{at}",
            where=ends.where.entry("connectivity"),
            hint=f"it must lie between 0 and 1: write clip({self.probability.text}, 0, 1), or set "
            "max_distance",
        )


def _box(periodic: Sequence[float] | None) -> tuple[float, ...] | None:
    if periodic is None:
        return None
    given = plain_number(periodic)
    lengths = [given] if given is not None else list(periodic)
    numbers = [plain_number(length) for length in lengths]
    wrong = [n for n in numbers if n is None or not 0 < as_float(n) < math.inf]
    if wrong or not 1 <= len(numbers) <= 3:
        raise ConnectivityError(
            f"periodic = {periodic!r} is not a valid box",
            where=Location.of("DistanceDependent"),
            hint="give one to three positive lengths, e.g. (1.0, 1.0)",
        )
    return tuple(as_float(n) for n in numbers if n is not None)
