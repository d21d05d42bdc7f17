"""Groups drawn by the host alone are those that the builder lays down: weights and delays, too."""

from __future__ import annotations

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.runtime.values.group_drawing import draw_group

PLACES = np.random.default_rng(5).uniform(0, 10, (70, 2))
MATRIX = np.random.default_rng(6).normal(1.0, 0.3, (70, 70))
RULES = [
    pg.AllToAll(autapses=False),
    pg.OneToOne(),
    pg.FixedProbability(0.3),
    pg.FixedTotalNumber(900),
    pg.FixedInDegree(20),
    pg.FixedOutDegree(9, multapses=False),
    pg.PairList(PLACES[:, 0].astype(int), PLACES[:, 1].astype(int)),
    pg.DistanceDependent("exp(-distance/3)"),
]
NATIVE = [
    pg.Uniform(-1.0, 4.0), pg.Normal(2.0, 0.5), pg.TruncatedNormal(1.0, 0.5, 0.2, 1.5),
    pg.TruncatedNormal(1.0, 0.5, 3.0), pg.LogNormal(0.3, 0.6), pg.Exponential(2.0),
    -4 * pg.LogNormal(0.0, 1.0) + 3, 0 * pg.Normal(1.0, 2.0) + 2,
    pg.TruncatedNormal(1.0, 0.0, 1.5),
]  # fmt: skip
DELAYS = [
    0.5, pg.Uniform(0.1, 3.0), pg.Normal(1.5, 0.75), pg.TruncatedNormal(1.5, 0.75, 0.1),
    pg.LogNormal(0.0, 0.5), pg.Exponential(1.0), 3 - pg.Uniform(0.0, 2.5), pg.Gamma(2.0, 0.5),
    "0.1 + i_pre/50", 0 * pg.Uniform(0.0, 1.0) + 0.7,
]  # fmt: skip


def assert_drawn_alike(rule, weight, delay, **options):
    net = pg.Network(dt=0.1, seed=7)
    a = net.population("a", 70, pg.LIF(), positions=PLACES)
    net.connect(a, a, pg.Delta(), rule, name="aa", weight=weight, delay=delay, **options)
    built = net.compile(precision="float64", threads=1)["aa"].connections()
    host = draw_group(net, net.groups["aa"], 7)
    for name in ("pre", "post", "delay", "weight"):
        np.testing.assert_array_equal(getattr(host, name), getattr(built, name), err_msg=name)


@pytest.mark.parametrize("weight", NATIVE, ids=str)
def test_weights_that_the_builder_draws(weight):
    assert_drawn_alike(pg.FixedTotalNumber(5000), weight, 0.5)


@pytest.mark.parametrize("delay", DELAYS, ids=str)
def test_delays_of_all_kinds(delay):
    assert_drawn_alike(pg.FixedInDegree(40), pg.Normal(1.0, 0.2), delay)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
@pytest.mark.parametrize(
    ("weight", "delay"),
    [
        (1.5, 0.5),
        (pg.Normal(1.0, 0.2), pg.Uniform(0.1, 2.0)),
        (pg.Gamma(2.0, 1.0), pg.Uniform(0.1, 2.0)),
        (pg.Normal(1.0, 0.2), pg.Gamma(2.0, 0.5)),
        (pg.Gamma(2.0, 1.0), pg.Gamma(2.0, 0.5)),
        (MATRIX, "0.1 + distance/5"),
    ],
    ids=["constant", "native", "host weight", "host delay", "host", "computed"],
)
def test_every_rule_with_values_of_every_kind(rule, weight, delay):
    assert_drawn_alike(rule, weight, delay)


def test_procedural_groups():
    assert_drawn_alike(
        pg.FixedProbability(0.3), pg.Normal(1.0, 0.2), pg.Uniform(0.1, 2.0), storage="procedural"
    )


def test_lists_of_values_follow_the_list_of_synapses():
    rule = pg.PairList([5, 3, 5, 0], [1, 2, 1, 4])
    assert_drawn_alike(rule, np.arange(4.0), np.array([0.4, 0.3, 0.2, 0.1]))


def test_the_seed_of_the_connectivity_is_the_one_given():
    net = pg.Network(dt=0.1, seed=7)
    a = net.population("a", 70, pg.LIF())
    group = net.connect(a, a, pg.Delta(), pg.FixedProbability(0.1), weight=pg.Normal(1.0, 0.1))
    one, other = draw_group(net, group, 1), draw_group(net, group, 2)
    assert not np.array_equal(one.post, other.post)
    assert np.array_equal(one.post, draw_group(net, group, 1).post)
