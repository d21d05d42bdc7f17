"""Weights of 16 bits: what they are, what they take, what they do, and what is refused."""

import warnings

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.errors import (
    NetworkError,
    PygennLiteError,
    PygennLiteWarning,
    UnsupportedFeatureError,
)

pytestmark = pytest.mark.usefixtures("backend")


def network(weight, precision, *, rule=None, delay=pg.Uniform(0.5, 2.0), **options):  # noqa: B008
    net = pg.Network(dt=0.1, seed=5)
    source = net.population("source", 200, pg.PoissonNeuron(rate=50.0))
    target = net.population("target", 300, pg.LIF())
    rule = pg.FixedProbability(0.3) if rule is None else rule
    net.connect(source, target, pg.ExponentialCurrent(5.0), rule, weight=weight, delay=delay,
                weight_precision=precision, name="made", **options)  # fmt: skip
    net.record(target["V"][::50], interval=2.0)
    return net


def row_of(sim):
    (row,) = [row for row in sim.memory() if row.name == "made"]
    return row


IN_SINGLE = pytest.mark.compiled("draws in single precision; hosts draw in double, then round")


@pytest.mark.parametrize("precision", ["float16", "int16"])
@pytest.mark.parametrize("weight", [pg.Normal(20.0, 4.0), "10 + i_pre/20", pg.Gamma(2.0, 5.0)])
@pytest.mark.parametrize("real", [pytest.param("float32", marks=IN_SINGLE), "float64"])
def test_weights_are_those_of_full_precision_rounded(weight, precision, real):
    full = network(weight, "full").compile(precision=real)["made"].connections()
    made = network(weight, precision).compile(precision=real, threads=2)["made"].connections()
    assert np.array_equal(made.pre, full.pre) and np.array_equal(made.delay, full.delay)
    if precision == "float16" and (real == "float64" or not isinstance(weight, pg.Gamma)):
        assert np.array_equal(made.weight, full.weight.astype(np.float16))
    elif precision == "float16":  # of the host's doubles, which are not rounded to single before
        assert made.weight == pytest.approx(full.weight, rel=2.0**-11 * 1.001)
    else:
        scale = np.abs(full.weight).max() / 32767
        assert np.abs(made.weight - full.weight).max() <= scale / 2 * 1.001


@pytest.mark.parametrize("precision", ["float16", "int16"])
@pytest.mark.parametrize("real", ["float32", "float64"])
def test_a_run_is_that_of_the_rounded_weights(precision, real):
    """The same spikes and the same sums as a group whose weights are given as they were rounded."""
    net = network(pg.Normal(20.0, 4.0), precision, delay=1.0)
    sim = net.compile(precision=real)
    synapses = sim["made"].connections()
    result = sim.run(50.0)
    given = network(synapses.weight, "full", delay=1.0, storage="sparse",
                    rule=pg.PairList(synapses.pre, synapses.post))  # fmt: skip
    other = given.compile(precision=real).run(50.0)
    values = result.traces["target"]["V"].values
    assert np.ptp(values) > 1.0
    if precision == "float16":
        assert np.array_equal(values, other.traces["target"]["V"].values)
    else:  # a product of scale and code, rounded again in single precision
        assert values == pytest.approx(other.traces["target"]["V"].values, abs=2e-4)


@pytest.mark.compiled("what lies in memory")
def test_synapses_take_4_bytes_instead_of_6_or_10():
    for real, expected in (("float32", 6), ("float64", 10)):
        full = network(pg.Normal(20.0, 4.0), "full").compile(precision=real)
        half = network(pg.Normal(20.0, 4.0), "float16").compile(precision=real)
        rest = row_of(full).bytes - expected * len(full["made"])
        assert row_of(half).bytes == rest + 4 * len(half["made"])
        planned = [r.bytes for r in network(pg.Normal(20.0, 4.0), "float16").compile().memory()]
        assert planned


@pytest.mark.compiled("what lies in memory")
def test_the_rounding_is_stated():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sim = network(pg.Normal(20.0, 4.0), "float16").compile()
        assert "float16 (rounding changes them by 0.01" in row_of(sim).what
        assert "float16" in str(sim.inspect().memory)
        sim = network(pg.Normal(20.0, 4.0), "int16").compile()
        assert "int16, steps of 0.00107" in row_of(sim).what


