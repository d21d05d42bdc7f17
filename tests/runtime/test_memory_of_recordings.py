"""What is recorded: estimated before the run, kept when memory runs out, held once and not
twice."""

import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.codegen.plan import memory as plan
from pygenn_lite.errors import InsufficientMemoryError
from pygenn_lite.runtime import run_loop
from pygenn_lite.runtime.results import memory_sink

pytestmark = pytest.mark.usefixtures("backend")

ALWAYS = pg.NeuronModel("dV/dt = 1", threshold="V > -1", reset="V = V", initial=dict(V="0.01*i"))


def firing(neurons, *, spikes=False, every=1):
    """Neurons that fire in every step and whose state is the time."""
    net = pg.Network(dt=0.1)
    cells = net.population("p", neurons, ALWAYS)
    net.record(cells.spikes if spikes else cells["V"], interval=every * 0.1)
    return net.compile(threads=1)


LONG = pytest.mark.long("4,000 steps of 1,000 neurons")


@pytest.mark.parametrize("start", [pytest.param(0, marks=LONG), 7])
@pytest.mark.parametrize("every", [*(pytest.param(k, marks=LONG) for k in (1, 3)), 10])
def test_samples_that_do_not_fit_are_refused_before_the_first_step(
    monkeypatch, tmp_path, every, start
):
    sim = firing(1000, every=every)
    sim.step(start)
    samples = len([s for s in range(start, start + 1000) if s % every == 0])
    needed = samples * (1000 * 4 + 8)
    monkeypatch.setattr(plan, "available_memory", lambda: needed + plan.SPARE - 1)
    with pytest.raises(InsufficientMemoryError, match=r"p: V \(recorded\)") as caught:
        sim.run(100.0)
    assert sim.steps_done == start
    assert all(word in str(caught.value) for word in ("stream_to", "interval=", "exc['V'][:100]"))
    assert sim.run(100.0, stream_to=tmp_path / "run.h5").duration == 100.0
    sim.reset()
    sim.step(start)
    monkeypatch.setattr(plan, "available_memory", lambda: needed + plan.SPARE)
    result = sim.run(100.0)
    trace = result.traces["p"]["V"]
    assert trace.values.shape == (samples, 1000)
    assert trace.values.nbytes + trace.times.nbytes == needed


def test_more_bytes_than_there_are_addresses_are_refused(monkeypatch):
    monkeypatch.setattr(plan, "available_memory", lambda: None)
    with pytest.raises(InsufficientMemoryError, match="more than this process can get"):
        firing(1000).run(1e17)


def test_memory_tells_what_a_run_will_record():
    sim = firing(1000, every=10)
    rows = {row.what: row for row in sim.memory(1000.0)}
    assert rows["V (recorded)"].bytes == 1000 * (1000 * 4 + 8)
    assert rows["V (recorded)"].count == 1_000_000
    assert "V (recorded)" not in {row.what for row in sim.memory()}
    assert "every 1 ms" in str(sim.inspect()) and "3.8 MiB per second" in str(sim.inspect())


def peak_of(function):
    tracemalloc.start()
    try:
        result = function()
        return tracemalloc.get_traced_memory()[1], result
    finally:
        tracemalloc.stop()


@pytest.fixture
def small_chunks(monkeypatch):
    """As long runs have them: each far smaller than all that is recorded."""
    monkeypatch.setattr(run_loop, "CHUNK_BYTES", 1 << 19)
    monkeypatch.setattr(run_loop, "CHUNK_SECONDS", 0.0)
    monkeypatch.setattr(run_loop, "CHUNK_SECONDS_EACH", 0.0)
    monkeypatch.setattr("pygenn_lite.runtime.results.result_reader.ROWS_AT_ONCE", 1 << 14)


@pytest.mark.long("2,000 steps of 1,000 neurons that all fire")
@pytest.mark.parametrize("spikes", [False, True])
@pytest.mark.parametrize("from_file", [False, True])
def test_a_result_is_held_once_not_twice(small_chunks, tmp_path, spikes, from_file):
    sim = firing(1000, spikes=spikes)
    if from_file:
        sim.run(200.0, stream_to=tmp_path / "run.h5")

    def make():
        result = pg.load_result(tmp_path / "run.h5") if from_file else sim.run(200.0)
        data = result.spikes["p"] if spikes else result.traces["p"]["V"]
        return data.steps.nbytes + data.indices.nbytes if spikes else data.values.nbytes

    peak, size = peak_of(make)
    assert size >= 2_000_000 * (12 if spikes else 4)
    assert peak < 1.3 * size


def test_a_run_that_ends_early_gives_back_what_it_did_not_need():
    sim = firing(10)
    result = sim.run(1e5, callback=lambda s: s.stop(), interval=1.0)
    trace = result.traces["p"]["V"]
    assert trace.values.shape == (10, 10) and np.allclose(trace.values[:, 0], np.arange(10) * 0.1)
    assert all(a.base is None or a.base.nbytes == a.nbytes for a in (trace.values, trace.times))


def test_data_are_the_same_in_one_chunk_and_in_many(small_chunks, monkeypatch):
    net = pg.Network(dt=0.1, seed=4)
    cells = net.population("p", 30, pg.PoissonNeuron(rate=2000.0))
    net.record(cells.spikes)
    many = net.compile(threads=1).run(30.0).spikes["p"]
    monkeypatch.setattr(run_loop, "CHUNK_SECONDS", 100.0)
    few = net.compile(threads=1).run(30.0).spikes["p"]
    assert len(few) > 1000
    assert many.steps.tolist() == few.steps.tolist()
    assert many.indices.tolist() == few.indices.tolist()
    trace = firing(40).run(30.0).traces["p"]["V"]
    expected = np.arange(300)[:, None] * 0.1 + 0.01 * np.arange(40)
    assert np.allclose(trace.values, expected, atol=1e-3)
    assert np.array_equal(trace.times, np.arange(300) / 10)


