"""Measures of the results of all instances have an axis of instances."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from helpers_analysis import joined, poisson_trains, result_of, with_traces

from pygenn_lite import analysis
from pygenn_lite.errors import ArgumentError
from pygenn_lite.runtime.results.instance_results import InstanceResults

STOP = 2000  # steps of 0.1 ms
OPTIONS = {
    "coherence": {"segment": 50.0},
    "fano_factor": {"window": 20.0},
    "power_spectrum": {"segment": 50.0},
    "vector_strength": {"frequency": 50.0},
}


def seeded(seed):
    exc = result_of(poisson_trains(seed, 4, 100.0, STOP), STOP)
    inh = result_of(poisson_trains(seed + 100, 3, 200.0, STOP), STOP, name="inh")
    values = np.random.default_rng(seed).normal(size=(STOP // 10, 4))
    return with_traces(joined(exc, inh), values, every=10)


def gathered(*results, failed=()):
    reasons = dict.fromkeys(failed, "V is not finite")
    return InstanceResults(tuple(results), tuple(range(len(results))), reasons)


@pytest.fixture(scope="module")
def results():
    return gathered(*map(seeded, range(3)))


@pytest.mark.parametrize("name", analysis.MEASURES)
def test_each_instance_has_its_own_value(results, name):
    options = OPTIONS.get(name, {})
    got = analysis.measure(results, name, 10.0, **options)
    each = [analysis.measure(result, name, 10.0, **options) for result in results]
    assert list(got) == list(each[0])
    for population, value in got.items():
        expected = [found[population] for found in each]
        if isinstance(value, analysis.Curve):
            assert all(np.array_equal(value.x, one.x) for one in expected)
            value, expected = value.y, [one.y for one in expected]
        assert len(value) == 3
        for one, other in zip(value, expected, strict=True):
            np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


def test_numbers_arrays_curves_and_what_differs_in_shape(results):
    assert analysis.cv_isi(results)["exc"].shape == (3,)
    assert analysis.spike_counts(results)["inh"].shape == (3, 3)
    assert analysis.correlation_matrix(results)["exc"].shape == (3, 4, 4)
    times, counts = analysis.binned_counts(results, bin_ms=10.0)["exc"]
    assert times.shape == (20,) and counts.shape == (3, 20)
    lags, pairs = analysis.cross_correlogram(results, max_lag=5.0)["exc-inh"]
    assert lags.shape == (11,) and pairs.shape == (3, 11)
    assert isinstance(analysis.isi(results)["exc"], list)
    assert isinstance(analysis.avalanches(results)["exc"][2], analysis.Avalanches)


def test_rates_are_those_of_the_results(results):
    got, expected = analysis.rates(results, warmup=10.0), results.rates(10.0)
    assert all(np.array_equal(got[name], expected[name]) for name in expected)


def test_an_instance_that_failed_before_the_warmup_has_nan():
    early = result_of([[3, 5], [7]], 20)
    results = gathered(result_of([[500, 700, 900], [1000]], STOP), early, failed=[1])
    assert analysis.mean_isi(results, warmup=10.0)["exc"].tolist() == pytest.approx(
        [20.0, np.nan], nan_ok=True
    )
    counts = analysis.spike_counts(results, warmup=10.0)["exc"]
    np.testing.assert_array_equal(counts, [[3, 1], [np.nan, np.nan]])
    in_bins = analysis.binned_counts(results, warmup=10.0, bin_ms=95.0)["exc"].y
    np.testing.assert_array_equal(in_bins, [[4, 0], [np.nan, np.nan]])
    assert np.isnan(analysis.avalanches(results, warmup=10.0)["exc"][1])


def test_curves_of_different_lengths_are_a_list():
    results = gathered(result_of([[5]], 1000), result_of([[5]], 400), failed=[1])
    first, second = analysis.binned_counts(results, bin_ms=10.0)["exc"]
    assert len(first.y) == 10 and len(second.y) == 4


def test_what_fails_for_an_instance_that_did_not_fail_is_refused(results):
    with pytest.raises(ArgumentError, match="bins of 500 ms do not fit into 200 ms"):
        analysis.synchrony(results, bin_ms=500.0)
    early = gathered(result_of([[3]], 20), failed=[0])
    with pytest.raises(ArgumentError, match=r"10\.0 ms leaves nothing of a run of 2 ms"):
        analysis.cv_isi(early, warmup=10.0)


def test_spike_trains_are_those_of_one_instance(results):
    with pytest.raises(ArgumentError, match="spike trains of 3 instances at once"):
        analysis.spike_trains(results, "exc")
    assert analysis.spike_trains(results[1], "exc").neurons == 4


def test_no_instances_have_no_values(results):
    assert analysis.cv_isi(results[:0]) == {}


def test_measures_keep_the_names_of_their_options():
    assert "min_intervals" in inspect.signature(analysis.cv_isi).parameters
    assert list(inspect.signature(analysis.rates).parameters) == ["data", "warmup", "duration"]
