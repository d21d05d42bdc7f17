"""How much neurons spike together: measures of the whole population's activity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import nan

import numpy as np

from pygenn_lite.analysis.by_population import by_population
from pygenn_lite.analysis.of_instances import also_of_instances
from pygenn_lite.analysis.spike_bins import population_counts
from pygenn_lite.analysis.trains import SpikeTrains, warmup_steps
from pygenn_lite.analysis.variability import dispersion
from pygenn_lite.declaration.steps import times_of
from pygenn_lite.errors import ArgumentError
from pygenn_lite.runtime.results.result import Result


@by_population
def synchrony(trains: SpikeTrains, bin_ms: float = 3.0) -> float:
    """Variance over mean of the population's spike count in bins: 1 for independent Poisson
    neurons, larger where they spike together, 0 where every bin has as many.

    ``S = var(N) / mean(N)`` of the number N of spikes of all recorded neurons in each whole bin. It
    grows with the number of neurons where these are correlated: compare equal numbers.

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
    dict of str to float, or float
        By population, of a result; NaN without a spike.

    Raises
    ------
    ArgumentError
        Spikes were not recorded, or the window is shorter than a bin.

    Notes
    -----
    Potjans & Diesmann, Cereb. Cortex 24 (2014) 785, "Measurements": the variance of the spike count
    histogram (bin width 3 ms) divided by its mean.

    Examples
    --------
    >>> pg.analysis.synchrony([[3.0, 9.0], [3.0, 9.0]], bin_ms=3.0)  # counts 2, 0, 2
    0.666...
    """
    counts = population_counts(trains, bin_ms)
    return dispersion(len(counts), int(counts.sum()), int(np.dot(counts, counts)))


@also_of_instances
def synchrony_chi(
    result: Result,
    *,
    variable: str = "V",
    warmup: float = 0.0,
    populations: Sequence[str] | None = None,
) -> dict[str, float]:
    """Synchrony chi of a variable: 1 where all neurons do the same, towards 0 (as the inverse
    square root of their number) where they are independent.

    ``chi^2 = var_t(mean_i V_i) / mean_i(var_t V_i)``: the variance in time of the population's
    mean, over the mean of the neurons' own variances.

    Parameters
    ----------
    result : Result
        Of a run that recorded the variable.
    variable : str
        Which.
    warmup : float
        ms at the start that are left out.
    populations : sequence of str, optional
        By default all of which the variable was recorded.

    Returns
    -------
    dict of str to float
        By population; NaN where nothing varies.

    Raises
    ------
    ArgumentError
        The variable was not recorded.

    Notes
    -----
    Golomb & Rinzel, Physica D 72 (1994) 259; Golomb, Scholarpedia 2 (2007) 1347, eq. 4.

    Examples
    --------
    >>> net = pg.Network()
    >>> cells = net.population("cells", 2, pg.LIF())
    >>> drive = net.current(cells, 400.0)
    >>> net.record(cells["V"])
    >>> pg.analysis.synchrony_chi(net.compile(threads=1).run(100.0))  # both do the same
    {'cells': 1.0}
    """
    steps = result.stop_step - result.start_step
    first = result.start_step + warmup_steps(warmup, result.dt, steps)
    names = owners_of(result.traces, result.sizes, variable, populations)
    found = {}
    for name in names:
        samples = result.traces[name][variable]
        kept = samples.times >= times_of(first, result.dt)
        values = np.asarray(samples.values[kept], np.float64)
        if not len(values):
            found[name] = nan
            continue
        found[name] = (
            chi(values.mean(axis=1).var(), values.var(axis=0).mean()) if kept.any() else nan
        )
    return found


def owners_of(
    recorded: Mapping[str, Iterable[str]],
    sizes: Mapping[str, int],
    variable: str,
    wanted: Sequence[str] | None = None,
) -> list[str]:
    """Populations of which a variable was recorded.

    Raises
    ------
    ArgumentError
        None, or not those that are wanted.
    """
    names = [name for name in recorded if name in sizes and variable in recorded[name]]
    missing = [name for name in wanted or () if name not in names]
    if missing or not names:
        name = missing[0] if missing else next(iter(sizes), "population")
        raise ArgumentError(
            f"no samples of {variable!r} were recorded{f' of {name!r}' if missing else ''}",
            hint=f"record them before compiling: net.record(net[{name!r}][{variable!r}])",
        )
    return list(wanted or names)


def chi(of_mean: float, of_neurons: float) -> float:
    """Chi from the variance of the mean and the mean of the variances."""
    return float(np.sqrt(of_mean / of_neurons)) if of_neurons > 0 else nan
