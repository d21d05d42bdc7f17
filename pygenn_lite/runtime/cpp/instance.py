"""One network of the C++ backend: its memory and its engine, as the device shows them."""

from __future__ import annotations

import ctypes as c
import weakref
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.plan.memory import within_plan
from pygenn_lite.errors import Location, UnsupportedFeatureError
from pygenn_lite.runtime.cpp import abi
from pygenn_lite.runtime.cpp.engine_setup import fill_engine, new_engine, set_train
from pygenn_lite.runtime.cpp.network_memory import NetworkMemory
from pygenn_lite.runtime.cpp.recorders import Recorders
from pygenn_lite.runtime.device import Fault, Past
from pygenn_lite.runtime.layout import StoredVariable
from pygenn_lite.runtime.recording import Sink
from pygenn_lite.runtime.values.connections import Connections
from pygenn_lite.runtime.values.spike_trains import NO_TRAIN, SpikeTrain, spike_train

Array = npt.NDArray[Any]


class CppInstance(NetworkMemory):
    """An instance of a :class:`~pygenn_lite.runtime.cpp.device.CppDevice`; see NetworkMemory for
    what it is made of."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.recorders: Recorders
        self._release: Callable[[], object] = lambda: None
        self.replayed: dict[str, SpikeTrain] = {}
        with within_plan(self.plan.rows):
            self.initialise(self.network.seed, first=True)

    # ------------------------------------------------------------------ time

    def initialise(self, seed: int, first: bool = False) -> None:
        """Initial values for a seed, plastic groups as built, coefficients, step 0."""
        if not first:
            for synapses in self.synapses.values():
                synapses.initialise()
        for population in list(self.replayed):
            self.replay(population, None)
        for memory in self.populations.values():
            memory.initialise(seed)
        self.prepare(self.populations)
        self.set_step(0, seed)

    def set_step(self, step: int, seed: int) -> None:
        """Go to a step, without spikes in flight."""
        self.failed = False
        if seed != self.seed or not self.pointer:  # seeds are part of what an engine copies
            self.seed = seed
            pointer = new_engine(self)
            self._release()
            self.clock.pointer = pointer
            destroy = self.engine.library.pgl_engine_destroy
            self._release = weakref.finalize(self, destroy, self.pointer)
            self.numbers = fill_engine(self)
            for population, train in self.replayed.items():
                set_train(self, population, train)
            self.recorders = Recorders(self, self.requests, self.layout)
        self.drain(None)
        self.engine.step_set(self.pointer, step)

    def replay(self, population: str, train: SpikeTrain | None) -> None:
        """Let a spike source replay another train from the next step on; None: the declared."""
        self.replayed.pop(population, None)
        if train is not None:
            self.replayed[population] = train
        else:
            train = spike_train(self.network.populations[population], self.network.dt)
        set_train(self, population, NO_TRAIN if train is None else train)

    def prepare(self, populations: Iterable[str]) -> None:
        """Compute the coefficients of some populations from their parameters."""
        types = (c.c_void_p, c.c_void_p, c.c_uint32, c.c_double)
        for name in populations:
            prepare = self.loaded.population_signature(self.structure, name).prepare
            if prepare is not None:
                self.populations[name].prepare(self.loaded.function(prepare, *types))

    # ------------------------------------------------------------------ values

    def read(self, variable: StoredVariable, *, stored: bool = False) -> Array:
        """A copy of a variable: shape () where it is shared, else one value per element."""
        owner, name = variable.owner, variable.name
        if owner in self.populations:
            memory = self.populations[owner]
            if variable.shared:
                return np.array(memory.scalars[memory.scalar_index[name]])
            return memory.arrays[name].read()
        if owner in self.poisson:
            return np.array(getattr(self.poisson[owner], name), np.float64)
        if owner in self.timed:
            return self.timed[owner].values
        synapses = self.synapses.get(owner)
        if synapses is None:
            return self.groups[owner].weights()
        if variable.shared:
            return np.array(synapses.scalars[synapses.signature.scalar_names.index(name)])
        if name == "weight" and not stored:
            return synapses.weights()
        if name not in synapses.dtypes:
            return self.groups[owner].weights()
        return synapses.read_raw(name) if stored else synapses.read(name)

    def write(self, variable: StoredVariable, values: npt.ArrayLike) -> None:
        """Set a variable: one value, or one per element."""
        owner, name = variable.owner, variable.name
        if owner in self.populations:
            self._write_population(variable, values)
        elif owner in self.poisson:
            tables = self.poisson[owner]
            tables.set(**{"rate": tables.rate, "sources": tables.sources, name: np.array(values)})
        elif owner in self.timed:
            self.timed[owner].set(values)
        elif variable.shared:
            synapses = self.synapses[owner]
            synapses.scalars[synapses.signature.scalar_names.index(name)] = values
        elif name == "weight" and not self.shared:
            self.groups[owner].set_weights(values)
        elif owner in self.synapses:
            self.synapses[owner].write_raw(name, values)
        else:
            raise UnsupportedFeatureError(
                "instances with shared connectivity have the weights of a static group in common",
                where=Location.of("synapse group", owner),
                hint="compile with connectivity='own' to set them for each instance",
            )

    def _write_population(self, variable: StoredVariable, values: npt.ArrayLike) -> None:
        memory, name = self.populations[variable.owner], variable.name
        if variable.shared:
            memory.scalars[memory.scalar_index[name]] = values
            return
        memory.arrays[name].write(values)
        if name in memory.published:
            memory.publish_now(name, self.clock.step())

    def settle(self, group: str) -> None:
        """Bring the event-driven variables of a group up to date."""
        if group in self.synapses:
            self.synapses[group].settle_now()

    def synapse_count(self, group: str) -> int:
        """Synapses of a group."""
        return self.groups[group].size

    def connections(self, group: str) -> Connections:
        """The synapses of a group, weights as of now."""
        connections = self.groups[group].connections()
        if group not in self.synapses:
            return connections
        return replace(connections, weight=self.synapses[group].weights())

    def has_own_weights(self, group: str) -> bool:
        """Whether the weights of a group may differ from synapse to synapse."""
        return self.groups[group].store.has_weights

    # ------------------------------------------------------------------ spikes

    def spike_totals(self) -> npt.NDArray[np.int64]:
        """Spikes of each population since the start (or the last reset)."""
        totals = np.zeros(len(self.numbers), np.int64)
        self.call("total_spikes", totals.ctypes.data)
        return totals

    def spike_counts(self, population: str) -> npt.NDArray[np.uint32]:
        """Spikes of each neuron since the start (or the last reset)."""
        counts = np.empty(self.populations[population].size, np.uint32)
        self.call("spike_totals", self.numbers[population], counts.ctypes.data)
        return counts

    def set_spike_counts(self, population: str, counts: npt.NDArray[np.uint32]) -> None:
        """Go on counting from here."""
        counts = np.ascontiguousarray(counts, np.uint32)
        self.call("spike_totals_import", self.numbers[population], counts.ctypes.data)

    def spikes_in_flight(
        self, population: str
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint32]]:
        """Steps and neurons of the spikes that may still have to arrive somewhere."""
        number = self.numbers[population]
        count = self.call("inflight_count", number)
        steps, indices = np.empty(count, np.int64), np.empty(count, np.uint32)
        self.call("inflight_export", number, steps.ctypes.data, indices.ctypes.data)
        return steps, indices

    def set_spikes_in_flight(
        self, population: str, steps: npt.NDArray[np.int64], indices: npt.NDArray[np.uint32]
    ) -> None:
        """Put spikes back on their way, after ``set_step``."""
        steps = np.ascontiguousarray(steps, np.int64)
        indices = np.ascontiguousarray(indices, np.uint32)
        number = self.numbers[population]
        self.call("inflight_import", number, len(steps), steps.ctypes.data, indices.ctypes.data)

    def past(self, variable: StoredVariable) -> Past:
        """Past values of a published variable, newest first."""
        memory = self.populations[variable.owner]
        published = memory.published[variable.name]
        slots = (self.clock.step() - np.arange(self.max_delay + 1)) & published.mask
        return Past(published.ring[slots, : memory.size], published.repeated.copy())

    def set_past(self, variable: StoredVariable, past: Past) -> None:
        """Put past values back, after ``set_step``."""
        memory = self.populations[variable.owner]
        published = memory.published[variable.name]
        slots = (self.clock.step() - np.arange(len(past.values))) & published.mask
        published.ring[slots, : memory.size] = past.values
        published.repeated[:] = past.repeated

    # ------------------------------------------------------------------ what came of a run

    def drain(self, sink: Sink | None) -> None:
        """Hand over what was recorded since the last call; without a sink it is dropped."""
        self.recorders.drain(sink)

    def fault(self) -> Fault | None:
        """The variable that ended the last run, if one stopped being finite."""
        found = abi.Fault()
        if not self.engine.fault_get(self.pointer, found):
            return None
        layout = list(self.layout.populations.values())[found.population]
        name = layout.checked[found.variable]
        value = self.populations[layout.name].arrays[name].read()[found.neuron]
        return Fault(layout.name, found.neuron, name, found.step, float(value))