def test_rounding_is_warned_of_where_it_loses_much():
    with pytest.warns(PygennLiteWarning, match=r"'made': weight_precision: rounding changes"):
        network(pg.LogNormal(-18.0, 1.0), "float16").compile()
    with pytest.warns(PygennLiteWarning, match=r"rounding changes the weights by"):
        # A few that are large leave steps that the others are lost between.
        network("where(i_pre < 1 and i_post < 20, 1000, 0.014)", "int16").compile()


def test_weights_that_are_set_are_rounded_and_kept_by_checkpoints(tmp_path):
    sim = network(pg.Normal(20.0, 4.0), "float16").compile()
    sim["made"]["weight"] = np.linspace(0.0, 3.0, len(sim["made"]))
    expected = np.linspace(0.0, 3.0, len(sim["made"])).astype(np.float16)
    assert np.array_equal(sim["made"]["weight"][:], expected)
    sim.save(tmp_path / "state.npz")
    other = network(pg.Normal(20.0, 4.0), "float16").compile()
    other.restore(tmp_path / "state.npz")
    assert np.array_equal(other["made"]["weight"][:], expected)
    with pytest.raises(PygennLiteError, match="65504"):
        sim["made"]["weight"] = 1e5 * np.ones(len(sim["made"]))
    fixed = network(pg.Normal(20.0, 4.0), "int16").compile()
    fixed["made"]["weight"] = np.linspace(-300.0, 300.0, len(fixed["made"]))
    assert fixed["made"]["weight"][:] == pytest.approx(
        np.linspace(-300.0, 300.0, len(fixed["made"])), abs=0.0051
    )


@pytest.mark.parametrize("precision", ["float16", "int16"])
def test_weights_that_are_set_are_rounded_alike_on_both_backends(precision):
    found = []
    for backend in ("reference", "cpp"):
        net = pg.Network()
        cells = net.population("cells", 10, pg.LIF())
        net.connect(cells, cells, pg.Delta(), pg.AllToAll(), weight=pg.Normal(1.0, 0.1),
                    weight_precision=precision, name="made")  # fmt: skip
        sim = net.compile(backend, precision="float64")
        sim["made"]["weight"] = np.linspace(-1.0, 30.0, 100) / 3
        found.append(sim["made"]["weight"][:])
    assert found[0] == pytest.approx(found[1], rel=1e-7)
    assert not np.array_equal(found[0], np.linspace(-1.0, 30.0, 100) / 3)


def test_what_has_no_weights_of_16_bits_is_refused_by_name():
    net = pg.Network()
    cells = net.population("cells", 10, pg.LIF())
    with pytest.raises(UnsupportedFeatureError, match="that only add a weight"):
        net.connect(cells, cells, pg.PairSTDP(), pg.AllToAll(), weight=0.5,
                    weight_precision="float16")  # fmt: skip
    for storage in ("dense", "procedural"):
        with pytest.raises(UnsupportedFeatureError, match=f"not for {storage}"):
            network(1.0, "int16", storage=storage)
    with pytest.raises(NetworkError, match=r"weight_precision.*float16"):
        network(1.0, "float8")
    with pytest.raises(PygennLiteError, match="65504"):
        network(pg.Normal(1e5, 1.0), "float16").compile()


def test_the_precision_of_weights_comes_back_from_yaml():
    net = network(pg.Normal(20.0, 4.0), "int16")
    assert pg.load_network(pg.dump_network(net))[0] == net
    assert "weight_precision: int16" in pg.dump_network(net)
    assert net != network(pg.Normal(20.0, 4.0), "full")


# ------------------------------------------------------------------------------------- kernels


def convolution(weight, **options):
    net = pg.Network(dt=0.5, seed=1)
    pixels = np.flatnonzero(np.random.default_rng(3).random(2 * 12 * 12) < 0.3)
    image = net.spike_source("image", (2, 12, 12), np.full(len(pixels), 1.0), pixels)
    maps = net.population("maps", (8, 8, 8), pg.NeuronModel("dV/dt = 0*V"))
    net.connect(image, maps, pg.Delta(), pg.Convolution(5), weight=weight, name="made", **options)
    return net