def test_spikes_of_which_only_the_steps_still_fitted_are_forgotten():
    spikes = memory_sink._Spikes()
    spikes.append(np.array([1, 2]), np.array([5, 6], np.uint32))
    spikes._steps += np.array([3, 3]).tobytes()  # then memory ran out
    spikes.append(np.array([4]), np.array([7], np.uint32))
    spikes.append(np.array([5]), np.array([8], np.uint32))
    spikes.cut(4)
    steps, indices = spikes.finish()
    assert steps.tolist() == [1, 2, 4] and indices.tolist() == [5, 6, 7]
    assert steps.flags.writeable and indices.dtype == np.uint32


WHEN_FETCHED = pytest.mark.compiled("records in the engine's memory")


@pytest.mark.parametrize(
    "place", ["in the sink", pytest.param("when fetched", marks=WHEN_FETCHED), "in the engine"]
)
def test_what_was_recorded_is_kept_when_memory_runs_out_all_the_same(monkeypatch, place):
    monkeypatch.setattr(run_loop, "CHUNK_SECONDS", 0.0)
    monkeypatch.setattr(run_loop, "CHUNK_SECONDS_EACH", 0.0)  # one step at a time
    sim = firing(10, spikes=True)
    sim.run(5.0)

    if place == "in the sink":
        kept = memory_sink._Spikes
        monkeypatch.setattr(kept, "append", fail_after(kept.append, sim))
    elif place == "when fetched":
        recorders = sim._device.instances[0].recorders
        fetch = recorders._fetch_spikes
        monkeypatch.setattr(recorders, "_fetch_spikes", fail_after(fetch, sim))
    else:
        device = sim._device
        monkeypatch.setattr(device, "run", fail_after(device.run, sim))
    with pytest.raises(
        InsufficientMemoryError, match=r"no memory left .* after [0-9.]+ ms"
    ) as caught:
        sim.run(100.0)
    result = caught.value.result
    assert result.interrupted and 99 <= result.stop_step <= 101
    train = result.spikes["p"]
    assert train.steps.tolist() == np.repeat(np.arange(51, result.stop_step + 1), 10).tolist()
    assert train.indices.tolist() == list(range(10)) * (result.stop_step - 50)
    monkeypatch.undo()
    sim.reset()
    assert len(sim.run(3.0).spikes["p"]) == 300


def fail_after(function, sim, steps=100):
    def maybe(*arguments):
        if sim.steps_done >= steps:
            raise MemoryError
        return function(*arguments)

    return maybe


LIMITED = """
import os, resource, sys
sys.path.insert(0, os.environ["TESTS"])
from test_memory_of_recordings import firing
from pygenn_lite.errors import InsufficientMemoryError
sim = firing(20_000, spikes=True)
sim.run(1.0)
used = int(open("/proc/self/statm").read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
resource.setrlimit(resource.RLIMIT_AS, (used + (150 << 20),) * 2)
try:
    sim.run(1e6)
except InsufficientMemoryError as error:
    train, stop = error.result.spikes["p"], error.result.stop_step
    print(len(train) == 20_000 * (stop - 10), stop > 100, int(train.steps[-1]) == stop)
"""


@pytest.mark.compiled("runs in a process of its own")
@pytest.mark.skipif(sys.platform != "linux", reason="the limit works otherwise elsewhere")
def test_a_process_that_reaches_its_limit_keeps_what_was_recorded():
    root = str(Path(pg.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": root, "TESTS": str(Path(__file__).parent)}
    done = subprocess.run(
        [sys.executable, "-c", LIMITED],
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert (done.stdout, done.stderr) == ("True True True\n", "")


@pytest.mark.parametrize(
    "place",
    [
        "in the engine",
        pytest.param("when fetched", marks=pytest.mark.compiled("records in the engine's memory")),
    ],
)
def test_spikes_of_several_instances_are_kept_when_memory_runs_out(monkeypatch, place):
    monkeypatch.setattr(run_loop, "CHUNK_SECONDS", 0.0)
    monkeypatch.setattr(run_loop, "CHUNK_SECONDS_EACH", 0.0)  # one step at a time
    net = pg.Network(dt=0.1)
    cells = net.population("p", 10, pg.NeuronModel("dV/dt = 0", threshold="V >= 0", reset="V = 0"))
    net.record(cells.spikes)
    sim = net.compile(instances=3)
    device = sim._device
    if place == "in the engine":
        monkeypatch.setattr(device, "run", fail_after(device.run, sim, 40))
    else:
        recorders = device.instances[0].recorders
        monkeypatch.setattr(
            recorders, "_fetch_spikes", fail_after(recorders._fetch_spikes, sim, 40)
        )
    with pytest.raises(InsufficientMemoryError, match=r"no memory left") as caught:
        sim.run(100.0)
    for result in caught.value.result:
        assert result.interrupted and result.stop_step >= 20
        steps = np.repeat(np.arange(1, result.stop_step + 1), 10)
        assert result.spikes["p"].steps.tolist() == steps.tolist()
    monkeypatch.undo()
    sim.reset()
    assert [len(result.spikes["p"]) for result in sim.run(3.0)] == [300, 300, 300]
