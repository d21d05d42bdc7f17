"""Correlograms: how many pairs of spikes lie how far from each other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pygenn_lite.analysis.by_population import by_pair, by_population
from pygenn_lite.analysis.curve import Curve
from pygenn_lite.analysis.grouping import FloatArray, IntArray
from pygenn_lite.analysis.spike_bins import bin_numbers, bins_of, population_counts
from pygenn_lite.analysis.trains import SpikeTrains, steps_of
from pygenn_lite.declaration.steps import times_of


@by_population
def autocorrelogram(trains: SpikeTrains, bin_ms: float = 1.0, max_lag: float = 100.0) -> Curve:
    """Pairs of spikes of one neuron by their distance, summed over neurons.

    ``A(k) = sum_i sum_t N_i(t) N_i(t + k)`` of the numbers N of spikes of neuron i in bins t; at
    lag 0 without the pairs of a spike with itself. ``A(k) / (spikes * bin)`` is the rate at which
    a neuron spikes again after k bins. Negative lags would give the same.

    Parameters
    ----------
    data : Result, SpikeTrains, or a sequence of arrays
        A result, sorted spike trains, or the spike times of each neuron in ms.
    bin_ms : float
        Width of a bin, ms.
    max_lag : float
        Longest lag, ms.
    warmup, populations, duration
        As in :func:`cv_isi`.

    Returns
    -------
    dict of str to Curve, or Curve
        Lags in ms from 0 to ``max_lag``, and numbers of pairs.

    Notes
    -----
    Perkel, Gerstein & Moore, Biophys. J. 7 (1967) 391, p. 402.

    Examples
    --------
    >>> pg.analysis.autocorrelogram([[1.0, 3.0, 5.0]], max_lag=4.0)
    Curve(x=array([0., 1., 2., 3., 4.]), y=array([0, 0, 2, 0, 1]))
    """
    width, number = bins_of(trains, bin_ms)
    lags = lags_of(bin_ms, max_lag, trains.dt)
    bins = bin_numbers(trains.steps, trains.start, width)
    owners = trains.owners
    whole = bins < number
    counts = pairs_by_lag(bins[whole], owners[whole], lags, 0)
    return Curve(times_of(np.arange(lags + 1) * width, trains.dt), counts)


@by_pair
def cross_correlogram(
    a: SpikeTrains, b: SpikeTrains, bin_ms: float = 1.0, max_lag: float = 100.0
) -> Curve:
    """Pairs of spikes of two populations by their distance.

    ``C(k) = sum_t N_a(t) N_b(t + k)`` of the numbers N of spikes of each population in bins t: at
    positive lags, ``b`` spikes later than ``a``.

    Parameters
    ----------
    data : Result, SpikeTrains, or a sequence of arrays
        A result, sorted spike trains, or the spike times of each neuron in ms.
    other : SpikeTrains, or a sequence of arrays, optional
        What is compared with it; not with a result.
    bin_ms : float
        Width of a bin, ms.
    max_lag : float
        Longest lag, ms.
    warmup, populations, duration
        As in :func:`cv_isi`.

    Returns
    -------
    dict of str to Curve, or Curve
        Lags in ms from ``-max_lag`` to ``max_lag``, and numbers of pairs; of a result by pair of
        populations, ``"exc-inh"``.

    Notes
    -----
    Perkel, Gerstein & Moore, Biophys. J. 7 (1967) 419, p. 424.

    Examples
    --------
    >>> pg.analysis.cross_correlogram([[1.0]], [[3.0]], max_lag=2.0, duration=5.0)
    Curve(x=array([-2., -1.,  0.,  1.,  2.]), y=array([0, 0, 0, 0, 1]))
    """
    lags = lags_of(bin_ms, max_lag, a.dt)
    early = np.zeros(lags)
    counts: list[FloatArray] = [
        np.concatenate((early, population_counts(each, bin_ms)), dtype=np.float64)
        for each in (a, b)
    ]
    width = bins_of(a, bin_ms)[0]
    return Curve(signed_lags(lags, width, a.dt), products_by_lag(counts[0], counts[1], lags))


def lags_of(bin_ms: float, max_lag: float, dt: float) -> int:
    """The longest lag, in bins."""
    return max(1, steps_of(max_lag, dt, "max_lag") // steps_of(bin_ms, dt, "bin_ms"))


def signed_lags(lags: int, width: int, dt: float) -> FloatArray:
    """Lags on both sides of 0, ms."""
    return times_of(np.arange(-lags, lags + 1) * width, dt)


def products_by_lag(a: FloatArray, b: FloatArray, lags: int) -> IntArray:
    """``sum_t a(t) b(t + k)`` for k from ``-lags`` to ``lags``, over the pairs of which at least
    one is not among the first ``lags`` bins.

    Parameters
    ----------
    a, b : ndarray of float64, [lags + bins]
        Whole numbers.
    """
    after = np.correlate(a, b[lags:], "valid")[::-1]  # from 0 on
    before = np.correlate(b, a[lags:], "valid")[:-1]
    return np.rint(np.concatenate((before, after))).astype(np.int64)


def pairs_by_lag(
    bins: IntArray, owners: npt.NDArray[np.integer], lags: int, first: int
) -> IntArray:
    """Pairs of spikes of one neuron by the number of bins between them.

    Parameters
    ----------
    bins, owners : ndarray of integers, [spikes]
        By neuron, then by time.
    lags : int
        The longest lag.
    first : int
        Only pairs whose later spike is in this bin or a later one.

    Returns
    -------
    ndarray of int64, [lags + 1]
        Those in the same bin count twice: each follows the other.
    """
    counts = np.zeros(lags + 1, np.int64)
    later = np.flatnonzero(bins >= first)
    for apart in range(1, len(bins)):
        later = later[later >= apart]
        earlier = later - apart
        distance = bins[later] - bins[earlier]
        near = (owners[later] == owners[earlier]) & (distance <= lags)
        if not near.any():
            break
        later = later[near]
        counts += np.bincount(distance[near], minlength=lags + 1)
    counts[0] *= 2
    return counts
