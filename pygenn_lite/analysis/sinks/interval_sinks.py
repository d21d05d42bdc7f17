"""Measures of interspike intervals during a run."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pygenn_lite.analysis.curve import Curve
from pygenn_lite.analysis.grouping import (
    FloatArray,
    IntArray,
    mean_of_known,
    order_by_neuron,
    run_starts,
)
from pygenn_lite.analysis.local_variation import Term, cv2_term, lv_term, lvr_term, pair_means
from pygenn_lite.analysis.sinks.measure_sink import SpikeSink, Value
from pygenn_lite.analysis.spike_intervals import (
    FEWEST_INTERVALS,
    count_intervals,
    histogram_edges,
    middles,
    variation,
)
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.results.run_sink import RunInfo

_NEVER = -(2**62)


@dataclass(frozen=True)
class Intervals:
    """Intervals that end with the spikes of one piece of a run.

    Attributes
    ----------
    steps : ndarray of int64, [spikes]
        Lengths in steps, by neuron.
    neurons : ndarray of integers, [k]
        The neurons that spiked.
    starts : ndarray of intp, [k]
        Where the intervals of each begin.
    ends : ndarray of intp, [k]
        Where they end.
    new : ndarray of bool, [k]
        Whose first spike is among these: its interval, which does not exist, has length 0.
    """

    steps: IntArray
    neurons: npt.NDArray[np.uint32]
    starts: npt.NDArray[np.intp]
    ends: npt.NDArray[np.intp]
    new: npt.NDArray[np.bool_]

    @property
    def existing(self) -> IntArray:
        """Lengths without those that do not exist."""
        return np.delete(self.steps, self.starts[self.new])


class IntervalSink(SpikeSink):
    """Finds intervals from the last spike of each neuron."""

    def prepare(self, run: RunInfo) -> None:
        """Make the state."""
        self.first_spikes, self.last_spikes = self.state(_NEVER), self.state(_NEVER)

    def state(self, value: int) -> dict[str, IntArray]:
        """A number for each neuron and instance, by population."""
        return {
            name: np.full((self.run.instances, len(recorded)), value, np.int64)
            for name, recorded in self.run.spikes.items()
        }

    def take(
        self, instance: int, population: str, steps: IntArray, columns: npt.NDArray[np.uint32]
    ) -> None:
        """Add the intervals that end with these spikes."""
        last = self.last_spikes[population][instance]
        order = order_by_neuron(columns, len(last))
        columns, steps = columns[order], steps[order]
        starts = run_starts(columns)
        neurons = columns[starts]
        ends = np.empty_like(starts)
        ends[:-1], ends[-1] = starts[1:], len(steps)
        intervals = np.empty_like(steps)
        np.subtract(steps[1:], steps[:-1], out=intervals[1:])
        heads, before = steps[starts], last[neurons]
        last[neurons] = steps[ends - 1]
        new = before == _NEVER
        if new.any():
            self.first_spikes[population][instance][neurons[new]] = heads[new]
            before[new] = heads[new]
        intervals[starts] = heads - before
        self.add_intervals(instance, population, Intervals(intervals, neurons, starts, ends, new))

    def add_intervals(self, instance: int, population: str, found: Intervals) -> None:
        """Add intervals to the measure."""
        raise NotImplementedError


class MeanIsi(IntervalSink):
    """As :func:`pygenn_lite.analysis.mean_isi`."""

    def prepare(self, run: RunInfo) -> None:
        """Make the state."""
        super().prepare(run)
        self._sums = {name: np.zeros((run.instances, 2), np.int64) for name in run.spikes}

    def add_intervals(self, instance: int, population: str, found: Intervals) -> None:
        """Add their number and their sum."""
        number = len(found.steps) - np.count_nonzero(found.new)
        self._sums[population][instance] += number, found.steps.sum()

    def values(self, instance: int) -> dict[str, Value]:
        """ms, by population."""
        return {
            name: sums[instance, 1] * self.run.dt / sums[instance, 0]
            if sums[instance, 0]
            else float("nan")
            for name, sums in self._sums.items()
        }


class IsiHistogram(IntervalSink):
    """As :func:`pygenn_lite.analysis.isi_histogram`."""

    def __init__(self, warmup: float = 0.0, bin_ms: float = 5.0, longest: float = 500.0) -> None:
        super().__init__(warmup)
        self.bin_ms, self.longest = bin_ms, longest

    def prepare(self, run: RunInfo) -> None:
        """Make the state."""
        super().prepare(run)
        self._edges = histogram_edges(self.bin_ms, self.longest, run.dt)
        shape = run.instances, len(self._edges) - 1
        self._counts = {name: np.zeros(shape, np.int64) for name in run.spikes}

    def add_intervals(self, instance: int, population: str, found: Intervals) -> None:
        """Count them."""
        self._counts[population][instance] += count_intervals(found.existing, self._edges)

    def values(self, instance: int) -> dict[str, Value]:
        """Middles of bins in ms and counts, by population."""
        places = middles(self._edges, self.run.dt)
        return {n: Curve(places, each[instance].copy()) for n, each in self._counts.items()}


class CvIsi(IntervalSink):
    """As :func:`pygenn_lite.analysis.cv_isi`, with four numbers per neuron and instance."""

    def __init__(
        self, warmup: float = 0.0, min_intervals: int = FEWEST_INTERVALS, by_neuron: bool = False
    ) -> None:
        super().__init__(warmup)
        self.min_intervals, self.by_neuron = min_intervals, by_neuron

    def prepare(self, run: RunInfo) -> None:
        """Make the state."""
        super().prepare(run)
        self._spikes, self._squares = self.state(0), self.state(0)

    def add_intervals(self, instance: int, population: str, found: Intervals) -> None:
        """Add the number of spikes and the squares of the intervals to those of each neuron."""
        self._spikes[population][instance][found.neurons] += found.ends - found.starts
        squares = np.add.reduceat(found.steps * found.steps, found.starts)
        self._squares[population][instance][found.neurons] += squares

    def values(self, instance: int) -> dict[str, Value]:
        """By population."""
        found: dict[str, Value] = {}
        for name, spikes in self._spikes.items():
            spans = self.last_spikes[name][instance] - self.first_spikes[name][instance]
            squares = self._squares[name][instance]
            values = variation(spikes[instance] - 1, spans, squares, self.min_intervals)
            found[name] = values if self.by_neuron else mean_of_known(values)
        return found


class PairSink(IntervalSink):
    """A mean over pairs of successive intervals."""

    def __init__(
        self, warmup: float = 0.0, min_intervals: int = FEWEST_INTERVALS, by_neuron: bool = False
    ) -> None:
        super().__init__(warmup)
        self.min_intervals, self.by_neuron = min_intervals, by_neuron

    def prepare(self, run: RunInfo) -> None:
        """Make the state."""
        super().prepare(run)
        self._spikes = self.state(0)
        shapes = {name: spikes.shape for name, spikes in self._spikes.items()}
        self._before: dict[str, FloatArray] = {n: np.full(s, np.nan) for n, s in shapes.items()}
        self._sums: dict[str, FloatArray] = {n: np.zeros(s) for n, s in shapes.items()}
        self._term = self.term()

    def term(self) -> Term:
        """What is averaged."""
        raise NotImplementedError

    def add_intervals(self, instance: int, population: str, found: Intervals) -> None:
        """Add the pairs that end with these."""
        last = self._before[population][instance]
        neurons, starts = found.neurons, found.starts
        steps = found.steps.astype(np.float64)
        steps[starts[found.new]] = np.nan  # as the state has it: not there
        before = np.empty_like(steps)
        before[1:] = steps[:-1]
        before[starts] = last[neurons]
        last[neurons] = steps[found.ends - 1]
        with np.errstate(invalid="ignore", divide="ignore"):
            terms = self._term(before, steps)
        terms[np.isnan(terms)] = 0.0  # not a pair, or two intervals of 0
        self._sums[population][instance][neurons] += np.add.reduceat(terms, starts)
        self._spikes[population][instance][neurons] += found.ends - starts

    def values(self, instance: int) -> dict[str, Value]:
        """By population."""
        found: dict[str, Value] = {}
        for name, sums in self._sums.items():
            pairs = self._spikes[name][instance] - 2
            values = pair_means(sums[instance], pairs, self.min_intervals)
            found[name] = values if self.by_neuron else mean_of_known(values)
        return found


class Cv2(PairSink):
    """As :func:`pygenn_lite.analysis.cv2`."""

    def term(self) -> Term:
        """What is averaged."""
        return cv2_term


class Lv(PairSink):
    """As :func:`pygenn_lite.analysis.lv`."""

    def term(self) -> Term:
        """What is averaged."""
        return lv_term


class LvR(PairSink):
    """As :func:`pygenn_lite.analysis.lvr`."""

    def __init__(
        self,
        warmup: float = 0.0,
        refractoriness: float = 5.0,
        min_intervals: int = FEWEST_INTERVALS,
        by_neuron: bool = False,
    ) -> None:
        super().__init__(warmup, min_intervals, by_neuron)
        self.refractoriness = refractoriness

    def term(self) -> Term:
        """What is averaged."""
        return lvr_term(self.refractoriness, self.run.dt)
