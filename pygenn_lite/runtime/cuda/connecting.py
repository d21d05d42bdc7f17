"""The synapses of all instances of a device: described, then laid down on the card together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from pygenn_lite.codegen.plan.delivery import StorePlan
from pygenn_lite.codegen.plan.network_plan import NetworkPlan
from pygenn_lite.runtime.cuda.building import CardBuilder, Request
from pygenn_lite.runtime.cuda.card_synapses import CardSynapses
from pygenn_lite.runtime.values.describing import Describing
from pygenn_lite.runtime.values.group_description import GroupDescription, Structure


class CardConnecting:
    """What is known of the synapses of some networks that are alike, before they lie on a card;
    then lays them down, all by the same launches.

    Parameters
    ----------
    builder : CardBuilder
    plans : sequence of NetworkPlan
        By instance.
    seeds : sequence of int
        Of the connectivity, by instance.

    Attributes
    ----------
    plans : list of NetworkPlan
        With what drawing has told.

    Raises
    ------
    NetworkError
        A delay is too long, a weight too large.
    """

    def __init__(
        self, builder: CardBuilder, plans: Sequence[NetworkPlan], seeds: Sequence[int]
    ) -> None:
        self.builder, self.seeds = builder, list(seeds)
        self._described = [
            _OnCard(plan, builder, seed) for plan, seed in zip(plans, seeds, strict=True)
        ]
        self._find_longest()
        self.plans = [described.plan for described in self._described]

    def lay_down(
        self,
        stores: Mapping[str, StorePlan] | None = None,
        progress: Callable[[float], None] = lambda part: None,
    ) -> dict[str, list[CardSynapses]]:
        """The synapses of every group, by instance.

        Parameters
        ----------
        stores : mapping of str to StorePlan, optional
            What is kept of a group, where that is more than the plan says.
        progress : callable
            Gets the part that is done, 0 to 1; what it raises ends the building.

        Raises
        ------
        InsufficientMemoryError
            The card has not so much memory.
        """
        names = list(self.plans[0].groups)
        given = stores or {}
        requests = [
            Request(
                described.descriptions[name],
                given.get(name) or store_of(described.plan, name),
                described.seed,
            )
            for described in self._described
            for name in names
        ]
        longest = max(plan.max_delay for plan in self.plans)
        built = iter(self.builder.build(requests, longest, progress))
        found: dict[str, list[CardSynapses]] = {name: [] for name in names}
        for described in self._described:
            for name in names:
                synapses = next(built)
                if described.descriptions[name].weight_later:
                    pairs = Structure(*synapses.read()[:2])
                    synapses.write_weights(
                        described.late_weights(described.descriptions[name], pairs)
                    )
                synapses.warn_of_rounding()
                found[name].append(synapses)
        return found

    def _find_longest(self) -> None:
        """Longest delays that only drawing tells, of all instances together."""
        asked = [
            (described, name)
            for described in self._described
            for name in described.of_unknown_delays
        ]
        requests = [
            Request(
                described.descriptions[name],
                store_of(described.plan, name, weights=False, codes="", storage="sparse"),
                described.seed,
            )
            for described, name in asked
        ]
        longest = self.builder.longest_delays(requests) if requests else []
        told: dict[int, dict[str, int]] = {id(described): {} for described in self._described}
        for (described, name), steps in zip(asked, longest, strict=True):
            told[id(described)][name] = steps
        for described in self._described:
            described.complete(told[id(described)])


def store_of(plan: NetworkPlan, group: str, **other: object) -> StorePlan:
    """What is kept of one group: on a card, each has a store of its own."""
    return replace(plan.store_of(group), groups=(group,), **other)  # type: ignore[arg-type]


class _OnCard(Describing):
    """One instance."""

    def __init__(self, plan: NetworkPlan, builder: CardBuilder, seed: int) -> None:
        self.builder = builder
        super().__init__(plan, seed)

    def check(self, plan: NetworkPlan) -> None:
        """The card's memory is looked at elsewhere, for all instances."""

    def check_drawn(self, plan: NetworkPlan, held: int) -> None:
        """The card's memory is looked at elsewhere, for all instances."""

    def draw_structure(self, description: GroupDescription) -> Structure:
        """Let the card draw the synapses of one group."""
        group = description.group
        plan = StorePlan(group.source, (group.name,), weights=False)
        (drawn,) = self.builder.build([Request(description, plan, self.seed)], 1)
        pre, post, _ = drawn.read()
        return Structure(pre.astype(np.int64), post.astype(np.int64))
