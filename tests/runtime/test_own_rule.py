"""A connectivity rule of the user's own: a class with one method, taken by every stage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.errors import (
    ConnectivityError,
    FileFormatError,
    NetworkError,
    UnsupportedFeatureError,
)
from pygenn_lite.runtime.reference.interpreter import run_reference
from pygenn_lite.scaling import scale_network
from pygenn_lite.yaml_format import dump_network

pytestmark = pytest.mark.usefixtures("backend")

SIZE = 40


class Ring(pg.Connectivity):
    """Each neuron to those after it; no dataclass, no other method."""

    def __init__(self, reach):
        self.reach = reach

    def draw(self, n_pre, n_post, random):
        pre = np.repeat(np.arange(n_pre), self.reach)
        return pre, (pre + np.tile(np.arange(1, self.reach + 1), n_pre)) % n_post


@dataclass(frozen=True)
class Scattered(pg.Connectivity):
    """So many pairs by chance, in the order in which they are drawn."""

    number: int

    def draw(self, n_pre, n_post, random):
        return random.integers(0, n_pre, self.number), random.integers(0, n_post, self.number)

    def expected(self, n_pre, n_post):
        return self.number

    def scaled(self, k, n_pre, n_post):
        return Scattered(round(self.number * k * k))


def network(rule, seed=1, **options):
    net = pg.Network(dt=0.1, seed=seed)
    a = net.population("a", SIZE, pg.LIF(), initial={"V": pg.Uniform(-70.0, -45.0)})
    net.current(a, 400.0)
    synapse = options.pop("synapse", pg.Delta())
    net.connect(a, a, synapse, rule, name="aa", **{"weight": 1.0, "delay": 0.5, **options})
    net.record(a.spikes)
    return net


def spikes(result):
    found = result.spikes["a"]
    return np.array(found.times), np.array(found.indices)


@pytest.mark.parametrize("storage", ["auto", "sparse", "dense"])
@pytest.mark.parametrize("weight", [2.0, pg.Normal(2.0, 0.5), pg.Gamma(2.0, 1.0), "0.1*i_pre"])
def test_it_is_stored_like_the_list_of_its_synapses(storage, weight):
    ring = Ring(3)
    pre, post = ring.draw(SIZE, SIZE, None)
    own = network(ring, weight=weight, storage=storage).compile()
    listed = network(pg.PairList(pre, post), weight=weight, storage=storage).compile()
    one, other = own["aa"].connections(), listed["aa"].connections()
    for name in ("pre", "post", "delay", "weight"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert len(one) == 3 * SIZE
    for first, second in zip(spikes(own.run(20.0)), spikes(listed.run(20.0)), strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("delay", [pg.Uniform(0.1, 2.0), pg.Gamma(2.0, 0.5), "0.1 + i_post/20"])
def test_delays_of_every_kind(delay):
    made = network(Ring(3), delay=delay).compile()["aa"].connections()
    assert len(made) == 3 * SIZE and len(set(made.delay)) > 3


def test_plastic_synapses_learn_through_it():
    net = network(Ring(3), weight=0.5, synapse=pg.PairSTDP(), delay=1.0)
    sim = net.compile()
    sim.run(50.0)
    assert len(set(sim["aa"]["weight"][:])) > 1


def test_the_interpreter_runs_the_same_synapses():
    net = network(Scattered(200), weight=2.0)
    sim = net.compile(precision="float64", threads=1)
    drawn = sim["aa"].connections()
    result = sim.run(20.0)
    steps, neurons = run_reference(net, 200, {"aa": drawn}).spikes["a"]
    found = result.spikes["a"]
    assert len(steps) and len(steps) == len(found.times)
    np.testing.assert_array_equal(steps, np.rint(np.array(found.times) / 0.1))
    np.testing.assert_array_equal(neurons, found.indices)


def test_what_it_draws_follows_the_seed_and_the_name():
    def drawn(seed):
        return network(Scattered(200), seed).compile()["aa"].connections()

    first, again, other = drawn(1), drawn(1), drawn(2)
    np.testing.assert_array_equal(first.pre, again.pre)
    np.testing.assert_array_equal(first.post, again.post)
    assert not np.array_equal(first.pre, other.pre)


def test_its_number_is_planned_where_it_tells_it():
    from pygenn_lite.codegen import generate, network_structure
    from pygenn_lite.codegen.plan.described import Described
    from pygenn_lite.codegen.plan.network_plan import plan_network

    def rows(rule):
        net = network(rule, weight=pg.Normal(1.0, 0.1))
        structure = network_structure(net, "float32")
        signatures = generate(structure).signatures
        plan = plan_network(Described(net, structure, signatures, np.dtype("float32")))
        return next(row for row in plan.rows if row.name == "aa")

    assert (rows(Scattered(123)).count, rows(Scattered(123)).estimated) == (123, True)
    assert (rows(Ring(3)).count, rows(Ring(3)).estimated) == (0, True)


def test_a_pair_with_two_synapses_has_no_place_in_a_matrix():
    class Twice(pg.Connectivity):
        def draw(self, n_pre, n_post, random):
            return [0, 0], [3, 3]

    with pytest.raises(ConnectivityError, match="source 0 reaches target 3 more than once"):
        network(Twice(), storage="dense").compile()
    assert len(network(Twice()).compile()["aa"]) == 2


def test_it_cannot_be_procedural():
    with pytest.raises(UnsupportedFeatureError, match="drawn by Python cannot be procedural"):
        network(Ring(3), storage="procedural").compile()


def test_it_has_no_form_in_files():
    with pytest.raises(FileFormatError, match=r"Ring is drawn by Python.*\n.*PairList"):
        dump_network(network(Ring(3)))


def test_it_is_scaled_where_it_says_how():
    full = network(Scattered(400), synapse=pg.ExponentialCurrent())
    assert scale_network(full, 0.5, {"a": 1.0}).groups["aa"].connectivity == Scattered(100)
    with pytest.raises(NetworkError, match=r"Ring cannot be scaled\n.*scaled\(self, k"):
        scale_network(network(Ring(3), synapse=pg.ExponentialCurrent()), 0.5, {"a": 1.0})
    with pytest.raises(NetworkError, match="none are left"):
        scale_network(network(Scattered(1), synapse=pg.ExponentialCurrent()), 0.1, {"a": 1.0})


def test_a_rule_must_say_how_it_is_drawn():
    class Nothing(pg.Connectivity):
        pass

    with pytest.raises(ConnectivityError, match=r"'aa': the rule Nothing does not say how"):
        network(Nothing())


@pytest.mark.parametrize(
    ("drawn", "message"),
    [
        (None, "draw.. of the rule Bad gave NoneType"),
        (([0, 1], [2]), "gave 2 sources and 1 targets"),
        (([0, 1], [2, SIZE]), f"target index {SIZE} is out of range"),
        (([-1], [2]), "source index -1 is out of range"),
        (([0.5], [2]), "array of sources must be a one-dimensional array of whole numbers"),
        ((np.eye(2), np.eye(2)), "array of sources must be"),
        (([True, False], [0, 1]), "array of sources is a mask"),
    ],
)
def test_what_is_drawn_must_be_pairs_of_neurons(drawn, message):
    class Bad(pg.Connectivity):
        def draw(self, n_pre, n_post, random):
            return drawn

    with pytest.raises(ConnectivityError, match=message) as caught:
        network(Bad()).compile()
    assert "synapse group 'aa'" in str(caught.value)


@pytest.mark.parametrize("number", ["many", -1, float("nan"), float("inf")])
def test_an_expected_number_must_be_one(number):
    class Vague(Ring):
        def expected(self, n_pre, n_post):
            return number

    with pytest.raises(ConnectivityError, match=r"expected\(\) of the rule Vague gave"):
        network(Vague(2)).compile()


def test_what_the_method_raises_is_seen_as_it_is():
    class Broken(pg.Connectivity):
        def draw(self, n_pre, n_post, random):
            raise RuntimeError("no atlas here")

    with pytest.raises(RuntimeError, match="no atlas here"):
        network(Broken()).compile()


def test_it_is_shown_with_what_it_was_given():
    net = network(Ring(3))
    assert repr(Ring(3)) == "Ring(reach=3)"
    assert "Ring(reach=3)" in repr(net.groups["aa"])
    assert Ring(3) != Ring(3) and Scattered(3) == Scattered(3)


def test_paths_and_digests_know_what_it_was_made_with():
    net = network(Scattered(200))
    assert net.with_values({"groups.aa.connectivity.number": 50}) != net
    rule = Ring(3)
    rule.atlas = np.arange(4)
    digest = network(rule).digest()
    assert network(rule).digest() == digest
    rule.atlas = np.arange(5)
    assert network(rule).digest() != digest
