"""The synapses of one network: described, planned, checked against memory, laid down by the
builder."""

from __future__ import annotations

import ctypes as c
from collections.abc import Callable
from typing import Any

import numpy as np

from pygenn_lite.codegen import NetworkStructure
from pygenn_lite.codegen.plan.memory import check_memory
from pygenn_lite.codegen.plan.partition import Partition
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.population import SynapseGroup
from pygenn_lite.declaration.steps import LONGEST_DELAY
from pygenn_lite.errors import NetworkError
from pygenn_lite.runtime.cpp.arrays import Arenas
from pygenn_lite.runtime.cpp.descriptors import (
    GroupDescription,
    Structure,
    check_weight_range,
    delay_range,
    describe_group,
    explicit_values,
)
from pygenn_lite.runtime.cpp.loaded import LoadedCode
from pygenn_lite.runtime.cpp.stores import (
    Store,
    StoredGroup,
    StorePlan,
    arena_offsets,
    build_store,
    zero_offsets,
)
from pygenn_lite.runtime.planning import (
    COMPUTING,
    arrays_held,
    check_foreseen,
    foreseen_groups,
    is_final,
    network_delays,
    planned_rows,
    plans_of,
    ring_slots,
)
from pygenn_lite.runtime.values.philox import PURPOSE_WEIGHT
from pygenn_lite.runtime.values.weights import check_weights

ProgressPart = Callable[[float], None]  # gets the part that is done, 0 to 1


class Connecting:
    """What is known of a network's synapses before they lie in memory; then lays them down.

    Raises
    ------
    MemoryPlanError
        They will not fit.
    NetworkError
        A delay is too long, a weight too large.
    """

    def __init__(
        self,
        network: Network,
        structure: NetworkStructure,
        loaded: LoadedCode,
        partition: Partition,
        *,
        threads: int,
        real: np.dtype[Any],
    ) -> None:
        self.network, self.structure, self.loaded = network, structure, loaded
        self.partition, self.threads, self.real = partition, threads, real
        signatures = loaded.code.signatures
        foreseen = foreseen_groups(network)
        check_foreseen(network, structure, signatures, partition, foreseen, real)
        self.descriptions = {
            name: foreseen[name] if is_final(group) else self._describe(group)
            for name, group in network.groups.items()
        }
        for description in self.descriptions.values():
            check_weight_range(description, real)
        self.min_delay, self.max_delay = self._delays()
        self.plans = plans_of(self.descriptions, structure, real)
        self.planned = planned_rows(
            network, structure, signatures, partition, self.plans, real, self.ring_slots
        )
        still_needed = [row for row in self.planned if row.what != COMPUTING]
        check_memory(still_needed, arrays_held(self.descriptions.values()))

    @property
    def ring_slots(self) -> int:
        """Steps of published variables that are kept: a power of two."""
        return ring_slots(self.min_delay, self.max_delay)

    def lay_down(self, arenas: Arenas, progress: ProgressPart) -> list[Store]:
        """Let the builder draw and store all synapses."""
        stores = []
        share = [1.0 + sum(m.n_pre for m in plan.members) for plan in self.plans]
        done = 0.0
        for plan, own in zip(self.plans, share, strict=True):

            def part(fraction: float, done: float = done, own: float = own) -> None:
                progress((done + own * fraction) / sum(share))

            store = self._build(plan, part, arenas)
            stores.append(store)
            for k, description in enumerate(plan.members):
                if description.weight_later:
                    self._write_weights(StoredGroup(store, k, self.network.dt))
            done += own
        return stores

    def _describe(self, group: SynapseGroup) -> GroupDescription:
        populations = self.network.populations
        return describe_group(
            group,
            populations[group.source],
            populations[group.target],
            self.network.seed,
            self._draw_structure,
            self.network.dt,
        )

    def _draw_structure(self, description: GroupDescription) -> Structure:
        """Let the builder draw the synapses of one group."""
        plan = StorePlan(description.group.source, [description], 0)
        store = self._build(plan, lambda part: None)
        structure, _, _ = StoredGroup(store, 0, self.network.dt).read()
        return Structure(structure.pre.astype(np.int64), structure.post.astype(np.int64))

    def _delays(self) -> tuple[int, int]:
        """Shortest and longest delay of the network in steps."""
        dt = self.network.dt
        ranges = []
        for name, description in self.descriptions.items():
            low, high = delay_range(description, dt)
            if high is None:
                high = self._longest_drawn(description)
            if high > LONGEST_DELAY:
                raise NetworkError(
                    f"a delay is longer than {LONGEST_DELAY:,} steps of {dt} ms",
                    where=f"synapse group {name!r}: delay",
                    hint="use shorter delays, a distribution with an upper limit, or a larger dt",
                )
            ranges.append((low, high))
        return network_delays(ranges)

    def _longest_drawn(self, description: GroupDescription) -> int:
        """The longest delay of a group in steps, where only drawing them can tell."""
        group, builder = description.group, self.loaded.builder
        assert builder is not None
        begin = self.partition.begin[group.target]
        native = description.native(begin, zero_offsets(self.partition))
        return builder.check(
            builder.delay_maximum(
                description.n_pre,
                c.byref(native),
                self.network.dt,
                self.network.seed,
                self.threads,
            ),
            f"drawing the delays of {group.name!r}",
        )

    def _build(
        self, plan: StorePlan, progress: ProgressPart, arenas: Arenas | None = None
    ) -> Store:
        """A store; without arenas only the pairs of neurons matter."""

        def offsets(description: GroupDescription) -> Any:
            instance = self.structure.groups[description.group.name]
            if arenas is None or instance.kind == "general":
                return zero_offsets(self.partition)
            return arena_offsets(arenas, instance)

        assert self.loaded.builder is not None  # compiled for every network with synapses
        return build_store(
            self.loaded.builder,
            plan,
            n_source=self.network.populations[plan.source].size,
            partition=self.partition,
            offsets=offsets,
            dt=self.network.dt,
            max_delay=1 if arenas is None else self.max_delay,
            seed=self.network.seed,
            threads=self.threads,
            real_bytes=self.real.itemsize,
            progress=progress,
        )

    def _write_weights(self, stored: StoredGroup) -> None:
        """Weights that only the host can compute."""
        group = stored.description.group
        structure, _, _ = stored.read()
        weights = explicit_values(
            group,
            group.weight,
            structure,
            self.network.populations[group.source],
            self.network.populations[group.target],
            self.network.seed,
            PURPOSE_WEIGHT,
            "weight",
        )
        check_weights(group, weights)
        stored.set_weights(weights)
