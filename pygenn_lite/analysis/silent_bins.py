"""Avalanches: activity between silent bins, and how it spreads."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pygenn_lite.analysis.by_population import by_population
from pygenn_lite.analysis.grouping import FloatArray, IntArray, run_starts
from pygenn_lite.analysis.spike_bins import population_counts
from pygenn_lite.analysis.trains import SpikeTrains
from pygenn_lite.errors import ArgumentError

_LARGEST_EXPONENT = 20.0


class Avalanches(NamedTuple):
    """Avalanches: ``sizes, durations = ...``.

    Attributes
    ----------
    sizes : ndarray of int64, [avalanches]
        Spikes of each.
    durations : ndarray of int64, [avalanches]
        Bins of each.
    """

    sizes: IntArray
    durations: IntArray


@by_population
def avalanches(trains: SpikeTrains, bin_ms: float | None = None) -> Avalanches:
    """Avalanches: successive bins with spikes, between bins without.

    Those that touch the start or the end of the time are left out.

    Parameters
    ----------
    data : Result, SpikeTrains, or a sequence of arrays
        A result, sorted spike trains, or the spike times of each neuron in ms.
    bin_ms : float, optional
        Width of a bin, ms; by default the mean time between successive spikes of the population.
    warmup, populations, duration
        As in :func:`cv_isi`.

    Returns
    -------
    dict of str to Avalanches, or Avalanches
        ``sizes`` in spikes and ``durations`` in bins.

    Notes
    -----
    Beggs & Plenz, J. Neurosci. 23 (2003) 11167, "Neuronal avalanches".

    Examples
    --------
    >>> pg.analysis.avalanches([[2.0, 3.0, 6.0], [3.0]], bin_ms=1.0, duration=8.0)
    Avalanches(sizes=array([3, 1]), durations=array([2, 1]))
    """
    counts = population_counts(trains, _bin(trains, bin_ms))
    active = counts > 0
    starts = run_starts(active)
    sizes = np.add.reduceat(counts, starts) if len(starts) else counts
    durations = np.diff(starts, append=len(counts))
    inner = active[starts]
    if len(inner):
        inner[[0, -1]] = False
    return Avalanches(sizes[inner], durations[inner])


@by_population
def avalanche_exponent(trains: SpikeTrains, bin_ms: float | None = None, minimum: int = 1) -> float:
    """Exponent of the distribution of avalanche sizes, ``P(s) ~ s^-alpha``: 1.5 for a critical
    branching process.

    Parameters
    ----------
    data : Result, SpikeTrains, or a sequence of arrays
        A result, sorted spike trains, or the spike times of each neuron in ms.
    bin_ms : float, optional
        As in :func:`avalanches`.
    minimum : int
        Smaller avalanches are left out.
    warmup, populations, duration
        As in :func:`cv_isi`.

    Returns
    -------
    dict of str to float, or float
        By population, of a result; NaN with fewer than two avalanches. That sizes follow a power
        law at all is not tested.

    Notes
    -----
    Maximum likelihood, as :func:`power_law_exponent`.
    """
    return power_law_exponent(avalanches(trains, bin_ms=bin_ms).sizes, minimum)


@by_population
def branching_parameter(trains: SpikeTrains, bin_ms: float = 4.0) -> float:
    """Branching parameter: spikes in a bin per spike in the bin before, 1 for a critical process.

    The slope of the regression of N(t + 1) on N(t), the population's spikes in bins: activity that
    comes from outside does not bias it. Recording a part of the neurons does; see the source.

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
        By population, of a result; NaN where the counts do not vary.

    Notes
    -----
    Wilting & Priesemann, Nat. Commun. 9 (2018) 2325, eq. 3, of one step.

    Examples
    --------
    >>> times = [1.0] * 8 + [2.0] * 4 + [3.0] * 2 + [4.0]
    >>> pg.analysis.branching_parameter([times], bin_ms=1.0)
    0.5
    """
    counts = population_counts(trains, bin_ms).astype(np.float64)
    before, after = counts[:-1], counts[1:]
    products = float(np.dot(before, before)), float(np.dot(before, after))
    return slope(len(before), float(before.sum()), float(after.sum()), *products)


def slope(number: int, x: float, y: float, xx: float, xy: float) -> float:
    """Of a regression, from sums; NaN where x does not vary."""
    spread = number * xx - x * x
    return float((number * xy - x * y) / spread) if spread > 0 else float("nan")


def power_law_exponent(values: npt.NDArray[Any], minimum: int = 1) -> float:
    """Exponent of a power law of whole numbers, ``P(x) = x^-alpha / zeta(alpha, minimum)``, by
    maximum likelihood.

    Parameters
    ----------
    values : ndarray of integers
    minimum : int
        Smaller values are left out.

    Returns
    -------
    float
        From 1 to 20; NaN with fewer than two values, or where all are the minimum.

    Notes
    -----
    Clauset, Shalizi & Newman, SIAM Rev. 51 (2009) 661, eq. 3.5.

    Examples
    --------
    >>> sizes = np.random.default_rng(1).zipf(2.5, 100_000)
    >>> round(pg.analysis.power_law_exponent(sizes), 1)
    2.5
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import zeta

    if minimum < 1:
        raise ArgumentError(f"minimum = {minimum!r}", hint="give a whole number, at least 1")
    kept: FloatArray = np.asarray(values, np.float64)
    kept = kept[kept >= minimum]
    if len(kept) < 2 or kept.max() == minimum:
        return float("nan")
    mean_log = float(np.mean(np.log(kept)))
    found = minimize_scalar(
        lambda alpha: alpha * mean_log + np.log(zeta(alpha, minimum)),
        bounds=(1.0 + 1e-6, _LARGEST_EXPONENT),
        method="bounded",
        options={"xatol": 1e-10},
    )
    return float(found.x)


def _bin(trains: SpikeTrains, bin_ms: float | None) -> float:
    if bin_ms is not None:
        return bin_ms
    spikes = len(trains)
    if spikes < 2:
        return trains.duration
    span = float(trains.steps.max() - trains.steps.min()) * trains.dt
    return max(span / (spikes - 1), trains.dt)
