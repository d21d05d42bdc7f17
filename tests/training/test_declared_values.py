"""Trained values go back into the declaration: what is simulated then has them, synapse by
synapse."""

from __future__ import annotations

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite import codegen
from pygenn_lite.runtime.training.declared_values import declared_values
from pygenn_lite.runtime.training.network_data import NetworkData, network_data

RULES = {
    "all": pg.AllToAll(),
    "drawn": pg.FixedProbability(0.4),
    "without_autapses": pg.FixedProbability(0.5, autapses=False),
    "several": pg.FixedTotalNumber(60),
    "degree": pg.FixedInDegree(3, multapses=True),
    "one": pg.OneToOne(),
    "pairs": pg.PairList([3, 1, 2, 1], [0, 5, 5, 2]),
    "pairs_twice": pg.PairList([3, 1, 3, 1], [0, 5, 0, 2]),
    "rows": pg.CSR([0, 2, *[3] * 11], [4, 1, 7]),
}


def _network(rule: pg.Connectivity, delay: object = 1.0) -> pg.Network:
    net = pg.Network(dt=0.5, seed=5)
    cells = net.population("cells", 12, pg.LIF())
    net.connect(cells, cells, pg.Delta(), rule, weight=0.5, delay=delay, name="group")
    return net


def _data(net: pg.Network) -> NetworkData:
    return network_data(net, codegen.network_structure(net), np.dtype(np.float32))


@pytest.mark.parametrize("rule", RULES)
def test_each_synapse_gets_its_weight_and_its_delay(rule):
    net = _network(RULES[rule])
    data = _data(net)
    count = len(data.groups["group"].synapses)
    weights, delays = np.arange(count) + 1.0, 0.5 * (1 + np.arange(count) % 7)
    given = {"groups.group.weight": weights, "groups.group.delay": delays}
    known = net.with_values(declared_values(net, data, given)).compile(threads=1)["group"]
    found = known.connections()
    _same(found, data, weights, delays)


def _same(found, data, weights, delays):
    own = data.groups["group"].synapses
    keys = [(p, q, round(d / 0.5), w) for p, q, d, w in zip(
        found.pre, found.post, found.delay, found.weight, strict=True)]  # fmt: skip
    wanted = [(p, q, round(d / 0.5), w) for p, q, d, w in zip(
        own.pre, own.post, delays, weights, strict=True)]  # fmt: skip
    assert sorted(keys) == sorted(wanted)


def test_weights_alone_leave_drawn_delays_as_they_are():
    net = _network(pg.FixedProbability(0.4), pg.Uniform(1.0, 6.0))
    data = _data(net)
    own = data.groups["group"].synapses
    weights = np.arange(len(own)) + 1.0
    values = declared_values(net, data, {"groups.group.weight": weights})
    found = net.with_values(values).compile(threads=1)["group"].connections()
    np.testing.assert_array_equal(found.weight, weights)
    np.testing.assert_array_equal(found.delay, own.steps * net.dt)


def test_groups_between_parts_of_populations_count_within_them():
    net = pg.Network(dt=0.5, seed=5)
    cells = net.population("cells", 12, pg.LIF())
    net.connect(cells[:5], cells[6:], pg.Delta(), pg.AllToAll(), weight=0.5, name="group")
    data = _data(net)
    weights = np.arange(30) + 1.0
    values = declared_values(net, data, {"groups.group.weight": weights})
    found = net.with_values(values).compile(threads=1)["group"].connections()
    np.testing.assert_array_equal(found.weight, weights)


def test_a_convolution_gets_its_kernel():
    net = pg.Network(dt=1.0, seed=2)
    image = net.spike_source("image", (1, 5, 5), [1.0], [0])
    maps = net.population("maps", (2, 3, 3), pg.LIF())
    net.connect(image, maps, pg.Delta(), pg.Convolution(3), weight=0.5, name="group")
    kernel = np.arange(18.0).reshape(2, 1, 3, 3)
    values = declared_values(net, _data(net), {"groups.group.weight": kernel})
    trained = net.with_values(values)
    np.testing.assert_array_equal(_data(trained).groups["group"].weights, kernel)


def test_parameters_and_initial_values_pass_through():
    net = _network(pg.AllToAll())
    given = {
        "populations.cells.parameters.tau": np.full(12, 7.0),
        "populations.cells.initial.V": np.float32(0.25),
    }
    made = declared_values(net, _data(net), given)
    assert made["populations.cells.initial.V"] == 0.25
    changed = net.with_values(made)
    np.testing.assert_array_equal(
        changed.values["populations.cells.parameters.tau"].array, np.full(12, 7.0)
    )
