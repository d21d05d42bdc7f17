"""Measures that Elephant has, too, are equal to Elephant's."""

from __future__ import annotations

import numpy as np
import pytest
from helpers_analysis import poisson_trains, result_of

from pygenn_lite import analysis

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")

STOP = 20_000  # steps of 0.1 ms


@pytest.fixture(scope="module")
def steps():
    """Spike trains from 5 to 80 Hz, one silent, one with a single spike."""
    trains = [poisson_trains(k, 1, 5.0 * (k + 1), STOP)[0] for k in range(16)]
    return [*trains, np.zeros(0, np.int64), np.array([4321])]


@pytest.fixture(scope="module")
def trains(steps):
    return analysis.spike_trains(result_of(steps, STOP))


@pytest.fixture(scope="module")
def neo_trains(steps):
    """The same for Elephant."""
    import neo
    import quantities as pq

    return [neo.SpikeTrain(each * 0.1 * pq.ms, t_stop=STOP * 0.1 * pq.ms) for each in steps]


def binned(neo_trains, bin_steps):
    """Elephant's bins are [a, b): spikes are moved by half a step, so that none lies on an edge."""
    import quantities as pq
    from elephant.conversion import BinnedSpikeTrain

    moved = [each.duplicate_with_new_data(each.magnitude - 0.05) for each in neo_trains]
    return BinnedSpikeTrain(moved, bin_size=bin_steps * 0.1 * pq.ms)


def test_rates(trains, neo_trains):
    from elephant.statistics import mean_firing_rate

    rates = [float(mean_firing_rate(each).rescale("Hz")) for each in neo_trains]
    assert analysis.rates(trains) == pytest.approx(np.mean(rates), rel=1e-12)


def test_intervals(trains, neo_trains):
    from elephant.statistics import isi

    expected = np.concatenate([isi(each).magnitude for each in neo_trains])
    np.testing.assert_allclose(analysis.isi(trains), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["cv", "cv2", "lv", "lvr"])
def test_irregularity(trains, neo_trains, name):
    import elephant.statistics

    measure = {"cv": analysis.cv_isi}.get(name) or getattr(analysis, name)
    theirs = getattr(elephant.statistics, name)
    got = measure(trains, by_neuron=True)
    enough = [k for k, each in enumerate(neo_trains) if len(each) > 3]
    expected = [float(theirs(elephant.statistics.isi(neo_trains[k]))) for k in enough]
    assert len(enough) == 16 and np.isnan(got[16:]).all()
    np.testing.assert_allclose(got[:16], expected, rtol=1e-9)


def test_fano_factors(trains, neo_trains):
    import quantities as pq
    from elephant.statistics import fanofactor

    ours = analysis.fano_factor_of_neurons(trains)
    assert ours == pytest.approx(fanofactor(neo_trains), rel=1e-12)
    whole = neo_trains[15].duplicate_with_new_data(neo_trains[15].magnitude - 0.05)
    edges = np.arange(0.0, 2000.0, 100.0)
    windows = [whole.time_slice(a * pq.ms, (a + 100.0) * pq.ms) for a in edges]
    got = analysis.fano_factor(trains, by_neuron=True)[15]
    assert got == pytest.approx(fanofactor(windows), rel=1e-12)


def test_binned_counts_and_synchrony(trains, neo_trains):
    counts = binned(neo_trains, 30).to_array().sum(axis=0)
    assert np.array_equal(analysis.binned_counts(trains, bin_ms=3.0).y, counts)
    assert analysis.synchrony(trains) == pytest.approx(counts.var() / counts.mean(), rel=1e-12)


def test_correlations(trains, neo_trains):
    from elephant.spike_train_correlation import correlation_coefficient

    expected = correlation_coefficient(binned([*neo_trains[:16], neo_trains[17]], 50))
    matrix = analysis.correlation_matrix(trains, bin_ms=5.0)
    known = [*range(16), 17]
    np.testing.assert_allclose(matrix[np.ix_(known, known)], expected, rtol=1e-9, atol=1e-12)
    assert np.isnan(matrix[16]).all()
    above = expected[np.triu_indices(17, 1)]
    assert analysis.correlation(trains, bin_ms=5.0) == pytest.approx(above.mean(), rel=1e-9)


