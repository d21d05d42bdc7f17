"""Postsynaptic variables of a synapse group are recorded like variables of a population."""

from __future__ import annotations

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.errors import NetworkError, SimulationError

pytestmark = pytest.mark.usefixtures("backend")


def network() -> pg.Network:
    net = pg.Network(dt=0.1, name="receptors")
    source = net.spike_source("source", 1, [1.0, 2.0], [0, 0])
    target = net.population("target", 8, pg.LIF())
    fast = net.connect(source, target, pg.ExponentialCurrent(2.0), pg.AllToAll(), weight=3.0)
    slow = net.connect(source, target, pg.ExponentialCurrent(5.0), pg.AllToAll(), weight=1.0)
    plastic = net.connect(target, target, pg.PairSTDP(), pg.AllToAll(), name="plastic")
    net.record(target["V"], fast["I_syn"], interval=0.2)
    net.record(slow["I_syn"][2:8:3], plastic["y"][0])
    return net


def test_each_group_finds_its_own_receptor_under_its_name(tmp_path):
    sim = network().compile(precision="float64")
    result = sim.run(5.0)
    fast, slow = (result.traces[n]["I_syn"] for n in ("source_target", "source_target_2"))
    t = fast.times
    spikes = np.array([1.1, 2.1])[:, None]
    after = np.where(t >= spikes - 1e-9, np.exp(-(t - spikes) / 2.0), 0.0)
    assert np.allclose(fast.values[:, 0], 3.0 * after.sum(axis=0))
    assert fast.values.shape == (25, 8)
    assert list(slow.indices) == [2, 5]
    assert slow.values.max() < 2.0
    assert list(result.traces["plastic"]["y"].indices) == [0]
    sim.reset()
    streamed = sim.run(5.0, stream_to=tmp_path / "run.h5")
    assert np.array_equal(streamed.traces["source_target"]["I_syn"].values, fast.values)


def test_whole_numbers_of_numpy_are_whole_numbers():
    net, same = network(), network()
    for one, (index, ms) in ((net, (3, 2)), (same, (np.int64(3), np.uint8(2)))):
        target = one.populations["target"]
        one.record(target.spikes[index], target["V"][index - 5 : index], interval=ms)
        one.record(one.groups["plastic"]["I_syn"][-index], interval=ms)
    assert net == same and hash(net) == hash(same)
    assert type(same.recordings[-1].interval) is float
    assert type(same.recordings[-1].what.start) is int


def test_a_file_records_them_too():
    net = network()
    again, _ = pg.load_network(pg.dump_network(net))
    assert again == net
    assert again.recordings == net.recordings


def test_what_no_target_neuron_has_is_refused_by_name():
    net = network()
    with pytest.raises(NetworkError, match=r"no variable 'I_sin' .*did you mean 'I_syn'"):
        net.groups["source_target"]["I_sin"]
    with pytest.raises(NetworkError, match="no variable 'height'"):
        net.groups["plastic"]["height"]


@pytest.mark.parametrize("duration", [-1.0, float("nan"), float("inf"), "10", None])
def test_a_duration_that_is_no_time_is_refused(duration):
    sim = network().compile()
    with pytest.raises(SimulationError, match="is not a valid duration"):
        sim.run(duration)
