"""Distances, avalanches, branching and phases: values known by hand, or of PySpike."""

from __future__ import annotations

import numpy as np
import pytest

from pygenn_lite import analysis
from pygenn_lite.errors import ArgumentError

# Spike trains, duration, ISI-distance and SPIKE-distance: printed by PySpike 0.8.1 (the package
# melizalab-pyspike), as isi_distance(trains) and spike_distance(trains) of
# [SpikeTrain(times, [0, duration]) for times in trains].
OF_PYSPIKE = {
    "one spike each": ([[20.0], [50.0]], 100.0, 0.42, 0.4525057360222195),
    "one silent": ([[20.0, 60.0], []], 100.0, 0.6, 0.3673469387755102),
    "twice as fast": (
        [[10.0, 20.0, 30.0, 40.0], [20.0, 40.0]], 50.0, 0.5, 0.2222222222222222,
    ),
    "at the edges": ([[0.0, 30.0, 100.0], [10.0, 90.0]], 100.0, 0.275, 0.19260238751147843),
    "three": (
        [[12.0, 31.0, 45.0, 78.0], [15.0, 29.0, 60.0, 61.0, 99.0], [5.0, 50.0]],
        100.0, 0.3617025055306889, 0.30878567965135106,
    ),
    "irregular": (
        [
            [1.1, 45.0, 60.0, 125.0, 155.1, 164.2, 174.7, 179.4],
            [51.0, 55.7, 60.6, 89.0, 93.6, 100.9, 110.7, 124.4, 158.5, 159.4, 197.8, 199.1],
            [7.1, 8.8, 32.0, 43.1, 122.5],
            [
                0.7, 2.4, 30.9, 38.5, 40.1, 49.5, 53.5, 73.9, 93.2, 99.4, 102.0, 102.8, 103.0,
                125.8, 127.9, 138.4, 166.0, 169.4, 176.1, 183.4,
            ],
        ],
        200.0, 0.5704121686586798, 0.284873171306206,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", OF_PYSPIKE)
def test_distances_are_those_of_pyspike(case):
    trains, duration, of_intervals, of_spikes = OF_PYSPIKE[case]
    assert analysis.isi_distance(trains, duration=duration) == pytest.approx(of_intervals, 1e-12)
    assert analysis.spike_distance(trains, duration=duration) == pytest.approx(of_spikes, 1e-12)


def test_distances_of_one_neuron_are_unknown_and_of_equal_ones_zero():
    for distance in (analysis.isi_distance, analysis.spike_distance):
        assert np.isnan(distance([[10.0, 20.0]]))
        assert distance([[10.0, 20.0, 50.0]] * 3, duration=80.0) == 0.0


# ------------------------------------------------------------------ avalanches


def spikes_of(counts):
    """Spikes in the middle of bins of 1 ms."""
    return np.repeat(np.arange(len(counts)) + 0.5, counts)


def test_avalanches_are_between_silent_bins_and_not_at_the_edges():
    counts = [2, 0, 1, 2, 1, 0, 0, 3, 0, 1, 1]
    sizes, durations = analysis.avalanches([spikes_of(counts)], bin_ms=1.0, duration=11.0)
    assert sizes.tolist() == [4, 3] and durations.tolist() == [3, 1]
    sizes, durations = analysis.avalanches([spikes_of([*counts, 0])], bin_ms=1.0, duration=12.0)
    assert sizes.tolist() == [4, 3, 2] and durations.tolist() == [3, 1, 2]
    assert all(len(each) == 0 for each in analysis.avalanches([[], []], duration=5.0))


def test_bins_of_avalanches_are_the_mean_time_between_spikes():
    # 9 spikes from 1 to 23 ms: bins of 2.75 ms hold 2 1 0 1 2 0 0 2 1 0, the first at the edge.
    trains = [[1.0, 3.0, 12.0, 21.0, 23.0], [2.0, 11.0, 13.0, 22.0]]
    sizes, durations = analysis.avalanches(trains, duration=30.0)
    assert sizes.tolist() == [3, 3] and durations.tolist() == [2, 2]


def expected_log(alpha):
    """Mean of log(x) of a power law of whole numbers from 1 on, summed."""
    x = np.arange(1.0, 1e6)
    weights = x**-alpha
    return float(np.dot(np.log(x), weights) / weights.sum())


@pytest.mark.parametrize("values", [[1, 1, 1, 1, 1, 2], [1, 1, 1, 1, 2, 1, 1, 1, 1, 3, 1, 1]])
def test_the_exponent_of_a_power_law_makes_the_mean_logarithm_that_of_the_values(values):
    alpha = analysis.power_law_exponent(np.array(values))
    assert alpha > 3.0  # so that the sum is complete
    assert expected_log(alpha) == pytest.approx(np.mean(np.log(values)), rel=1e-6)
    counts = np.concatenate([[0, value] for value in values] + [[0]])
    assert analysis.avalanche_exponent([spikes_of(counts)], bin_ms=1.0, duration=len(counts)) == (
        pytest.approx(alpha, rel=1e-12)
    )


@pytest.mark.parametrize("exponent", [1.5, 2.0, 3.0])
def test_the_exponent_of_drawn_values(exponent):
    values = np.random.default_rng(3).zipf(exponent, 20_000)
    error = (exponent - 1) / np.sqrt(20_000)
    assert analysis.power_law_exponent(values) == pytest.approx(exponent, abs=5 * error)
    above = analysis.power_law_exponent(values, minimum=3)
    assert above == pytest.approx(exponent, abs=0.1)


def test_an_exponent_that_is_not_known():
    assert np.isnan(analysis.power_law_exponent(np.array([1, 1, 1])))
    assert np.isnan(analysis.power_law_exponent(np.array([7])))
    with pytest.raises(ArgumentError, match="minimum = 0"):
        analysis.power_law_exponent(np.array([1, 2]), minimum=0)


# ------------------------------------------------------------------ branching


def test_the_branching_parameter_is_the_slope_whatever_comes_from_outside():
    for m, outside, counts in (
        (0.5, 0, [16, 8, 4, 2, 1]),
        (0.5, 1, [10, 6, 4, 3]),
        (2, 0, [1, 2, 4]),
    ):
        assert [m * before + outside for before in counts[:-1]] == counts[1:]
        got = analysis.branching_parameter([spikes_of(counts)], bin_ms=1.0, duration=len(counts))
        assert got == pytest.approx(m, rel=1e-12)
    constant = analysis.branching_parameter([spikes_of([2] * 5)], bin_ms=1.0, duration=5.0)
    assert np.isnan(constant)


@pytest.mark.parametrize("m", [0.3, 0.9])
def test_the_branching_parameter_of_a_branching_process(m):
    rng = np.random.default_rng(5)
    counts = [10]
    for _ in range(10_000):
        counts.append(rng.poisson(m * counts[-1] + 1.0))
    trains = analysis.spike_trains([spikes_of(counts)], duration=len(counts))
    assert analysis.branching_parameter(trains, bin_ms=1.0) == pytest.approx(m, abs=0.03)


# ------------------------------------------------------------------ phases


def test_vector_strength_of_known_phases():
    period = 25.0  # 40 Hz
    cycles = period * np.arange(40)
    for phases, expected in (
        ([0.3], 1.0),
        ([0.0, 0.25], np.sqrt(0.5)),
        ([0.1, 0.6], 0.0),
        ([0.0, 0.25, 0.5, 0.75], 0.0),
        ([0.0, 0.0, 0.5], 1 / 3),
    ):
        times = [cycles + period * phase for phase in phases]
        got = analysis.vector_strength(times, frequency=40.0)
        assert got == pytest.approx(expected, abs=1e-12)
    assert np.isnan(analysis.vector_strength([[]], frequency=40.0, duration=10.0))


def test_vector_strength_of_normal_phases():
    rng = np.random.default_rng(2)
    phases = rng.normal(np.pi, 0.8, 20_000) / (2 * np.pi)
    times = 25.0 * (np.arange(20_000) + phases + 1)
    expected = np.exp(-(0.8**2) / 2)
    assert analysis.vector_strength([times], frequency=40.0) == pytest.approx(expected, abs=0.02)


def test_a_frequency_is_needed():
    with pytest.raises(ArgumentError, match=r"frequency = None[\s\S]*vector_strength\(frequency"):
        analysis.vector_strength([[1.0]])
