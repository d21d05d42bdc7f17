"""A scaled network keeps the mean and the variance of every neuron's input."""

import math

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.declaration.connectivity import Ends
from pygenn_lite.errors import NetworkError
from pygenn_lite.scaling import scale_network
from pygenn_lite.yaml_format import load_network

SIZES = [20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948]
K_EXT = [1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100]


def test_the_microcircuit_is_scaled_as_the_reference_does():
    net, settings = load_network("microcircuit")
    k, rates = 0.1, settings.full_scale_rates
    small = scale_network(net, k, rates)
    names = list(net.populations)
    assert [p.size for p in small.populations.values()] == [round(n * k) for n in SIZES]
    currents = {one.target: one.value for one in small.inputs if isinstance(one, pg.CurrentInput)}
    poisson = {one.target: one for one in small.inputs if isinstance(one, pg.PoissonInput)}
    for target, size, external in zip(names, SIZES, K_EXT, strict=True):
        arriving = 87.8085 * external * 8.0
        for source, count in zip(names, SIZES, strict=True):
            group = net.groups.get(f"{source}_{target}")
            if group is None:
                continue
            total = round(
                math.log1p(-group.connectivity.probability) / math.log1p(-1 / (count * size))
            )
            arriving += group.weight.mean * total / size * rates[source]
            scaled = small.groups[group.name]
            assert scaled.connectivity.n == round(total * k * k)
            assert scaled.weight.mean == pytest.approx(group.weight.mean / math.sqrt(k))
            assert scaled.weight.std == pytest.approx(group.weight.std / math.sqrt(k))
            assert scaled.delay == group.delay
        assert currents[target] == pytest.approx(1e-3 * 0.5 * (1 - math.sqrt(k)) * arriving)
        assert poisson[target].sources == round(external * k)
        assert poisson[target].weight == pytest.approx(87.8085 / math.sqrt(k))


def simple(synapse, connectivity=None, **options):
    net = pg.Network(seed=1)
    a = net.population("a", 100, pg.LIF())
    net.connect(a, a, synapse, connectivity or pg.FixedInDegree(20), **options)
    return net


@pytest.mark.parametrize("k", [0.2, 1.0, 4.0])
@pytest.mark.parametrize(
    ("synapse", "charge"),
    [
        (pg.ExponentialCurrent(tau=5.0), 5.0),
        (pg.AlphaCurrent(tau=2.0), 2.0 * math.e),
        (
            pg.SynapseModel(
                "dx/dt = -x*rate; rate = 1/tau; dy/dt = x - y", inputs="I = 2*y",
                on_pre="x += weight", parameters=dict(tau=3.0),
            ), 6.0,
        ),
    ],
)  # fmt: skip
def test_mean_and_variance_of_the_current_are_kept(k, synapse, charge):
    full = simple(synapse, weight=pg.Uniform(1, 3))
    small = scale_network(full, k, {"a": 8.0})
    weight, degree = small.groups["a_a"].weight, small.groups["a_a"].connectivity.n
    mean = 2.0 * 20 * 8.0 * 1e-3 * charge
    restored = small.inputs[0].value + weight.mean_value() * degree * 8.0 * 1e-3 * charge
    assert restored == pytest.approx(mean)
    assert weight.mean_value() ** 2 * degree == pytest.approx(2.0**2 * 20)


@pytest.mark.parametrize(
    ("net", "message"),
    [
        (simple(pg.ExponentialConductance()), "not a linear current"),
        (simple(pg.Delta()), "not a static current"),
        (simple(pg.PairSTDP()), "not a static current"),
        (simple(pg.ExponentialCurrent(), pg.OneToOne()), "OneToOne cannot be scaled"),
        (simple(pg.ExponentialCurrent(), weight="i_pre"), "not numbers or a scalable"),
    ],
)
def test_what_cannot_be_scaled_is_refused_by_name(net, message):
    with pytest.raises(NetworkError, match=message) as caught:
        scale_network(net, 0.5, {"a": 1.0})
    assert "'a_a'" in str(caught.value)


@pytest.mark.parametrize(
    "rule", [pg.FixedInDegree(4), pg.FixedOutDegree(4), pg.FixedTotalNumber(40)]
)
def test_no_synapses_left_are_refused_not_left_out(rule):
    net = simple(pg.ExponentialCurrent(), rule)
    with pytest.raises(NetworkError, match=r"'a_a'.*none are left\n.*larger factor"):
        scale_network(net, 0.1, {"a": 1.0})
    assert scale_network(net, 0.5, {"a": 1.0}).groups["a_a"].connectivity.n


