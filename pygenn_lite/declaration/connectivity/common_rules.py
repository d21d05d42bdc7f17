"""Connectivity rules that the builder draws: all pairs, some by chance, fixed numbers."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import ClassVar

import numpy as np

from pygenn_lite.declaration.connectivity.base import (
    Connectivity,
    Count,
    Indices,
    NativeRule,
    RandomNumbers,
    YamlForm,
    probability_of,
)
from pygenn_lite.declaration.connectivity.ends import Ends
from pygenn_lite.declaration.numeric import whole_number
from pygenn_lite.errors import NOWHERE, ConnectivityError, Location
from pygenn_lite.records import dataclass

_FLAGS = ("autapses", "multapses")


@dataclass(frozen=True)
class AllToAll(Connectivity):
    """Every pair; without autapses, no neuron with itself."""

    yaml: ClassVar[YamlForm] = YamlForm("all_to_all", fields=("autapses",))
    complete: ClassVar[bool] = True
    not_procedural: ClassVar[str] = ""

    autapses: bool = True

    @property
    def repeats(self) -> bool:
        """Never."""
        return False

    def count(self, ends: Ends) -> Count:
        """All pairs."""
        lost = 1 if ends.same_population and not self.autapses else 0
        out, into = max(ends.n_post - lost, 0), max(ends.n_pre - lost, 0)
        return Count(float(ends.n_pre) * out, in_degree=into, out_degree=out)

    def native(self, n_pre: int, n_post: int) -> NativeRule:
        """As the builder draws it."""
        return NativeRule("all_to_all", autapses=self.autapses)

    def scaled(self, k: float, n_pre: int, n_post: int) -> Connectivity:
        """The same: its number of synapses goes with the numbers of neurons."""
        return self


@dataclass(frozen=True)
class OneToOne(Connectivity):
    """Neuron i with neuron i."""

    yaml: ClassVar[YamlForm] = YamlForm("one_to_one")
    not_procedural: ClassVar[str] = ""

    @property
    def repeats(self) -> bool:
        """Never."""
        return False

    def count(self, ends: Ends) -> Count:
        """One for each neuron."""
        return Count(float(ends.n_pre), in_degree=1, out_degree=1)

    def native(self, n_pre: int, n_post: int) -> NativeRule:
        """As the builder draws it."""
        return NativeRule("one_to_one")

    def numbered(self, n_pre: int) -> int:
        """Synapse i is that of neuron i."""
        return n_pre

    def pairs(self, ends: Ends, random: RandomNumbers) -> tuple[Indices, Indices]:
        """In order, for values that are given one by one."""
        everyone = np.arange(ends.n_pre)
        return everyone, everyone

    def validate(
        self, n_pre: int, n_post: int, same_population: bool, where: Location = NOWHERE
    ) -> None:
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

    yaml: ClassVar[YamlForm] = YamlForm("fixed_probability", "p", ("autapses",), all_of=("p",))
    not_procedural: ClassVar[str] = ""

    p: float
    autapses: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "p", probability_of(self.p, Location.of("FixedProbability")))

    @property
    def repeats(self) -> bool:
        """Never."""
        return False

    def count(self, ends: Ends) -> Count:
        """Expected, unless the probability leaves nothing to chance."""
        lost = ends.n_pre if ends.same_population and not self.autapses else 0
        return Count((float(ends.n_pre) * ends.n_post - lost) * self.p, self.p in (0.0, 1.0))

    def native(self, n_pre: int, n_post: int) -> NativeRule:
        """As the builder draws it."""
        return NativeRule("fixed_probability", p=self.p, autapses=self.autapses)

    def scaled(self, k: float, n_pre: int, n_post: int) -> Connectivity:
        """The same: its number of synapses goes with the numbers of neurons."""
        return self


@dataclass(frozen=True)
class FixedTotalNumber(Connectivity):
    """Exactly `n` synapses between uniformly drawn pairs.

    With `probability` instead: n = ln(1 - p) / ln(1 - 1/(N_pre N_post)), rounded (Potjans and
    Diesmann 2014): as many as make a pair connected with probability p."""

    yaml: ClassVar[YamlForm] = YamlForm(
        "fixed_total_number",
        "n",
        ("probability", *_FLAGS),
        one_of=("n", "probability"),
    )
    not_procedural: ClassVar[str] = ""

    n: int | None = None
    probability: float | None = None
    autapses: bool = True
    multapses: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.n is None) == (self.probability is None):
            raise ConnectivityError(
                "give either n or probability",
                where=Location.of("FixedTotalNumber"),
                hint="one of the two",
            )
        if self.n is not None:
            object.__setattr__(self, "n", _count(self.n, Location.of("FixedTotalNumber")))
        else:
            probability = probability_of(self.probability, Location.of("FixedTotalNumber"))
            object.__setattr__(self, "probability", probability)
            if self.probability == 1.0:
                raise ConnectivityError(
                    "probability 1 would need infinitely many synapses",
                    where=Location.of("FixedTotalNumber"),
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

    def validate(
        self, n_pre: int, n_post: int, same_population: bool, where: Location = NOWHERE
    ) -> None:
        """Without multapses there must be enough pairs."""
        lost = n_pre if same_population and not self.autapses else 0
        room = _Room(n_pre * n_post, lost, "synapses", "pairs")
        _check_room(self, self.total(n_pre, n_post), room, where)

    @property
    def repeats(self) -> bool:
        """As allowed."""
        return self.multapses

    def count(self, ends: Ends) -> Count:
        """The number given, or that of the probability."""
        return Count(float(self.total(ends.n_pre, ends.n_post)))

    def native(self, n_pre: int, n_post: int) -> NativeRule:
        """As the builder draws it."""
        total = self.total(n_pre, n_post)
        return NativeRule("fixed_total", total, 0.0, self.autapses, self.multapses)

    def scaled(self, k: float, n_pre: int, n_post: int) -> Connectivity:
        """k^2 times as many: k times as many neurons with k times as many synapses each."""
        number = round(self.total(n_pre, n_post) * k * k)
        return replace(self, n=number, probability=None)


@dataclass(frozen=True)
class FixedInDegree(Connectivity):
    """Each target neuron has exactly `n` synapses from uniformly drawn sources."""

    yaml: ClassVar[YamlForm] = YamlForm("fixed_in_degree", "n", _FLAGS, all_of=("n",))
    not_procedural: ClassVar[str] = (
        "connectivity with a fixed in-degree cannot be procedural: its rows are not drawn one by "
        "one"
    )

    n: int
    autapses: bool = True
    multapses: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "n", _count(self.n, Location.of("FixedInDegree")))

    def validate(
        self, n_pre: int, n_post: int, same_population: bool, where: Location = NOWHERE
    ) -> None:
        """Without multapses there must be enough sources."""
        _check_degree(self, n_pre, same_population, where, "sources")

    @property
    def repeats(self) -> bool:
        """As allowed."""
        return self.multapses

    def count(self, ends: Ends) -> Count:
        """As many for each target."""
        return Count(float(self.n) * ends.n_post, in_degree=self.n)

    def native(self, n_pre: int, n_post: int) -> NativeRule:
        """As the builder draws it."""
        return NativeRule("fixed_in", self.n, 0.0, self.autapses, self.multapses)

    def scaled(self, k: float, n_pre: int, n_post: int) -> Connectivity:
        """k times as many."""
        return replace(self, n=round(self.n * k))


@dataclass(frozen=True)
class FixedOutDegree(Connectivity):
    """Each source neuron has exactly `n` synapses onto uniformly drawn targets."""

    yaml: ClassVar[YamlForm] = YamlForm("fixed_out_degree", "n", _FLAGS, all_of=("n",))
    not_procedural: ClassVar[str] = ""

    n: int
    autapses: bool = True
    multapses: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "n", _count(self.n, Location.of("FixedOutDegree")))

    def validate(
        self, n_pre: int, n_post: int, same_population: bool, where: Location = NOWHERE
    ) -> None:
        """Without multapses there must be enough targets."""
        _check_degree(self, n_post, same_population, where, "targets")

    @property
    def repeats(self) -> bool:
        """As allowed."""
        return self.multapses

    def count(self, ends: Ends) -> Count:
        """As many for each source."""
        return Count(float(self.n) * ends.n_pre, out_degree=self.n)

    def native(self, n_pre: int, n_post: int) -> NativeRule:
        """As the builder draws it."""
        return NativeRule("fixed_out", self.n, 0.0, self.autapses, self.multapses)

    def scaled(self, k: float, n_pre: int, n_post: int) -> Connectivity:
        """k times as many."""
        return replace(self, n=round(self.n * k))


def _count(n: object, where: Location) -> int:
    number = whole_number(n)
    if number is None or not 0 <= number < 2**62:
        raise ConnectivityError(
            f"n = {n!r} is not a valid number of synapses",
            where=where,
            hint="give a whole number >= 0",
        )
    return number


def _check_degree(
    rule: FixedInDegree | FixedOutDegree, size: int, same: bool, where: Location, what: str
) -> None:
    lost = 1 if same and not rule.autapses else 0
    _check_room(rule, rule.n, _Room(size, lost, "synapses per neuron", what), where)


@dataclass(frozen=True)
class _Room:
    """What a rule draws from: so many places, of which `lost` are autapses that it forbids; and the
    words for one that is taken, and for one that is there."""

    places: int
    lost: int
    synapses: str
    what: str

    @property
    def available(self) -> int:
        return self.places - self.lost


def _check_room(
    rule: FixedInDegree | FixedOutDegree | FixedTotalNumber,
    wanted: int,
    room: _Room,
    where: Location,
) -> None:
    """There must be a place for every synapse. The hint names what would help, and nothing that is
    so already."""
    available, lost = room.available, room.lost
    if wanted == 0 or (available > 0 and (rule.multapses or wanted <= available)):
        return
    hints = []
    if not rule.multapses and available > 0:
        hints.append("allow multapses (multapses=True)")
    if lost and (wanted <= room.places or rule.multapses):
        hints.append("allow autapses (autapses=True)")
    if lost and not hints:
        hints.append("allow autapses and multapses (both True)")
    lower = "n" if rule.n is not None else "the probability"
    hints.append(f"lower {lower}: at most {available} {room.synapses} fit")
    without = [word for word in ("autapses", "multapses") if not getattr(rule, word)]
    if not lost and "autapses" in without:
        without.remove("autapses")
    shown = f" without {' and '.join(without)}" if without else ""
    raise ConnectivityError(
        f"{wanted} {room.synapses}{shown} need more than the {available} {room.what} there are",
        where=where,
        hint=", or ".join(hints),
    )
