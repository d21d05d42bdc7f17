"""Distances between the spike trains of pairs of neurons."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from pygenn_lite.analysis.by_population import by_population
from pygenn_lite.analysis.grouping import FloatArray
from pygenn_lite.analysis.trains import SpikeTrains
from pygenn_lite.declaration.numeric import plain_number
from pygenn_lite.declaration.steps import times_of
from pygenn_lite.errors import ArgumentError


@by_population
def victor_purpura_distance(trains: SpikeTrains, cost: float = 0.1) -> FloatArray:
    """Victor-Purpura distance: the least cost of turning one spike train into the other, where to
    add or delete a spike costs 1, and to shift it by ``t`` ms costs ``cost t``.

    Parameters
    ----------
    data : Result, SpikeTrains, or a sequence of arrays
        A result, sorted spike trains, or the spike times of each neuron in ms.
    cost : float
        1/ms.
    warmup, populations, duration
        As in :func:`cv_isi`.

    Returns
    -------
    dict of str to ndarray, or ndarray
        [neurons, neurons]. The time grows with the square of the number of neurons.

    Notes
    -----
    Victor & Purpura, J. Neurophysiol. 76 (1996) 1310, D^spike; the recursion of its appendix, a row
    at a time.

    Examples
    --------
    >>> pg.analysis.victor_purpura_distance([[10.0, 50.0], [12.0]], cost=0.1)
    array([[0. , 1.2],
           [1.2, 0. ]])
    """
    rate = _not_negative(cost, "cost", "1/ms")

    def distance(a: FloatArray, b: FloatArray) -> float:
        places = np.arange(len(b) + 1.0)
        best = places.copy()
        for time in a:
            reached = best + 1.0  # delete this spike
            np.minimum(reached[1:], best[:-1] + rate * np.abs(b - time), out=reached[1:])
            # Spikes of b may be added after it, at 1 each.
            best = np.minimum.accumulate(reached - places) + places
        return float(best[-1])

    return _matrix(trains, distance)


@by_population
def van_rossum_distance(trains: SpikeTrains, tau: float = 10.0) -> FloatArray:
    """Van Rossum distance: how much spike trains differ after an exponential filter.

    ``D^2 = 1/tau integral (f(t) - g(t))^2 dt`` where each spike adds ``exp(-(t - t_i) / tau)`` to f
    or g: 1/2 for a spike that the other has not.

    Parameters
    ----------
    data : Result, SpikeTrains, or a sequence of arrays
        A result, sorted spike trains, or the spike times of each neuron in ms.
    tau : float
        Time constant, ms.
    warmup, populations, duration
        As in :func:`cv_isi`.

    Returns
    -------
    dict of str to ndarray, or ndarray
        [neurons, neurons]: D. Elephant's is larger by a factor of sqrt(2).

    Notes
    -----
    Van Rossum, Neural Comput. 13 (2001) 751, eq. 2.3; by Houghton & Kreuz, Network 23 (2012) 48.

    Examples
    --------
    >>> pg.analysis.van_rossum_distance([[10.0], []]).round(6)
    array([[0.      , 0.707107],
           [0.707107, 0.      ]])
    """
    if not _not_negative(tau, "tau", "ms") > 0:
        raise ArgumentError(f"tau = {tau!r}", hint="give ms, above 0")
    times = times_of(trains.steps, trains.dt)
    owners, neurons = trains.owners, trains.neurons
    overlaps = np.zeros((neurons, neurons))
    for k, own in enumerate(_each(trains)):
        if len(own):
            left = _decayed(own, tau)
            for side in ("right", "left"):  # spikes of k at or before another; those before it
                found = np.searchsorted(own, times, side=side) - 1
                some = found >= 0
                kept = found[some]
                values = left[kept] * np.exp((own[kept] - times[some]) / tau)
                sums = np.bincount(owners[some], values, neurons)
                if side == "right":
                    overlaps[k] += sums
                else:
                    overlaps[:, k] += sums
    own_overlap = np.diag(overlaps)
    squares = (own_overlap[:, None] + own_overlap[None, :] - overlaps - overlaps.T) / 2.0
    np.fill_diagonal(squares, 0.0)
    return np.sqrt(np.maximum(squares, 0.0))


@by_population
def isi_distance(trains: SpikeTrains) -> float:
    """ISI-distance: how much the current intervals of two neurons differ, mean over time and pairs;
    0 for equal rates of regular spikes, towards 1.

    ``D = 1/T integral |x(t) - y(t)| / max(x(t), y(t)) dt`` of the intervals x, y that contain t. At
    the edges an interval reaches from the edge to the spike, or is as long as the next if that is
    longer.

    Parameters
    ----------
    data : Result, SpikeTrains, or a sequence of arrays
        A result, sorted spike trains, or the spike times of each neuron in ms.
    warmup, populations, duration
        As in :func:`cv_isi`.

    Returns
    -------
    dict of str to float, or float
        By population, of a result; NaN with fewer than two neurons.

    Notes
    -----
    Kreuz et al., J. Neurosci. Methods 165 (2007) 151, in the form of Kreuz et al., J. Neurophysiol.
    113 (2015) 3432, eqs. 1-4, as PySpike has it.

    Examples
    --------
    >>> trains = [[10.0, 20.0, 30.0, 40.0], [20.0, 40.0]]
    >>> pg.analysis.isi_distance(trains, duration=50.0)
    0.5
    """
    start, stop = _window(trains)

    def distance(a: _Profile, b: _Profile) -> float:
        edges = np.unique(np.concatenate((a.edges, b.edges)))
        middles = (edges[1:] + edges[:-1]) / 2.0
        x, y = (each.lengths[np.searchsorted(each.edges, middles) - 1] for each in (a, b))
        return float(np.dot(np.abs(x - y) / np.maximum(x, y), np.diff(edges))) / (stop - start)

    return _mean(
        distance(a, b) for a, b in _pairs([_Profile(t, start, stop) for t in _each(trains)])
    )


@by_population
def spike_distance(trains: SpikeTrains) -> float:
    """SPIKE-distance: how far each spike is from the nearest of the other neuron, in relation to
    the current intervals, mean over time and pairs; 0 for equal spike trains, towards 1.

    Parameters
    ----------
    data : Result, SpikeTrains, or a sequence of arrays
        A result, sorted spike trains, or the spike times of each neuron in ms.
    warmup, populations, duration
        As in :func:`cv_isi`.

    Returns
    -------
    dict of str to float, or float
        By population, of a result; NaN with fewer than two neurons.

    Notes
    -----
    Kreuz et al., J. Neurophysiol. 109 (2013) 1457, eqs. 10-19: between spikes of either neuron the
    dissimilarity is linear in time, so that its integral is exact. At the edges auxiliary spikes
    stand, as PySpike has them, with the intervals of :func:`isi_distance`.

    Examples
    --------
    >>> pg.analysis.spike_distance([[10.0, 20.0], [10.0, 20.0]], duration=30.0)
    0.0
    """
    start, stop = _window(trains)

    def distance(a: _Profile, b: _Profile) -> float:
        edges = np.unique(np.concatenate((a.edges, b.edges)))
        middles = (edges[1:] + edges[:-1]) / 2.0
        low, high = (_dissimilarity(a, b, middles, at) for at in (edges[:-1], edges[1:]))
        return float(np.dot((low + high) / 2.0, np.diff(edges))) / (stop - start)

    return _mean(
        distance(a, b) for a, b in _pairs([_Profile(t, start, stop) for t in _each(trains)])
    )


class _Profile:
    """Spikes of a neuron with auxiliary ones at the edges, and how long each interval counts."""

    def __init__(self, times: FloatArray, start: float, stop: float) -> None:
        inner = np.unique(times)
        inner = inner[(inner > start) & (inner < stop)]
        self.edges = np.concatenate(([start], inner, [stop]))
        self.lengths = np.diff(self.edges)
        at_start, at_stop = (np.any(times == edge) for edge in (start, stop))
        # Of an interval at the edge only a part is known: it is at least as long as the next.
        if len(inner) > 1 and not at_start:
            self.lengths[0] = max(self.lengths[0], self.lengths[1])
        if len(inner) > 1 and not at_stop:
            self.lengths[-1] = max(self.lengths[-1], self.lengths[-2])
        own = np.unique(times) if len(times) else np.array([start, stop])
        before, after = start, stop
        if len(own) > 1:
            before = min(before, 2 * own[0] - own[1])
            after = max(after, 2 * own[-1] - own[-2])
        self.spikes = np.concatenate(([before], own, [after]))
        self.open = len(times) > 0 and not at_start, len(times) > 0 and not at_stop

    def nearest(self, other: _Profile) -> FloatArray:
        """Distance of each edge (a spike, or an auxiliary one) to the other's nearest spike."""
        spikes = other.spikes
        after = np.clip(np.searchsorted(spikes, self.edges), 0, len(spikes) - 1)
        before = np.maximum(after - 1, 0)
        gaps = np.minimum(np.abs(spikes[after] - self.edges), np.abs(self.edges - spikes[before]))
        # Auxiliary spikes are as far off as the spikes beside them.
        if self.open[0]:
            gaps[0] = gaps[1]
        if self.open[1]:
            gaps[-1] = gaps[-2]
        return np.asarray(gaps)


