"""How much numbers of spikes differ, from window to window or from neuron to neuron."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.analysis.by_population import by_population
from pygenn_lite.analysis.grouping import FloatArray, mean_of_known
from pygenn_lite.analysis.spike_bins import (
    bin_numbers,
    check_bins,
    filled_bins,
    whole_bins,
    whole_bins_only,
)
from pygenn_lite.analysis.trains import SpikeTrains, steps_of


@by_population
def fano_factor(
    trains: SpikeTrains, window: float = 100.0, by_neuron: bool = False
) -> float | FloatArray:
    """Fano factor of each neuron's spike count from window to window: 1 for a Poisson process.

    ``F = var(N) / mean(N)`` of the number N of spikes of a neuron in successive windows, averaged
    over the neurons that spiked. The variance is divided by the number of windows.

    Parameters
    ----------
    data : Result, SpikeTrains, or a sequence of arrays
        A result, sorted spike trains, or the spike times of each neuron in ms.
    window : float
        Length of a window, ms; windows that are not whole are left out.
    by_neuron : bool
        Give the value of each recorded neuron, NaN where it did not spike.
    warmup, populations, duration
        As in :func:`cv_isi`.

    Returns
    -------
    dict of str to float, or float
        By population, of a result; NaN where no neuron spiked.

    Raises
    ------
    ArgumentError
        Spikes were not recorded, or there is not one whole window.

    Notes
    -----
    Fano, Phys. Rev. 72 (1947) 26; Nawrot et al., J. Neurosci. Methods 169 (2008) 374, eq. 1.

    Examples
    --------
    >>> pg.analysis.fano_factor([[10.0, 20.0, 110.0]], window=100.0, duration=200.0)
    0.166...
    """
    width = steps_of(window, trains.dt, "window")
    number = whole_bins(trains.start, trains.stop, width)
    check_bins(number, window, trains.duration)
    bins = bin_numbers(trains.steps, trains.start, width)
    filled = filled_bins(*whole_bins_only(bins, trains.bounds, number))
    values = dispersions(number, filled.totals, filled.squares)
    return values if by_neuron else mean_of_known(values)


@by_population
def fano_factor_of_neurons(trains: SpikeTrains) -> float:
    """Fano factor of the spike count from neuron to neuron, over the whole time.

    ``F = var(N) / mean(N)`` of the number N of spikes of each recorded neuron; the variance is
    divided by the number of neurons. With the trials of one neuron as spike trains this is the Fano
    factor from trial to trial, as Elephant has it.

    Parameters
    ----------
    data : Result, SpikeTrains, or a sequence of arrays
        A result, sorted spike trains, or the spike times of each neuron (or trial) in ms.
    warmup, populations, duration
        As in :func:`cv_isi`.

    Returns
    -------
    dict of str to float, or float
        By population, of a result; NaN without a spike.

    Notes
    -----
    Nawrot et al., J. Neurosci. Methods 169 (2008) 374, eq. 1.

    Examples
    --------
    >>> pg.analysis.fano_factor_of_neurons([[1.0, 2.0, 3.0], [1.0]])
    0.5
    """
    counts = trains.counts
    return dispersion(len(counts), int(counts.sum()), int(np.dot(counts, counts)))


def dispersion(number: int, total: int, square: int) -> float:
    """Variance over mean of so many whole numbers of which the sums are known: exact."""
    return (number * square - total * total) / (number * total) if number and total else np.nan


def dispersions(number: int, total: npt.NDArray[Any], square: npt.NDArray[Any]) -> FloatArray:
    """The same for several neurons; NaN where all numbers are 0."""
    values = np.full(len(total), np.nan)
    some = total > 0
    mean = total[some] / number
    values[some] = (square[some] / number - mean * mean) / mean
    return values
