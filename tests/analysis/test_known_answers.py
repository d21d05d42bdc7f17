"""Measures of spike trains that can be computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
from helpers_analysis import poisson_trains, result_of

import pygenn_lite as pg
from pygenn_lite import analysis
from pygenn_lite.analysis.grouping import blocks_of_neurons
from pygenn_lite.errors import ArgumentError


def test_rates_of_arrays_and_results():
    assert analysis.rates([[10.0, 30.0], []], duration=100.0) == 10.0
    assert analysis.rates([[10.0, 30.0], []], warmup=20.0, duration=100.0) == 1 / 2 / 0.08
    result = result_of([[100, 300], []], 1000)
    assert analysis.rates(result) == {"exc": 10.0}


def test_regular_spikes_have_a_cv_of_exactly_zero():
    trains = [np.arange(10, 10_000, 37), np.arange(1, 10_000, 1000)]
    assert analysis.cv_isi(result_of(trains, 10_000)) == {"exc": 0.0}


def test_the_cv_of_two_lengths_of_interval():
    # Intervals 1, 3, 1, 3: mean 2, standard deviation 1.
    assert analysis.cv_isi([[1.0, 2.0, 5.0, 6.0, 9.0]]) == pytest.approx(0.5, rel=1e-15)


def test_neurons_with_few_intervals_are_left_out():
    trains = [[], [5], [5, 9], [5, 9, 30], [10, 20, 50, 60]]
    values = analysis.cv_isi(result_of(trains, 100), by_neuron=True)["exc"]
    assert np.isnan(values[:4]).all() and values[4] == pytest.approx(np.sqrt(8) / 5)
    several = analysis.cv_isi(result_of(trains, 100), by_neuron=True, min_intervals=2)["exc"]
    assert list(np.isnan(several)) == [True, True, True, False, False]
    assert np.isnan(analysis.cv_isi(result_of(trains[:3], 100))["exc"])


def test_spikes_at_the_edge_of_the_warmup_are_left_out():
    trains = [[100, 200, 300, 500, 600]]
    result = result_of(trains, 1000)
    assert list(analysis.spike_counts(result, warmup=10.0)["exc"]) == [4]
    assert list(analysis.spike_counts(result, warmup=9.9)["exc"]) == [5]
    assert list(analysis.spike_counts(result_of([[0, 5]], 10))["exc"]) == [2]  # at the very start
    assert list(analysis.spike_counts(result_of([[1000]], 1000))["exc"]) == [1]


def test_recorded_parts_of_populations_count_their_silent_neurons():
    for recorded in (range(2, 5), range(6, 0, -2), np.array([7, 1, 4], np.uint32)):
        result = result_of([[10, 20], [], [30]], 100, recorded=recorded, size=10)
        assert list(analysis.spike_counts(result)["exc"]) == [2, 0, 1]


def test_synchrony_of_independent_and_of_identical_neurons():
    trains = poisson_trains(5, 50, 20.0, 100_000)
    assert analysis.synchrony(result_of(trains, 100_000))["exc"] == pytest.approx(1.0, abs=0.05)
    alone = analysis.synchrony(result_of(trains[:1], 100_000))["exc"]
    same = analysis.synchrony(result_of(trains[:1] * 50, 100_000))["exc"]
    assert same == pytest.approx(50 * alone, rel=1e-12)


def test_synchrony_of_equal_bins_is_zero_and_of_silence_unknown():
    assert analysis.synchrony([[1.0, 2.0, 3.0]], bin_ms=1.0, duration=3.0) == 0.0
    assert np.isnan(analysis.synchrony([[], []], duration=30.0))


def test_bins_of_synchrony_are_those_of_the_result():
    result = result_of(poisson_trains(2, 5, 100.0, 5000), 5000)
    counts = result.binned("exc", bin_ms=3.0).counts[:-1]  # the last is shorter
    assert analysis.synchrony(result)["exc"] == pytest.approx(counts.var() / counts.mean())


def test_what_was_not_recorded_is_named():
    result = result_of([[1]], 10)
    with pytest.raises(ArgumentError, match=r"no population|not a population 'ex'; did you mean"):
        analysis.cv_isi(result, populations=["ex"])
    result.sizes["inh"] = 3
    with pytest.raises(ArgumentError, match=r"no spikes of 'inh' were recorded \(recorded: exc\)"):
        analysis.cv_isi(result, populations=["inh"])
    result.spikes = {}
    with pytest.raises(ArgumentError, match=r"record them before compiling: net.record"):
        analysis.cv_isi(result)


def test_wrong_arguments_are_named():
    with pytest.raises(ArgumentError, match="bin_ms = -1"):
        analysis.synchrony([[1.0]], bin_ms=-1)
    with pytest.raises(ArgumentError, match="bins of 3 ms do not fit into 2 ms"):
        analysis.synchrony([[1.0]], duration=2.0)
    with pytest.raises(ArgumentError, match="are not spike trains"):
        analysis.cv_isi("exc")
    with pytest.raises(ArgumentError, match="not finite"):
        analysis.cv_isi([[float("nan")]])


def test_an_unknown_measure_is_named_with_the_nearest():
    with pytest.raises(ArgumentError, match=r"not a measure 'cv_is'; did you mean 'cv_isi'"):
        pg.analysis.find_measure("cv_is")
    with pytest.raises(ArgumentError, match=r"pygenn-lite measures lists all"):
        pg.analysis.measure(result_of([[1]], 10), "nonsense")


def test_local_variation_between_silent_neurons_and_of_two_spikes_in_one_step():
    regular = [10.0, 20.0, 30.0, 40.0, 50.0]
    trains = [[], [5.0], regular, [], [7.0, 9.0], [0.0, 10.0, 40.0, 50.0], [3.0] * 4, []]
    for name, of_the_last in (("cv2", 1.0), ("lv", 0.75)):
        values = getattr(analysis, name)(trains, by_neuron=True)
        np.testing.assert_allclose(
            values, [np.nan, np.nan, 0.0, np.nan, np.nan, of_the_last, 0.0, np.nan]
        )
    assert analysis.isi(trains).tolist() == [10.0] * 4 + [2.0, 10.0, 30.0, 10.0] + [0.0] * 3


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_blocks_hold_whole_neurons_and_all_spikes(size):
    counts = [0, 3, 0, 0, 8, 1, 2, 0]
    bounds = np.concatenate(([0], np.cumsum(counts)))
    blocks = list(blocks_of_neurons(bounds, size))
    assert [k for _, spikes in blocks for k in range(14)[spikes]] == list(range(14))
    for neurons, spikes in blocks:
        assert (bounds[neurons.start], bounds[neurons.stop]) == (spikes.start, spikes.stop)
        assert spikes.stop - spikes.start <= max(size, max(counts[neurons]))
