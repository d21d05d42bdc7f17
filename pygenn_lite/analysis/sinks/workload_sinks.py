"""Counts of benchmarks during a run, from the spikes that are counted whether recorded or not."""

from __future__ import annotations

from pygenn_lite.analysis.sinks.measure_sink import MeasureSink, Value
from pygenn_lite.analysis.sinks.rate_sink import Rates
from pygenn_lite.runtime.results.run_sink import RunInfo


class ActivationSparsity(Rates):
    """As :func:`pygenn_lite.analysis.activation_sparsity`; as with `Rates`, give the run the same
    warm-up."""

    def values(self, instance: int) -> dict[str, Value]:
        """Share of neurons and steps without a spike, by population."""
        per_step = self.run.dt / 1000.0
        return {name: 1.0 - rate * per_step for name, rate in self.rates(instance).items()}


class NeuronUpdates(MeasureSink):
    """As :func:`pygenn_lite.analysis.neuron_updates`."""

    def prepare(self, run: RunInfo) -> None:
        """There is no more than how far the run has got."""

    def values(self, instance: int) -> dict[str, Value]:
        """Neurons times steps, by population."""
        steps = max(0, int(self.stops[instance]) - self.first)
        return {name: float(size * steps) for name, size in self.run.sizes.items()}
