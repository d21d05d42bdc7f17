"""A compiled network in memory: arrays, stores and recorders, handed to an engine that can run."""

from __future__ import annotations

import ctypes as c
import time
import weakref
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen import NetworkStructure
from pygenn_lite.codegen.plan.memory import check_memory, within_plan
from pygenn_lite.codegen.program.signature import NeuronSignature, SynapseSignature
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.population import SynapseGroup
from pygenn_lite.declaration.steps import LONGEST_DELAY
from pygenn_lite.errors import NetworkError
from pygenn_lite.runtime.cpp import abi
from pygenn_lite.runtime.cpp.arrays import Arenas, ShardMemory
from pygenn_lite.runtime.cpp.building import CompiledCode
from pygenn_lite.runtime.cpp.clock import Clock
from pygenn_lite.runtime.cpp.descriptors import (
    GroupDescription,
    Structure,
    check_weight_range,
    check_weights,
    delay_range,
    describe_group,
    explicit_values,
)
from pygenn_lite.runtime.cpp.engine_setup import fill_engine, new_engine
from pygenn_lite.runtime.cpp.population_memory import PopulationMemory
from pygenn_lite.runtime.cpp.stores import (
    StoredGroup,
    StorePlan,
    arena_offsets,
    build_store,
    zero_offsets,
)
from pygenn_lite.runtime.cpp.synapse_memory import SynapseMemory
from pygenn_lite.runtime.planning import (
    COMPUTING,
    arrays_held,
    check_foreseen,
    cut_network,
    foreseen_groups,
    is_final,
    network_delays,
    planned_rows,
    plans_of,
    ring_slots,
)
from pygenn_lite.runtime.precision_checks import PrecisionChecks
from pygenn_lite.runtime.recording import recording_requests
from pygenn_lite.runtime.values.philox import PURPOSE_WEIGHT

ProgressPart = Callable[[float], None]