@pytest.mark.parametrize("real", ["float32", "float64"])
def test_the_synapses_of_a_convolution_share_one_kernel(real):
    kernel = np.random.default_rng(1).normal(size=(8, 2, 5, 5))
    shared, each = (convolution(kernel, storage=s).compile(precision=real)
                    for s in ("auto", "dense"))  # fmt: skip
    for sim in (shared, each):
        sim.run(4.0)
    assert shared["maps"]["V"][:] == pytest.approx(each["maps"]["V"][:], rel=1e-5, abs=1e-6)
    assert np.array_equal(shared["made"]["weight"][:], each["made"]["weight"][:])


@pytest.mark.compiled("what lies in memory")
def test_a_kernel_takes_no_memory_for_each_synapse():
    kernel = np.random.default_rng(1).normal(size=(8, 2, 5, 5))
    shared = convolution(kernel).compile()
    row = row_of(shared)
    assert row.what == "synapses, weights shared"
    count = len(shared["made"])
    kept = 4 * count  # targets, for reading back
    assert kept + 4 * count <= row.bytes <= kept + 4 * count + 4096, "2 for a target, 2 for a place"


def test_another_kernel_is_set_as_the_weights_of_all_synapses():
    first, second = np.random.default_rng(2).normal(size=(2, 8, 2, 5, 5))
    sim, other = convolution(first).compile(), convolution(second).compile()
    sim["made"]["weight"] = other["made"]["weight"][:]
    for one in (sim, other):
        one.run(4.0)
    assert np.array_equal(sim["maps"]["V"][:], other["maps"]["V"][:])
    weights = other["made"]["weight"][:]
    weights[0] += 1.0
    with pytest.raises(PygennLiteError, match="share an entry of the kernel"):
        sim["made"]["weight"] = weights
    half = convolution(first, weight_precision="float16").compile()
    full = convolution(first).compile()["made"]["weight"][:]
    assert half["made"]["weight"][:] == pytest.approx(full, rel=2.0**-11 * 1.001, abs=1e-7)


@pytest.mark.parametrize("real", ["float32", "float64"])
def test_the_smallest_weights_arrive_as_they_are_read(real):
    """Below 2^-14 half precision counts steps of 2^-24; workers take subnormal floats for zero."""
    weight = np.arange(-2050, 2050) * 2.0**-24
    net = pg.Network(dt=0.1)
    source = net.spike_source("source", 1, [1.0], [0])
    target = net.population("target", len(weight), pg.NeuronModel("dV/dt = 0*V"))
    net.connect(
        source, target, pg.Delta(), pg.AllToAll(), weight=weight[None, :], storage="sparse",
        weight_precision="float16", name="made",
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PygennLiteWarning)
        sim = net.compile(precision=real)
    sim.run(5.0)
    expected = weight.astype(np.float16)
    assert np.array_equal(sim["made"]["weight"][:], expected)
    assert np.array_equal(sim["target"]["V"][:], expected)


@pytest.mark.parametrize("precision", ["float16", "int16"])
@pytest.mark.parametrize("weight", [1e5, 0.1, 1e-9])
def test_one_weight_for_all_is_kept_as_it_is(weight, precision):
    net = pg.Network(dt=0.1)
    source = net.spike_source("source", 1, [1.0], [0])
    target = net.population("target", 3, pg.NeuronModel("dV/dt = 0*V"))
    net.connect(source, target, pg.Delta(), pg.AllToAll(), weight=weight,
                weight_precision=precision, name="made")  # fmt: skip
    sim = net.compile(precision="float64")
    assert np.array_equal(sim["made"]["weight"][:], 3 * [weight])
    sim.run(5.0)
    assert np.allclose(sim["target"]["V"][:], weight, rtol=1e-12, atol=0.0)
    sim["made"]["weight"] = weight / 3
    assert np.array_equal(sim["made"]["weight"][:], 3 * [weight / 3])
