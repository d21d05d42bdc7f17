"""Measures, during a run, of the spikes of whole populations in bins."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from pygenn_lite.analysis.by_population import pair_names
from pygenn_lite.analysis.correlograms import lags_of, products_by_lag, signed_lags
from pygenn_lite.analysis.curve import Curve
from pygenn_lite.analysis.grouping import FloatArray, IntArray
from pygenn_lite.analysis.silent_bins import slope
from pygenn_lite.analysis.sinks.measure_sink import SpikeSink, Value
from pygenn_lite.analysis.spectra import (
    ComplexArray,
    Welch,
    check_segments,
    coherence_of,
    cross_sums,
)
from pygenn_lite.analysis.spike_bins import bin_numbers, bin_times, check_bins, whole_bins
from pygenn_lite.analysis.trains import steps_of
from pygenn_lite.analysis.variability import dispersion
from pygenn_lite.runtime.results.run_sink import RunInfo


class BinSink(SpikeSink):
    """Counts the spikes of populations in bins, and hands on those that are complete: of all
    populations at once, at least every 100 ms of the run."""

    def __init__(self, warmup: float = 0.0, bin_ms: float = 5.0) -> None:
        super().__init__(warmup)
        self.bin_ms = bin_ms

    def prepare(self, run: RunInfo) -> None:
        """Make the state."""
        self.width = steps_of(self.bin_ms, run.dt, "bin_ms")
        self.names = list(run.spikes)
        self._rows = {name: k for k, name in enumerate(self.names)}
        self.done = np.zeros(run.instances, np.int64)  # bins that are complete
        self._open = [np.zeros((len(self.names), 1), np.int64) for _ in range(run.instances)]

    def take(
        self, instance: int, population: str, steps: IntArray, columns: npt.NDArray[np.uint32]
    ) -> None:
        """Count spikes in bins that are not complete."""
        bins = bin_numbers(steps, self.first, self.width)
        counts = np.bincount(bins - self.done[instance])
        counted, known = self._open[instance], len(counts)
        if known > counted.shape[1]:
            counted = np.pad(counted, ((0, 0), (0, known - counted.shape[1])))
            self._open[instance] = counted
        counted[self._rows[population], :known] += counts

    def add_counts(self, instance: int, step: int, totals: Mapping[str, int]) -> None:
        """Hand on what is complete up to here."""
        super().add_counts(instance, step, totals)
        new = whole_bins(self.first, step, self.width) - int(self.done[instance])
        if new < 1:
            return
        counted = self._open[instance]
        complete, self._open[instance] = counted[:, :new], counted[:, new:]
        if complete.shape[1] < new:
            complete = np.pad(complete, ((0, 0), (0, new - complete.shape[1])))
        self.done[instance] += new
        self.add_bins(instance, complete)

    def add_bins(self, instance: int, counts: IntArray) -> None:
        """Take complete bins, [populations, bins], that follow those before."""
        raise NotImplementedError

    def number(self, instance: int) -> int:
        """Complete bins so far; at least one."""
        number = int(self.done[instance])
        check_bins(number, self.bin_ms, self.duration(instance))
        return number


class Synchrony(BinSink):
    """As :func:`pygenn_lite.analysis.synchrony`."""

    def __init__(self, warmup: float = 0.0, bin_ms: float = 3.0) -> None:
        super().__init__(warmup, bin_ms)

    def prepare(self, run: RunInfo) -> None:
        """Make the state."""
        super().prepare(run)
        self._sums = np.zeros((run.instances, 2, len(self.names)), np.int64)

    def add_bins(self, instance: int, counts: IntArray) -> None:
        """Add sums and squares."""
        self._sums[instance, 0] += counts.sum(axis=1)
        self._sums[instance, 1] += (counts * counts).sum(axis=1)

    def values(self, instance: int) -> dict[str, Value]:
        """By population."""
        number, (sums, squares) = self.number(instance), self._sums[instance].tolist()
        return {n: dispersion(number, sums[k], squares[k]) for k, n in enumerate(self.names)}


class BinnedCounts(BinSink):
    """As :func:`pygenn_lite.analysis.binned_counts`; keeps one number per bin."""

    def prepare(self, run: RunInfo) -> None:
        """Make the state."""
        super().prepare(run)
        self._counts: list[list[IntArray]] = [[] for _ in range(run.instances)]

    def add_bins(self, instance: int, counts: IntArray) -> None:
        """Keep them."""
        self._counts[instance].append(counts.copy())

    def values(self, instance: int) -> dict[str, Value]:
        """Middles of bins in ms and counts, by population."""
        times = bin_times(self.first, self.width, self.number(instance), self.run.dt)
        counts = np.concatenate(self._counts[instance], axis=1)
        return {name: Curve(times, counts[k]) for k, name in enumerate(self.names)}


class BranchingParameter(BinSink):
    """As :func:`pygenn_lite.analysis.branching_parameter`."""

    def __init__(self, warmup: float = 0.0, bin_ms: float = 4.0) -> None:
        super().__init__(warmup, bin_ms)

    def prepare(self, run: RunInfo) -> None:
        """Make the state."""
        super().prepare(run)
        self._last: list[IntArray] = [np.zeros((len(self.names), 0), np.int64)] * run.instances
        self._sums = np.zeros((run.instances, 4, len(self.names)), np.int64)

    def add_bins(self, instance: int, counts: IntArray) -> None:
        """Add sums over successive bins."""
        counts = np.concatenate((self._last[instance], counts), axis=1)
        before, after = counts[:, :-1], counts[:, 1:]
        for k, each in enumerate((before, after, before * before, before * after)):
            self._sums[instance, k] += each.sum(axis=1)
        self._last[instance] = counts[:, -1:].copy()

    def values(self, instance: int) -> dict[str, Value]:
        """By population."""
        number, sums = self.number(instance) - 1, self._sums[instance].T.tolist()
        return {name: slope(number, *sums[k]) for k, name in enumerate(self.names)}


class CrossCorrelogram(BinSink):
    """As :func:`pygenn_lite.analysis.cross_correlogram`."""

    def __init__(self, warmup: float = 0.0, bin_ms: float = 1.0, max_lag: float = 100.0) -> None:
        super().__init__(warmup, bin_ms)
        self.max_lag = max_lag

    def prepare(self, run: RunInfo) -> None:
        """Make the state."""
        super().prepare(run)
        self._lags = lags_of(self.bin_ms, self.max_lag, run.dt)
        self._pairs = pair_names(self.names, "cross_correlogram")
        self._before = np.zeros((run.instances, len(self.names), self._lags))
        self._counts = np.zeros((run.instances, len(self._pairs), 2 * self._lags + 1), np.int64)

    def add_bins(self, instance: int, counts: IntArray) -> None:
        """Add the pairs of which at least one is in these bins."""
        known = np.concatenate((self._before[instance], counts), axis=1)
        for row, (a, b) in enumerate(self._pairs):
            found = products_by_lag(
                known[self.names.index(a)], known[self.names.index(b)], self._lags
            )
            self._counts[instance, row] += found
        self._before[instance] = known[:, -self._lags :]

    def values(self, instance: int) -> dict[str, Value]:
        """Lags in ms and numbers of pairs, by pair of populations."""
        self.number(instance)
        lags = signed_lags(self._lags, self.width, self.run.dt)
        counts = self._counts[instance].copy()
        return {f"{a}-{b}": Curve(lags, counts[row]) for row, (a, b) in enumerate(self._pairs)}


class SegmentSink(BinSink):
    """Gathers bins until there is a segment of Welch's method."""

    def __init__(self, warmup: float = 0.0, bin_ms: float = 1.0, segment: float = 500.0) -> None:
        super().__init__(warmup, bin_ms)
        self.segment = segment

    def prepare(self, run: RunInfo) -> None:
        """Make the state."""
        super().prepare(run)
        self.welch = Welch.of(self.bin_ms, self.segment, run.dt)
        self.segments = np.zeros(run.instances, np.int64)
        self._waiting: list[list[IntArray]] = [[] for _ in range(run.instances)]

    def add_bins(self, instance: int, counts: IntArray) -> None:
        """Take the segments that these bins complete."""
        waiting = self._waiting[instance]
        waiting.append(counts)
        if sum(each.shape[1] for each in waiting) < self.welch.bins:
            return
        known = np.concatenate(waiting, axis=1)
        spectra = [self.welch.spectra(row) for row in known]
        number = len(spectra[0])
        self.segments[instance] += number
        self._waiting[instance] = [known[:, number * self.welch.shift :].copy()]
        self.add_spectra(instance, spectra)

    def add_spectra(self, instance: int, spectra: list[ComplexArray]) -> None:
        """Take spectra of new segments, of each population [segments, frequencies]."""
        raise NotImplementedError

    def check(self, instance: int) -> int:
        """Segments so far; at least one."""
        number = int(self.segments[instance])
        check_segments(number, self.segment, self.duration(instance))
        return number