class Machine:
    """Everything of a compiled network that lives in memory.

    Parameters
    ----------
    network : Network
    structure : NetworkStructure
    code : CompiledCode
    threads : int
    real : {"float32", "float64"}
    progress : callable
        Gets the part of the connecting that is done, 0 to 1.
    """

    backend = "cpp"

    def __init__(
        self,
        network: Network,
        structure: NetworkStructure,
        code: CompiledCode,
        *,
        threads: int,
        real: str,
        progress: ProgressPart,
    ) -> None:
        self.network, self.structure, self.code = network, structure, code
        self.threads, self.real, self.seed = threads, np.dtype(real), network.seed
        self.engine = abi.load_engine(code.engine)
        self.builder = None if code.builder is None else abi.load_builder(code.builder)
        self.kernels = None if code.kernels is None else abi.load_library(code.kernels)
        self.clock = Clock(self.engine)
        self.partition = cut_network(network, structure, code.signatures, threads)
        self.arenas: Arenas
        started = time.perf_counter()
        foreseen = foreseen_groups(network)
        check_foreseen(network, structure, code.signatures, self.partition, foreseen, self.real)
        descriptions = {
            name: foreseen[name] if is_final(group) else self._describe(group)
            for name, group in network.groups.items()
        }
        for description in descriptions.values():
            check_weight_range(description, self.real)
        self.min_delay, self.max_delay = self._delays(descriptions)
        plans = plans_of(descriptions, structure, self.real)
        self.planned = planned_rows(
            network, structure, code.signatures, self.partition, plans, self.real, self.ring_slots
        )
        still_needed = [row for row in self.planned if row.what != COMPUTING]
        check_memory(still_needed, arrays_held(descriptions.values()))
        self.requests = recording_requests(network)
        self._release: Callable[[], object] = lambda: None
        with within_plan(self.planned):
            self._allocate()
            self._connect(plans, progress)
            self.connect_seconds = time.perf_counter() - started
            self.checks = PrecisionChecks(self)
            self.initialise(network.seed)
            self.checks.rules()

    @property
    def pointer(self) -> int:
        """The engine's pgl_engine."""
        return self.clock.pointer

    def call(self, name: str, *arguments: Any) -> int:
        """Let the engine do something; an exception where it fails."""
        return self.engine.call(name, self.pointer, *arguments)

    def spike_counts(self, population: str) -> npt.NDArray[np.uint32]:
        """Spikes of each neuron since the start (or the last reset)."""
        counts = np.empty(self.populations[population].size, np.uint32)
        self.call("spike_totals", self.numbers[population], counts.ctypes.data)
        return counts

    # ------------------------------------------------------------------ laying out

    def signature_of(self, population: str) -> NeuronSignature:
        """Signature of a population's kernels."""
        return self.code.signatures.of_population(self.structure.populations[population].kernel)

    @property
    def ring_slots(self) -> int:
        """Steps of published variables that are kept: a power of two."""
        return ring_slots(self.min_delay, self.max_delay)

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
        store = self._build(plan, lambda part: None, max_delay=1)
        structure, _, _ = StoredGroup(store, 0, self.network.dt).read()
        return Structure(structure.pre.astype(np.int64), structure.post.astype(np.int64))

    def _delays(self, descriptions: Mapping[str, GroupDescription]) -> tuple[int, int]:
        """Shortest and longest delay of the network in steps."""
        dt = self.network.dt
        ranges = []
        for name, description in descriptions.items():
            low, high = delay_range(description, dt)
            if high is None:
                group = description.group
                native = description.native(
                    self.partition.begin[group.target], zero_offsets(self.partition)
                )
                assert self.builder is not None
                high = self.builder.check(
                    self.builder.delay_maximum(
                        description.n_pre, c.byref(native), dt, self.network.seed, self.threads
                    ),
                    f"drawing the delays of {name!r}",
                )
            if high > LONGEST_DELAY:
                raise NetworkError(
                    f"a delay is longer than {LONGEST_DELAY:,} steps of {dt} ms",
                    where=f"synapse group {name!r}: delay",
                    hint="use shorter delays, a distribution with an upper limit, or a larger dt",
                )
            ranges.append((low, high))
        return network_delays(ranges)

    def _allocate(self) -> None:
        variables = [
            (name, variable.symbol)
            for name in self.network.populations
            for variable in self.signature_of(name).variables
            if variable.addressed
        ]
        memory = ShardMemory(self.partition.shards)
        self.arenas = Arenas(self.partition, variables, self.real, memory)
        self.populations = {
            name: PopulationMemory(
                declared,
                self.structure.populations[name],
                self.signature_of(name),
                partition=self.partition,
                arenas=self.arenas,
                memory=memory,
                real=self.real,
                dt=self.network.dt,
                seed=self.network.seed,
                ring_slots=self.ring_slots,
            )
            for name, declared in self.network.populations.items()
        }

    # ------------------------------------------------------------------ connecting

    def _connect(self, plans: list[StorePlan], progress: ProgressPart) -> None:
        self.stores, self.groups, self.synapses = [], {}, {}
        weight_of = [1.0 + sum(m.n_pre for m in plan.members) for plan in plans]
        done = 0.0
        for plan, share in zip(plans, weight_of, strict=True):

            def part(fraction: float, done: float = done, share: float = share) -> None:
                progress((done + share * fraction) / sum(weight_of))

            store = self._build(plan, part)
            self.stores.append(store)
            for k, description in enumerate(plan.members):
                stored = StoredGroup(store, k, self.network.dt)
                self.groups[stored.name] = stored
                if description.weight_later:
                    self._write_weights(stored)
            done += share
        for name, instance in self.structure.groups.items():
            if instance.kernel is not None:
                signature = self.code.signatures.synapses[instance.kernel]
                self.synapses[name] = SynapseMemory(
                    self.groups[name],
                    instance,
                    signature,
                    self.populations[instance.source],
                    self.populations[instance.target],
                    self.network.seed,
                    self._settle_function(signature),
                    self.clock.step,
                )

    def _settle_function(self, signature: SynapseSignature) -> Any:
        if signature.settle is None:
            return None
        function = getattr(self.kernels, signature.settle)
        function.restype, function.argtypes = None, (c.c_void_p, c.c_int64)
        return function

    def _build(self, plan: StorePlan, progress: ProgressPart, max_delay: int = 0) -> Any:
        def offsets(description: GroupDescription) -> Any:
            instance = self.structure.groups[description.group.name]
            if max_delay or instance.kind == "general":
                return zero_offsets(self.partition)
            return arena_offsets(self.arenas, instance)

        assert self.builder is not None  # compiled for every network with synapses
        return build_store(
            self.builder,
            plan,
            n_source=self.network.populations[plan.source].size,
            partition=self.partition,
            offsets=offsets,
            dt=self.network.dt,
            max_delay=max_delay or self.max_delay,
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

    # ------------------------------------------------------------------ the engine

    def initialise(self, seed: int) -> None:
        """Initial values for a seed, coefficients, step 0."""
        for memory in self.populations.values():
            memory.initialise(seed)
        self.prepare(self.populations)
        self.set_step(0, seed)

    def set_step(self, step: int, seed: int) -> None:
        """Go to a step, without spikes on their way."""
        if seed != self.seed or not self.clock.pointer:  # seeds are part of what an engine copies
            self.seed = seed
            pointer = new_engine(self)
            self._release()
            self.clock.pointer = pointer
            destroy = self.engine.library.pgl_engine_destroy
            self._release = weakref.finalize(self, destroy, self.pointer)
            self.numbers, self.recorders = fill_engine(self)
        self.recorders.drain(None)
        self.engine.step_set(self.pointer, step)

    def prepare(self, names: Any) -> None:
        """Compute the coefficients of some populations from their parameters."""
        for name in names:
            prepare = self.signature_of(name).prepare
            if prepare is None:
                continue
            function = getattr(self.kernels, prepare)
            function.restype = None
            function.argtypes = (c.c_void_p, c.c_void_p, c.c_uint32, c.c_double)
            self.populations[name].prepare(function)
            self.checks.parameters_set(name)
