"""Interspike intervals: how long they are, and how irregular."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.analysis.by_population import by_population
from pygenn_lite.analysis.curve import Curve
from pygenn_lite.analysis.grouping import (
    FloatArray,
    IntArray,
    blocks_of_neurons,
    mean_of_known,
    sums_by_neuron,
)
from pygenn_lite.analysis.trains import SpikeTrains, steps_of
from pygenn_lite.declaration.steps import times_of

FEWEST_INTERVALS = 3  # of a neuron, as in the picture of intervals
_LONGEST = 2**31  # steps: squares of intervals that add up to this are exact as integers


@by_population
def cv_isi(
    trains: SpikeTrains, min_intervals: int = FEWEST_INTERVALS, by_neuron: bool = False
) -> float | FloatArray:
    """Coefficient of variation of interspike intervals: 0 regular, 1 a Poisson process.

    ``CV = std(I) / mean(I)`` of the intervals I of a neuron, with the standard deviation of these
    intervals (divided by their number, as SciPy's ``variation`` and Elephant do), averaged over the
    neurons that have enough of them.

    Parameters
    ----------
    data : Result, SpikeTrains, or a sequence of arrays
        A result, sorted spike trains, or the spike times of each neuron in ms.
    min_intervals : int
        Neurons with fewer intervals are left out.
    by_neuron : bool
        Give the value of each recorded neuron, NaN where it has too few intervals.
    warmup : float
        ms at the start that are left out. An interval counts if both of its spikes come later.
    populations : sequence of str, optional
        Which of a result; by default all whose spikes were recorded.
    duration : float, optional
        Of arrays: they cover the time from 0 to ``duration`` ms; by default up to the last spike.

    Returns
    -------
    dict of str to float, or float
        By population, of a result; NaN where no neuron has enough intervals.

    Raises
    ------
    ArgumentError
        Spikes were not recorded, or the warm-up leaves nothing.

    Notes
    -----
    Softky & Koch, J. Neurosci. 13 (1993) 334, eq. 1.

    Examples
    --------
    >>> pg.analysis.cv_isi([[10.0, 20.0, 40.0, 50.0, 70.0], [10.0]])
    0.333...
    """
    intervals = np.diff(trains.steps)
    if trains.stop - trains.start >= _LONGEST:
        intervals = intervals.astype(np.float64)
    intervals[_before_bounds(trains)] = 0  # from one neuron to the next
    np.multiply(intervals, intervals, out=intervals)
    squares = sums_by_neuron(np.append(intervals, 0), trains.bounds)
    values = variation(trains.counts - 1, spans(trains), squares, min_intervals)
    return values if by_neuron else mean_of_known(values)


@by_population
def mean_isi(trains: SpikeTrains) -> float:
    """Mean interspike interval, ms: over all intervals of all neurons.

    Parameters
    ----------
    data : Result, SpikeTrains, or a sequence of arrays
        A result, sorted spike trains, or the spike times of each neuron in ms.
    warmup, populations, duration
        As in :func:`cv_isi`.

    Returns
    -------
    dict of str to float, or float
        By population, of a result; NaN without an interval.

    Examples
    --------
    >>> pg.analysis.mean_isi([[10.0, 20.0, 40.0], [5.0, 35.0]])
    20.0
    """
    number = int(np.maximum(trains.counts - 1, 0).sum())
    return float(spans(trains).sum()) * trains.dt / number if number else float("nan")


@by_population
def isi(trains: SpikeTrains) -> FloatArray:
    """All interspike intervals, ms: by neuron, then by time.

    Parameters
    ----------
    data : Result, SpikeTrains, or a sequence of arrays
        A result, sorted spike trains, or the spike times of each neuron in ms.
    warmup, populations, duration
        As in :func:`cv_isi`.

    Returns
    -------
    dict of str to ndarray, or ndarray
        [intervals]

    Examples
    --------
    >>> pg.analysis.isi([[10.0, 20.0, 40.0], [5.0, 35.0]])
    array([10., 20., 30.])
    """
    found = np.empty(int(np.maximum(trains.counts - 1, 0).sum()))
    place = 0
    for neurons, spikes in blocks_of_neurons(trains.bounds):
        intervals = times_of(np.diff(trains.steps[spikes]), trains.dt)
        kept = np.ones(len(intervals) + 1, np.bool_)
        kept[trains.bounds[neurons.start + 1 : neurons.stop + 1] - spikes.start - 1] = False
        intervals = intervals[kept[:-1]]
        found[place : place + len(intervals)] = intervals
        place += len(intervals)
    return found


@by_population
def isi_histogram(trains: SpikeTrains, bin_ms: float = 5.0, longest: float = 500.0) -> Curve:
    """How many interspike intervals of all neurons have which length.

    Parameters
    ----------
    data : Result, SpikeTrains, or a sequence of arrays
        A result, sorted spike trains, or the spike times of each neuron in ms.
    bin_ms : float
        Width of a bin (a, b], ms; rounded to steps.
    longest : float
        Longer intervals are counted in the last bin.
    warmup, populations, duration
        As in :func:`cv_isi`.

    Returns
    -------
    dict of str to Curve, or Curve
        Middles of the bins in ms, and counts.

    Examples
    --------
    >>> pg.analysis.isi_histogram([[10.0, 20.0, 40.0]], bin_ms=10.0, longest=30.0)
    Curve(x=array([ 5., 15., 25.]), y=array([1, 1, 0]))
    """
    edges = histogram_edges(bin_ms, longest, trains.dt)
    intervals = np.delete(np.diff(trains.steps), _before_bounds(trains))
    return Curve(middles(edges, trains.dt), count_intervals(intervals, edges))


def histogram_edges(bin_ms: float, longest: float, dt: float) -> IntArray:
    """Edges of the bins of intervals, in steps."""
    width = steps_of(bin_ms, dt, "bin_ms")
    return np.arange(0, steps_of(longest, dt, "longest") + width, width)


def middles(edges: IntArray, dt: float) -> FloatArray:
    """Middles of bins, ms."""
    return times_of((edges[1:] + edges[:-1]) / 2, dt)


def count_intervals(intervals: IntArray, edges: IntArray) -> IntArray:
    """Intervals in each bin (a, b]; longer ones in the last."""
    last = len(edges) - 2
    places = np.clip((intervals - 1) // int(edges[1]), 0, last)
    return np.bincount(places, minlength=last + 1).astype(np.int64)


def _before_bounds(trains: SpikeTrains) -> IntArray:
    """Places, among the differences of successive spikes, of those between two neurons."""
    inner = trains.bounds[1:-1]
    return np.unique(inner[(inner > 0) & (inner < len(trains))]) - 1


def spans(trains: SpikeTrains) -> IntArray:
    """Steps from the first to the last spike of each neuron; 0 without spikes."""
    some = trains.counts > 0
    found = np.zeros(trains.neurons, np.int64)
    last, first = trains.bounds[1:][some] - 1, trains.bounds[:-1][some]
    found[some] = trains.steps[last] - trains.steps[first]
    return found


def variation(
    number: npt.NDArray[Any], sums: npt.NDArray[Any], squares: npt.NDArray[Any], fewest: int
) -> FloatArray:
    """Coefficient of variation of numbers of which the sums are known.

    With ``n`` numbers, their sum ``S`` and their sum of squares ``Q``:
    ``CV = sqrt(n Q - S^2) / S``. Integers that are not too large give it without cancellation.

    Parameters
    ----------
    number, sums, squares : ndarray, [neurons]
    fewest : int
        NaN where there are fewer.
    """
    enough = (number >= max(fewest, 1)) & (sums > 0)
    n, total, square = number[enough], sums[enough], squares[enough]
    largest = float(n.max(initial=0)) * float(square.max(initial=0))
    if largest < 2**62:
        spread = (n * square - total * total).astype(np.float64)
    else:
        spread = n.astype(np.float64) * square - total.astype(np.float64) ** 2
    values = np.full(len(number), np.nan)
    values[enough] = np.sqrt(np.maximum(spread, 0.0)) / total
    return values
