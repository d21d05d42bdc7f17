"""Result files: written as produced, readable after a kill, the same as what is kept in memory."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import h5py
import helpers_runtime as helpers
import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.errors import FileFormatError, SimulationError
from pygenn_lite.runtime.results.recorded_data import SpikeCounts
from pygenn_lite.runtime.results.result_file import ResultFile

pytestmark = pytest.mark.usefixtures("backend")


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    path = tmp_path_factory.mktemp("results") / "run.h5"
    kept = helpers.balanced_network().compile().run(300.0)
    streamed = helpers.balanced_network().compile().run(300.0, stream_to=path)
    return kept, streamed, path


def assert_same(one, other):
    assert helpers.same_spikes(one, other)
    assert one.rates(100.0) == other.rates(100.0)
    for population, traces in one.traces.items():
        for variable, trace in traces.items():
            again = other.traces[population][variable]
            assert np.array_equal(trace.values, again.values)
            assert np.array_equal(trace.times, again.times)
            assert np.array_equal(trace.indices, again.indices)
    for name in ("dt", "start_step", "stop_step", "sizes", "fully_recorded", "name", "interrupted"):
        assert getattr(one, name) == getattr(other, name)


def test_streamed_is_the_same_as_kept(both):
    assert_same(both[0], both[1])
    assert both[1].path == both[2]


def test_a_saved_result_comes_back(both, tmp_path):
    path = both[0].save(tmp_path / "kept.h5")
    assert_same(both[0], pg.load_result(path))


def test_a_streamed_result_can_be_saved_elsewhere(both, tmp_path):
    assert_same(both[0], pg.load_result(both[1].save(tmp_path / "copy.h5")))


def test_spikes_have_the_sonata_layout(both):
    with h5py.File(both[2]) as file:
        assert file.attrs["magic"] == 0x0A7A
        assert file.attrs["version"].tolist() == [0, 1]
        group = file["spikes/exc"]
        names = h5py.check_enum_dtype(group.attrs.get_id("sorting").dtype)
        assert names == {"none": 0, "by_id": 1, "by_time": 2}  # what libsonata demands
        assert group.attrs["sorting"] == names["by_time"]
        assert group["timestamps"].attrs["units"] == "milliseconds"
        assert group["timestamps"].dtype == np.float64
        assert group["node_ids"].dtype == np.uint64
        assert np.array_equal(group["timestamps"], both[0].spikes["exc"].times)


KILLED = """
import sys
import helpers_runtime as helpers
sim = helpers.balanced_network().compile()
print("running", flush=True)
sim.run(1e9, stream_to=sys.argv[1])
"""


@pytest.mark.compiled("runs in a process of its own")
@pytest.mark.parametrize("seconds", [1.0, 1.6])
def test_a_killed_run_leaves_a_readable_file(tmp_path, seconds):
    path = tmp_path / "killed.h5"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    worker = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, env=environment
    )
    assert worker.stdout.readline() == b"running\n"
    while not path.exists() or pg.load_result(path).duration <= 100.0:  # however busy the machine
        assert worker.poll() is None
        time.sleep(0.1)
    time.sleep(seconds)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    worker.stdout.close()
    result = pg.load_result(path)
    assert result.interrupted
    assert result.duration > 100.0
    train = result.spikes["exc"]
    assert np.all(np.diff(train.steps) >= 0) and len(train) > 0
    trace = result.traces["exc"]["V"]
    assert len(trace) == result.stop_step
    assert result.rates()["exc"] > 0
    short = helpers.balanced_network().compile().run(100.0)
    until = train.steps <= 1000
    assert np.array_equal(train.indices[until], short.spikes["exc"].indices)


def test_rates_of_a_killed_run_are_those_of_the_time_that_was_counted(tmp_path):
    net = helpers.balanced_network(neurons=100, recorded=False)
    whole = net.compile().run(190.0, stream_to=tmp_path / "w")
    counts = whole.counts
    part = SpikeCounts(counts.steps[:2], {p: t[:2] for p, t in counts.totals.items()})
    killed = replace(whole, counts=part)  # the last count came too late for the last flush
    assert counts.steps.tolist() == [0, 1000, 1900] and counts.totals["exc"][1] > 0
    assert killed.rates()["exc"] == pytest.approx(counts.totals["exc"][1] / 80 / 0.1)
    for known in (counts.steps[:1], counts.steps[:0]):
        early = SpikeCounts(known, {p: t[: len(known)] for p, t in counts.totals.items()})
        with pytest.raises(SimulationError, match="no rate of 'exc' is known"):
            replace(whole, counts=early).rates()


AGAIN = pytest.mark.long("4,800 steps again")


@pytest.mark.parametrize("warmup", [pytest.param(0.1, marks=AGAIN), 35.0, 120.3])
def test_rates_from_the_warmup_time_of_the_run_are_exact(tmp_path, warmup):
    recorded = helpers.balanced_network(neurons=100)
    recorded.record(recorded.populations["inh"].spikes)
    expected = recorded.compile().run(150.0).rates(warmup)
    sim = helpers.balanced_network(neurons=100, recorded=False).compile()
    sim.run(33.3)
    sim.reset()  # and a run that does not begin at 0
    assert sim.run(150.0, warmup=warmup).rates(warmup) == expected
    later = sim.run(150.0, warmup=warmup, stream_to=tmp_path / "later.h5")
    assert later.counts.steps.tolist()[1] <= 1500 + round(warmup * 10)
    assert 1500 + round(warmup * 10) in later.counts.steps


@pytest.mark.parametrize("most", [10**6, 100])
def test_weights_at_the_end_are_kept_where_asked_for(tmp_path, monkeypatch, most):
    monkeypatch.setattr("pygenn_lite.runtime.results.final_weights.MOST_WEIGHTS", most)
    sim = helpers.plastic_network().compile()
    kept = sim.run(50.0, keep_weights=True)
    sim.reset()
    streamed = sim.run(50.0, keep_weights=True, stream_to=tmp_path / "run.h5")
    saved = pg.load_result(kept.save(tmp_path / "kept.h5"))
    weights = sim["learning"]["weight"][:]
    for result in (kept, streamed, saved):
        found = result.weights["learning"]
        if most > len(weights):
            assert np.array_equal(found, weights)
        else:
            assert np.array_equal(found.counts, np.histogram(weights, bins=found.edges)[0])
            assert len(found) == len(weights)
    assert not sim.run(1.0).weights


def test_weights_that_decay_by_themselves_are_kept_as_of_the_end():
    model = pg.SynapseModel(
        on_pre="V_post += weight", synapse_derivatives="dweight/dt = -weight/10"
    )
    net = pg.Network(dt=0.1)
    cells = net.population("p", 3, pg.LIF())
    net.connect(cells, cells, model, pg.AllToAll(), weight=1.0, name="g")
    kept = net.compile().run(10.0, keep_weights=True).weights["g"]
    assert np.allclose(kept, np.exp(-1.0), rtol=1e-5)


def test_a_slice_without_neurons_is_written_too(tmp_path):
    net = helpers.balanced_network(neurons=50, recorded=False)
    exc = net.populations["exc"]
    net.record(exc.spikes[:0], exc["V"][:0])
    kept = net.compile().run(5.0)
    streamed = net.compile().run(5.0, stream_to=tmp_path / "run.h5")
    for result in (kept, streamed, pg.load_result(kept.save(tmp_path / "kept.h5"))):
        assert result.traces["exc"]["V"].values.shape == (50, 0)
        assert len(result.traces["exc"]["V"].times) == 50 and not len(result.spikes["exc"])


def test_a_file_is_closed_also_where_the_rest_cannot_be_written(tmp_path, monkeypatch):
    sim = helpers.balanced_network(neurons=50).compile()
    files = []
    monkeypatch.setattr(ResultFile, "_has_room", lambda self: files.append(self))  # None: no
    with pytest.raises(SimulationError, match=r"holds all up to 0 ms"):
        sim.run(5.0, stream_to=tmp_path / "run.h5")
    monkeypatch.undo()
    assert files and not files[0].file  # closed
    with h5py.File(tmp_path / "run.h5") as file:
        assert file["run"].attrs["reached"][0] == 0
    assert sim.run(5.0, stream_to=tmp_path / "run.h5", overwrite=True).start == 5.0


def test_a_path_that_cannot_be_written_is_named(tmp_path):
    sim = helpers.balanced_network().compile()
    with pytest.raises(
        SimulationError, match=r"nowhere.run.h5 cannot be written: No such file or directory"
    ):
        sim.run(10.0, stream_to=tmp_path / "nowhere" / "run.h5")
    assert sim.time == 0.0


@pytest.mark.parametrize("content", [None, b"", b"no HDF5 file at all"])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "other.h5"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FileFormatError, match=r"other\.h5"):
        pg.load_result(path)


def test_foreign_hdf5_files_are_refused(tmp_path):
    with h5py.File(tmp_path / "foreign.h5", "w") as file:
        file["x"] = 1
    with pytest.raises(FileFormatError, match="not a result file"):
        pg.load_result(tmp_path / "foreign.h5")


def test_times_stay_exact_after_a_thousand_million_steps():
    from pygenn_lite.declaration.steps import times_of

    steps = np.array([3, 10**9 + 1, 10**10 + 7])
    assert times_of(steps, 0.1).tolist() == [0.3, 100000000.1, 1000000000.7]
    assert np.array_equal(np.rint(times_of(steps, 0.1) / 0.1).astype(int), steps)
    assert times_of(3, 2.5) == 7.5


def test_parts_of_a_file_come_in_the_order_in_which_they_were_declared(tmp_path):
    net = pg.Network(dt=0.1)
    for name in ("zeta", "alpha", "mu"):
        cells = net.population(name, 3, pg.LIF())
        net.record(cells.spikes, cells["V"])
    kept = net.compile(threads=1).run(1.0)
    loaded = pg.load_result(kept.save(tmp_path / "run.h5"))
    for part in ("sizes", "spikes", "traces"):
        assert list(getattr(loaded, part)) == list(getattr(kept, part)) == ["zeta", "alpha", "mu"]
