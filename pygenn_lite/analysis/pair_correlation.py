"""Correlations of spike counts between pairs of neurons."""

from __future__ import annotations

import numpy as np

from pygenn_lite.analysis.by_population import by_population
from pygenn_lite.analysis.grouping import FloatArray
from pygenn_lite.analysis.spike_bins import (
    FilledBins,
    bin_numbers,
    bins_of,
    filled_bins,
    whole_bins_only,
)
from pygenn_lite.analysis.trains import SpikeTrains

_BINS = 512  # that are laid out at a time


@by_population
def correlation(trains: SpikeTrains, bin_ms: float = 5.0) -> float:
    """Mean correlation coefficient of spike counts, over all pairs of neurons.

    ``r_ij = cov(N_i, N_j) / sqrt(var(N_i) var(N_j))`` (Pearson) of the numbers N of spikes in
    bins, averaged over the pairs of neurons whose counts vary. No matrix is made: with
    ``y = sum_i (N_i - mean(N_i)) / std(N_i)`` of ``n`` neurons, the mean over pairs is
    ``(var(y) - n) / (n (n - 1))``.

    Parameters
    ----------
    data : Result, SpikeTrains, or a sequence of arrays
        A result, sorted spike trains, or the spike times of each neuron in ms.
    bin_ms : float
        Width of a bin, ms.
    warmup, populations, duration
        As in :func:`cv_isi`.

    Returns
    -------
    dict of str to float, or float
        By population, of a result; NaN with fewer than two neurons whose counts vary.

    Notes
    -----
    De la Rocha et al., Nature 448 (2007) 802, eq. 1.

    Examples
    --------
    >>> pg.analysis.correlation([[5.0, 20.0], [5.0, 20.0]], bin_ms=5.0)
    1.0
    """
    filled, number = _filled(trains, bin_ms)
    means, deviations = _moments(filled, number)
    varying = deviations > 0
    n = int(varying.sum())
    if n < 2:
        return float("nan")
    weights = np.zeros(trains.neurons)
    weights[varying] = 1.0 / deviations[varying]
    each = filled.counts * np.repeat(weights, np.diff(filled.bounds))
    y = np.bincount(filled.bins, each, number) - float(np.dot(means, weights))
    return float((np.dot(y, y) / number - n) / (n * (n - 1)))


@by_population
def correlation_matrix(trains: SpikeTrains, bin_ms: float = 5.0) -> FloatArray:
    """Correlation coefficients of spike counts, of all pairs of neurons.

    Parameters
    ----------
    data : Result, SpikeTrains, or a sequence of arrays
        A result, sorted spike trains, or the spike times of each neuron in ms.
    bin_ms : float
        Width of a bin, ms.
    warmup, populations, duration
        As in :func:`cv_isi`.

    Returns
    -------
    dict of str to ndarray, or ndarray
        [neurons, neurons]; NaN for neurons whose counts do not vary.

    Notes
    -----
    As in :func:`correlation`.

    Examples
    --------
    >>> pg.analysis.correlation_matrix([[5.0], [5.0], [10.0]], bin_ms=5.0)
    array([[ 1.,  1., -1.],
           [ 1.,  1., -1.],
           [-1., -1.,  1.]])
    """
    filled, number = _filled(trains, bin_ms)
    means, deviations = _moments(filled, number)
    products = _products(filled, number)
    scale = np.where(deviations > 0, deviations, np.nan)
    covariances = products / number - np.outer(means, means)
    matrix = np.clip(covariances / np.outer(scale, scale), -1.0, 1.0)
    np.fill_diagonal(matrix, np.where(deviations > 0, 1.0, np.nan))
    return np.asarray(matrix)


def _filled(trains: SpikeTrains, bin_ms: float) -> tuple[FilledBins, int]:
    """Counts in whole bins, and the number of these."""
    width, number = bins_of(trains, bin_ms)
    bins = bin_numbers(trains.steps, trains.start, width)
    return filled_bins(*whole_bins_only(bins, trains.bounds, number)), number


def _moments(filled: FilledBins, number: int) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation of each neuron's counts."""
    total, square = filled.totals.astype(np.float64), filled.squares.astype(np.float64)
    spread = number * square - total * total  # whole numbers
    return total / number, np.sqrt(np.maximum(spread, 0.0)) / number


def _products(filled: FilledBins, number: int) -> FloatArray:
    """Sums over bins of the products of counts, [neurons, neurons]: exact.

    A sparse matrix times a dense one, in whole numbers as short as can hold the result, and a part
    of the bins at a time, which stays in the cache: three times faster than BLAS or than two sparse
    matrices, where one bin in twenty has a spike.
    """
    from scipy.sparse import csr_array

    neurons = len(filled.bounds) - 1
    largest = int(filled.squares.max(initial=0))  # no product is larger
    dtype = np.int16 if largest < 2**15 else np.int32 if largest < 2**31 else np.int64
    by_neuron = csr_array(
        (filled.counts.astype(dtype), filled.bins, filled.bounds), shape=(neurons, number)
    )
    by_bin = by_neuron.tocsc()
    products = np.zeros((neurons, neurons), dtype)
    for low in range(0, number, _BINS):
        part = by_bin[:, low : low + _BINS]
        products += part.tocsr() @ np.ascontiguousarray(part.toarray().T)
    return products.astype(np.float64)
