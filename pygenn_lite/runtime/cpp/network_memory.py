"""The memory of one instance, by name: arrays of its populations, stores and variables of its
synapses, and the engine that they are handed to."""

from __future__ import annotations

import ctypes as c
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen import NetworkStructure
from pygenn_lite.codegen.plan.memory import within_plan
from pygenn_lite.codegen.plan.network_plan import NetworkPlan
from pygenn_lite.declaration.network import Network
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cpp.arrays import Arenas, ArraysOfOne, InstanceArrays
from pygenn_lite.runtime.cpp.clock import Clock
from pygenn_lite.runtime.cpp.instance_records import InstanceRecords
from pygenn_lite.runtime.cpp.loaded import LoadedCode
from pygenn_lite.runtime.cpp.population_memory import InstancePlace, PopulationMemory
from pygenn_lite.runtime.cpp.recorders import Recorders
from pygenn_lite.runtime.layout import NetworkLayout

if TYPE_CHECKING:
    from pygenn_lite.runtime.cpp.connecting import ProgressPart
    from pygenn_lite.runtime.cpp.rewiring import RewiredGroup
    from pygenn_lite.runtime.cpp.stores import Store, StoredGroup
    from pygenn_lite.runtime.cpp.synapse_memory import SynapseMemory

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class InCommon:
    """What the instances of a device have in common.

    Attributes
    ----------
    loaded : LoadedCode
    layout : NetworkLayout
    numbers : dict of str to int
        What engines call the populations.
    recorders : Recorders
    plan : NetworkPlan
        Of one instance, for the threads that each gets.
    arrays : InstanceArrays
    records : InstanceRecords
    shared : bool
        Whether they share their synapses.
    own_weights : frozenset of str
        Groups of which they have weights of their own all the same.
    """

    loaded: LoadedCode
    layout: NetworkLayout
    numbers: Mapping[str, int]
    recorders: Recorders
    plan: NetworkPlan
    arrays: InstanceArrays
    records: InstanceRecords
    shared: bool
    own_weights: frozenset[str]


