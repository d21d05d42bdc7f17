"""Weights follow the numbers of synapses so that the drive stays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pygenn_lite as pg
from pygenn_lite.errors import Location, NetworkError
from pygenn_lite.scaling.drive import in_degree

TAU = 5.0
SPREAD = pg.Normal(20.0, 2.0)


def network(rule=None, weight=SPREAD, synapse=None, size=100, **options):
    net = pg.Network(seed=1)
    exc = net.population("exc", size, pg.LIF())
    inh = net.population("inh", 50, pg.LIF())
    synapse = synapse or pg.ExponentialCurrent(TAU)
    net.connect(exc, inh, synapse, rule or pg.FixedProbability(0.2), weight=weight, **options)
    return net


def drive(net, rate=8.0):
    """Mean and variance of the drive, and the part of the variance that the spread makes."""
    group = net["exc_inh"]
    k = in_degree(net, group, Location("here"))
    mean, std = group.weight.mean_value(), getattr(group.weight, "std", 0.0)
    r = rate * 1e-3
    return k * r * TAU * mean, k * r * TAU / 2 * (mean**2 + std**2), k * r * TAU / 2 * std**2


@given(st.integers(10, 4000))
def test_the_mean_is_kept_and_what_the_spread_adds(size):
    before = network()
    after = pg.scale_weights(before, sizes={"exc": size}, spread="sqrt") if size <= 400 else None
    if after is not None:
        assert drive(after)[0] == pytest.approx(drive(before)[0])
        assert drive(after)[2] == pytest.approx(drive(before)[2])
    narrow = pg.scale_weights(before, sizes={"exc": size}, spread="proportional")
    assert drive(narrow)[0] == pytest.approx(drive(before)[0])
    assert drive(narrow)[1] == pytest.approx(drive(before)[1] * 100 / size)


@pytest.mark.parametrize("factor", [0.1, 0.5, 3.0])
def test_the_variance_is_kept(factor):
    before = network()
    after = pg.scale_weights(before, sizes=factor, keep="variance")
    assert after["inh"].size == round(50 * factor)
    assert drive(after)[1] == pytest.approx(drive(before)[1])
    assert drive(after)[0] == pytest.approx(drive(before)[0] * np.sqrt(factor))


@pytest.mark.parametrize("factor", [0.1, 4.0])
def test_a_current_makes_up_for_the_mean(factor):
    before = network()
    after = pg.scale_weights(before, sizes=factor, keep="both", rates={"exc": 8.0})
    assert drive(after)[1] == pytest.approx(drive(before)[1])
    assert drive(after)[0] + after["restore_inh"].value == pytest.approx(drive(before)[0])


def test_the_two_scalings_agree():
    """`scale_network` and ``keep="both"`` by a network with other in-degrees are one arithmetic."""
    full = network(pg.FixedInDegree(40))
    by_factor = pg.scale_network(full, 0.25, {"exc": 8.0, "inh": 0.0})
    fewer = full.with_values({"populations.*.size": 25, "groups.exc_inh.connectivity.n": 10})
    again = pg.scale_weights(fewer, like=full, keep="both", rates={"exc": 8.0})
    assert again["exc_inh"].weight == by_factor["exc_inh"].weight
    assert again["restore_inh"].value == pytest.approx(by_factor["restore_inh"].value)


@pytest.mark.parametrize(
    ("rule", "ratio"),
    [
        (pg.FixedProbability(0.2), 2.0),
        (pg.AllToAll(), 2.0),
        (pg.FixedInDegree(10), 1.0),
        (pg.FixedOutDegree(10), 2.0),
        (pg.FixedTotalNumber(1000), 1.0),
    ],
)
def test_numbers_of_synapses_are_those_of_the_rule(rule, ratio):
    after = pg.scale_weights(network(rule), sizes={"exc": 200}, keep="mean")
    assert after["exc_inh"].weight.mean_value() == pytest.approx(20.0 / ratio)
    assert after["exc_inh"].connectivity == rule


def test_weights_of_another_network_are_taken():
    old = network(pg.FixedInDegree(10), weight=3.0)
    new = network(pg.FixedInDegree(40), weight=99.0)
    assert pg.scale_weights(new, like=old)["exc_inh"].weight == 0.75
    assert pg.scale_weights(new, like=old, keep="variance")["exc_inh"].weight == 1.5
    assert pg.scale_weights(old, like=old) == old
    assert new["exc_inh"].weight == 99.0


def test_poisson_inputs_count():
    def driven(sources, rate):
        net = pg.Network(seed=1)
        cells = net.population("cells", 10, pg.LIF())
        synapse = pg.ExponentialCurrent(TAU)
        net.poisson(cells, rate, sources=sources, weight=2.0, synapse=synapse, name="drive")
        return net

    after = pg.scale_weights(driven(400, 8.0), like=driven(100, 8.0))
    assert after["drive"].weight == 0.5
    after = pg.scale_weights(driven(100, 2.0), like=driven(100, 8.0), keep="both")
    assert after["drive"].weight == 4.0
    assert after["restore_cells"].value == pytest.approx(1e-3 * TAU * 800 * 2.0 * 0.5)


def test_what_is_kept_is_chosen_by_name():
    net = network()
    net.connect("inh", "exc", pg.ExponentialCurrent(TAU), pg.FixedProbability(0.2), weight=-4.0)
    after = pg.scale_weights(net, sizes=4.0, keep={"inh_*": "variance"})
    assert (after["inh_exc"].weight, after["exc_inh"].weight) == (-2.0, net["exc_inh"].weight)


def test_synapses_that_learn_are_scaled_where_they_are_named():
    net = network(weight=0.5, synapse=pg.PairSTDP())
    with pytest.raises(
        NetworkError, match=r"'exc_inh': cannot be scaled: its synapses learn.*\n.*keep=\{'exc_inh'"
    ):
        pg.scale_weights(net, sizes=2.0)
    assert pg.scale_weights(net, sizes=2.0, keep={"exc_inh": "mean"})["exc_inh"].weight == 0.25


def test_short_term_plasticity_and_graded_synapses_are_linear():
    net = network(weight=0.5, synapse=pg.TsodyksMarkram())
    assert pg.scale_weights(net, sizes=2.0)["exc_inh"].weight == 0.25
    graded = pg.SynapseModel(continuous="I_post += weight*max(V_pre + 40, 0)")
    assert pg.scale_weights(network(weight=1.0, synapse=graded), sizes=2.0)["exc_inh"].weight == 0.5


SQUARE = pg.SynapseModel("dI_syn/dt = -I_syn", inputs="I = I_syn", on_pre="I_syn += weight**2")


class Unknown(pg.Connectivity):
    def draw(self, n_pre, n_post, random):
        return [0], [0]


@pytest.mark.parametrize(
    ("net", "options", "message"),
    [
        (network(Unknown()), {"sizes": 2.0}, "the rule Unknown does not tell its number"),
        (network(synapse=SQUARE, weight=1.0), {"sizes": 2.0}, "does not act linearly: I_syn"),
        (network(weight=pg.Uniform(0, 1)), {"sizes": 2.0}, "would change their sign"),
        (network(), {"sizes": 2.0, "keep": "both"}, "the rate of 'exc' is not known"),
        (
            network(synapse=pg.Delta()), {"sizes": 2.0, "keep": "both", "rates": {"exc": 1.0}},
            "Delta is not a static current",
        ),
        (network(), {"like": network(synapse=pg.AlphaCurrent())}, "the synapse models of the two"),
        (network(), {"like": network(pg.FixedProbability(0.0))}, "no weight makes up for none"),
    ],
)  # fmt: skip
def test_what_cannot_be_scaled_is_refused_by_name(net, options, message):
    with pytest.raises(NetworkError, match=message) as caught:
        pg.scale_weights(net, **options)
    assert "'exc_inh'" in str(caught.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "give either sizes or like"),
        ({"sizes": 2.0, "like": network()}, "give either sizes or like"),
        ({"sizes": 0.0}, "sizes = 0.0"),
        ({"sizes": {"exx": 5}}, "there is no population 'exx'; did you mean 'exc'?"),
        ({"sizes": {"exc": -5}}, "populations.exc.size"),
        ({"sizes": 2.0, "keep": "rate"}, "keep"),
        ({"sizes": 2.0, "keep": {"exc_in": "mean"}}, "Poisson input 'exc_in'; did you mean 'exc_i"),
        ({"sizes": 2.0, "spread": "linear"}, "spread"),
        ({"sizes": 2.0, "rates": {"exc": 1.0}}, "no current is to make up for a mean"),
        ({"like": pg.Network()}, "the other network has none of this name from 'exc' to 'inh'"),
    ],
)
def test_bad_input_is_refused(options, message):
    with pytest.raises(NetworkError, match=message.replace("?", r"\?")):
        pg.scale_weights(network(), **options)


def test_the_old_place_of_scale_network_still_works():
    from pygenn_lite.yaml_format import scale_network

    assert scale_network(network(pg.FixedInDegree(10)), 0.5, {"exc": 1.0})["exc"].size == 50