class PowerSpectrum(SegmentSink):
    """As :func:`pygenn_lite.analysis.power_spectrum`."""

    def prepare(self, run: RunInfo) -> None:
        """Make the state."""
        super().prepare(run)
        shape = run.instances, len(self.names), self.welch.bins // 2 + 1
        self._squares: FloatArray = np.zeros(shape)

    def add_spectra(self, instance: int, spectra: list[ComplexArray]) -> None:
        """Add squares."""
        for row, each in enumerate(spectra):
            self._squares[instance, row] += np.sum(np.abs(each) ** 2, axis=0)

    def values(self, instance: int) -> dict[str, Value]:
        """Frequencies in Hz and densities, by population."""
        squares = self._squares[instance] / self.check(instance)
        return {
            name: self.welch.power(squares[k], len(self.run.spikes[name]))
            for k, name in enumerate(self.names)
        }


class Coherence(SegmentSink):
    """As :func:`pygenn_lite.analysis.coherence`."""

    def prepare(self, run: RunInfo) -> None:
        """Make the state."""
        super().prepare(run)
        self._pairs = pair_names(self.names, "coherence")
        shape = run.instances, len(self._pairs), 3, self.welch.bins // 2 + 1
        self._sums: ComplexArray = np.zeros(shape, np.complex128)

    def add_spectra(self, instance: int, spectra: list[ComplexArray]) -> None:
        """Add powers and cross spectra."""
        for row, (a, b) in enumerate(self._pairs):
            sums = cross_sums(spectra[self.names.index(a)], spectra[self.names.index(b)])
            for part, each in enumerate(sums):
                self._sums[instance, row, part] += each

    def values(self, instance: int) -> dict[str, Value]:
        """Frequencies in Hz and coherence, by pair of populations."""
        self.check(instance)
        found: dict[str, Value] = {}
        for row, (a, b) in enumerate(self._pairs):
            of_a, of_b, cross = self._sums[instance, row]
            values = coherence_of(of_a.real, of_b.real, cross)
            found[f"{a}-{b}"] = Curve(self.welch.frequencies, values)
        return found