class NetworkMemory:
    """All that one instance keeps, by name. Where it lies belongs to the device: of instances that
    share their synapses this is made anew whenever somebody asks for it.

    Parameters
    ----------
    common : InCommon
    index : int
        Number of the instance.
    network : Network
    structure : NetworkStructure
    connectivity_seed : int
    progress : callable
        Gets the part of the connecting that is done, 0 to 1.
    like : NetworkMemory, optional
        Another that has laid down the synapses for all.
    """

    def __init__(
        self,
        common: InCommon,
        index: int,
        network: Network,
        structure: NetworkStructure,
        connectivity_seed: int,
        *,
        progress: ProgressPart | None = None,
        like: NetworkMemory | None = None,
    ) -> None:
        self.common, self.index = common, index
        self.network, self.structure = network, structure
        self.connectivity_seed, self.shared = connectivity_seed, common.shared
        self.loaded, self.records, self.engine = common.loaded, common.records, common.loaded.engine
        self.clock = Clock(self.records, index)
        self.is_new = not self.pointer
        self.partition, self.threads = common.plan.partition, common.plan.threads
        self.dtype = common.plan.described.dtype
        self.arenas: Arenas
        self.plan: NetworkPlan
        self.stores: list[Store]
        memory = common.arrays.of(index)
        progress = progress or (lambda part: None)
        if like is not None:
            self.plan, self.stores = like.plan, like.stores
            self._allocate(memory)
            if self.is_new and common.own_weights:
                self._take_weights(progress)
            self._connect(memory)
            return
        plan = common.plan.of_instance(network, structure)
        if not plan.groups:
            plan.check()
            self.plan, self.stores = plan, []
            with within_plan(plan.rows):
                self._allocate(memory)
            self._connect(memory)
            return
        from pygenn_lite.runtime.cpp.connecting import Connecting

        connecting = Connecting(plan, self.loaded, connectivity_seed)
        self.plan = connecting.plan
        with within_plan(self.plan.rows):
            self._allocate(memory)
            self.stores = connecting.lay_down(self.arenas, progress)
            self._connect(memory)

    @property
    def min_delay(self) -> int:
        """Shortest delay, steps."""
        return self.plan.min_delay

    @property
    def max_delay(self) -> int:
        """Longest delay, steps."""
        return self.plan.max_delay

    @property
    def pointer(self) -> int:
        """The engine's pgl_engine; 0 before there is one."""
        return self.records.pointers[self.index] or 0

    @property
    def seed(self) -> int:
        """Of initial values and noise."""
        return self.records.seeds[self.index]

    def call(self, name: str, *arguments: Any) -> int:
        """Let the engine do something; an exception where it fails."""
        return self.engine.call(name, self.pointer, *arguments)

    def call_synapses(self, name: str, *arguments: Any) -> int:
        """The same of what is compiled for networks that have synapses."""
        assert self.loaded.synapses is not None
        return self.loaded.synapses.call(name, self.pointer, *arguments)

    # ------------------------------------------------------------------ weights

    def weights(self, group: str) -> npt.NDArray[np.float64]:
        """Weights of a static group in canonical order."""
        stored = self.groups[group]
        own = self.records.weights.get((self.index, stored.store.plan.groups))
        return stored.weights() if own is None else own.read(stored)

    def largest_weight(self, group: str) -> float:
        """The largest size of a weight of a static group."""
        stored = self.groups[group]
        if (self.index, stored.store.plan.groups) not in self.records.weights:
            return stored.largest_weight()
        return float(np.max(np.abs(self.weights(group)), initial=0.0))

    def check_weights(self, group: str, weights: npt.NDArray[np.float64]) -> None:
        """Refuse weights that this instance cannot keep."""
        from pygenn_lite.runtime.values.weights import check_own_weights

        if self.shared and group not in self.synapses:
            check_own_weights(self.groups[group].store.plan)
        self.groups[group].check_weights(weights)

    def set_weights(self, group: str, weights: npt.ArrayLike) -> None:
        """Set weights of a static group: of an instance that shares its synapses, its own."""
        stored = self.groups[group]
        if not self.shared:
            stored.set_weights(weights)
            return
        from pygenn_lite.runtime.cpp.own_weights import OwnWeights
        from pygenn_lite.runtime.cpp.stores import static_numbers

        key = self.index, stored.store.plan.groups
        if key not in self.records.weights:
            own = self.records.weights[key] = OwnWeights(stored.store, stored.store)
            own.hand_over(self.call_synapses, static_numbers(self.stores)[group])
        self.records.weights[key].write(stored, weights)

    # ------------------------------------------------------------------ building

    def _take_weights(self, progress: ProgressPart) -> None:
        """Lay down the synapses again with the weights of this instance, and keep these."""
        from pygenn_lite.runtime.cpp.connecting import Connecting
        from pygenn_lite.runtime.cpp.own_weights import OwnWeights, weights_of_shard
        from pygenn_lite.runtime.values.weights import check_kept_alike

        plan = self.common.plan.of_instance(self.network, self.structure)
        check_kept_alike(self.index, plan.stores, self.plan.stores, self.common.own_weights)
        wanted = [s for s in self.stores if self.common.own_weights & set(s.plan.groups)]
        if all(map(self._are_numbers, wanted)):
            for store in wanted:
                self._write_numbers(store)
            return
        connecting = Connecting(plan, self.loaded, self.connectivity_seed)
        for store, own in zip(self.stores, connecting.lay_down(self.arenas, progress), strict=True):
            if store not in wanted:
                continue
            if store.plan.general:
                pieces = [weights_of_shard(own, s) for s in range(own.shards)]
                self.records.initial_weights[self.index, store.plan.groups[0]] = pieces
            else:
                key = self.index, store.plan.groups
                self.records.weights[key] = OwnWeights(store, own)

    def _are_numbers(self, store: Store) -> bool:
        """Whether the weights that this instance has of its own in a store are one number for all
        synapses of a group, so that nothing need be drawn."""
        own = self.common.own_weights & set(store.plan.groups)
        groups = self.network.groups
        return not store.plan.general and all(isinstance(groups[n].weight, float) for n in own)

    def _write_numbers(self, store: Store) -> None:
        from pygenn_lite.runtime.cpp.own_weights import OwnWeights
        from pygenn_lite.runtime.cpp.stores import StoredGroup
        from pygenn_lite.runtime.values.weights import check_range

        own = self.records.weights[self.index, store.plan.groups] = OwnWeights(store, store)
        for k, name in enumerate(store.plan.groups):
            if name in self.common.own_weights:
                weight = self.network.groups[name].weight
                assert isinstance(weight, float)
                check_range(name, weight, self.dtype)
                own.write(StoredGroup(store, k, self.network.dt), weight)

    def _allocate(self, memory: ArraysOfOne) -> None:
        signatures = {
            name: self.loaded.population_signature(self.structure, name)
            for name in self.network.populations
        }
        variables = [
            (name, variable.symbol)
            for name, signature in signatures.items()
            for variable in signature.variables
            if variable.addressed
        ]
        self.arenas = Arenas(self.partition, variables, self.dtype, memory)
        place = InstancePlace(
            index=self.index,
            memory=memory,
            records=self.records,
            partition=self.partition,
            arenas=self.arenas,
            dtype=self.dtype,
            dt=self.network.dt,
            ring_slots=self.plan.ring_slots,
            is_new=self.is_new,
        )
        self.populations = {
            name: PopulationMemory(
                declared,
                self.structure.populations[name],
                signatures[name],
                place=place,
                seed=self.network.seed,
            )
            for name, declared in self.network.populations.items()
        }
        self.poisson = {name: p for p in self.populations.values() for name in p.poisson}
        self.timed = {t.name: t for p in self.populations.values() for t in p.timed}

    def _connect(self, memory: ArraysOfOne) -> None:

        self.groups: dict[str, StoredGroup] = {}
        self.rewired: dict[str, RewiredGroup] = {}  # of these, those with room for more synapses
        self.synapses: dict[str, SynapseMemory] = {}
        if not self.stores:
            return
        from pygenn_lite.runtime.cpp.stores import StoredGroup
        from pygenn_lite.runtime.cpp.synapse_memory import GroupKernels, OwnArrays, SynapseMemory

        self.groups = {
            description.group.name: StoredGroup(store, k, self.network.dt)
            for store in self.stores
            for k, description in enumerate(store.members)
        }
        for store in self.stores:
            if store.plan.spare:
                name = store.plan.groups[0]
                self.groups[name] = self.rewired[name] = self._rewired(store)
        for name, binding in self.structure.groups.items():
            if binding.kernel is not None:
                signature = self.loaded.code.signatures.synapses[binding.kernel]
                settle = self.loaded.function(signature.settle, c.c_void_p, c.c_int64)
                self.synapses[name] = SynapseMemory(
                    self.groups[name],
                    GroupKernels(binding, signature, settle),
                    (self.populations[binding.source], self.populations[binding.target]),
                    self.connectivity_seed,
                    self.clock.step,
                    OwnArrays(
                        memory if self.shared else None,
                        self.records.initial_weights.get((self.index, name)),
                        self.is_new,
                    ),
                )
        for synapses in self.synapses.values():
            if synapses.binding.transpose_of:
                synapses.parent = self.synapses[synapses.binding.transpose_of]

    def _rewired(self, store: Store) -> RewiredGroup:
        """A group whose synapses come and go."""
        from pygenn_lite.runtime.cpp.delivery import target_offsets
        from pygenn_lite.runtime.cpp.rewiring import RewiredGroup

        delivery = self.plan.deliveries[store.plan.groups[0]]
        (offset,) = target_offsets(delivery, self.arenas, self.partition)
        return RewiredGroup(store, self.network.dt, int(offset))
