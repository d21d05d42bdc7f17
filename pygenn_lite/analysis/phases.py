"""Phases: how spikes follow a rhythm, and populations each other's."""

from __future__ import annotations

import numpy as np

from pygenn_lite.analysis.by_population import by_pair, by_population
from pygenn_lite.analysis.grouping import FloatArray, IntArray
from pygenn_lite.analysis.spike_bins import bins_of, population_counts
from pygenn_lite.analysis.trains import SpikeTrains
from pygenn_lite.declaration.numeric import plain_number
from pygenn_lite.declaration.steps import times_of
from pygenn_lite.errors import ArgumentError


@by_population
def vector_strength(trains: SpikeTrains, frequency: float | None = None) -> float:
    """Vector strength of all spikes at a frequency: 1 where all have the same phase, 0 where phases
    are uniform.

    ``|mean(exp(2 pi i f t))|`` over the times t of all spikes.

    Parameters
    ----------
    data : Result, SpikeTrains, or a sequence of arrays
        A result, sorted spike trains, or the spike times of each neuron in ms.
    frequency : float
        f, Hz.
    warmup, populations, duration
        As in :func:`cv_isi`.

    Returns
    -------
    dict of str to float, or float
        By population, of a result; NaN without a spike.

    Raises
    ------
    ArgumentError
        Spikes were not recorded, or no frequency was given.

    Notes
    -----
    Goldberg & Brown, J. Neurophysiol. 32 (1969) 613, eq. 3.

    Examples
    --------
    >>> round(pg.analysis.vector_strength([[10.0, 30.0, 50.0]], frequency=50.0), 9)
    1.0
    """
    total = phase_sum(trains.steps, trains.dt, checked_frequency(frequency))
    return abs(total) / len(trains) if len(trains) else float("nan")


@by_pair
def phase_locking_value(
    a: SpikeTrains,
    b: SpikeTrains,
    band: tuple[float, float] = (30.0, 80.0),
    bin_ms: float = 1.0,
) -> float:
    """Phase locking of the rates of two populations in a band of frequencies: 1 where the phase
    between them is constant, towards 0 where it drifts.

    ``|mean_t(exp(i (phi_a(t) - phi_b(t))))|`` of the phases (Hilbert transform) of the rates in
    bins, filtered forwards and backwards (Butterworth, order 2).

    Parameters
    ----------
    data : Result, SpikeTrains, or a sequence of arrays
        A result, sorted spike trains, or the spike times of each neuron in ms.
    other : SpikeTrains, or a sequence of arrays, optional
        What is compared with it; not with a result.
    band : (float, float)
        Lowest and highest frequency, Hz.
    bin_ms : float
        Width of a bin, ms.
    warmup, populations, duration
        As in :func:`cv_isi`.

    Returns
    -------
    dict of str to float, or float
        Of a result by pair of populations, ``"exc-inh"``.

    Raises
    ------
    ArgumentError
        The band does not lie between 0 and half the rate of the bins.

    Notes
    -----
    Lachaux et al., Hum. Brain Mapp. 8 (1999) 194, over time instead of trials.

    Examples
    --------
    >>> spikes = [range(10, 1000, 20)]
    >>> round(pg.analysis.phase_locking_value(spikes, spikes, duration=1000.0), 9)
    1.0
    """
    phases = [band_phases(population_counts(each, bin_ms), each, band, bin_ms) for each in (a, b)]
    return float(np.abs(np.mean(np.exp(1j * (phases[0] - phases[1])))))


def band_phases(
    counts: IntArray, trains: SpikeTrains, band: tuple[float, float], bin_ms: float
) -> FloatArray:
    """Phase of a population's rate in a band of frequencies, in each bin, radians."""
    from scipy.signal import butter, hilbert, sosfiltfilt

    per_second = 1000.0 / (bins_of(trains, bin_ms)[0] * trains.dt)
    low, high = band
    if not 0 < low < high < per_second / 2:
        raise ArgumentError(
            f"band = {band!r} does not lie between 0 and {per_second / 2:g} Hz",
            hint="give the lowest and the highest frequency in Hz, and bins that are short enough",
        )
    filters = butter(2, (low, high), "bandpass", fs=per_second, output="sos")
    if len(counts) < 28:  # the filter extends the signal on both sides by as many bins
        raise ArgumentError(
            f"{trains.duration:g} ms are too short for a filter", hint="run for longer"
        )
    filtered = sosfiltfilt(filters, counts - counts.mean())
    return np.asarray(np.angle(hilbert(filtered)))


def phase_sum(steps: IntArray, dt: float, frequency: float) -> complex:
    """Sum of ``exp(2 pi i f t)`` over spikes."""
    turns = frequency / 1000.0 * times_of(steps, dt)
    return complex(np.exp(2j * np.pi * (turns % 1.0)).sum())


def checked_frequency(frequency: object) -> float:
    """A frequency in Hz.

    Raises
    ------
    ArgumentError
        It is not one, or was not given.
    """
    number = plain_number(frequency)
    if number is None or not 0 < number < np.inf:
        raise ArgumentError(
            f"frequency = {frequency!r}", hint="give Hz, above 0: vector_strength(frequency=40.0)"
        )
    return float(number)
