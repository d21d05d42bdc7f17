"""The synapses of one network: described, planned, checked against memory, laid down by the
builder."""

from __future__ import annotations

import ctypes as c
from collections.abc import Callable
from typing import Any

import numpy as np

from pygenn_lite.codegen.plan.delivery import StorePlan
from pygenn_lite.codegen.plan.groups import DrawnGroup, GroupPlan
from pygenn_lite.codegen.plan.network_plan import NetworkPlan
from pygenn_lite.declaration.steps import delay_steps
from pygenn_lite.runtime.cpp.arrays import Arenas
from pygenn_lite.runtime.cpp.delivery import neuron_offsets, target_offsets
from pygenn_lite.runtime.cpp.descriptors import (
    GroupDescription,
    Structure,
    check_weight_range,
    describe_group,
    known_synapses,
)
from pygenn_lite.runtime.cpp.loaded import LoadedCode
from pygenn_lite.runtime.cpp.stores import (
    Building,
    Store,
    StoredGroup,
    build_store,
    check_pairs,
)
from pygenn_lite.runtime.values.delays import check_longest_delay
from pygenn_lite.runtime.values.philox import PURPOSE_WEIGHT
from pygenn_lite.runtime.values.weights import check_weights

ProgressPart = Callable[[float], None]  # gets the part that is done, 0 to 1


class Connecting:
    """What is known of a network's synapses before they lie in memory; then lays them down.

    Raises
    ------
    InsufficientMemoryError
        They will not fit.
    NetworkError
        A delay is too long, a weight too large.
    """

    def __init__(self, plan: NetworkPlan, loaded: LoadedCode, seed: int) -> None:
        self.deliveries, self.loaded, self.seed = plan.deliveries, loaded, seed
        self.network, self.partition = plan.described.network, plan.partition
        self.dtype, self.threads = plan.described.dtype, plan.threads
        plan.check()
        self.descriptions = {name: self._describe(group) for name, group in plan.groups.items()}
        for description in self.descriptions.values():
            check_weight_range(description, self.dtype)
        for store in plan.stores:
            for name in store.groups:
                check_pairs(store, self.descriptions[name])
        drawn = ((name, self._drawn(group)) for name, group in plan.groups.items())
        self.plan = plan.with_drawn({name: told for name, told in drawn if told is not None})
        self.plan.check_drawn(self._held())

    def lay_down(self, arenas: Arenas, progress: ProgressPart) -> list[Store]:
        """Let the builder draw and store all synapses."""
        stores = []
        groups = self.plan.groups
        share = [1.0 + sum(groups[n].n_pre for n in store.groups) for store in self.plan.stores]
        done = 0.0
        for plan, own in zip(self.plan.stores, share, strict=True):

            def part(fraction: float, done: float = done, own: float = own) -> None:
                progress((done + own * fraction) / sum(share))

            members = [self.descriptions[name] for name in plan.groups]
            store = self._build(plan, members, part, arenas)
            if self.loaded.coded is not None:
                self.loaded.coded.store_deliver_coded(store.pointer)
            stores.append(store)
            for k, description in enumerate(members):
                if description.weight_later:
                    self._write_weights(StoredGroup(store, k, self.network.dt))
            store.warn_of_rounding()
            done += own
        return stores

    def _describe(self, plan: GroupPlan) -> GroupDescription:
        populations = self.network.populations
        if plan.group.spare:
            from pygenn_lite.runtime.cpp.rewiring import describe_room

            return describe_room(self.network, plan, self.seed)
        return describe_group(
            plan,
            populations[plan.group.source],
            populations[plan.group.target],
            seed=self.seed,
            dt=self.network.dt,
            draw_structure=self._draw_structure,
        )

    def _drawn(self, plan: GroupPlan) -> DrawnGroup | None:
        """What drawing tells of a group; None where it was known before."""
        description = self.descriptions[plan.name]
        structure, delay = description.structure, description.delay
        count = None if structure is None else len(structure.pre)
        low, high, every = plan.low, plan.high, plan.every_delay
        if isinstance(delay, np.ndarray):
            steps = delay_steps(delay, self.network.dt)
            low, high, every = 1, int(steps.max(initial=1)), True
            low = int(steps.min(initial=high))
        elif not every:
            high = self._longest_drawn(description)
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

    def _draw_structure(self, description: GroupDescription) -> Structure:
        """Let the builder draw the synapses of one group."""
        group = description.group
        plan = StorePlan(group.source, (group.name,), weights=False)
        store = self._build(plan, [description], lambda part: None)
        structure, _, _ = StoredGroup(store, 0, self.network.dt).read()
        return Structure(structure.pre.astype(np.int64), structure.post.astype(np.int64))

    def _longest_drawn(self, description: GroupDescription) -> int:
        """The longest delay of a group in steps, where only drawing them can tell."""
        group, builder = description.group, self.loaded.builder
        assert builder is not None
        begin = self.partition.begin[group.target]
        native = description.native(begin, neuron_offsets(self.partition))
        return builder.check(
            builder.delay_maximum(
                description.n_pre,
                c.byref(native),
                self.network.dt,
                self.seed,
                self.threads,
            ),
            f"drawing the delays of {group.name!r}",
        )

    def _build(
        self,
        plan: StorePlan,
        members: list[GroupDescription],
        progress: ProgressPart,
        arenas: Arenas | None = None,
    ) -> Store:
        """A store; without arenas only the pairs of neurons matter."""

        def offsets(description: GroupDescription) -> Any:
            delivery = self.deliveries[description.group.name]
            return target_offsets(delivery, arenas, self.partition)

        assert self.loaded.builder is not None  # compiled for every network with synapses
        building = Building(
            partition=self.partition,
            dt=self.network.dt,
            max_delay=1 if arenas is None else self.plan.max_delay,
            seed=self.seed,
            threads=self.threads,
            dtype=self.dtype,
        )
        return build_store(
            self.loaded.builder, plan, members, building, offsets=offsets, progress=progress
        )

    def _write_weights(self, stored: StoredGroup) -> None:
        """Weights that only the host can compute."""
        group = stored.description.group
        structure, _, _ = stored.read()
        source, target = (self.network.populations[n] for n in (group.source, group.target))
        synapses = known_synapses(group, structure, source, target, self.seed)
        weights = synapses.values(group.weight, PURPOSE_WEIGHT, "weight")
        check_weights(group, weights)
        stored.set_weights(weights)
