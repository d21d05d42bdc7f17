"""A rule between parts of populations: what ``net.connect(exc[:5], inh[10:20], ...)`` makes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from pygenn_lite.declaration.connectivity.base import Connectivity, Count, Indices
from pygenn_lite.declaration.connectivity.ends import Ends, Parts
from pygenn_lite.declaration.selection import Part
from pygenn_lite.errors import NOWHERE, ConnectivityError, Location
from pygenn_lite.records import dataclass


@dataclass(frozen=True, repr=False)
class Between(Connectivity):
    """A rule whose sources and targets are some neurons of their populations.

    The rule, arrays of values and ``i_pre``, ``n_pre``, ... count within the parts; the synapses
    that come out have the neurons' numbers in the whole populations.
    """

    rule: Connectivity
    sources: Part | None = None
    targets: Part | None = None

    not_procedural = "connectivity between parts of populations cannot be procedural"

    def __repr__(self) -> str:
        sources, targets = (repr(part or "[:]").strip("'") for part in self.parts)
        return f"{self.rule!r} of {sources} -> {targets}"

    @property
    def parts(self) -> Parts:
        """The sources and the targets; None: all neurons of the population."""
        return self.sources, self.targets

    @property
    def plain(self) -> Connectivity:
        """The rule."""
        return self.rule

    @property
    def box(self) -> tuple[float, ...]:
        """That of the rule."""
        return self.rule.box

    def bound(
        self, source: tuple[int, ...], target: tuple[int, ...], where: Location
    ) -> Connectivity:
        """Parts have no shape."""
        parts = self.parts
        source, target = (
            shape if part is None else ()
            for shape, part in zip((source, target), parts, strict=True)
        )
        return replace(self, rule=self.rule.bound(source, target, where))

    def expand(self, weight: Any, where: Location) -> Any:
        """As the rule does."""
        return self.rule.expand(weight, where)

    def inner(self, ends: Ends) -> tuple[Connectivity, Ends]:
        """The rule itself, and the parts as if they were populations."""
        return self.rule, replace(ends, parts=(None, None))

    def placed(self, pre: Indices, post: Indices, ends: Ends) -> tuple[Indices, Indices]:
        """Pairs of the parts as pairs of the populations."""
        if self.sources is not None:
            pre = self.sources.indices[pre]
        if self.targets is not None:
            post = self.targets.indices[post]
        if ends.overlapping and not getattr(self.rule, "autapses", True):
            kept = np.asarray(pre != post)
            return pre[kept], post[kept]
        return pre, post

    def count(self, ends: Ends) -> Count | None:
        """That of the rule, in the parts."""
        rule, inside = self.inner(ends)
        return rule.count(inside)

    def numbered(self, n_pre: int) -> int | None:
        """That of the rule."""
        return self.rule.numbered(n_pre)

    @property
    def repeats(self) -> bool | None:
        """That of the rule."""
        return self.rule.repeats

    def check_complete(self, where: Location) -> None:
        """The rule must be drawn in some way."""
        self.rule.check_complete(where)

    def validate(
        self, n_pre: int, n_post: int, same_population: bool, where: Location = NOWHERE
    ) -> None:
        """The parts must hold what the rule asks for."""
        sizes = [
            whole if part is None else len(part)
            for whole, part in zip((n_pre, n_post), self.parts, strict=True)
        ]
        check_part(self.sources, n_pre, "source", where)
        check_part(self.targets, n_post, "target", where)
        alike = same_population and self.sources == self.targets
        self.rule.validate(sizes[0], sizes[1], alike, where)
        fixed_number = hasattr(self.rule, "multapses")
        forbidden = fixed_number and not getattr(self.rule, "autapses", True)
        if forbidden and same_population and not alike and self._overlap(n_pre):
            raise ConnectivityError(
                f"{type(self.rule).__name__} without autapses between parts that overlap, but "
                "differ",
                where=where,
                hint="use parts that are equal or have no neuron in common, or autapses=True",
            )

    def _overlap(self, size: int) -> bool:
        everyone = np.arange(size)
        sources, targets = (everyone if part is None else part.indices for part in self.parts)
        return bool(np.intersect1d(sources, targets).size)


def check_part(part: Part | None, size: int, what: str, where: Location) -> None:
    """A part has neurons, and a population of this size has them.

    Raises
    ------
    ConnectivityError
        Not so.
    """
    if part is None:
        return
    if not len(part):
        raise ConnectivityError(
            f"the {what} is a part without neurons", where=where, hint="write e.g. exc[:5]"
        )
    last = int(part.neurons[-1])
    if last >= size:  # the population has been made smaller
        raise ConnectivityError(
            f"the {what} is {part!r}, of a population of {size} neurons",
            where=where,
            hint=f"give the population {last + 1} neurons or more, or name another part",
        )


def between(rule: Connectivity, sources: Part | None, targets: Part | None) -> Connectivity:
    """The rule, between parts where there are any."""
    return rule if sources is None and targets is None else Between(rule, sources, targets)
