"""Several given networks in one simulation: each is, bit for bit, what it is compiled alone; what
they have in common is laid down once; networks that are not alike are refused."""

from __future__ import annotations

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.errors import ArgumentError, NetworkError
from pygenn_lite.runtime.given_networks import (
    alike,
    alike_in_synapses,
    given_network,
    plan_given,
)

pytestmark = pytest.mark.usefixtures("backend")


def network(seed=5, *, weight=20.0, tau=10.0, size=20, rate=8.0, dt=0.5, delay=1.5, p=0.3):
    net = pg.Network(dt=dt, seed=seed)
    exc = net.population("exc", size, pg.LIF(tau=tau), initial={"V": pg.Uniform(-60.0, -50.0)})
    inh = net.population("inh", 5, pg.LIF())
    current = pg.ExponentialCurrent(5.0)
    rule = pg.FixedProbability(p)
    net.connect(exc, inh, current, rule, weight=weight, delay=delay)
    net.connect(exc, exc, current, rule, weight=pg.Normal(20.0, 2.0), delay=pg.Uniform(0.5, 2.0))
    net.connect(inh, exc, current, pg.AllToAll(), weight=-20.0, delay=pg.Uniform(0.5, 2.0))
    net.poisson(
        exc, rate, sources=1000, weight=87.8, synapse=pg.ExponentialCurrent(0.5), name="drive"
    )
    net.record(exc.spikes, inh.spikes, inh["V"])
    return net


def with_weights(weights):
    return network().with_values({f"groups.{name}.weight": w for name, w in weights.items()})


def assert_each_is_its_single_run(networks, **options):
    sim = pg.compile_networks(networks, **options)
    together = sim.run(60.0)
    for net, found in zip(networks, together, strict=True):
        alone = net.compile(threads=1, **options).run(60.0)
        assert len(alone.spikes["exc"])
        for name, train in alone.spikes.items():
            assert np.array_equal(train.steps, found.spikes[name].steps)
            assert np.array_equal(train.indices, found.spikes[name].indices)
        assert np.array_equal(alone.traces["inh"]["V"].values, found.traces["inh"]["V"].values)
    return sim


def given(networks):
    return [given_network(net) for net in networks]


# ------------------------------------------------------------------ the same bits
def test_values_and_seeds_may_differ():
    networks = [network(), network(6), network(tau=20.0), network(7, weight=50.0, rate=9.0)]
    assert_each_is_its_single_run(networks)
    assert not plan_given(given(networks)).shared


def test_synapses_that_do_not_differ_are_laid_down_once():
    networks = [network(), network(tau=20.0), network(rate=9.0)]
    assert_each_is_its_single_run(networks)
    planned = plan_given(given(networks))
    assert planned.shared and not planned.own_weights


def test_weights_may_be_others_on_the_same_synapses():
    numbers = [network(), network(weight=60.0), network(weight=0.0, tau=20.0)]
    planned = plan_given(given(numbers))
    assert planned.shared and planned.own_weights == {"exc_inh"}
    sim = assert_each_is_its_single_run(numbers)
    assert [float(one["exc_inh"].connections().weight[0]) for one in sim.instances] == [20, 60, 0]


def test_numbers_as_weights_where_each_synapse_keeps_its_own():
    networks = [
        network().with_values(
            {"groups.inh_exc.weight": w, "groups.exc_exc.weight": pg.Normal(w, 1)}
        )
        for w in (-20.0, -30.1)
    ]
    assert plan_given(given(networks)).own_weights == {"inh_exc", "exc_exc"}
    assert_each_is_its_single_run(networks)
    only_numbers = [with_weights({"inh_exc": w}) for w in (-20.0, -30.1)]
    assert plan_given(given(only_numbers)).own_weights == {"inh_exc"}
    assert_each_is_its_single_run(only_numbers, precision="float64")


def test_weights_that_cannot_be_an_instances_own_take_synapses_of_their_own():
    def rounded(weight):
        net = network()
        net.connect(
            net["exc"], net["inh"], pg.ExponentialCurrent(5.0), pg.AllToAll(),
            weight=pg.Uniform(weight, 2 * weight), weight_precision="int16", name="coded",
        )  # fmt: skip
        return net

    networks = [rounded(1.0), rounded(3.0)]
    assert plan_given(given(networks)).own_weights == {"coded"}
    assert_each_is_its_single_run(networks)


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 6},
        {"delay": 2.5},
        {"p": 0.4},
        {"weight": pg.Normal(20.0, 1.0)},
    ],
)
def test_other_synapses_are_laid_down_for_each(other):
    networks = [network(), network(**other)]
    assert alike(given(networks)) == [[0, 1]]
    assert alike_in_synapses(given(networks)) == [[0], [1]]
    assert not plan_given(given(networks)).shared


def test_positions_decide_about_synapses():
    def placed(shift):
        net = pg.Network(seed=1)
        cells = net.population("cells", 4, pg.LIF(), positions=np.arange(4.0)[:, None] + shift)
        net.connect(cells, cells, pg.ExponentialCurrent(5.0), pg.FixedProbability(0.5), weight=1.0)
        return net

    assert alike_in_synapses(given([placed(0.0), placed(0.0)])) == [[0, 1]]
    assert alike_in_synapses(given([placed(0.0), placed(1.0)])) == [[0], [1]]


def test_one_seed_for_the_connectivity_of_all():
    networks = [network(5), network(6)]
    sim = pg.compile_networks(networks, connectivity_seed=9)
    single = networks[1].compile(connectivity_seed=9)
    assert np.array_equal(sim.instances[1]["exc_exc"]["weight"], single["exc_exc"]["weight"])
    found, alone = sim.run(50.0)[1], single.run(50.0)
    assert np.array_equal(found.spikes["exc"].steps, alone.spikes["exc"].steps)


def test_what_is_declared_later_changes_nothing():
    networks = [network(), network()]
    sim = pg.compile_networks(networks)
    networks[0].seed = 99
    assert sim.network.seed == 5
    sim.reset()
    assert sim.seeds == [5, 5]


# ------------------------------------------------------------------ which are alike
def test_networks_are_put_into_sets_of_those_that_are_alike():
    networks = [network(), network(size=21), network(6), network(dt=0.25), network(6, size=21)]
    assert alike(given(networks)) == [[0, 2], [1, 4], [3]]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda: network(size=30), "its populations"),
        (lambda: network(dt=0.25), "dt"),
        (lambda: without(network(), "groups", "exc_inh"), "its synapse groups"),
        (lambda: without(network(), "recordings", 0), "what is recorded"),
        (
            lambda: network().with_values(
                {"populations.exc.parameters.tau": np.linspace(9, 11, 20)}
            ),
            "its structure",
        ),
    ],
)
def test_networks_that_are_not_alike_are_refused(change, what):
    message = (
        rf"compile_networks: network 1 differs from network 0 in {what}.*cannot be an instance"
    )
    with pytest.raises(NetworkError, match=message):
        pg.compile_networks([network(), change()])


def without(net, part, which):
    del getattr(net, part)[which]
    return net


@pytest.mark.parametrize("what", [[], network(), "cuba", 3])
def test_something_that_is_no_list_of_networks_is_refused(what):
    with pytest.raises(
        ArgumentError, match=r"is not a list of networks\n.*write \[first, second\]"
    ):
        pg.compile_networks(what)


def test_something_among_them_that_is_no_network_is_refused():
    with pytest.raises(ArgumentError, match="'cuba' among the networks is none"):
        pg.compile_networks([network(), "cuba"])
    with pytest.raises(ArgumentError, match="the network has no population"):
        pg.compile_networks([network(), pg.Network()])
