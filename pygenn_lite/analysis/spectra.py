"""Power spectra and coherence of the activity of populations, by Welch's method."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pygenn_lite.analysis.by_population import by_pair, by_population
from pygenn_lite.analysis.curve import Curve
from pygenn_lite.analysis.grouping import FloatArray
from pygenn_lite.analysis.spike_bins import population_counts
from pygenn_lite.analysis.trains import SpikeTrains, steps_of
from pygenn_lite.errors import ArgumentError
from pygenn_lite.records import dataclass

ComplexArray = npt.NDArray[np.complex128]


@by_population
def power_spectrum(trains: SpikeTrains, bin_ms: float = 1.0, segment: float = 500.0) -> Curve:
    """Power spectral density of a population's rate, Hz^2 / Hz.

    Of the rate in bins, by Welch's method: segments that overlap by half, without their mean, with
    a Hann window; one-sided, so that the sum over frequencies times their distance is the variance
    of the rate. Independent Poisson neurons have ``2 rate / neurons`` at each frequency.

    Parameters
    ----------
    data : Result, SpikeTrains, or a sequence of arrays
        A result, sorted spike trains, or the spike times of each neuron in ms.
    bin_ms : float
        Width of a bin, ms: the highest frequency is ``500 / bin_ms`` Hz.
    segment : float
        Length of a segment, ms: frequencies are ``1000 / segment`` Hz apart.
    warmup, populations, duration
        As in :func:`cv_isi`.

    Returns
    -------
    dict of str to Curve, or Curve
        Frequencies in Hz and densities.

    Raises
    ------
    ArgumentError
        Spikes were not recorded, or there is not one whole segment.

    Notes
    -----
    Welch, IEEE Trans. Audio Electroacoust. 15 (1967) 70; as ``scipy.signal.welch``.

    Examples
    --------
    >>> every_20_ms = [range(10, 1000, 20)]
    >>> frequencies, power = pg.analysis.power_spectrum(every_20_ms, bin_ms=5.0, duration=1000.0)
    >>> frequencies[power > 1.0]
    array([ 48.,  50.,  52.,  98., 100.])
    """
    welch = Welch.of(bin_ms, segment, trains.dt)
    spectra = welch.spectra(population_counts(trains, bin_ms))
    check_segments(len(spectra), segment, trains.duration)
    return welch.power(np.sum(np.abs(spectra) ** 2, axis=0) / len(spectra), trains.neurons)


@by_pair
def coherence(a: SpikeTrains, b: SpikeTrains, bin_ms: float = 1.0, segment: float = 500.0) -> Curve:
    """Magnitude-squared coherence of the rates of two populations, from 0 to 1.

    ``|S_ab|^2 / (S_aa S_bb)`` with the spectra of :func:`power_spectrum`. With one segment it is 1
    everywhere: take several.

    Parameters
    ----------
    data : Result, SpikeTrains, or a sequence of arrays
        A result, sorted spike trains, or the spike times of each neuron in ms.
    other : SpikeTrains, or a sequence of arrays, optional
        What is compared with it; not with a result.
    bin_ms, segment : float
        As in :func:`power_spectrum`.
    warmup, populations, duration
        As in :func:`cv_isi`.

    Returns
    -------
    dict of str to Curve, or Curve
        Frequencies in Hz and coherence; of a result by pair of populations, ``"exc-inh"``; NaN
        where one has no power.

    Notes
    -----
    Carter, Knapp & Nuttall, IEEE Trans. Audio Electroacoust. 21 (1973) 337; as
    ``scipy.signal.coherence``.

    Examples
    --------
    >>> spikes = [[10.0, 30.0, 55.0, 90.0]]
    >>> same = pg.analysis.coherence(spikes, spikes, segment=20.0, duration=100.0)
    >>> same.y[1:].round(9).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    """
    welch = Welch.of(bin_ms, segment, a.dt)
    of_a, of_b = (welch.spectra(population_counts(each, bin_ms)) for each in (a, b))
    check_segments(len(of_a), segment, a.duration)
    return Curve(welch.frequencies, coherence_of(*cross_sums(of_a, of_b)))


@dataclass(frozen=True)
class Welch:
    """Segments of binned counts and their spectra.

    Attributes
    ----------
    bins : int
        Of a segment.
    bin_ms : float
        Width of a bin, ms, as rounded to steps.
    """

    bins: int
    bin_ms: float

    @classmethod
    def of(cls, bin_ms: float, segment: float, dt: float) -> Welch:
        """From widths in ms."""
        width = steps_of(bin_ms, dt, "bin_ms")
        bins = steps_of(segment, dt, "segment") // width
        if bins < 2:
            raise ArgumentError(
                f"segments of {segment:g} ms have less than two bins of {bin_ms:g} ms",
                hint="take longer segments or shorter bins",
            )
        return cls(bins, width * dt)

    @property
    def shift(self) -> int:
        """Bins from one segment to the next."""
        return self.bins - self.bins // 2

    @property
    def window(self) -> FloatArray:
        """Hann's, periodic."""
        return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(self.bins) / self.bins))

    @property
    def frequencies(self) -> FloatArray:
        """Hz."""
        return np.asarray(np.fft.rfftfreq(self.bins, self.bin_ms / 1000.0), np.float64)

    def spectra(self, counts: npt.NDArray[np.integer]) -> ComplexArray:
        """Of each whole segment, [segments, frequencies]."""
        if len(counts) < self.bins:
            return np.zeros((0, self.bins // 2 + 1), np.complex128)
        views = np.lib.stride_tricks.sliding_window_view(counts, self.bins)[:: self.shift]
        segments = views - views.mean(axis=1, keepdims=True)
        segments *= self.window
        return np.fft.rfft(segments, axis=1)

    def power(self, squares: FloatArray, neurons: int) -> Curve:
        """One-sided density of the rate per neuron, from the mean of squared spectra of counts."""
        seconds = self.bin_ms / 1000.0
        density = squares * seconds / np.sum(self.window**2) / (max(neurons, 1) * seconds) ** 2
        density[1 : -1 if self.bins % 2 == 0 else None] *= 2
        return Curve(self.frequencies, density)


def cross_sums(a: ComplexArray, b: ComplexArray) -> tuple[FloatArray, FloatArray, ComplexArray]:
    """Sums over segments of both powers and of the cross spectrum."""
    return (
        np.sum(np.abs(a) ** 2, axis=0),
        np.sum(np.abs(b) ** 2, axis=0),
        np.sum(np.conj(a) * b, axis=0),
    )


def coherence_of(power_a: FloatArray, power_b: FloatArray, cross: ComplexArray) -> FloatArray:
    """From these sums."""
    both = power_a * power_b
    values = np.full(len(both), np.nan)
    np.divide(np.abs(cross) ** 2, both, out=values, where=both > 0)
    return values


def check_segments(number: int, segment: float, duration: float) -> None:
    """Refuse a window that has not one segment."""
    if number < 1:
        raise ArgumentError(
            f"segments of {segment:g} ms do not fit into {duration:g} ms",
            hint="take shorter segments, or run for longer",
        )
