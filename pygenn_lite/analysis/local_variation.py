"""Irregularity from successive intervals, which slow changes of the rate leave alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pygenn_lite.analysis.by_population import by_population
from pygenn_lite.analysis.grouping import (
    FloatArray,
    IntArray,
    blocks_of_neurons,
    mean_of_known,
    sums_by_neuron,
)
from pygenn_lite.analysis.spike_intervals import FEWEST_INTERVALS
from pygenn_lite.analysis.trains import SpikeTrains
from pygenn_lite.errors import ArgumentError

# Of intervals and the following ones, in steps (the refractory period, too): what is averaged.
Term = Callable[[FloatArray, FloatArray], FloatArray]


@by_population
def cv2(
    trains: SpikeTrains, min_intervals: int = FEWEST_INTERVALS, by_neuron: bool = False
) -> float | FloatArray:
    """Local coefficient of variation CV2: 0 regular, 1 a Poisson process.

    ``CV2 = mean(2 |I' - I| / (I' + I))`` over successive intervals I, I' of a neuron, averaged over
    the neurons that have enough of them.

    Parameters
    ----------
    data : Result, SpikeTrains, or a sequence of arrays
        A result, sorted spike trains, or the spike times of each neuron in ms.
    min_intervals : int
        Neurons with fewer intervals are left out; at least 2.
    by_neuron : bool
        Give the value of each recorded neuron, NaN where it has too few intervals.
    warmup, populations, duration
        As in :func:`cv_isi`.

    Returns
    -------
    dict of str to float, or float
        By population, of a result; NaN where no neuron has enough intervals.

    Notes
    -----
    Holt, Softky, Koch & Douglas, J. Neurophysiol. 75 (1996) 1806, eq. 2.

    Examples
    --------
    >>> pg.analysis.cv2([[0.0, 10.0, 40.0, 50.0]])
    1.0
    """
    return _mean_term(trains, cv2_term, min_intervals, by_neuron)


@by_population
def lv(
    trains: SpikeTrains, min_intervals: int = FEWEST_INTERVALS, by_neuron: bool = False
) -> float | FloatArray:
    """Local variation LV of interspike intervals: 0 regular, 1 a Poisson process.

    ``LV = 3 mean(((I' - I) / (I' + I))^2)`` over successive intervals I, I' of a neuron, averaged
    over the neurons that have enough of them.

    Parameters
    ----------
    data : Result, SpikeTrains, or a sequence of arrays
        A result, sorted spike trains, or the spike times of each neuron in ms.
    min_intervals, by_neuron
        As in :func:`cv2`.
    warmup, populations, duration
        As in :func:`cv_isi`.

    Returns
    -------
    dict of str to float, or float
        By population, of a result; NaN where no neuron has enough intervals.

    Notes
    -----
    Shinomoto, Shima & Tanji, Neural Comput. 15 (2003) 2823, eq. 2.2.

    Examples
    --------
    >>> pg.analysis.lv([[0.0, 10.0, 40.0, 50.0]])
    0.75
    """
    return _mean_term(trains, lv_term, min_intervals, by_neuron)


@by_population
def lvr(
    trains: SpikeTrains,
    refractoriness: float = 5.0,
    min_intervals: int = FEWEST_INTERVALS,
    by_neuron: bool = False,
) -> float | FloatArray:
    """Local variation LvR of interspike intervals, corrected for refractoriness.

    ``LvR = 3 mean((1 - 4 I I' / (I + I')^2) (1 + 4 R / (I + I')))`` over successive intervals I, I'
    of a neuron with the constant R, averaged over the neurons that have enough of them.

    Parameters
    ----------
    data : Result, SpikeTrains, or a sequence of arrays
        A result, sorted spike trains, or the spike times of each neuron in ms.
    refractoriness : float
        R, ms.
    min_intervals, by_neuron
        As in :func:`cv2`.
    warmup, populations, duration
        As in :func:`cv_isi`.

    Returns
    -------
    dict of str to float, or float
        By population, of a result; NaN where no neuron has enough intervals.

    Notes
    -----
    Shinomoto et al., PLoS Comput. Biol. 5 (2009) e1000433, eq. 3, with R = 5 ms.

    Examples
    --------
    >>> pg.analysis.lvr([[0.0, 10.0, 40.0, 50.0]])
    1.125
    """
    term = lvr_term(refractoriness, trains.dt)
    return _mean_term(trains, term, min_intervals, by_neuron)


def cv2_term(before: FloatArray, after: FloatArray) -> FloatArray:
    """What CV2 averages."""
    terms = after - before
    np.abs(terms, out=terms)
    terms /= before + after
    terms *= 2.0
    return terms


def lv_term(before: FloatArray, after: FloatArray) -> FloatArray:
    """What LV averages."""
    terms = after - before
    terms /= before + after
    terms *= terms
    terms *= 3.0
    return terms


def lvr_term(refractoriness: float, dt: float) -> Term:
    """What LvR averages, of intervals in steps.

    Raises
    ------
    ArgumentError
        The refractoriness constant is negative.
    """
    if not refractoriness >= 0:
        raise ArgumentError(f"refractoriness = {refractoriness!r}", hint="give ms, at least 0")

    def term(before: FloatArray, after: FloatArray) -> FloatArray:
        factor = 4.0 * refractoriness / dt / (before + after)
        factor += 1.0
        factor *= lv_term(before, after)
        return factor

    return term


def pair_means(sums: FloatArray, pairs: IntArray, fewest: int) -> FloatArray:
    """Means over pairs of successive intervals; NaN where there are too few intervals."""
    values = np.full(len(sums), np.nan)
    enough = pairs + 1 >= max(fewest, 2)
    values[enough] = sums[enough] / pairs[enough]
    return values


def _mean_term(trains: SpikeTrains, term: Term, fewest: int, by_neuron: bool) -> float | FloatArray:
    """The mean of a term over each neuron's pairs of intervals, and that over neurons."""
    sums = np.zeros(trains.neurons)
    with np.errstate(invalid="ignore", divide="ignore"):
        for neurons, spikes in blocks_of_neurons(trains.bounds):
            bounds = trains.bounds[neurons.start : neurons.stop + 1] - spikes.start
            intervals = np.diff(trains.steps[spikes]).astype(np.float64)
            terms = np.zeros(len(intervals) + 2)
            terms[:-3] = term(intervals[:-1], intervals[1:])
            for back in (1, 2):  # what reaches from one neuron to the next
                terms[bounds[1:] - back] = 0.0
            sums[neurons] = sums_by_neuron(terms, bounds)
            if np.isnan(sums[neurons]).any():  # two intervals of 0
                sums[neurons] = sums_by_neuron(np.nan_to_num(terms), bounds)
    values = pair_means(sums, trains.counts - 2, fewest)
    return values if by_neuron else mean_of_known(values)
