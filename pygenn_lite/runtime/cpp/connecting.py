"""The synapses of one network, laid down by the C++ builder."""

from __future__ import annotations

import ctypes as c
from collections.abc import Callable
from typing import Any

import numpy as np

from pygenn_lite.codegen.plan.delivery import StorePlan
from pygenn_lite.codegen.plan.network_plan import NetworkPlan
from pygenn_lite.runtime.cpp.arrays import Arenas
from pygenn_lite.runtime.cpp.delivery import neuron_offsets, target_offsets
from pygenn_lite.runtime.cpp.descriptors import native_group
from pygenn_lite.runtime.cpp.loaded import LoadedCode
from pygenn_lite.runtime.cpp.stores import (
    Building,
    Store,
    StoredGroup,
    build_store,
)
from pygenn_lite.runtime.values.describing import Describing
from pygenn_lite.runtime.values.group_description import GroupDescription, Structure

ProgressPart = Callable[[float], None]  # gets the part that is done, 0 to 1


class Connecting(Describing):
    """A network's synapses, described, then laid down by the C++ builder."""

    def __init__(self, plan: NetworkPlan, loaded: LoadedCode, seed: int) -> None:
        self.deliveries, self.loaded = plan.deliveries, loaded
        self.partition, self.threads = plan.partition, plan.threads
        super().__init__(plan, seed)
        descriptions = self.descriptions
        self.complete({n: self._longest_drawn(descriptions[n]) for n in self.of_unknown_delays})

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
                    stored = StoredGroup(store, k, self.network.dt)
                    stored.set_weights(self.late_weights(description, stored.read()[0]))
            store.warn_of_rounding()
            done += own
        return stores

    def draw_structure(self, description: GroupDescription) -> Structure:
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
        native = native_group(description, begin, neuron_offsets(self.partition))
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
