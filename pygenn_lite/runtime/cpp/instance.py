"""One instance of the C++ backend: its memory and its engine, as the device shows them."""

from __future__ import annotations

import ctypes as c
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen import NetworkStructure
from pygenn_lite.codegen.plan.network_plan import NetworkPlan
from pygenn_lite.declaration.network import Network
from pygenn_lite.runtime.cpp import abi
from pygenn_lite.runtime.cpp.delivery import fitting_sums
from pygenn_lite.runtime.cpp.device_memory import DeviceMemory
from pygenn_lite.runtime.cpp.engine_setup import fill_engine, new_engine, set_train
from pygenn_lite.runtime.cpp.network_memory import NetworkMemory
from pygenn_lite.runtime.cpp.recorders import Recorders
from pygenn_lite.runtime.device import Fault, Instance, Past
from pygenn_lite.runtime.layout import SLOT, StoredVariable
from pygenn_lite.runtime.recording import Sink
from pygenn_lite.runtime.values.spike_trains import NO_TRAIN, SpikeTrain, spike_train
from pygenn_lite.runtime.values.weights import check_settable

if TYPE_CHECKING:
    from pygenn_lite.runtime.values.connections import Connections

Array = npt.NDArray[Any]


class CppInstance(Instance):
    """An instance of a :class:`~pygenn_lite.runtime.cpp.device.CppDevice`: a number, and the way to
    what the device keeps for it."""

    def __init__(self, device: DeviceMemory, index: int) -> None:
        self._device, self.index = device, index
        self._common, self._records = device.common, device.common.records

    @cached_property
    def network(self) -> Network:
        """Its declaration."""
        return self._device.request.networks[self.index]

    @cached_property
    def structure(self) -> NetworkStructure:
        """Of this."""
        return self._device.request.structures[self.index]

    @property
    def seed(self) -> int:
        """Of initial values and noise."""
        return self._records.seeds[self.index]

    @property
    def connectivity_seed(self) -> int:
        """Of the synapses."""
        return self._device.connectivity_seed(self.index)

    @property
    def memory(self) -> NetworkMemory:
        """What it keeps, by name."""
        return self._device[self.index]

    @property
    def plan(self) -> NetworkPlan:
        """How it lies in memory."""
        return self.memory.plan

    @property
    def recorders(self) -> Recorders:
        """What its engine records."""
        return self._common.recorders

    @property
    def _pointer(self) -> int:
        return self._records.pointers[self.index] or 0

    def call(self, name: str, *arguments: Any) -> int:
        """Let the engine do something; an exception where it fails."""
        return self._common.loaded.engine.call(name, self._pointer, *arguments)

    # ------------------------------------------------------------------ time

    def initialise(self, seed: int) -> None:
        """Initial values for a seed, plastic groups as built, coefficients, step 0."""
        if not self.memory.is_new:
            for synapses in self.memory.synapses.values():
                synapses.initialise()
        for population in list(self.replayed):
            self.replay(population, None)
        for memory in self.memory.populations.values():
            memory.initialise(seed)
        self.prepare(self.memory.populations)
        self.set_step(0, seed)
        self.memory.is_new = False

    def set_step(self, step: int, seed: int) -> None:
        """Go to a step, without spikes in flight."""
        self._records.failed[self.index] = False
        if seed != self.seed or not self._pointer:  # seeds are part of what an engine copies
            self._records.seeds[self.index] = seed
            self._records.replace_engine(self.index, new_engine(self.memory))
            fill_engine(self.memory)
        self.drain(None)
        self._common.loaded.engine.step_set(self._pointer, step)

    @property
    def replayed(self) -> Mapping[str, SpikeTrain]:
        """Spike sources that replay another train than the declared one, and which."""
        return self._records.replayed.get(self.index, {})

    def replay(self, population: str, train: SpikeTrain | None) -> None:
        """Let a spike source replay another train from the next step on; None: the declared."""
        replayed = self._records.replayed.setdefault(self.index, {})
        replayed.pop(population, None)
        if train is not None:
            replayed[population] = train
        else:
            train = spike_train(self.network.populations[population], self.network.dt)
        set_train(self.memory, population, NO_TRAIN if train is None else train)

    def prepare(self, populations: Iterable[str]) -> None:
        """Compute the coefficients of some populations from their parameters."""
        types = (c.c_void_p, c.c_void_p, c.c_uint32, c.c_double)
        for name in populations:
            memory = self.memory.populations[name]
            if memory.signature.prepare is not None:
                memory.prepare(self._common.loaded.function(memory.signature.prepare, *types))

    # ------------------------------------------------------------------ values

    def read(self, variable: StoredVariable, *, stored: bool = False) -> Array:
        """A copy of a variable: shape () where it is shared, else one value per element."""
        owner, name = variable.owner, variable.name
        if owner in self.memory.populations:
            memory = self.memory.populations[owner]
            if variable.shared:
                return np.array(memory.scalars[memory.scalar_index[name]])
            return memory.arrays[name].read()
        if owner in self.memory.poisson:
            return np.array(getattr(self.memory.poisson[owner].rates(owner), name), np.float64)
        if owner in self.memory.timed:
            return self.memory.timed[owner].values
        if variable.role == SLOT:
            return self.memory.rewired[owner].slots.part(name).astype(variable.dtype)
        synapses = self.memory.synapses.get(owner)
        if synapses is None:
            return self.memory.weights(owner)
        if variable.shared:
            return np.array(synapses.scalars[synapses.signature.scalar_names.index(name)])
        if name == "weight" and not stored:
            return synapses.weights()
        if name not in synapses.dtypes:
            return self.memory.groups[owner].weights()
        return synapses.read_raw(name) if stored else synapses.read(name)

    def write(self, variable: StoredVariable, values: npt.ArrayLike) -> None:
        """Set a variable: one value, or one per element."""
        owner, name = variable.owner, variable.name
        if owner in self.memory.populations:
            self._write_population(variable, values)
        elif owner in self.memory.poisson:
            target = self.memory.poisson[owner]
            rate, sources = target.rates(owner).given
            given = {"rate": rate, "sources": sources, name: np.array(values)}
            target.set_rates(owner, given["rate"], given["sources"])
        elif owner in self.memory.timed:
            self.memory.timed[owner].set(values)
        elif variable.role == SLOT:
            self.memory.rewired[owner].write_slots(name, np.asarray(values))
            self._fit_sums()
        elif variable.shared:
            synapses = self.memory.synapses[owner]
            synapses.scalars[synapses.signature.scalar_names.index(name)] = values
        elif owner in self.memory.synapses and (name != "weight" or self.memory.shared):
            self.memory.synapses[owner].write_raw(name, values)
        else:
            self.memory.set_weights(owner, values)
            self._fit_sums()

    def _fit_sums(self) -> None:
        """Units of sums in whole numbers for the weights as they are."""
        if self.index in self._records.sums:
            sums, deliveries = self._records.sums[self.index], self.plan.deliveries.values()
            sums.fit(fitting_sums(deliveries, self.memory.largest_weight))

    def _write_population(self, variable: StoredVariable, values: npt.ArrayLike) -> None:
        memory, name = self.memory.populations[variable.owner], variable.name
        if variable.shared:
            memory.scalars[memory.scalar_index[name]] = values
            return
        memory.arrays[name].write(values)
        if name in memory.exposed:
            memory.expose_now(name, self.memory.clock.step())

    def settle(self, group: str) -> None:
        """Bring the event-driven variables of a group up to date."""
        if group in self.memory.synapses:
            self.memory.synapses[group].settle_now()

    def synapse_count(self, group: str) -> int:
        """Synapses of a group."""
        return self.memory.groups[group].size

    def connections(self, group: str) -> Connections:
        """The synapses of a group, weights as of now."""
        connections, synapses = self.memory.groups[group].connections(), self.memory.synapses
        own = synapses[group].weights() if group in synapses else self.memory.weights(group)
        return replace(connections, weight=own)

    def has_own_weights(self, group: str) -> bool:
        """Whether the weights of a group may differ from synapse to synapse."""
        return self.memory.groups[group].store.has_weights

    def check_weights(self, group: str, weights: npt.NDArray[np.float64]) -> None:
        """Refuse weights that are right for the group, and that cannot be kept."""
        check_settable(
            group,
            weights,
            self.synapse_count(group),
            self._common.layout.groups[group].weight.dtype,
            self.has_own_weights(group),
        )
        self.memory.check_weights(group, weights)

    # ------------------------------------------------------------------ spikes

    def spike_totals(self) -> npt.NDArray[np.int64]:
        """Spikes of each population since the start (or the last reset)."""
        totals = np.zeros(len(self._common.numbers), np.int64)
        self.call("total_spikes", totals.ctypes.data)
        return totals

    def spike_counts(self, population: str) -> npt.NDArray[np.uint32]:
        """Spikes of each neuron since the start (or the last reset)."""
        counts = np.empty(self._common.layout.populations[population].size, np.uint32)
        self.call("spike_totals", self._common.numbers[population], counts.ctypes.data)
        return counts

    def set_spike_counts(self, population: str, counts: npt.NDArray[np.uint32]) -> None:
        """Go on counting from here."""
        counts = np.ascontiguousarray(counts, np.uint32)
        self.call("spike_totals_import", self._common.numbers[population], counts.ctypes.data)

    def spikes_in_flight(
        self, population: str
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint32]]:
        """Steps and neurons of the spikes that may still have to arrive somewhere."""
        number = self._common.numbers[population]
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
        number = self._common.numbers[population]
        self.call("inflight_import", number, len(steps), steps.ctypes.data, indices.ctypes.data)

    def past(self, variable: StoredVariable) -> Past:
        """Past values of a exposed variable, newest first."""
        memory = self.memory.populations[variable.owner]
        exposed = memory.exposed[variable.name]
        slots = (self.memory.clock.step() - np.arange(self.memory.max_delay + 1)) & exposed.mask
        return Past(exposed.ring[slots, : memory.size], exposed.repeated.copy())

    def set_past(self, variable: StoredVariable, past: Past) -> None:
        """Put past values back, after ``set_step``."""
        memory = self.memory.populations[variable.owner]
        exposed = memory.exposed[variable.name]
        slots = (self.memory.clock.step() - np.arange(len(past.values))) & exposed.mask
        exposed.ring[slots, : memory.size] = past.values
        exposed.repeated[:] = past.repeated

    # ------------------------------------------------------------------ what came of a run

    def drain(self, sink: Sink | None) -> None:
        """Hand over what was recorded since the last call; without a sink it is dropped."""
        self._common.recorders.drain(self._pointer, sink)

    def fault(self) -> Fault | None:
        """The variable that ended the last run, if one stopped being finite."""
        found = abi.Fault()
        if not self._common.loaded.engine.fault_get(self._pointer, found):
            return None
        layout = list(self._common.layout.populations.values())[found.population]
        overflow = found.variable < 0
        sums = self._records.sums[self.index].planned if overflow else ()
        name = sums[-1 - found.variable].variable if overflow else layout.checked[found.variable]
        value = self.memory.populations[layout.name].arrays[name].read()[found.neuron]
        return Fault(layout.name, found.neuron, name, found.step, float(value), overflow)
