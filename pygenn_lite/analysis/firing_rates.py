"""How many spikes there are: mean rates, and spikes of each neuron."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pygenn_lite.analysis.by_population import by_population
from pygenn_lite.analysis.grouping import IntArray
from pygenn_lite.analysis.of_instances import also_of_instances
from pygenn_lite.analysis.trains import SpikeTrains, spike_trains
from pygenn_lite.runtime.results.result import Result


@also_of_instances
def rates(
    data: Result | SpikeTrains | Sequence[Any],
    *,
    warmup: float = 0.0,
    duration: float | None = None,
) -> Any:
    """Mean firing rate, Hz: spikes / neurons / seconds.

    Parameters
    ----------
    data : Result, SpikeTrains, or a sequence of arrays
        Of a result this is :meth:`Result.rates`: spikes need not have been recorded.
    warmup : float
        ms at the start that are left out.
    duration : float, optional
        Of arrays: they cover the time from 0 to ``duration`` ms.

    Returns
    -------
    dict of str to float, or float
        By population, of a result.

    Examples
    --------
    >>> pg.analysis.rates([[10.0, 30.0, 50.0], []], duration=100.0)
    15.0
    """
    if isinstance(data, Result):
        return data.rates(warmup)
    trains = data
    if not isinstance(trains, SpikeTrains):
        trains = spike_trains(trains, warmup=warmup, duration=duration)
    seconds = trains.duration / 1000.0
    return len(trains) / trains.neurons / seconds if trains.neurons and seconds else 0.0


@by_population
def spike_counts(trains: SpikeTrains) -> IntArray:
    """Number of spikes of each recorded neuron.

    Parameters
    ----------
    data : Result, SpikeTrains, or a sequence of arrays
        A result, sorted spike trains, or the spike times of each neuron in ms.
    warmup, populations, duration
        As in :func:`cv_isi`.

    Returns
    -------
    dict of str to ndarray of int64, or ndarray
        [neurons]

    Examples
    --------
    >>> pg.analysis.spike_counts([[10.0, 30.0, 50.0], []])
    array([3, 0])
    """
    return trains.counts
