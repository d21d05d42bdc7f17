"""Synapses laid down on a card are those that the C++ builder lays down, bit for bit."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from device_compiler import compile_for_device
from hypothesis import given, settings
from hypothesis import strategies as st
from laid_down import (
    assert_alike,
    assert_same,
    card_array,
    card_builder,
    connected,
    network,
    plan_of,
)

import pygenn_lite as pg
from pygenn_lite.codegen.plan.delivery import StorePlan
from pygenn_lite.errors import (
    InsufficientMemoryError,
    NetworkError,
    SimulationError,
    UnsupportedFeatureError,
)
from pygenn_lite.runtime.cuda.building import Request
from pygenn_lite.runtime.cuda.card_slots import CardSlots
from pygenn_lite.runtime.cuda.connecting import CardConnecting
from pygenn_lite.runtime.cuda.drivers.nvrtc import Target
from pygenn_lite.runtime.values.group_description import GroupDescription

RNG = np.random.default_rng(5)
PLACES = RNG.uniform(0, 10, (90, 2))
PRE, POST = RNG.integers(0, 90, 500), RNG.integers(0, 70, 500)
RULES = {
    "all": pg.AllToAll(),
    "probability": pg.FixedProbability(0.13),
    "rare": pg.FixedProbability(1e-7),
    "certain": pg.FixedProbability(1.0),
    "never": pg.FixedProbability(0.0),
    "total": pg.FixedTotalNumber(900),
    "total, distinct": pg.FixedTotalNumber(900, multapses=False),
    "total, few": pg.FixedTotalNumber(3),
    "in": pg.FixedInDegree(20),
    "in, distinct": pg.FixedInDegree(20, multapses=False),
    "in, most": pg.FixedInDegree(80, multapses=False),
    "out": pg.FixedOutDegree(100),
    "out, distinct": pg.FixedOutDegree(9, multapses=False),
    "out, most": pg.FixedOutDegree(66, multapses=False),
    "list": pg.PairList(PRE, POST),
}
NATIVE = [
    pg.Uniform(-1.0, 4.0), pg.Normal(2.0, 0.5), pg.TruncatedNormal(1.0, 0.5, 0.2, 1.5),
    pg.TruncatedNormal(1.0, 0.5, 3.0), pg.LogNormal(0.3, 0.6), pg.Exponential(2.0),
    -4 * pg.LogNormal(0.0, 1.0) + 3, 0 * pg.Normal(1.0, 2.0) + 2,
]  # fmt: skip
DELAYS = [
    0.5, pg.Uniform(0.1, 3.0), pg.Normal(1.5, 0.75), pg.TruncatedNormal(1.5, 0.75, 0.1),
    pg.LogNormal(0.0, 0.5), pg.Exponential(1.0), 3 - pg.Uniform(0.0, 2.5), pg.Uniform(0.46, 0.54),
    pg.LogNormal(2.0, 1.5), pg.Gamma(2.0, 0.5), "0.1 + i_pre/50",
]  # fmt: skip


# ------------------------------------------------------------------ what is drawn
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_every_rule(precision: str) -> None:
    net = network(list(RULES.values()), delay=pg.Normal(1.5, 0.75))
    assert_alike(net, precision)


def test_neurons_do_not_reach_themselves() -> None:
    net = pg.Network(dt=0.1, seed=3)
    a = net.population("a", 71, pg.LIF())
    rules = [
        pg.AllToAll(autapses=False),
        pg.OneToOne(),
        pg.FixedProbability(0.4, autapses=False),
        pg.FixedTotalNumber(700, autapses=False, multapses=False),
        pg.FixedInDegree(69, autapses=False, multapses=False),
        pg.FixedInDegree(9, autapses=False),
        pg.FixedOutDegree(70, autapses=False, multapses=False),
        pg.FixedOutDegree(30, autapses=False),
    ]
    for k, rule in enumerate(rules):
        weight, delay = pg.Normal(1.0, 0.1), pg.Uniform(0.1, 2.0)
        net.connect(a, a, pg.Delta(), rule, name=f"aa{k}", weight=weight, delay=delay)
    assert_alike(net)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_every_distribution_of_weights(precision: str) -> None:
    net = network([])
    a, b = net.populations["a"], net.populations["b"]
    for k, weight in enumerate([*NATIVE, 1.25, pg.Gamma(2.0, 0.5), "sqrt(i_pre + 1)"]):
        net.connect(
            a, b, pg.Delta(), pg.FixedProbability(0.2), name=f"w{k}", weight=weight, delay=1.0
        )
    assert_alike(net, precision)


def test_every_distribution_of_delays() -> None:
    net = network([])
    a, b = net.populations["a"], net.populations["b"]
    for k, delay in enumerate(DELAYS):
        rule = pg.FixedProbability(0.2)
        net.connect(a, b, pg.Delta(), rule, name=f"d{k}", weight=pg.Normal(1.0, 0.1), delay=delay)
    sim = net.compile(threads=1)
    connecting = CardConnecting(card_builder(), [plan_of(net)], [net.seed])
    assert connecting.plans[0].max_delay == max(
        round(sim[name].connections().delay.max() / 0.1) for name in net.groups
    )
    for name, (synapses,) in connecting.lay_down().items():
        expected = sim[name].connections()
        assert_same(expected, synapses, net.dt)
        steps = np.round(expected.delay / 0.1)
        assert synapses.delay_range == (steps.min(), steps.max())


def test_values_given_one_by_one() -> None:
    net = network([])
    a, b = net.populations["a"], net.populations["b"]
    matrix = np.arange(90 * 70).reshape(90, 70) / 7
    given = RNG.normal(1.0, 0.1, 500)
    net.connect(a, b, pg.Delta(), pg.AllToAll(), name="matrix", weight=matrix, delay=0.3)
    net.connect(a, b, pg.Delta(), pg.PairList(PRE, POST), name="list", weight=given,
                delay=RNG.uniform(0.1, 3, 500))  # fmt: skip
    net.connect(a, b, pg.Delta(), pg.PairList(PRE, POST), name="drawn", weight=pg.Normal(1.0, 0.1),
                delay=pg.Uniform(0.1, 3.0))  # fmt: skip
    assert_alike(net, "float64")


values = st.sampled_from([1.5, *NATIVE])


@settings(max_examples=12, deadline=None)
@given(
    rule=st.sampled_from(list(RULES.values())),
    weight=values,
    delay=st.sampled_from([0.5, pg.Uniform(0.1, 3.0), pg.TruncatedNormal(1.5, 0.75, 0.1)]),
    seed=st.integers(0, 2**32 - 1),
    precision=st.sampled_from(["float32", "float64"]),
    backwards=st.booleans(),
)
def test_any_group(rule, weight, delay, seed, precision, backwards) -> None:
    net = network([rule], weight=weight, delay=delay)
    net.seed = seed
    assert_alike(net, precision, backwards=backwards)


# ------------------------------------------------------------------ by the threads of a warp
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_every_rule_by_warps(precision: str) -> None:
    net = network(list(RULES.values()), (90, 70), delay=pg.Normal(1.5, 0.75))
    assert_alike(net, precision, by_warps=True)
    assert_alike(net, precision, by_warps=True, backwards=True)


def test_every_distribution_by_warps() -> None:
    net = network([], (30, 70))
    a, b = net.populations["a"], net.populations["b"]
    for k, (weight, delay) in enumerate(itertools.product([*NATIVE, 1.5], [0.5, *DELAYS[1:9:3]])):
        net.connect(a, b, pg.Delta(), RULES["out"], name=f"w{k}", weight=weight, delay=delay)
    net.connect(a, b, pg.Delta(), RULES["probability"], name="dense", weight=pg.Normal(1.0, 0.1),
                delay=0.3, storage="dense")  # fmt: skip
    for kind in ("float16", "int16"):
        net.connect(a, b, pg.Delta(), RULES["total"], name=kind, weight=pg.Normal(1.0, 0.1),
                    delay=pg.Uniform(0.1, 1.0), weight_precision=kind)  # fmt: skip
    assert_alike(net, by_warps=True)


def test_long_rows_by_warps() -> None:
    net = network([pg.FixedProbability(0.4), pg.FixedOutDegree(1500)], (3, 2000),
                  delay=pg.Uniform(0.1, 20.0))  # fmt: skip
    assert_alike(net, by_warps=True)


# ------------------------------------------------------------------ how it lies
def test_rows_are_ordered_by_delay_then_as_drawn() -> None:
    net = network([pg.FixedTotalNumber(2000)], delay=pg.Uniform(0.1, 0.8))
    synapses = connected(net)["ab0"]
    begin = card_array(synapses, "row_begin", np.uint32)
    target, delay = (
        card_array(synapses, name, dtype)
        for name, dtype in (("targets", np.uint32), ("delays", np.uint16))
    )
    assert begin[0] == 0 and begin[-1] == 2000 and (np.diff(begin.astype(int)) >= 0).all()
    for one, next_one in itertools.pairwise(begin):
        assert (np.diff(delay[one:next_one].astype(int)) >= 0).all()
    _, post, steps = synapses.read()
    order = synapses.positions()
    assert sorted(order) == list(range(2000))
    assert (target[order] == post).all() and (delay[order] == steps).all()
    fields = synapses.fields()
    assert fields["n_synapses"] == 2000 and fields["columns"] == 0
    assert fields["targets"] == synapses.built.arrays["targets"].address


@pytest.mark.parametrize("backwards", [False, True])
def test_sources_and_the_order_of_targets(backwards: bool) -> None:
    net = network([RULES["total"], RULES["in"], RULES["list"]], delay=pg.Uniform(0.1, 0.8))
    stores = {
        name: StorePlan("a", (name,), sources=True, transposed=True, general=True)
        for name in net.groups
    }
    for synapses in connected(net, stores=stores, backwards=backwards).values():
        n = synapses.size
        target, source, position, post_source = (
            card_array(synapses, name, np.uint32)[:n]
            for name in ("targets", "sources", "post_position", "post_source")
        )
        begin = card_array(synapses, "post_begin", np.uint32)
        expected = np.lexsort((np.arange(n), source, target))
        np.testing.assert_array_equal(position, expected)
        np.testing.assert_array_equal(post_source, source[expected])
        np.testing.assert_array_equal(np.diff(begin), np.bincount(target, minlength=70))
        np.testing.assert_array_equal(source[synapses.positions()], synapses.read()[0])


def test_matrices() -> None:
    net = network([])
    a, b = net.populations["a"], net.populations["b"]
    for k, rule in enumerate([pg.AllToAll(), pg.FixedProbability(0.3), RULES["in, distinct"]]):
        net.connect(a, b, pg.Delta(), rule, name=f"ab{k}", weight=pg.Normal(1.0, 0.1), delay=0.3,
                    storage="dense")  # fmt: skip
    net.connect(a, b, pg.Delta(), pg.AllToAll(), name="one", weight=2.0, delay=0.3)
    net.connect(a, a, pg.Delta(), pg.AllToAll(autapses=False), name="aa", weight=2.0, delay=0.3)
    assert_alike(net)
    built = connected(net)
    assert built["one"].weights is None and built["one"].nbytes < 1000
    assert built["one"].fields()["skips_itself"] == 0 and built["aa"].fields()["skips_itself"] == 1
    pre, post, _ = built["ab1"].read()
    matrix = card_array(built["ab1"], "weights", np.float32).reshape(90, 96)
    assert np.count_nonzero(matrix) == len(pre) and built["ab1"].fields()["columns"] == 96
    np.testing.assert_array_equal(matrix[pre, post], built["ab1"].read_weights())


def test_which_entries_of_a_matrix_are_synapses() -> None:
    net = network([pg.FixedProbability(0.3), pg.AllToAll()])
    stores = {name: StorePlan("a", (name,), "dense", general=True) for name in net.groups}
    built = connected(net, stores=stores)
    present = card_array(built["ab0"], "present", np.uint8).reshape(90, 96)
    pre, post, _ = built["ab0"].read()
    np.testing.assert_array_equal(np.stack(np.nonzero(present)), np.stack([pre, post]))
    assert "present" not in built["ab1"].built.arrays


@pytest.mark.parametrize("precision", ["float16", "int16"])
def test_weights_of_16_bits(precision: str) -> None:
    net = network(
        [RULES["total"], RULES["list"]],
        weight=pg.Normal(2.0, 0.5),
        weight_precision=precision,
        delay=pg.Uniform(0.1, 2.0),
    )
    assert_alike(net)
    synapses = connected(net)["ab0"]
    assert "rounding changes them by 0.0" in synapses.contents
    synapses.write_weights(np.linspace(-9, 7, synapses.size))
    written = synapses.read_weights()
    np.testing.assert_allclose(written, np.linspace(-9, 7, synapses.size), rtol=1e-3, atol=3e-4)
    assert synapses.largest_weight() == pytest.approx(9.0, rel=1e-3)


def test_weights_too_large_for_16_bits() -> None:
    net = network([RULES["total"]], weight=pg.Normal(7e4, 0.5), weight_precision="float16")
    with pytest.raises(SimulationError, match=r"a weight of 7000.* is too large for half"):
        connected(net)
    net = network([RULES["total"]], weight=pg.Normal(7.0, 0.5), weight_precision="float16")
    with pytest.raises(SimulationError, match="a weight of 100000 is too large for half precision"):
        connected(net)["ab0"].write_weights(1e5)


def test_weights_of_a_shared_kernel() -> None:
    net = pg.Network(dt=0.1, seed=3)
    a = net.population("a", (1, 8, 8), pg.LIF())
    b = net.population("b", (1, 6, 6), pg.LIF())
    kernel = np.arange(9.0).reshape(1, 1, 3, 3)
    net.connect(a, b, pg.Delta(), pg.Convolution(3), name="ab", weight=kernel,
                delay=0.1)  # fmt: skip
    assert_alike(net)
    synapses = connected(net)["ab"]
    assert synapses.fields()["code_kind"] == 3 and synapses.fields()["table"]
    synapses.write_weights(2 * synapses.read_weights())
    assert synapses.largest_weight() == 16.0
    with pytest.raises(SimulationError, match="share an entry of the kernel"):
        synapses.write_weights(np.arange(synapses.size, dtype=float))


# ------------------------------------------------------------------ drawn at every spike
PROCEDURAL = ["all", "probability", "total", "total, distinct", "out", "out, distinct"]


def test_rows_that_are_drawn_at_every_spike() -> None:
    net = network(
        [RULES[name] for name in PROCEDURAL],
        weight=pg.Normal(2.0, 0.5),
        delay=pg.Uniform(0.1, 2.0),
        storage="procedural",
    )
    assert_alike(net)
    for synapses in connected(net).values():
        assert synapses.fields()["drawn"] and synapses.weights is None
        with pytest.raises(UnsupportedFeatureError, match="have no positions"):
            synapses.write_weights(1.0)


# ------------------------------------------------------------------ many networks
def test_many_networks_at_once() -> None:
    net = network([RULES["total"], RULES["in"], RULES["list"]], delay=pg.Normal(1.5, 0.75))
    plan, seeds = plan_of(net), [5, 6, 2**63 + 7, 5]
    connecting = CardConnecting(card_builder(), [plan] * 4, seeds)
    built = connecting.lay_down()
    for k, seed in enumerate(seeds):
        alone = CardConnecting(card_builder(), [plan], [seed])
        assert alone.plans[0].max_delay == connecting.plans[k].max_delay
        for name, (expected,) in alone.lay_down().items():
            for one, other in zip(expected.read(), built[name][k].read(), strict=True):
                np.testing.assert_array_equal(one, other)
            weights = built[name][k].read_weights()
            np.testing.assert_array_equal(expected.read_weights(), weights)


def test_weights_of_an_instance_of_its_own() -> None:
    synapses = connected(network([RULES["total"]]))["ab0"]
    before = synapses.read_weights()
    own = synapses.with_own_weights()
    own.write_weights(np.arange(900.0))
    np.testing.assert_array_equal(own.read_weights(), np.arange(900.0))
    np.testing.assert_array_equal(synapses.read_weights(), before)
    assert own.fields()["targets"] == synapses.fields()["targets"]
    one = connected(network([RULES["all"]], weight=2.0))["ab0"]
    other = one.with_own_weights()
    other.write_weights(3.0)
    assert (one.common_weight, other.common_weight) == (2.0, 3.0)
    drawn = connected(network([RULES["out"]], storage="procedural"))["ab0"]
    with pytest.raises(UnsupportedFeatureError, match="are common to all instances"):
        drawn.with_own_weights()


def test_synapses_that_come_and_go() -> None:
    net = network([RULES["total"]], spare=2)
    assert_alike(net)
    synapses = connected(net)["ab0"]
    assert isinstance(synapses, CardSlots)
    assert (synapses.size, synapses.places) == (900, 900 + 2 * 90)
    weights = card_array(synapses, "weights", np.float32)
    assert np.count_nonzero(weights) == 900
    other = synapses.with_own_weights()
    slots = synapses.slots.without_synapses(*(a[:3] for a in synapses.read()[:2]), "ab0")
    slots = slots.with_synapses(np.array([7]), np.array([69]), np.array([0.5]), "ab0")
    synapses.write_slots("slot_target", slots.target)
    synapses.write_slots("slot_weight", slots.weight)
    assert (synapses.size, other.size) == (898, 900)
    targets = card_array(synapses, "targets", np.uint32)
    np.testing.assert_array_equal(targets, np.where(slots.target < 0, 69, slots.target))
    pre, post, delay = synapses.read()
    np.testing.assert_array_equal(synapses.slots.source[synapses.positions()], pre)
    assert 0.5 in synapses.read_weights()[(pre == 7) & (post == 69)] and set(delay) == {10}
    synapses.write_weights(3.0)
    assert set(synapses.read_weights()) == {3.0} and synapses.largest_weight() == 3.0
    assert card_array(synapses, "weights", np.float32).sum() == 3 * 898


# ------------------------------------------------------------------ what goes wrong
def test_too_many_synapses() -> None:
    net = pg.Network(dt=0.1, seed=3)
    a = net.population("a", 70_000, pg.LIF())
    net.connect(a, a, pg.Delta(), pg.AllToAll(), name="aa", weight=pg.Normal(1, 0.1), delay=1.0)
    group = net.groups["aa"]
    description = GroupDescription(group, 70_000, 70_000, 1, None, group.weight, group.delay)
    with pytest.raises(InsufficientMemoryError, match=r"more than 2\^32 synapses in one group"):
        card_builder().build([Request(description, StorePlan("a", ("aa",)), 3)], 10)


def test_too_many_pairs() -> None:
    """A matrix has a place for each, though few are synapses."""
    net = pg.Network(dt=0.1, seed=3)
    a = net.population("a", 70_000, pg.LIF())
    net.connect(a, a, pg.Delta(), pg.FixedOutDegree(2), name="aa", weight=1.0, delay=1.0)
    group = net.groups["aa"]
    description = GroupDescription(group, 70_000, 70_000, 1, None, group.weight, group.delay)
    store = StorePlan("a", ("aa",), storage="dense")
    with pytest.raises(InsufficientMemoryError, match=r"more than 2\^32 synapses in one group"):
        card_builder().build([Request(description, store, 3)], 10)


def test_delays_too_long() -> None:
    net = network([RULES["total"]], delay=pg.Normal(6490.0, 10.0))
    with pytest.raises(NetworkError, match="a delay is longer than 65,000 steps"):
        connected(net)


def test_an_interrupt_ends_the_building() -> None:
    builder, plan = card_builder(), plan_of(network([RULES["total"], RULES["in"]]))

    def interrupt(part: float) -> None:
        raise KeyboardInterrupt

    connecting = CardConnecting(builder, [plan], [1])
    with pytest.raises(KeyboardInterrupt):
        connecting.lay_down(progress=interrupt)
    assert connecting.lay_down()["ab0"][0].size == 900


def test_few_threads_suffice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where each thread needs much room, fewer work."""
    from pygenn_lite.runtime.cuda import build_batch

    monkeypatch.setattr(build_batch, "WORK_BYTES", 2000)
    names = ("out, distinct", "in, distinct", "total")
    assert_alike(network([RULES[name] for name in names], delay=pg.Uniform(0.1, 2.0)))


@pytest.mark.nvrtc
@pytest.mark.parametrize(
    "capability, real_bytes", [(75, 4), (80, 4), (90, 4), (90, 8), (100, 4), (120, 4)]
)
def test_the_kernels_compile(capability: int, real_bytes: int) -> None:
    source = f'#define PGL_REAL_BYTES {real_bytes}\n#include "cuda/builder.cu"\n'
    compile_for_device(source, Target(capability))
