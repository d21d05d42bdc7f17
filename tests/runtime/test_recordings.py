"""What was asked to be recorded is what is found: by index, at its interval, over several runs."""

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.errors import ArgumentError

pytestmark = pytest.mark.usefixtures("backend")

CLOCK = pg.NeuronModel("dV/dt = 1", initial=dict(V="100*i"))  # V: 100 times its index, and the time


def clocks(*recordings, size=20):
    net = pg.Network(dt=0.1)
    cells = net.population("p", size, CLOCK)
    for key, every in recordings:
        net.record(cells["V"][key], interval=every * net.dt)
    return net.compile(threads=1, precision="float64")


@pytest.mark.parametrize("key", [[1, 5, 7], [7, 1, 5, 5], [-19, 5, 7], np.array([1, 5, 7])])
def test_listed_neurons_are_recorded_in_ascending_order(tmp_path, key):
    sim = clocks((key, 1))
    kept = sim.run(2.0)
    streamed = sim.run(2.0, stream_to=tmp_path / "run.h5")
    for result, start in ((kept, 0), (streamed, 20)):
        trace = result.traces["p"]["V"]
        steps = np.arange(start, start + 20)
        assert trace.indices.tolist() == [1, 5, 7]
        assert np.allclose(trace.times, steps * 0.1)
        assert np.allclose(trace.values, steps[:, None] * 0.1 + [100, 500, 700])


def test_each_recording_has_its_own_interval(tmp_path):
    sim = clocks(([2, 3], 5), (slice(None), 40), (4, 5), ([1, 5, 7], 3))
    sim.run(0.7)
    streamed = sim.run(10.0, stream_to=tmp_path / "run.h5")
    sim.reset()
    sim.run(0.7)
    kept = sim.run(10.0)
    saved = pg.load_result(kept.save(tmp_path / "kept.h5"))
    for result in (kept, streamed, saved):
        found = result.traces["p"]
        assert list(found) == ["V", "V_every_4ms", "V_every_0.3ms"]  # as declared
        for name, every, indices in (
            ("V", 5, [2, 3, 4]), ("V_every_4ms", 40, range(20)), ("V_every_0.3ms", 3, [1, 5, 7]),
        ):  # fmt: skip
            steps = np.array([s for s in range(7, 107) if s % every == 0])
            assert found[name].indices.tolist() == list(indices)
            assert np.allclose(found[name].times, steps * 0.1)
            expected = steps[:, None] * 0.1 + 100.0 * np.array(indices)
            assert np.allclose(found[name].values, expected)


def test_listed_neurons_are_those_whose_spikes_are_found():
    net = pg.Network(dt=0.1)
    source = net.spike_source("s", 8, np.arange(1, 17) * 0.1, np.arange(16) % 8)
    net.record(source.spikes[[1, 6, 2]])
    train = net.compile(threads=1).run(3.0).spikes["s"]
    assert train.indices.tolist() == [1, 2, 6, 1, 2, 6]
    assert train.steps.tolist() == [2, 3, 7, 10, 11, 15]
    assert train.recorded.tolist() == [1, 2, 6]


# ---------------------------------------------------------------- successive runs


def noisy(seed=3):
    net = pg.Network(dt=0.1, seed=seed)
    cells = net.population("p", 30, pg.PoissonNeuron(rate=300.0))
    source = net.spike_source("s", 2, [0.0, 7.0, 7.1, 40.0], [0, 1, 1, 0])
    silent = net.population("silent", 5, pg.LIF())
    net.record(cells.spikes[3:], source.spikes)
    net.record(silent["V"][[0, 1, 4]], interval=0.7)
    return net.compile(threads=1)


@pytest.mark.parametrize("cuts", [[10.0, 23.3], [7.0, 7.1], [0.0, 5.0, 5.0]])
def test_joined_results_are_those_of_one_run(tmp_path, cuts):
    whole, sim, parts = noisy().run(50.0), noisy(), []
    for k, stop in enumerate([*cuts, 50.0]):
        stream = tmp_path / f"{k}.h5" if k % 2 else None
        parts.append(sim.run(stop - sim.time, stream_to=stream))
    joined = pg.join_results(parts)
    summed = parts[0]
    for part in parts[1:]:
        summed = summed + part
    saved = pg.load_result(joined.save(tmp_path / "joined.h5"))
    for result in (joined, summed, saved):
        assert (result.start_step, result.stop_step) == (0, 500)
        for population in ("p", "s"):
            for name in ("steps", "indices", "recorded"):
                found = getattr(result.spikes[population], name)
                assert list(found) == list(getattr(whole.spikes[population], name))
        trace, right = (r.traces["silent"]["V"] for r in (result, whole))
        assert np.array_equal(trace.times, right.times)
        assert np.array_equal(trace.values, right.values)
        assert result.rates() == whole.rates()
        assert {p: int(t[-1]) for p, t in result.counts.totals.items()} == {
            p: int(t[-1]) for p, t in whole.counts.totals.items()
        }
        assert np.all(np.diff(result.counts.steps) > 0)
    assert joined.simulate_seconds == pytest.approx(sum(p.simulate_seconds for p in parts))
    assert joined.path is None


def test_what_does_not_follow_is_not_joined():
    sim = noisy()
    first, second, third = (sim.run(5.0) for _ in range(3))
    for wrong in ([first, third], [second, first], [first, first]):
        with pytest.raises(ArgumentError, match=r"begins at \d+ ms does not follow one that ends"):
            pg.join_results(wrong)
    with pytest.raises(ArgumentError, match="populations"):
        pg.join_results([first, shifted(clocks())])
    for nothing in ([], [first, 3], [None]):
        with pytest.raises(ArgumentError, match="only results of runs can be joined"):
            pg.join_results(nothing)
    with pytest.raises(TypeError):
        _ = first + 3


def shifted(sim):
    sim.run(5.0)
    return sim.run(5.0)


def test_results_with_other_recordings_or_steps_are_not_joined():
    first = clocks((slice(None), 1)).run(5.0)
    with pytest.raises(ArgumentError, match="different recordings"):
        pg.join_results([first, shifted(clocks(([1, 2], 1)))])
    net = pg.Network(dt=0.2)
    net.population("p", 20, CLOCK)
    with pytest.raises(ArgumentError, match="different time steps"):
        pg.join_results([first, shifted(net.compile(threads=1))])
