"""``-4 * LogNormal(0, 1) + 3`` wherever a distribution goes: what is drawn is what it says."""

import numpy as np
import pytest

import pygenn_lite as pg

pytestmark = pytest.mark.usefixtures("backend")

NATIVE = [
    pg.Uniform(0.5, 2.0),
    pg.Normal(1.0, 0.25),
    pg.TruncatedNormal(1.0, 0.5, low=0.2),
    pg.LogNormal(0.0, 0.5),
    pg.Exponential(1.5),
]
DRAWN_BY_THE_HOST = [pg.Gamma(2.0, 0.5), pg.Binomial(10, 0.3)]


def named(distribution):
    return type(distribution.base).__name__


def connections(weight=1.0, delay=1.0, precision="float32", threads=1, **options):
    net = pg.Network(dt=0.1, seed=3)
    a, b = net.population("a", 40, pg.LIF()), net.population("b", 300, pg.LIF())
    rule = pg.FixedProbability(0.4)
    net.connect(a, b, pg.Delta(), rule, weight=weight, delay=delay, name="drawn", **options)
    return net.compile(precision=precision, threads=threads)["drawn"].connections()


IN_SINGLE = pytest.mark.compiled("draws in single precision; hosts draw in double, then round")


@pytest.mark.parametrize("storage", ["sparse", "dense", "procedural"])
@pytest.mark.parametrize("precision", [pytest.param("float32", marks=IN_SINGLE), "float64"])
@pytest.mark.parametrize("base", NATIVE, ids=named)
def test_weights_are_the_others_times_the_factor_bit_for_bit(base, precision, storage):
    plain, scaled, shifted = (
        connections(weight, precision=precision, storage=storage).weight
        for weight in (base, -4 * base, -4 * base + 3)
    )
    assert np.array_equal(scaled, -4 * plain)
    assert np.array_equal(shifted, (plain * -4 + 3).astype(precision))


@pytest.mark.parametrize("base", DRAWN_BY_THE_HOST, ids=named)
def test_weights_that_the_host_draws_are_the_others_times_the_factor(base):
    plain = connections(base, precision="float64").weight
    assert np.array_equal(connections(3 - 4 * base, precision="float64").weight, -4 * plain + 3)


@pytest.mark.parametrize("base", NATIVE + DRAWN_BY_THE_HOST, ids=named)
@pytest.mark.parametrize("arithmetic", [(2.0, 1.0), (-0.5, 9.0)])
def test_delays_are_the_others_times_the_factor_in_steps(base, arithmetic):
    factor, offset = arithmetic
    changed = factor * base + offset
    drawn = connections(delay=changed)
    u = (np.arange(2**16) + 0.5) / 2**16
    expected = np.maximum(np.floor(changed.ppf(u) / 0.1 + 0.5), 1) * 0.1
    for edge in np.unique(np.quantile(expected, np.linspace(0.02, 0.98, 9))) + 0.05:
        found, wanted = np.mean(drawn.delay < edge), np.mean(expected < edge)
        assert found == pytest.approx(wanted, abs=0.03), "of 4,800 delays"
    assert drawn.delay.min() >= expected.min() - 1e-9
    assert np.array_equal(connections(delay=changed, threads=2).delay, drawn.delay)


def test_a_factor_of_0_leaves_the_offset():
    drawn = connections(0 * pg.Normal(1.0, 1.0) + 2, 0 * pg.Exponential(1.0) + 1.5)
    assert set(drawn.weight) == {2.0} and set(drawn.delay) == {1.5}


@pytest.mark.parametrize("base", NATIVE + DRAWN_BY_THE_HOST, ids=named)
def test_initial_values_and_parameters_are_the_others_times_the_factor(base):
    net = pg.Network(seed=1)
    for name, value in (("plain", base), ("changed", 2 * base + 1)):
        model = pg.NeuronModel("dV/dt = -V/tau", parameters={"tau": 10.0})
        net.population(name, 50, model, initial={"V": value}, parameters={"tau": value})
    sim = net.compile(precision="float64")
    # Streams carry the population's name: the same is drawn for that name in another network.
    other = pg.Network(seed=1)
    model = pg.NeuronModel("dV/dt = -V/tau", parameters={"tau": 10.0})
    other.population("changed", 50, model, initial={"V": base}, parameters={"tau": base})
    plain = other.compile(precision="float64")
    for variable in ("V", "tau"):
        drawn = sim["changed"][variable][:]
        assert np.array_equal(drawn, 2 * plain["changed"][variable][:] + 1)


def test_values_set_between_runs_take_them_too():
    net = pg.Network(seed=1)
    net.population("cells", 50, pg.LIF())
    sim = net.compile()
    sim["cells"]["V"] = pg.Uniform(0.0, 1.0)
    plain = sim["cells"]["V"][:]
    sim["cells"]["V"] = -60 - 8 * pg.Uniform(0.0, 1.0)
    assert np.allclose(sim["cells"]["V"][:], -60 - 8 * plain, rtol=1e-6)


def test_scaled_weights_that_single_precision_cannot_hold_are_refused():
    with pytest.raises(pg.errors.NetworkError, match="too large for float32"):
        connections(1e30 * pg.LogNormal(20.0, 1.0))
