"""The memory of one network: arrays of its populations, stores and variables of its synapses, and
the engine that they are handed to."""

from __future__ import annotations

import ctypes as c
from typing import Any

import numpy.typing as npt

from pygenn_lite.codegen import NetworkStructure
from pygenn_lite.codegen.plan.memory import within_plan
from pygenn_lite.codegen.plan.network_plan import NetworkPlan
from pygenn_lite.declaration.network import Network
from pygenn_lite.runtime.cpp.arrays import Arenas, ShardMemory
from pygenn_lite.runtime.cpp.clock import Clock
from pygenn_lite.runtime.cpp.connecting import Connecting, ProgressPart
from pygenn_lite.runtime.cpp.loaded import LoadedCode
from pygenn_lite.runtime.cpp.population_memory import PopulationMemory
from pygenn_lite.runtime.cpp.stores import Store, StoredGroup
from pygenn_lite.runtime.cpp.synapse_memory import SynapseMemory
from pygenn_lite.runtime.layout import NetworkLayout
from pygenn_lite.runtime.recording import Requests

Array = npt.NDArray[Any]


class NetworkMemory:
    """All that one instance keeps.

    Parameters
    ----------
    network : Network
    structure : NetworkStructure
    loaded : LoadedCode
    layout : NetworkLayout
    requests : Requests
    plan : NetworkPlan
    progress : callable
        Gets the part of the connecting that is done, 0 to 1.
    connectivity_seed : int
    memory : ShardMemory
        Where the arrays of all instances lie.
    shared : bool
        Whether the instances of the device share their synapses.
    like : NetworkMemory, optional
        Another that has laid them down already.

    Attributes
    ----------
    failed : bool
        Whether a variable stopped being finite since the step was set: then it runs no more.
    """

    def __init__(
        self,
        network: Network,
        structure: NetworkStructure,
        loaded: LoadedCode,
        layout: NetworkLayout,
        requests: Requests,
        plan: NetworkPlan,
        *,
        progress: ProgressPart,
        connectivity_seed: int,
        memory: ShardMemory,
        shared: bool = False,
        like: NetworkMemory | None = None,
    ) -> None:
        self.network, self.structure, self.seed = network, structure, network.seed
        self.connectivity_seed, self.shared, self.failed = connectivity_seed, shared, False
        self.loaded, self.layout, self.requests = loaded, layout, requests
        self.partition, self.threads = plan.partition, plan.threads
        self.real = plan.described.real
        self.engine, self.clock = loaded.engine, Clock(loaded.engine)
        self.arenas: Arenas
        self.numbers: dict[str, int] = {}  # what the engine calls the populations
        self.plan: NetworkPlan
        self.stores: list[Store]
        if like is not None:
            self.plan, self.stores = like.plan, like.stores
            self._allocate(memory)
            self._connect()
            return
        connecting = Connecting(plan, loaded, connectivity_seed)
        self.plan = connecting.plan
        with within_plan(self.plan.rows):
            self._allocate(memory)
            self.stores = connecting.lay_down(self.arenas, progress)
            self._connect()

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
        """The engine's pgl_engine."""
        return self.clock.pointer

    def call(self, name: str, *arguments: Any) -> int:
        """Let the engine do something; an exception where it fails."""
        return self.engine.call(name, self.pointer, *arguments)

    # ------------------------------------------------------------------ building

    def _allocate(self, memory: ShardMemory) -> None:
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
        self.arenas = Arenas(self.partition, variables, self.real, memory)
        self.populations = {
            name: PopulationMemory(
                declared,
                self.structure.populations[name],
                signatures[name],
                partition=self.partition,
                arenas=self.arenas,
                memory=memory,
                real=self.real,
                dt=self.network.dt,
                seed=self.network.seed,
                ring_slots=self.plan.ring_slots,
            )
            for name, declared in self.network.populations.items()
        }
        self.poisson = {t.name: t for p in self.populations.values() for t in p.poisson}
        self.timed = {t.name: t for p in self.populations.values() for t in p.timed}

    def _connect(self) -> None:
        self.groups = {
            description.group.name: StoredGroup(store, k, self.network.dt)
            for store in self.stores
            for k, description in enumerate(store.members)
        }
        self.synapses = {}
        for name, binding in self.structure.groups.items():
            if binding.kernel is not None:
                signature = self.loaded.code.signatures.synapses[binding.kernel]
                self.synapses[name] = SynapseMemory(
                    self.groups[name],
                    binding,
                    signature,
                    self.populations[binding.source],
                    self.populations[binding.target],
                    self.connectivity_seed,
                    self.loaded.function(signature.settle, c.c_void_p, c.c_int64),
                    self.clock.step,
                    shared_store=self.shared,
                )
        for synapses in self.synapses.values():
            if synapses.binding.transpose_of:
                synapses.parent = self.synapses[synapses.binding.transpose_of]
