"""A network laid down for training: the synapses and numbers that a simulation has, to the bit."""

from __future__ import annotations

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite import codegen
from pygenn_lite.runtime.training.network_data import NetworkData, network_data


def _network() -> pg.Network:
    net = pg.Network(dt=0.5, seed=11)
    source = net.spike_source("source", 30, [1.0], [0])
    cells = net.population("cells", 20, pg.LIF(tau=pg.Uniform(8.0, 12.0)), initial={"V": "i * 0.1"})
    psc = pg.ExponentialCurrent(5.0)
    net.connect(source, cells, psc, pg.AllToAll(), weight=pg.Normal(0.0, 50.0), name="dense")
    net.connect(
        cells, cells, psc, pg.FixedProbability(0.3), name="sparse",
        weight=pg.Normal(1.0, 2.0), delay=pg.Uniform(0.5, 9.0),
    )  # fmt: skip
    net.connect(
        cells, cells, psc, pg.FixedOutDegree(4), name="formula",
        weight="i_pre - 2 * i_post", delay="0.5 + i_post",
    )  # fmt: skip
    net.connect(source, cells, psc, pg.FixedInDegree(3), name="gamma", weight=pg.Gamma(2.0, 1.0))
    net.connect(
        cells, cells, psc, pg.PairList([3, 1, 2], [0, 5, 5]), name="listed",
        weight=[1.0, 2.0, 3.0], delay=[1.26, 2.0, 0.5],
    )  # fmt: skip
    return net


def _data(net: pg.Network, precision: str = "float32") -> NetworkData:
    return network_data(net, codegen.network_structure(net, precision), np.dtype(precision))


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_synapses_are_those_of_the_simulation_to_the_bit(precision):
    net = _network()
    data, sim = _data(net, precision), net.compile(threads=1, precision=precision)
    for name, group in data.groups.items():
        known, own = sim[name].connections(), group.synapses
        for ours, theirs in ((own.pre, known.pre), (own.post, known.post)):
            np.testing.assert_array_equal(ours, theirs, name)
        np.testing.assert_array_equal(own.weight, known.weight, name)
        np.testing.assert_array_equal(pg_times(own.steps, net.dt), known.delay, name)


def pg_times(steps: np.ndarray, dt: float) -> np.ndarray:
    return steps * dt


def test_values_of_neurons_are_those_of_the_simulation():
    net = _network()
    data, sim = _data(net), net.compile(threads=1)
    cells = data.populations["cells"]
    np.testing.assert_array_equal(np.float32(cells.values["tau"]), sim["cells"]["tau"])
    np.testing.assert_array_equal(np.float32(cells.initial["V"]), sim["cells"]["V"])
    assert data.populations["source"].given


def test_only_complete_pairs_stand_as_a_matrix():
    data = _data(_network())
    assert [name for name, group in data.groups.items() if group.dense] == ["dense"]
    assert data.groups["dense"].weights.shape == (30, 20)


def test_rows_hold_the_synapses_of_their_source():
    group = _data(_network()).groups["sparse"]
    rows = np.repeat(np.arange(20), np.diff(group.row_begin))
    np.testing.assert_array_equal(rows, group.synapses.pre)


def test_delays_keep_what_steps_would_round_away():
    group = _data(_network()).groups["listed"]
    # sorted by source: 1 -> 5, 2 -> 5, 3 -> 0
    assert group.synapses.delay.tolist() == [2.0, 0.5, 1.26]
    assert group.synapses.steps.tolist() == [4, 1, 3]


def test_one_delay_is_found_and_different_ones_are_told():
    groups = _data(_network()).groups
    assert groups["dense"].one_delay == 1
    assert groups["sparse"].one_delay is None


def test_a_convolution_keeps_its_kernel_once():
    net = pg.Network(dt=1.0, seed=2)
    image = net.spike_source("image", (2, 6, 6), [1.0], [0])
    maps = net.population("maps", (3, 4, 4), pg.LIF())
    kernel = np.arange(3 * 2 * 9, dtype=float).reshape(3, 2, 3, 3)
    net.connect(image, maps, pg.Delta(), pg.Convolution(3), weight=kernel, name="conv")
    group = _data(net).groups["conv"]
    assert group.kernel is not None and group.entries is not None
    np.testing.assert_array_equal(group.weights, kernel)
    np.testing.assert_array_equal(group.kernel.ravel()[group.entries], group.synapses.weight)


def test_a_convolution_of_one_number_has_a_kernel_too():
    net = pg.Network(dt=1.0, seed=2)
    image = net.spike_source("image", (1, 5, 5), [1.0], [0])
    maps = net.population("maps", (2, 3, 3), pg.LIF())
    net.connect(image, maps, pg.Delta(), pg.Convolution(3), weight=0.5, name="conv")
    group = _data(net).groups["conv"]
    assert group.weights.shape == (2, 1, 3, 3) and np.all(group.weights == 0.5)


def test_a_network_without_synapses_needs_no_builder():
    net = pg.Network(seed=1)
    net.population("cells", 3, pg.LIF())
    assert not _data(net).groups
