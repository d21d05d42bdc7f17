"""Measures, during a run, of the spikes of each neuron: their number, in windows, by lag."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from pygenn_lite.analysis.correlograms import lags_of, pairs_by_lag
from pygenn_lite.analysis.curve import Curve
from pygenn_lite.analysis.grouping import (
    IntArray,
    bounds_of,
    mean_of_known,
    order_by_neuron,
)
from pygenn_lite.analysis.phases import checked_frequency, phase_sum
from pygenn_lite.analysis.sinks.measure_sink import SpikeSink, Value
from pygenn_lite.analysis.spike_bins import bin_numbers, check_bins, filled_bins, whole_bins
from pygenn_lite.analysis.trains import steps_of
from pygenn_lite.analysis.variability import dispersion, dispersions
from pygenn_lite.declaration.steps import times_of
from pygenn_lite.runtime.results.run_sink import RunInfo


class SpikeCountsOfNeurons(SpikeSink):
    """As :func:`pygenn_lite.analysis.spike_counts`."""

    def prepare(self, run: RunInfo) -> None:
        """Make the state."""
        self._counts = {
            name: np.zeros((run.instances, len(recorded)), np.int64)
            for name, recorded in run.spikes.items()
        }

    def take(
        self, instance: int, population: str, steps: IntArray, columns: npt.NDArray[np.uint32]
    ) -> None:
        """Count."""
        counts = self._counts[population][instance]
        counts += np.bincount(columns, minlength=len(counts))

    def values(self, instance: int) -> dict[str, Value]:
        """[neurons], by population."""
        return {name: counts[instance].copy() for name, counts in self._counts.items()}


class FanoFactorOfNeurons(SpikeCountsOfNeurons):
    """As :func:`pygenn_lite.analysis.fano_factor_of_neurons`."""

    def values(self, instance: int) -> dict[str, Value]:
        """By population."""
        found: dict[str, Value] = {}
        for name, counts in self._counts.items():
            own = counts[instance]
            found[name] = dispersion(len(own), int(own.sum()), int(np.dot(own, own)))
        return found


class VectorStrength(SpikeSink):
    """As :func:`pygenn_lite.analysis.vector_strength`."""

    def __init__(self, warmup: float = 0.0, frequency: float | None = None) -> None:
        super().__init__(warmup)
        self.frequency = checked_frequency(frequency)

    def prepare(self, run: RunInfo) -> None:
        """Make the state."""
        self._sums = {name: np.zeros(run.instances, np.complex128) for name in run.spikes}
        self._numbers = {name: np.zeros(run.instances, np.int64) for name in run.spikes}

    def take(
        self, instance: int, population: str, steps: IntArray, columns: npt.NDArray[np.uint32]
    ) -> None:
        """Add phases."""
        self._sums[population][instance] += phase_sum(steps, self.run.dt, self.frequency)
        self._numbers[population][instance] += len(steps)

    def values(self, instance: int) -> dict[str, Value]:
        """By population."""
        numbers = {name: int(each[instance]) for name, each in self._numbers.items()}
        return {
            name: float(abs(sums[instance])) / numbers[name] if numbers[name] else float("nan")
            for name, sums in self._sums.items()
        }


class NeuronBinSink(SpikeSink):
    """Keeps spikes until their bins are complete, at least every 100 ms of the run."""

    def __init__(self, warmup: float = 0.0, bin_ms: float = 100.0) -> None:
        super().__init__(warmup)
        self.bin_ms = bin_ms

    def prepare(self, run: RunInfo) -> None:
        """Make the state."""
        self.width = steps_of(self.bin_ms, run.dt, "bin_ms")
        self._open: dict[tuple[int, str], list[tuple[IntArray, IntArray]]] = {
            (k, name): [] for k in range(run.instances) for name in run.spikes
        }

    def take(
        self, instance: int, population: str, steps: IntArray, columns: npt.NDArray[np.uint32]
    ) -> None:
        """Keep them."""
        bins = bin_numbers(steps, self.first, self.width)
        self._open[instance, population].append((bins, columns.astype(np.int64)))

    def add_counts(self, instance: int, step: int, totals: Mapping[str, int]) -> None:
        """Hand on what is complete up to here."""
        super().add_counts(instance, step, totals)
        number = whole_bins(self.first, step, self.width)
        for name in self.run.spikes:
            kept = self._open[instance, name]
            if not kept:
                continue
            bins, columns = (np.concatenate(each) for each in zip(*kept, strict=True))
            complete = int(np.searchsorted(bins, number))
            rest = (bins[complete:], columns[complete:])
            self._open[instance, name] = [rest] if len(rest[0]) else []
            if complete:
                self.add_events(instance, name, bins[:complete], columns[:complete])

    def add_events(self, instance: int, population: str, bins: IntArray, columns: IntArray) -> None:
        """Take spikes of complete bins: by time."""
        raise NotImplementedError

    def number(self, instance: int) -> int:
        """Complete bins so far; at least one."""
        number = whole_bins(self.first, int(self.stops[instance]), self.width)
        check_bins(number, self.bin_ms, self.duration(instance))
        return number

    def neurons(self, population: str) -> int:
        """How many are recorded."""
        return len(self.run.spikes[population])


class FanoFactor(NeuronBinSink):
    """As :func:`pygenn_lite.analysis.fano_factor`."""

    def __init__(self, warmup: float = 0.0, window: float = 100.0, by_neuron: bool = False) -> None:
        super().__init__(warmup, window)
        self.by_neuron = by_neuron

    def prepare(self, run: RunInfo) -> None:
        """Make the state."""
        super().prepare(run)
        self._sums = {
            name: np.zeros((run.instances, 2, len(recorded)), np.int64)
            for name, recorded in run.spikes.items()
        }

    def add_events(self, instance: int, population: str, bins: IntArray, columns: IntArray) -> None:
        """Add sums and squares."""
        neurons = self.neurons(population)
        order = order_by_neuron(columns, neurons)
        filled = filled_bins(bins[order], bounds_of(columns, neurons))
        sums = self._sums[population][instance]
        sums[0] += filled.totals
        sums[1] += filled.squares

    def values(self, instance: int) -> dict[str, Value]:
        """By population."""
        found: dict[str, Value] = {}
        for name, sums in self._sums.items():
            values = dispersions(self.number(instance), *sums[instance])
            found[name] = values if self.by_neuron else mean_of_known(values)
        return found


class Autocorrelogram(NeuronBinSink):
    """As :func:`pygenn_lite.analysis.autocorrelogram`; keeps the spikes of the longest lag."""

    def __init__(self, warmup: float = 0.0, bin_ms: float = 1.0, max_lag: float = 100.0) -> None:
        super().__init__(warmup, bin_ms)
        self.max_lag = max_lag

    def prepare(self, run: RunInfo) -> None:
        """Make the state."""
        super().prepare(run)
        self._lags = lags_of(self.bin_ms, self.max_lag, run.dt)
        self._counts = {
            name: np.zeros((run.instances, self._lags + 1), np.int64) for name in run.spikes
        }
        nothing = np.zeros(0, np.int64)
        self._before = dict.fromkeys(self._open, (nothing, nothing))

    def add_events(self, instance: int, population: str, bins: IntArray, columns: IntArray) -> None:
        """Add the pairs of which the later spike is new."""
        first, last = int(bins[0]), int(bins[-1])
        early_bins, early_columns = self._before[instance, population]
        bins = np.concatenate((early_bins, bins))
        columns = np.concatenate((early_columns, columns))
        order = order_by_neuron(columns, self.neurons(population))
        self._counts[population][instance] += pairs_by_lag(
            bins[order], columns[order], self._lags, first
        )
        kept = slice(int(np.searchsorted(bins, last - self._lags)), None)
        self._before[instance, population] = bins[kept].copy(), columns[kept].copy()

    def values(self, instance: int) -> dict[str, Value]:
        """Lags in ms and numbers of pairs, by population."""
        self.number(instance)
        lags = times_of(np.arange(self._lags + 1) * self.width, self.run.dt)
        return {n: Curve(lags, counts[instance].copy()) for n, counts in self._counts.items()}