def test_no_sources_left_are_refused_not_left_out():
    net = pg.Network(seed=1)
    a = net.population("a", 100, pg.LIF())
    net.poisson(a, 5.0, weight=1.0, synapse=pg.ExponentialCurrent(), sources=4, name="few")
    with pytest.raises(NetworkError, match=r"'few'.*4 sources times 0.1 none are left"):
        scale_network(net, 0.1, {})
    assert scale_network(net, 0.5, {}).inputs[0].sources == 2


@pytest.mark.parametrize("rule", [pg.AllToAll, lambda **k: pg.FixedProbability(0.5, **k)])
def test_expected_numbers_leave_out_missing_autapses(rule):
    for autapses in (True, False):
        per_pair = 0.5 if isinstance(rule(), pg.FixedProbability) else 1.0
        expected = rule(autapses=autapses).count(Ends(100, 100, True)).total
        assert expected == per_pair * (100 * 100 - 100 * (not autapses))
        full = simple(pg.ExponentialCurrent(tau=5.0), rule(autapses=autapses))
        restored = scale_network(full, 0.25, {"a": 8.0}).inputs[0].value
        assert restored == pytest.approx(0.5 * expected / 100 * 8.0 * 1e-3 * 5.0)


def test_a_missing_rate_is_named():
    with pytest.raises(NetworkError, match="full-scale rate of 'a'"):
        scale_network(simple(pg.ExponentialCurrent()), 0.5, {})


@pytest.mark.parametrize("k", [0, -1, float("nan"), 1e9])
def test_a_factor_that_is_none_is_refused(k):
    with pytest.raises(NetworkError, match="cannot scale by"):
        scale_network(simple(pg.ExponentialCurrent()), k, {"a": 1.0})


def test_recordings_keep_their_slices():
    net = simple(pg.ExponentialCurrent())
    a = net.populations["a"]
    net.record(a.spikes, a["V"][10:90:2], interval=0.3)
    small = scale_network(net, 0.5, {"a": 1.0})
    assert small.recordings[0].what == small.populations["a"].spikes
    assert small.recordings[1].what == small.populations["a"]["V"][10:50:2]
    assert small.recordings[1].interval == 0.3


def test_recordings_end_where_the_smaller_population_does():
    net = simple(pg.ExponentialCurrent())
    a = net.populations["a"]
    net.record(a["V"][10:30], a.spikes[[1, 5, 99]])
    small = scale_network(net, 0.2, {"a": 1.0})
    assert small.recordings[0].what == small.populations["a"]["V"][10:20]
    assert small.recordings[1].what == small.populations["a"].spikes[[1, 5]]


def test_no_population_is_left_without_a_neuron():
    net = simple(pg.ExponentialCurrent())
    net.population("few", 2, pg.LIF())
    assert scale_network(net, 0.1, {"a": 1.0}).populations["few"].size == 1


def test_a_single_source_that_stands_for_many_has_its_rate_scaled():
    net = simple(pg.ExponentialCurrent())
    net.poisson("a", 800.0, weight=2.0, synapse=pg.ExponentialCurrent(), name="one")
    net.poisson("a", 8.0, weight=2.0, synapse=pg.ExponentialCurrent(), sources=100, name="many")
    small = {one.name: one for one in scale_network(net, 0.25, {"a": 1.0}).inputs}
    assert (small["one"].rate, small["one"].sources) == (200.0, 1.0)
    assert (small["many"].rate, small["many"].sources) == (8.0, 25.0)
    assert small["one"].weight == small["many"].weight == 4.0


@pytest.mark.parametrize(
    "weight",
    [
        pg.LogNormal(1.0, 0.5),
        pg.Gamma(2.0, 3.0),
        pg.Uniform(1.0, 5.0),
        pg.Exponential(2.0),
        pg.Binomial(9, 0.5),
        5 - pg.Exponential(2.0),
    ],
)
def test_mean_and_spread_of_weights_grow_alike(weight):
    net = simple(pg.ExponentialCurrent(), weight=weight)
    (group,) = scale_network(net, 0.25, {"a": 1.0}).groups.values()
    chances = np.linspace(0.01, 0.99, 99)
    assert np.allclose(group.weight.ppf(chances), 2.0 * weight.ppf(chances))