@pytest.mark.parametrize(("a", "b"), [(3, 15), (15, 3), (8, 9)])
def test_cross_correlograms(steps, neo_trains, a, b):
    from elephant.spike_train_correlation import cross_correlation_histogram

    one, other = (analysis.spike_trains(result_of([steps[k]], STOP)) for k in (a, b))
    lags, counts = analysis.cross_correlogram(one, other, bin_ms=2.0, max_lag=40.0)
    theirs, their_lags = cross_correlation_histogram(
        binned([neo_trains[a]], 20), binned([neo_trains[b]], 20), window=[-20, 20]
    )
    assert np.array_equal(lags, 2.0 * their_lags)
    assert np.array_equal(counts, theirs.magnitude.ravel())


def test_autocorrelograms(steps, neo_trains):
    from elephant.spike_train_correlation import cross_correlation_histogram

    own = binned([neo_trains[15]], 20)
    theirs, _ = cross_correlation_histogram(own, own, window=[-20, 20])
    expected = theirs.magnitude.ravel()[20:]
    expected[0] -= len(steps[15])
    got = analysis.autocorrelogram(result_of([steps[15]], STOP), bin_ms=2.0, max_lag=40.0)
    assert np.array_equal(got["exc"].y, expected)


def rate_signal(neo_trains):
    """The rate of the population in bins of 1 ms, Hz, for Elephant."""
    import neo
    import quantities as pq

    counts = binned(neo_trains, 10).to_array().sum(axis=0)
    rate = counts / len(neo_trains) / 0.001
    return neo.AnalogSignal(rate[:, None], units="Hz", sampling_rate=1000.0 * pq.Hz)


def test_power_spectra(trains, neo_trains):
    from elephant.spectral import welch_psd

    frequencies, power = analysis.power_spectrum(trains, segment=500.0)
    theirs, expected = welch_psd(rate_signal(neo_trains), len_segment=500)
    np.testing.assert_allclose(frequencies, theirs.rescale("Hz").magnitude)
    np.testing.assert_allclose(power, expected.magnitude.ravel(), rtol=1e-9, atol=1e-9)


def test_coherence(steps, neo_trains):
    from elephant.spectral import welch_coherence

    a = analysis.spike_trains(result_of(steps[:12], STOP))
    b = analysis.spike_trains(result_of(steps[8:], STOP))
    frequencies, got = analysis.coherence(a, b, segment=400.0)
    theirs, expected, _ = welch_coherence(
        rate_signal(neo_trains[:12]), rate_signal(neo_trains[8:]), len_segment=400
    )
    np.testing.assert_allclose(frequencies, theirs.rescale("Hz").magnitude)
    np.testing.assert_allclose(got[1:], expected.ravel()[1:], rtol=1e-9)


def test_van_rossum_distances(trains, neo_trains):
    import quantities as pq
    from elephant.spike_train_dissimilarity import van_rossum_distance

    expected = van_rossum_distance(neo_trains, time_constant=10.0 * pq.ms)
    got = analysis.van_rossum_distance(trains, tau=10.0)
    np.testing.assert_allclose(np.sqrt(2.0) * got, expected, rtol=1e-9, atol=1e-6)


def test_victor_purpura_distances(trains, neo_trains):
    import quantities as pq
    from elephant.spike_train_dissimilarity import victor_purpura_distance

    few = [0, 1, 4, 16, 17]
    expected = victor_purpura_distance([neo_trains[k] for k in few], cost_factor=0.05 / pq.ms)
    chosen = analysis.spike_trains([trains.times(k) for k in few], duration=2000.0)
    got = analysis.victor_purpura_distance(chosen, cost=0.05)
    np.testing.assert_allclose(got, expected, rtol=1e-9)


def test_phase_locking(steps, neo_trains):
    """Of Elephant the angles' Hilbert transform; its locking value is over trials."""
    import quantities as pq
    from elephant.signal_processing import butter, hilbert

    halves = [neo_trains[:12], neo_trains[8:]]
    a, b = (analysis.spike_trains(result_of(some, STOP)) for some in (steps[:12], steps[8:]))
    angles = [
        np.angle(
            hilbert(
                butter(
                    rate_signal(each), 30.0 * pq.Hz, 80.0 * pq.Hz, order=2,
                    filter_function="sosfiltfilt",
                ),
                padding="none",
            ).magnitude.ravel()
        )
        for each in halves
    ]  # fmt: skip
    expected = abs(np.mean(np.exp(1j * (angles[0] - angles[1]))))
    assert analysis.phase_locking_value(a, b) == pytest.approx(expected, abs=1e-3)
