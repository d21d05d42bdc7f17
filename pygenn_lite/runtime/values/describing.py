"""What is known of a network's synapses before they lie in memory, on every backend: described,
planned, checked against memory."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.plan.groups import DrawnGroup, GroupPlan
from pygenn_lite.codegen.plan.network_plan import NetworkPlan
from pygenn_lite.declaration.steps import delay_steps
from pygenn_lite.runtime.values.delays import check_longest_delay
from pygenn_lite.runtime.values.group_description import (
    GroupDescription,
    Structure,
    check_pairs,
    check_weight_range,
    describe_group,
    known_synapses,
)
from pygenn_lite.runtime.values.philox import PURPOSE_WEIGHT
from pygenn_lite.runtime.values.weights import check_weights


class Describing:
    """The synapses of one network, described for a builder; `complete` it with what only drawing
    tells. What the builder must be asked is for subclasses to say.

    Parameters
    ----------
    plan : NetworkPlan
    seed : int

    Attributes
    ----------
    descriptions : dict of str to GroupDescription
    plan : NetworkPlan
        Once it is complete, with what drawing has told.

    Raises
    ------
    InsufficientMemoryError
        They will not fit.
    NetworkError
        A delay is too long, a weight too large.
    """

    def __init__(self, plan: NetworkPlan, seed: int) -> None:
        self.network, self.seed = plan.described.network, seed
        self.dtype = plan.described.dtype
        self.check(plan)
        self.descriptions = {name: self._describe(group) for name, group in plan.groups.items()}
        for description in self.descriptions.values():
            check_weight_range(description, self.dtype)
        for store in plan.stores:
            for name in store.groups:
                check_pairs(store, self.descriptions[name])
        self.plan = plan

    @property
    def of_unknown_delays(self) -> list[str]:
        """Groups whose longest delay only drawing can tell."""
        return [
            name
            for name, group in self.plan.groups.items()
            if not group.every_delay and not isinstance(self.descriptions[name].delay, np.ndarray)
        ]

    def complete(self, longest: Mapping[str, int]) -> None:
        """Plan with the longest delays of `of_unknown_delays`, in steps.

        Raises
        ------
        InsufficientMemoryError, NetworkError
            As for the class.
        """
        drawn = (
            (name, self._drawn(group, longest.get(name)))
            for name, group in self.plan.groups.items()
        )
        self.plan = self.plan.with_drawn({name: told for name, told in drawn if told is not None})
        self.check_drawn(self.plan, self._held())

    # ------------------------------------------------------------------ for subclasses

    def check(self, plan: NetworkPlan) -> None:
        """Refuse what does not fit, before anything is drawn."""
        plan.check()

    def check_drawn(self, plan: NetworkPlan, held: int) -> None:
        """Refuse what does not fit, where `held` bytes of drawn synapses are there already."""
        plan.check_drawn(held)

    def draw_structure(self, description: GroupDescription) -> Structure:
        """Let the builder draw the synapses of one group."""
        raise NotImplementedError

    # ------------------------------------------------------------------ for all

    def late_weights(
        self, description: GroupDescription, structure: Structure
    ) -> npt.NDArray[np.float64]:
        """Weights that only the host can compute, of synapses that the builder has drawn."""
        group = description.group
        source, target = (self.network.populations[n] for n in (group.source, group.target))
        synapses = known_synapses(group, structure, source, target, self.seed)
        weights = synapses.values(group.weight, PURPOSE_WEIGHT, "weight")
        check_weights(group, weights)
        return weights

    def _describe(self, plan: GroupPlan) -> GroupDescription:
        populations = self.network.populations
        if plan.group.spare:
            from pygenn_lite.runtime.values.room_description import describe_room

            return describe_room(self.network, plan, self.seed)
        return describe_group(
            plan,
            populations[plan.group.source],
            populations[plan.group.target],
            seed=self.seed,
            dt=self.network.dt,
            draw_structure=self.draw_structure,
        )

    def _drawn(self, plan: GroupPlan, longest: int | None) -> DrawnGroup | None:
        """What drawing tells of a group; None where it was known before."""
        description = self.descriptions[plan.name]
        structure, delay = description.structure, description.delay
        count = None if structure is None else len(structure.pre)
        low, high, every = plan.low, plan.high, plan.every_delay
        if isinstance(delay, np.ndarray):
            steps = delay_steps(delay, self.network.dt)
            low, high, every = 1, int(steps.max(initial=1)), True
            low = int(steps.min(initial=high))
        elif longest is not None:
            high = longest
        check_longest_delay(high, plan.name, self.network.dt)
        known = count is None and plan.every_delay
        return None if known else DrawnGroup(count, low, high, every)

    def _held(self) -> int:
        """Bytes of synapses and delays that were computed on the host, and are kept."""
        held = 0
        for name, plan in self.plan.groups.items():
            description = self.descriptions[name]
            if plan.delay == "later" and description.structure is not None:
                arrays = (description.structure.pre, description.structure.post, description.delay)
                held += sum(array.nbytes for array in arrays)
        return held