def _dissimilarity(a: _Profile, b: _Profile, middles: FloatArray, times: FloatArray) -> FloatArray:
    """S(t) at the given ends of intervals (eq. 19), each found by its middle."""
    weighted, lengths = [], []
    for own, other in ((a, b), (b, a)):
        gaps = own.nearest(other)
        k = np.searchsorted(own.edges, middles) - 1
        width = np.diff(own.edges)[k]
        to_before, to_after = times - own.edges[k], own.edges[k + 1] - times
        weighted.append((gaps[k] * to_after + gaps[k + 1] * to_before) / width)
        lengths.append(own.lengths[k])
    x, y = lengths
    mean = (x + y) / 2.0
    return np.asarray((weighted[0] * y + weighted[1] * x) / (2.0 * mean * mean))


def _decayed(times: FloatArray, tau: float) -> FloatArray:
    """What all spikes up to each, it included, have left of the filter at its time."""
    left = np.ones(len(times))
    factors = np.exp(-np.diff(times) / tau)
    for k, factor in enumerate(factors.tolist(), 1):
        left[k] += left[k - 1] * factor
    return left


def _each(trains: SpikeTrains) -> list[FloatArray]:
    """Times of each neuron, ms."""
    return np.split(times_of(trains.steps, trains.dt), trains.bounds[1:-1])


def _window(trains: SpikeTrains) -> tuple[float, float]:
    if trains.stop <= trains.start:
        raise ArgumentError("spike trains of 0 ms", hint="give a duration in ms")
    return float(times_of(trains.start, trains.dt)), float(times_of(trains.stop, trains.dt))


def _pairs(profiles: list[_Profile]) -> Iterator[tuple[_Profile, _Profile]]:
    for k, a in enumerate(profiles):
        for b in profiles[k + 1 :]:
            yield a, b


def _mean(values: Iterator[float]) -> float:
    known = list(values)
    return float(np.mean(known)) if known else float("nan")


def _matrix(trains: SpikeTrains, distance: Callable[[FloatArray, FloatArray], float]) -> FloatArray:
    each = _each(trains)
    matrix = np.zeros((len(each), len(each)))
    for k, a in enumerate(each):
        for m in range(k + 1, len(each)):
            matrix[k, m] = matrix[m, k] = distance(a, each[m])
    return matrix


def _not_negative(value: object, name: str, unit: str) -> float:
    number = plain_number(value)
    if number is None or not 0 <= number < np.inf:
        raise ArgumentError(f"{name} = {value!r}", hint=f"give a number of {unit}, at least 0")
    return float(number)
