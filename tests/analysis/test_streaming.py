"""A measure computed during a run is that of the whole result, wherever the run is cut."""

from __future__ import annotations

import numpy as np
import pytest
from helpers_analysis import poisson_trains, result_of, runs_in_pieces, stream, with_traces
from hypothesis import given, settings
from hypothesis import strategies as st

import pygenn_lite as pg
from pygenn_lite.errors import ArgumentError

STREAMING = {
    "autocorrelogram": [{"max_lag": 5.0}, {"bin_ms": 0.3, "max_lag": 2.0}],
    "binned_counts": [{}, {"bin_ms": 0.7}],
    "branching_parameter": [{}, {"bin_ms": 0.7}],
    "coherence": [{"segment": 4.0, "bin_ms": 0.5}],
    "cross_correlogram": [{"max_lag": 5.0}, {"bin_ms": 0.3, "max_lag": 2.0}],
    "cv2": [{}, {"by_neuron": True}, {"min_intervals": 1}],
    "cv_isi": [{}, {"by_neuron": True}, {"min_intervals": 1}],
    "fano_factor": [{"window": 5.0}, {"window": 0.1, "by_neuron": True}],
    "fano_factor_of_neurons": [{}],
    "isi_histogram": [{"bin_ms": 0.4, "longest": 10.0}],
    "lv": [{}],
    "lvr": [{}, {"refractoriness": 1.0, "by_neuron": True}],
    "mean_isi": [{}],
    "power_spectrum": [{"segment": 7.0, "bin_ms": 0.5}, {"segment": 3.0}],
    "spike_counts": [{}],
    "synchrony": [{}, {"bin_ms": 0.7}],
    "vector_strength": [{"frequency": 80.0}],
}
CASES = [(name, options) for name, several in STREAMING.items() for options in several]


def test_all_that_stream_are_tested_here():
    streaming = {
        name
        for name, measure in pg.analysis.MEASURES.items()
        if measure.sink and measure.needs == "spikes"
    }
    assert streaming == set(STREAMING)


@pytest.mark.parametrize(("name", "options"), CASES)
@settings(max_examples=10)
@given(run=runs_in_pieces())
def test_pieces_give_what_the_whole_gives(name, options, run):
    results, warmup, cuts = run
    measure = pg.analysis.find_measure(name)
    sink = stream(measure.make_sink(warmup, **options), results, cuts)
    for k, result in enumerate(results):
        expected, got = measure(result, warmup, **options), sink.values(k)
        assert list(got) == list(expected)
        for population in expected:
            np.testing.assert_allclose(got[population], expected[population], 1e-9, 1e-11)


@settings(max_examples=12)
@given(
    cuts=st.lists(st.integers(1, 399), max_size=8, unique=True),
    warmup=st.sampled_from([0.0, 0.3, 11.1]),
    every=st.integers(1, 7),
    neurons=st.integers(1, 4),
)
def test_chi_of_pieces_is_that_of_the_whole(cuts, warmup, every, neurons):
    rng = np.random.default_rng(every)
    results = [
        with_traces(
            result_of([[]] * neurons, 400),
            (rng.normal(-60.0, 3.0, (-(-400 // every), neurons)) + shift).astype(np.float32),
            every,
        )
        for shift in (0.0, 1000.0)
    ]
    measure = pg.analysis.find_measure("synchrony_chi")
    sink = stream(measure.make_sink(warmup), results, cuts)
    for k, result in enumerate(results):
        assert sink.values(k) == pytest.approx(measure(result, warmup), rel=1e-9)


def test_rates_need_no_recorded_spikes():
    trains = poisson_trains(1, 10, 20.0, 10_000)
    result = result_of(trains, 10_000)
    sink = stream(pg.analysis.find_measure("rates").make_sink(100.0), [result], [777, 1000, 2345])
    assert sink.values(0) == pytest.approx(result.rates(100.0), rel=1e-12)


@pytest.mark.usefixtures("backend")
def test_sinks_of_a_run_give_what_its_result_gives():
    net = pg.Network(dt=0.1, seed=3)
    exc = net.population("exc", 20, pg.LIF())
    inh = net.population("inh", 5, pg.LIF())
    net.poisson(exc, 8.0, sources=1000, weight=60.0, synapse=pg.ExponentialCurrent(0.5))
    net.current(inh, 400.0)
    net.record(exc[:15].spikes, inh.spikes)
    net.record(exc["V"], interval=0.5)
    names = ["rates", "synchrony_chi", *STREAMING]
    options = {name: several[0] for name, several in STREAMING.items()}
    sinks = [
        pg.analysis.find_measure(name).make_sink(20.0, **options.get(name, {})) for name in names
    ]
    sim = net.compile(instances=2, threads=1)
    results = sim.run(150.0, warmup=20.0, sinks=sinks)
    for k in range(2):
        for name, sink in zip(names, sinks, strict=True):
            expected = pg.analysis.measure(results[k], name, 20.0, **options.get(name, {}))
            got = sink.values(k)
            assert list(got) == list(expected)
            for population in expected:
                np.testing.assert_allclose(got[population], expected[population], 1e-9, 1e-9)


@pytest.mark.usefixtures("backend")
def test_a_callback_gets_what_a_run_up_to_there_would_give():
    net = pg.Network(dt=0.1, seed=3)
    exc = net.population("exc", 8, pg.LIF())
    inh = net.population("inh", 4, pg.LIF())
    net.poisson(exc, 8.0, sources=1000, weight=60.0, synapse=pg.ExponentialCurrent(0.5))
    net.current(inh, 600.0)
    net.record(exc.spikes, inh.spikes, exc["V"])
    options = {name: several[0] for name, several in STREAMING.items()}
    needed = {name: options.get(name, {}) for name in ("rates", "synchrony_chi", *STREAMING)}
    sinks = {n: pg.analysis.find_measure(n).make_sink(20.0, **own) for n, own in needed.items()}
    seen = {}

    def look(sim):
        seen[sim.time] = {name: sink.values(0) for name, sink in sinks.items()}

    # Neither are these times multiples of 100 ms, nor do spikes that come later change what was
    # given before.
    net.compile(threads=1).run(
        260.0, warmup=20.0, sinks=sinks.values(), callback=look, interval=65.0
    )
    assert list(seen) == [65.0, 130.0, 195.0, 260.0]
    for time, found in seen.items():
        result = net.compile(threads=1).run(time, warmup=20.0)
        for name, own in needed.items():
            expected = pg.analysis.measure(result, name, 20.0, **own)
            for population, value in expected.items():
                np.testing.assert_allclose(found[name][population], value, 1e-9, 1e-9)


@pytest.mark.parametrize("name", sorted(STREAMING))
def test_a_sink_without_recorded_spikes_says_what_to_record(name):
    result = result_of([[]], 100)
    result.spikes = {}
    with pytest.raises(ArgumentError, match=r"net.record\(net\['exc'\].spikes\)"):
        stream(pg.analysis.find_measure(name).make_sink(**STREAMING[name][0]), [result])


def test_a_warmup_that_leaves_nothing_is_refused():
    with pytest.raises(ArgumentError, match=r"10.0 ms leaves nothing of a run of 10 ms"):
        stream(pg.analysis.find_measure("cv_isi").make_sink(10.0), [result_of([[1]], 100)])
    with pytest.raises(ArgumentError, match="warmup = 'x' is not a time"):
        stream(pg.analysis.find_measure("cv_isi").make_sink("x"), [result_of([[1]], 100)])
