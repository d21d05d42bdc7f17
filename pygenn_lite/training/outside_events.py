"""What reaches neurons of a trial from outside at known times: spikes that are data, events of
Poisson inputs, changes of currents."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import numpy as np

from pygenn_lite.codegen.adjoint.adjoint_records import NeuronAdjoint
from pygenn_lite.codegen.structure.structures import NetworkStructure
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.population import SpikeSource
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.values.population_values import PopulationValues
from pygenn_lite.training.small_network import SmallNetwork


@dataclass(frozen=True)
class OutsideEvents:
    """Adds them to the neurons of a network."""

    network: Network
    structure: NetworkStructure
    made: SmallNetwork
    duration: float

    def neurons(self, name: str) -> NeuronAdjoint:
        """The adjoint of a population."""
        return self.made.adjoint.populations[name]

    def add(self, name: str) -> None:
        """All of a population."""
        if self.neurons(name).data:
            self.add_spikes(name)
        self.add_events(name)
        self.add_changes(name)

    def add_spikes(self, name: str) -> None:
        """Spikes that are data: of a spike source, or drawn."""
        times, indices = self._spikes(name)
        keep = (times >= 0) & (times <= self.duration)
        times, indices = times[keep], indices[keep]
        numbers = np.full(len(times), -1)
        if isinstance(self.network.populations[name].model, SpikeSource) and len(times):
            path = f"populations.{name}.spike_source.times"
            numbers[:] = self.made.table.add([path], times, "time").numbers
        for time, i, number in zip(times, indices, numbers, strict=True):
            self.made.cell(name, int(i)).given.append((float(time), ("given", int(number))))

    def add_events(self, name: str) -> None:
        """Events of Poisson inputs: their times are data."""
        declared = self.network.populations[name]
        binding = self.structure.populations[name]
        for one in binding.poisson:
            known = PopulationValues(declared, binding, self.neurons(name).system.called)
            rate, sources = known.poisson(one, self.network.seed)
            per_ms = np.broadcast_to(np.asarray(rate) * sources / 1000.0, declared.size)
            for i in range(declared.size):
                random = np.random.default_rng([self.network.seed, crc32(one.name.encode()), i])
                count = random.poisson(per_ms[i] * self.duration)
                for time in np.sort(random.uniform(0.0, self.duration, count)):
                    self.made.cell(name, i).given.append((float(time), ("event", one.name)))

    def _spikes(self, name: str) -> tuple[Any, Any]:
        """Spikes of a population that nothing reaches: declared, or as a simulation draws them."""
        model: Any = self.network.populations[name].model
        if isinstance(model, SpikeSource):
            return np.asarray(model.times.array, float), np.asarray(model.indices.array)
        alone = self.network.copy()
        alone.record(alone.populations[name].spikes)
        result = alone.compile(backend="reference", precision="float64").run(self.duration)
        return result.spikes[name].times, result.spikes[name].indices

    def add_changes(self, name: str) -> None:
        """Currents that change at known times."""
        binding = self.structure.populations[name]
        for k, timed in enumerate(binding.timed):
            times = np.asarray(timed.times.array, float)
            values = np.asarray(timed.values.array, float)
            entry = self.made.table.add([f"inputs.{timed.name}.values"], values.ravel())
            for i in range(self.network.populations[name].size):
                cell = self.made.cell(name, i)
                at = len(cell.functions.order.parameters) - len(binding.timed) + k
                for row, time in enumerate(times):
                    number = entry.first + (row if values.ndim == 1 else row * values.shape[1] + i)
                    if time <= 0:
                        cell.numbers[at] = number
                    elif time < self.duration:
                        cell.given.append((float(time), ("change", (at, number))))
