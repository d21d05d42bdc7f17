"""Spikes counted in bins are those that a loop over whole steps counts."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pygenn_lite as pg
from pygenn_lite.errors import ArgumentError
from pygenn_lite.runtime.results.binning import bin_edges, count_spikes
from pygenn_lite.runtime.results.recorded_data import SpikeCounts, SpikeTrain
from pygenn_lite.runtime.results.result import Result

pytestmark = pytest.mark.usefixtures("backend")


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 60)), st.integers(0, 30), st.integers(1, 30), st.integers(1, 9),
    st.integers(0, 30),
)  # fmt: skip
def test_counts_are_those_of_a_loop(spikes, start, length, width, run_start):
    edges = bin_edges(start, start + length, width)
    assert edges[0] == start and edges[-1] == start + length
    assert np.all(np.diff(edges[:-1]) == width) and 0 < edges[-1] - edges[-2] <= width
    expected = []
    for number, (a, b) in enumerate(itertools.pairwise(edges)):
        inside = [s for s in spikes if a < s <= b]
        if number == 0 and a == run_start:
            inside += [s for s in spikes if s == a]
        expected.append(len(inside))
    found = count_spikes(np.sort(np.array(spikes, np.int64)), edges, run_start)
    assert found.tolist() == expected


def result_of(steps, dt, stop, recorded=None, start=0, size=1):
    steps = np.sort(np.array(steps, np.int64))
    train = SpikeTrain(steps, np.zeros(len(steps), np.uint32), dt, recorded)
    counts = SpikeCounts(np.array([start, stop]), {"p": np.array([0, len(steps)])})
    return Result(
        dt=dt, start_step=start, stop_step=stop, sizes={"p": size}, spikes={"p": train}, traces={},
        counts=counts, fully_recorded=frozenset(["p"] if recorded is None else []),
    )  # fmt: skip


@settings(deadline=None)
@given(
    st.sampled_from([0.1, 0.05, 0.01, 0.125, 1.0, 1 / 3, 0.7]), st.integers(1, 40),
    st.integers(1, 12), st.integers(0, 2**40),
)  # fmt: skip
def test_a_neuron_that_fires_in_every_step_has_one_rate_in_every_bin(dt, steps, width, start):
    result = result_of(range(start + 1, start + steps + 1), dt, start + steps, start=start)
    binned = result.binned("p", width * dt)
    assert np.allclose(binned.rates, 1000.0 / dt, rtol=1e-9)
    assert np.all(binned.counts == np.diff(binned.edges))
    assert np.allclose(np.diff(binned.times[:-1]), width * dt, rtol=1e-3)


@settings(deadline=None)
@given(st.integers(1, 30), st.integers(0, 20), st.integers(1, 20), st.integers(1, 50))
def test_windows_one_after_the_other_count_every_spike_once(width, first, second, size):
    net_steps = [0, 0, 1, 3, 5, 5, 8, 13, 20, 21, 34, 40]
    result = result_of(net_steps, 0.1, 40, recorded=range(0, size, 2), size=size)
    middle = min(first + second, 40)
    total = sum(
        result.binned("p", width * 0.1, a * 0.1, b * 0.1).counts.sum()
        for a, b in ((0, first), (first, middle), (middle, 40))
        if a < b
    )
    assert total == len(net_steps)
    rates = result.binned("p", 4.0).rates
    assert rates.tolist() == pytest.approx([len(net_steps) / 0.004 / len(range(0, size, 2))])


@pytest.mark.parametrize("begin", [0, 77])
@pytest.mark.parametrize("warmup", [0.0, 0.1, 3.0, 9.9])
def test_rates_do_not_depend_on_what_is_recorded(begin, warmup):
    def rates(record):
        net = pg.Network(dt=0.1)
        times = np.array([0.0, 3.0, 10.0, 10.1]) + begin * 0.1
        source = net.spike_source("s", 2, times, [0, 1, 0, 1])
        if record is not None:
            net.record(source.spikes[record])
        sim = net.compile(threads=1)
        sim.step(begin)
        return sim.run(10.0, warmup=warmup).rates(warmup)["s"]

    # A spike at 0 ms belongs to a run from 0 ms on; one at 7.7 ms to the run that ended then.
    first = (warmup < 3.0) + 1 + (begin == 0 and warmup == 0)
    expected = first / 2 / ((10.0 - warmup) / 1000.0)
    assert rates(slice(None)) == pytest.approx(expected)
    assert rates(None) == rates(slice(0, 1)) == rates(slice(None))


@pytest.mark.parametrize("record", [np.s_[:10], np.s_[5:20:3], np.s_[:0]])
def test_curves_of_recorded_parts_are_rates_of_the_recorded_neurons(tmp_path, record):
    net = pg.Network(dt=0.1)
    silent = pg.NeuronModel("dV/dt = 0", threshold="V > 0")
    cells = net.population("p", 20, silent, initial={"V": np.arange(20.0) % 2})  # odd ones fire
    net.record(cells.spikes[record])
    sim = net.compile(threads=1)
    kept = sim.run(3.0)
    sim.reset()
    chosen = np.arange(20)[record]
    expected = 1e4 * np.count_nonzero(chosen % 2) / max(len(chosen), 1)
    streamed = sim.run(3.0, stream_to=tmp_path / "run.h5")
    for result in (kept, streamed, pg.load_result(kept.save(tmp_path / "kept.h5"))):
        assert list(result.spikes["p"].recorded) == list(chosen)
        assert result.recorded_neurons("p") == len(chosen)
        assert result.binned("p", 0.7).rates == pytest.approx(expected)


def test_recorded_neurons_that_no_slice_describes_come_back_too(tmp_path):
    net = pg.Network(dt=0.1)
    cells = net.population("p", 20, pg.PoissonNeuron(rate=1000.0))
    net.record(cells.spikes[2], cells.spikes[7:9], cells.spikes[15])
    result = net.compile(threads=1).run(20.0)
    loaded = pg.load_result(result.save(tmp_path / "run.h5"))
    for one in (result, loaded):
        assert list(one.spikes["p"].recorded) == [2, 7, 8, 15]
        assert set(one.spikes["p"].indices) == {2, 7, 8, 15}


@pytest.mark.parametrize("bad", ["a", None, float("nan"), 0.0, -1.0, float("inf"), True])
def test_widths_that_are_none_are_refused(bad):
    with pytest.raises(ArgumentError, match="bin"):
        result_of([1], 0.1, 10).binned("p", bad)


@pytest.mark.parametrize("bad", ["a", None, float("nan"), [1, 2]])
def test_times_that_are_none_are_refused(bad):
    with pytest.raises(ArgumentError, match="is not a time"):
        result_of([1], 0.1, 10).rates(bad)


def test_bins_narrower_than_a_step_are_a_step_wide():
    assert result_of([1, 2], 0.1, 10).binned("p", 0.01).edges.tolist() == list(range(11))


def test_an_empty_run_has_one_empty_bin():
    binned = result_of([], 0.1, 0).binned("p")
    assert binned.counts.tolist() == [0] and binned.rates.tolist() == [0.0]
