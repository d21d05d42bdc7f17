"""A batch's folder of a stranger runs no code when it is resumed, looked at or reported."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.batch.engine import resume_batch
from pygenn_lite.batch.unpickling import read_spec
from pygenn_lite.errors import BatchError


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


class OwnRule(pg.AllToAll):
    """A rule of a user's module."""


def network() -> pg.Network:
    net = pg.Network(seed=7)
    cells = net.population("cells", 10, pg.LIF(), initial={"V": pg.Uniform(-60.0, -50.0)})
    source = net.spike_source("source", 3, [1.0, 2.0], [0, 1])
    pairs = pg.PairList([0, 1], [0, 1])
    net.connect(source, cells, pg.ExponentialCurrent(5.0), pairs, weight=np.array([1.0, 2.0]))
    net.poisson(cells, 8.0, sources=100, weight=1.0, synapse=pg.ExponentialCurrent(0.5))
    net.record(cells.spikes, cells["V"][:3])
    return net


@pytest.mark.parametrize("net", ["brunel", network()], ids=["of the library", "of Python"])
def test_what_sweeps_hold_is_read(net, tmp_path) -> None:
    path = tmp_path / "sweep.pickle"
    spec = pg.Sweep(net, {"seed": [1, 2]}, random={"samples": 2, "dt": {"choice": [0.1, 0.2]}}).spec
    path.write_bytes(pickle.dumps(spec))
    assert read_spec(path).source.digest == spec.source.digest


def test_a_trap_does_not_spring(tmp_path) -> None:
    folder = tmp_path / "batch"
    made = pg.Sweep(network(), {"seed": [1]}, duration=1).run(folder, processes=0)
    (folder / "sweep.pickle").write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    with pytest.raises(BatchError, match=r"would load posix\.mkdir, code that is not of this"):
        resume_batch(folder)
    with pytest.raises(BatchError, match="posix"):
        made.spec  # noqa: B018
    assert len(pg.load_batch(folder).table) == 1
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    "name", ["pygenn_lite.batch.store\nos.getcwd", "pygenn_lite.optional\nrequire"]
)
def test_functions_are_not_reached_through_our_own_modules(name: str, tmp_path) -> None:
    path = tmp_path / "sweep.pickle"
    path.write_bytes(b"\x80\x04c" + name.encode() + b"\n.")
    with pytest.raises(BatchError, match="code that is not of this package"):
        read_spec(path)


def test_classes_of_the_user_are_loaded_where_asked(tmp_path) -> None:
    net = network()
    net.connect(net["source"], net["cells"], pg.ExponentialCurrent(5.0), OwnRule(), name="own")
    path = tmp_path / "sweep.pickle"
    path.write_bytes(pickle.dumps(pg.Sweep(net, {"seed": [1]}).spec))
    with pytest.raises(BatchError, match=r"OwnRule.*\n.*resume --yes"):
        read_spec(path)
    assert read_spec(path, trusted=True).count == 1


def test_what_is_no_sweep_is_refused(tmp_path) -> None:
    path = tmp_path / "sweep.pickle"
    path.write_bytes(b"nonsense")
    with pytest.raises(BatchError, match="cannot be read"):
        read_spec(path)
    path.write_bytes(pickle.dumps([1]))
    with pytest.raises(BatchError, match="not a sweep"):
        read_spec(path)
