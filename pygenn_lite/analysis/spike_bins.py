"""Spikes counted in bins of equal width (a, b], in steps."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pygenn_lite.analysis.by_population import by_population
from pygenn_lite.analysis.curve import Curve
from pygenn_lite.analysis.grouping import IntArray, sums_by_neuron
from pygenn_lite.analysis.trains import SpikeTrains, steps_of
from pygenn_lite.declaration.steps import times_of
from pygenn_lite.errors import ArgumentError
from pygenn_lite.records import dataclass


@by_population
def binned_counts(trains: SpikeTrains, bin_ms: float = 5.0) -> Curve:
    """Spikes of all recorded neurons in each whole bin (a, b] of time.

    Parameters
    ----------
    data : Result, SpikeTrains, or a sequence of arrays
        A result, sorted spike trains, or the spike times of each neuron in ms.
    bin_ms : float
        Width of a bin, ms; rounded to steps, at least one.
    warmup, populations, duration
        As in :func:`cv_isi`.

    Returns
    -------
    dict of str to Curve, or Curve
        Middles of the bins in ms, and counts.

    Raises
    ------
    ArgumentError
        Spikes were not recorded, or the window is shorter than a bin.

    Examples
    --------
    >>> pg.analysis.binned_counts([[3.0, 9.0], [10.0]], bin_ms=5.0)
    Curve(x=array([2.5, 7.5]), y=array([1, 2]))
    """
    width, number = bins_of(trains, bin_ms)
    times = bin_times(trains.start, width, number, trains.dt)
    return Curve(times, population_counts(trains, bin_ms))


def whole_bins(start: int, stop: int, width: int) -> int:
    """How many whole bins there are in a window, in steps."""
    return max(0, (stop - start) // width)


def bin_numbers(steps: IntArray, start: int, width: int) -> IntArray:
    """The bin of each spike: (a, b], and what is at the start belongs to the first."""
    bins = np.subtract(steps, start + 1)
    np.floor_divide(bins, width, out=bins)
    return np.maximum(bins, 0, out=bins)


def population_counts(trains: SpikeTrains, bin_ms: float) -> IntArray:
    """Spikes of all neurons in each whole bin of the window.

    Raises
    ------
    ArgumentError
        The window is shorter than a bin.
    """
    width, number = bins_of(trains, bin_ms)
    bins = bin_numbers(trains.steps, trains.start, width)
    return np.bincount(bins, minlength=number)[:number].astype(np.int64, copy=False)


def bins_of(trains: SpikeTrains, bin_ms: float) -> tuple[int, int]:
    """Width of the bins in steps, and how many whole ones the window has.

    Raises
    ------
    ArgumentError
        None.
    """
    width = steps_of(bin_ms, trains.dt, "bin_ms")
    number = whole_bins(trains.start, trains.stop, width)
    check_bins(number, bin_ms, trains.duration)
    return width, number


def check_bins(number: int, bin_ms: float, duration: float) -> None:
    """Refuse a window that has not one bin."""
    if number < 1:
        raise ArgumentError(
            f"bins of {bin_ms:g} ms do not fit into {duration:g} ms",
            hint="take shorter bins, or run for longer",
        )


def bin_times(start: int, width: int, number: int, dt: float) -> npt.NDArray[np.float64]:
    """Middles of the bins, ms."""
    return times_of(start + width * (np.arange(number) + 0.5), dt)


@dataclass(frozen=True)
class FilledBins:
    """The bins that have spikes, of one neuron after the other.

    Attributes
    ----------
    counts : ndarray of int64, [k]
        Spikes in each.
    bins : ndarray of int64, [k]
    bounds : ndarray of int64, [neurons + 1]
        Where those of each neuron begin.
    """

    counts: IntArray
    bins: IntArray
    bounds: IntArray

    @property
    def totals(self) -> IntArray:
        """Spikes of each neuron."""
        return sums_by_neuron(self.counts, self.bounds)

    @property
    def squares(self) -> IntArray:
        """Sum of the squares of each neuron's counts."""
        return sums_by_neuron(self.counts * self.counts, self.bounds)


def whole_bins_only(bins: IntArray, bounds: IntArray, number: int) -> tuple[IntArray, IntArray]:
    """Bins of spikes, by neuron, and bounds of neurons, without those of a last, shorter bin."""
    whole = bins < number
    if whole.all():
        return bins, bounds
    before = np.zeros(len(bins) + 1, np.int64)
    np.cumsum(whole, out=before[1:])
    return bins[whole], before[bounds]


def filled_bins(bins: IntArray, bounds: IntArray) -> FilledBins:
    """Count the spikes of each neuron in each bin.

    Parameters
    ----------
    bins : ndarray of int64, [spikes]
        By neuron, then by time.
    bounds : ndarray of int64, [neurons + 1]
        Where the spikes of each neuron begin.
    """
    changes = np.ones(len(bins), np.bool_)
    np.not_equal(bins[1:], bins[:-1], out=changes[1:])
    changes[bounds[:-1][bounds[:-1] < len(bins)]] = True
    starts = np.flatnonzero(changes)
    counts = np.empty_like(starts)
    np.subtract(starts[1:], starts[:-1], out=counts[:-1])
    counts[-1:] = len(bins) - starts[-1:]
    return FilledBins(counts, bins[starts], np.searchsorted(starts, bounds).astype(np.int64))
