"""A byte that changed in a file, by whatever: an error of ours, or the same numbers as before."""

import os
import subprocess
import sys
from pathlib import Path

import helpers_runtime as helpers
import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.errors import ArgumentError, CheckpointError, FileFormatError, PygennLiteError
from pygenn_lite.runtime.progress import Progress

CHANGES = 200


def recorded(tmp_path):
    """A file with all that a file can have."""
    net = helpers.plastic_network()
    cells = net.populations["exc"]
    net.recordings.clear()
    net.record(cells["V"][3:9], cells.spikes[2], cells.spikes[5:120])
    net.name = "Größe"
    path = tmp_path / "run.h5"
    net.compile(threads=1).run(60.0, stream_to=path, keep_weights=True)
    return path


def everything(result):
    """All numbers of a result, read from its file."""
    return {
        "run": (result.dt, result.start_step, result.stop_step, result.interrupted, result.name),
        "seconds": result.simulate_seconds,
        "sizes": (dict(result.sizes), sorted(result.fully_recorded)),
        "counted": result.counts.steps.tolist(),
        "totals": {p: t.tolist() for p, t in result.counts.totals.items()},
        "spikes": {
            p: (t.steps.tolist(), t.indices.tolist(), list(t.recorded), t.dt)
            for p, t in result.spikes.items()
        },
        "traces": {
            (p, v): (t.times.tolist(), t.values.tolist(), t.indices.tolist())
            for p, of in result.traces.items()
            for v, t in of.items()
        },
        "weights": {g: np.asarray(w).tolist() for g, w in result.weights.items()},
    }  # fmt: skip


def changes_of(content, seed):
    """Single bytes changed, half of them anywhere and half in the first 8 KiB (the structure)."""
    random = np.random.default_rng(seed)
    for number in range(CHANGES):
        reach = len(content) if number % 2 else min(len(content), 8192)
        place = int(random.integers(reach))
        changed = bytearray(content)
        changed[place] ^= (
            1 << int(random.integers(8)) if number % 3 else int(random.integers(1, 256))
        )
        yield place, bytes(changed)


@pytest.mark.parametrize("killed", [False, True])
def test_a_changed_byte_of_a_result_file_gives_an_error_or_the_same_numbers(tmp_path, killed):
    path = recorded(tmp_path)
    if killed:
        path = unclosed(tmp_path)
    right, content = everything(pg.load_result(path)), path.read_bytes()
    assert right["spikes"] and right["traces"]
    refused = 0
    for place, changed in changes_of(content, seed=1):
        path.write_bytes(changed)
        try:
            found = everything(pg.load_result(path))
        except FileFormatError as error:
            assert "run.h5" in str(error)
            refused += 1
        else:
            assert found == right, f"byte {place} changed the numbers in silence"
    assert refused > CHANGES // 4


UNCLOSED = """
import os, sys
sys.path.insert(0, os.environ["TESTS"])
import helpers_runtime as helpers
from pygenn_lite.runtime.results import result_file
net = helpers.plastic_network()
net.record(net.populations["exc"]["V"][:4])
def killed(sink, step, **attributes):
    sink.flush(step)
    os._exit(0)
result_file.ResultFile.close = killed
net.compile(threads=1).run(60.0, stream_to=sys.argv[1], progress=False)
"""


def unclosed(tmp_path):
    path = tmp_path / "killed" / "run.h5"
    path.parent.mkdir()
    root, here = str(Path(pg.__file__).parents[1]), str(Path(__file__).parent)
    environment = {**os.environ, "PYTHONPATH": root, "TESTS": here}
    subprocess.run([sys.executable, "-c", UNCLOSED, str(path)], check=True, env=environment)
    return path


def test_a_changed_byte_of_a_checkpoint_gives_an_error_or_the_same_state(tmp_path):
    path = tmp_path / "point.npz"
    sim = helpers.plastic_network().compile(threads=1)
    sim.run(20.0)
    sim.save(path)
    content = path.read_bytes()

    def state():
        population = {n: np.asarray(sim["exc"][n]).tolist() for n in sim["exc"].names}
        return sim.time, population, np.asarray(sim["learning"]["weight"]).tolist()

    right, refused = state(), 0
    for place, changed in changes_of(content, seed=2):
        path.write_bytes(changed)
        try:
            sim.restore(path)
        except CheckpointError as error:
            assert "point.npz" in str(error)
            refused += 1
        assert state() == right, f"byte {place} changed the state in silence"
    assert refused > CHANGES // 4


def test_an_array_that_says_it_is_of_another_type_is_refused(tmp_path):
    """Read as float32, half of the bytes would do, and no checksum would be looked at."""
    sim = helpers.plastic_network().compile(precision="float64", threads=1)
    sim.save(tmp_path / "point.npz")
    content = (tmp_path / "point.npz").read_bytes()
    places = [k for k in range(len(content)) if content[k : k + 5] == b"'<f8'"]
    assert places
    for place in places:
        changed = content[: place + 3] + b"4" + content[place + 4 :]
        (tmp_path / "point.npz").write_bytes(changed)
        with pytest.raises(CheckpointError, match=r"point\.npz cannot be read"):
            sim.restore(tmp_path / "point.npz")


@pytest.mark.parametrize("path", [None, 3, b"run.h5", "", "a\0b", 2.5])
def test_what_is_not_a_path_is_refused(path):
    net = pg.Network(dt=0.1)
    net.record(net.population("p", 3, pg.PoissonNeuron(rate=10.0)).spikes)
    sim = net.compile(threads=1)
    result = sim.run(1.0)
    uses = [pg.load_result, result.save, sim.save, sim.restore]
    if path is not None:
        uses.append(lambda given: sim.run(1.0, stream_to=given))
    for use in uses:
        with pytest.raises(ArgumentError, match="is not a path"):
            use(path)
    assert sim.time == 1.0


@pytest.mark.parametrize("warmup", ["a", None, [1.0], np.zeros(2), object(), 1j, float("nan")])
def test_warmup_times_that_are_none_are_refused(warmup):
    net = pg.Network(dt=0.1)
    net.population("p", 3, pg.PoissonNeuron(rate=10.0))
    with pytest.raises(PygennLiteError, match="is not a time"):
        net.compile(threads=1).run(1.0).rates(warmup)


@pytest.mark.parametrize("broken", [None, "closed", "pipe"])
def test_a_run_does_not_end_because_nobody_sees_its_progress(monkeypatch, broken):
    stream = None
    if broken:
        read, write = os.pipe()
        stream = os.fdopen(write, "w", buffering=1)
        os.close(read)
        if broken == "closed":
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            stream.close()
    monkeypatch.setattr(sys, "stderr", stream)
    net = pg.Network(dt=0.1)
    net.population("p", 3, pg.PoissonNeuron(rate=10.0))
    sim = net.compile(threads=1)
    for progress in (None, True):
        assert sim.run(50.0, progress=progress).duration == 50.0
    with Progress(True) as report:
        for k in range(3):
            report("counting", k, 3)
    monkeypatch.undo()
    if broken == "pipe":
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        stream.close()
