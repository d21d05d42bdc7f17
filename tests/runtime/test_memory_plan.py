"""What a network will need is told before it is built, as it is told when it is built."""

import subprocess
import sys

import numpy as np
import pytest
from helpers_runtime import balanced_network, plastic_network

import pygenn_lite as pg
from pygenn_lite.codegen import generate, network_structure
from pygenn_lite.codegen.plan import memory as plan
from pygenn_lite.codegen.plan.described import Described
from pygenn_lite.codegen.plan.network_plan import plan_network
from pygenn_lite.codegen.plan.rows import COMPUTING
from pygenn_lite.errors import InsufficientMemoryError, UnsupportedFeatureError
from pygenn_lite.runtime.cpp import population_memory
from pygenn_lite.runtime.cpp.connecting import Connecting
from pygenn_lite.runtime.cpp.network_memory import NetworkMemory
from pygenn_lite.runtime.processors import available_cpus


def foretold(net, precision="float32"):
    structure = network_structure(net, precision)
    described = Described(net, structure, generate(structure).signatures, np.dtype(precision))
    return plan_network(described, cpus=available_cpus()).rows


def found(net, precision="float32"):
    return net.compile(precision=precision)._device.instances[0].plan.rows


def learning(delay, static=False):
    """Exposed traces, some of them of variables that static synapses address."""
    net = pg.Network(dt=0.1, seed=2)
    cells = net.population("cells", 300, pg.LIF())
    rule = pg.FixedProbability(0.1)
    net.connect(cells, cells, pg.PairSTDP(), rule, delay=delay, name="learning")
    reading = pg.SynapseModel(on_pre="V_post += weight*V_pre")
    net.connect(cells, cells, reading, rule, delay=0.7, name="reading")
    if static:
        net.connect(cells, cells, pg.Delta(), rule, delay=0.3, name="static")
    return net


@pytest.mark.parametrize(
    "net",
    [
        balanced_network(),
        plastic_network(),
        learning(3.1),
        learning(pg.Uniform(0.1, 6.3)),
        learning(pg.Uniform(3.0, 6.3), static=True),
    ],
)
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_the_plan_is_the_same_before_and_after_building(net, precision):
    assert foretold(net, precision) == found(net, precision)


def test_explicit_delays_need_no_drawing_to_be_told():
    net = pg.Network(dt=0.1, seed=2)
    cells = net.population("cells", 10, pg.LIF())
    rule = pg.PairList(np.arange(10), np.arange(10)[::-1])
    net.connect(cells, cells, pg.PairSTDP(), rule, delay=np.linspace(0.1, 9.0, 10), name="listed")
    net.connect(cells, cells, pg.PairSTDP(), pg.OneToOne(), delay="0.1 + 0.2*i_pre", name="formula")
    assert foretold(net) == found(net)


@pytest.mark.parametrize(
    "delay", [pg.Exponential(4.0), pg.Normal(9.0, 1.0), pg.LogNormal(1.0, 0.5)]
)
def test_the_longest_drawn_delay_is_estimated_well_enough_for_the_past_values(delay):
    net = learning(delay)
    assert foretold(net) == found(net)


@pytest.mark.parametrize("value", [pg.Normal(-60.0, 2.0), "-60 + i/n", np.linspace(-60, -50, 1000)])
def test_values_are_the_same_however_many_are_drawn_at_once(value, monkeypatch):
    def initial(threads):
        net = pg.Network()
        net.population("a", 1000, pg.LIF(), initial={"V": value})
        return np.asarray(net.compile(threads=threads)["a"]["V"])

    whole = initial(1)
    monkeypatch.setattr(population_memory, "DRAWN_AT_ONCE", 36)
    assert np.array_equal(initial(1), whole)
    assert np.array_equal(initial(3), whole)


PEAK = """
import resource, pygenn_lite as pg
def network(size):
    net = pg.Network()
    net.population("a", size, pg.LIF(), initial={"V": pg.Normal(-60.0, 2.0)})
    return net
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
network(100).compile()
before = peak()
simulation = network(10_000_000).compile()
print(peak() - before, sum(row.bytes for row in simulation._device.instances[0].plan.rows))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is counted otherwise elsewhere")
def test_the_plan_of_a_large_population_is_kept():
    told = subprocess.run(
        [sys.executable, "-c", PEAK], capture_output=True, text=True, check=True
    ).stdout
    needed, planned = map(int, told.split())
    assert needed < planned + (32 << 20)


def test_memory_that_cannot_be_had_is_reported_with_the_plan(monkeypatch):
    def none_left(*arguments):
        raise MemoryError

    monkeypatch.setattr(NetworkMemory, "_allocate", none_left)
    net = pg.Network()
    net.population("a", 1000, pg.LIF())
    with pytest.raises(
        InsufficientMemoryError, match=r"(?s)more than this process.*a: V \(state\)"
    ):
        net.compile()


def drawn_late(delay, neurons=30_000):
    net = pg.Network(dt=0.1)
    cells = net.population("cells", neurons, pg.LIF())
    rule = pg.FixedProbability(0.5)
    net.connect(cells, cells, pg.ExponentialCurrent(5.0), rule, delay=delay, name="late")
    return net


def never(*arguments):
    raise AssertionError("nothing is drawn before the plan is known to fit")


@pytest.mark.parametrize("delay", [pg.Gamma(2.0, 1.0), "0.1 + 0.001*i_pre", pg.Binomial(9, 0.5)])
def test_what_cannot_be_drawn_on_the_host_is_refused_before(monkeypatch, delay):
    monkeypatch.setattr(plan, "available_memory", lambda: 3 << 30)
    monkeypatch.setattr(Connecting, "draw_structure", never)
    with pytest.raises(InsufficientMemoryError, match="late: synapses"):
        drawn_late(delay).compile(threads=1)


@pytest.mark.parametrize("delay", [pg.Gamma(2.0, 1.0), "0.1 + 0.001*i_pre"])
def test_more_synapses_than_can_be_numbered_are_refused_before_drawing(monkeypatch, delay):
    monkeypatch.setattr(plan, "available_memory", lambda: 1 << 60)
    monkeypatch.setattr(Connecting, "draw_structure", never)
    with pytest.raises(
        InsufficientMemoryError, match=r"(?s)late: more than 2\^32 synapses.*threads"
    ):
        drawn_late(delay, neurons=200_000).compile(threads=1)


@pytest.mark.parametrize("delay", [pg.Gamma(2.0, 1.0), "0.1 + 0.001*i_pre", 2.0])
@pytest.mark.parametrize("weight", [pg.Gamma(2.0, 1.0), "0.1 + i_pre", 2.0])
def test_arrays_on_the_host_are_part_of_the_plan(delay, weight):
    net = pg.Network(dt=0.1)
    cells = net.population("cells", 300, pg.LIF())
    rule = pg.FixedProbability(0.5)
    net.connect(cells, cells, pg.ExponentialCurrent(5.0), rule, weight=weight, delay=delay)
    before, after = ({(r.name, r.what) for r in rows} for rows in (foretold(net), found(net)))
    assert before == after
    assert (("building", COMPUTING) in before) is not (delay == weight == 2.0)


def test_spikes_to_replay_are_part_of_the_plan():
    net = pg.Network(dt=0.1)
    net.spike_source("source", 2, np.arange(1000.0), np.zeros(1000, int))
    (row,) = found(net)
    assert (row.name, row.what, row.count) == ("source", "spike times", 1000)
    assert row.bytes >= 16_000


def by_distance(neurons, probability, weight=1.0, delay=1.0, max_distance=None, storage="auto"):
    net = pg.Network(dt=0.1, seed=5)
    places = np.random.default_rng(2).uniform(0.0, 100.0, (neurons, 2))
    cells = net.population("cells", neurons, pg.LIF(), positions=places)
    rule = pg.DistanceDependent(probability, max_distance=max_distance)
    options = dict(weight=weight, delay=delay, storage=storage, name="near")
    net.connect(cells, cells, pg.ExponentialCurrent(5.0), rule, **options)
    distance = np.linalg.norm(places[:, None] - places[None], axis=2)
    return net, distance


@pytest.mark.parametrize("weight", [1.0, pg.Normal(1.0, 0.1), pg.Gamma(2.0, 1.0), "distance"])
@pytest.mark.parametrize(
    ("delay", "storage"),
    [(1.0, "auto"), (1.0, "dense"), (pg.Uniform(0.1, 2.0), "auto"), ("0.1 + distance/50", "auto")],
)
def test_connections_by_distance_are_planned_without_being_drawn(
    monkeypatch, weight, delay, storage
):
    net, distance = by_distance(300, "exp(-distance/20)", weight, delay, 60.0, storage)
    monkeypatch.setattr(pg.DistanceDependent, "pairs", never)
    rows = {(row.name, row.what): row for row in foretold(net)}
    (row,) = [row for (name, _), row in rows.items() if name == "near"]
    expected = np.where(distance <= 60.0, np.exp(-distance / 20.0), 0.0)
    np.fill_diagonal(expected, 0.0)
    assert row.count == round(expected.sum()) and row.estimated  # an expectation, and it says so
    monkeypatch.undo()
    (drawn,) = [row for row in found(net) if row.name == "near"]
    assert not drawn.estimated
    assert abs(row.count - drawn.count) < 5 * np.sqrt(row.count)
    assert row.what == drawn.what
    scattered = isinstance(delay, str)  # how many different delays there are, only drawing tells
    assert abs(row.bytes - drawn.bytes) < (0.5 if scattered else 0.1) * drawn.bytes


def test_many_pairs_are_judged_by_some_of_them(monkeypatch):
    net, distance = by_distance(1000, "0.3*exp(-distance/30)")
    exact = 0.3 * np.exp(-distance / 30.0).sum() - 0.3 * 1000
    (sample,) = [row.count for row in foretold(net) if row.name == "near"]
    assert sample == pytest.approx(exact, rel=0.01)
    monkeypatch.setattr("pygenn_lite.declaration.connectivity.distance.MOST_PAIRS_COUNTED", 10**6)
    (whole,) = [row.count for row in foretold(net) if row.name == "near"]
    assert whole == round(exact)


def test_connections_by_distance_that_do_not_fit_are_refused_before_they_are_drawn(monkeypatch):
    monkeypatch.setattr(plan, "available_memory", lambda: 1 << 30)
    monkeypatch.setattr(pg.DistanceDependent, "pairs", never)
    net = pg.Network(dt=0.1)
    places = np.random.default_rng(2).uniform(0.0, 100.0, (50_000, 2))
    cells = net.population("cells", 50_000, pg.LIF(), positions=places)
    net.connect(cells, cells, pg.Delta(), pg.DistanceDependent(0.5), name="near")
    with pytest.raises(InsufficientMemoryError, match=r"near: synapses \(about 1,2"):
        net.compile(threads=1)


def test_numbers_that_only_drawing_tells_are_marked():
    net = pg.Network(dt=0.1)
    cells = net.population("cells", 100, pg.LIF())
    for name, rule in (
        ("drawn", pg.FixedProbability(0.1)), ("all", pg.FixedProbability(1.0)),
        ("exact", pg.FixedTotalNumber(123)), ("in", pg.FixedInDegree(7)),
    ):  # fmt: skip
        net.connect(cells, cells, pg.Delta(), rule, name=name, weight=1.0)
    rows = {row.name: row for row in foretold(net)}
    assert {name for name, row in rows.items() if row.estimated} == {"drawn"}
    assert "drawn: synapses (about 1,000)" in plan.table(list(rows.values()))
    assert "exact: synapses (123)" in plan.table(list(rows.values()))


def test_instances_that_do_not_fit_are_refused_with_the_number_that_does(monkeypatch):
    net = balanced_network()
    structure = network_structure(net, "float32")
    described = Described(net, structure, generate(structure).signatures, np.dtype("float32"))
    planned = plan_network(described)
    whole = sum(row.bytes for row in planned.rows)
    monkeypatch.setattr(plan, "available_memory", lambda: plan.SPARE + 10 * whole)
    planned.check_instances(10)
    with pytest.raises(
        InsufficientMemoryError, match=r"(?s)^1,000 instances need.*synapses.*of them fit"
    ):
        planned.check_instances(1000)
    fit = max(n for n in range(1, 50) if _fits(planned, n))
    with pytest.raises(InsufficientMemoryError, match=rf"hint: {fit} of them fit"):
        planned.check_instances(1000)
    sharing = sum(_fits(planned, n, shared=True) for n in range(1, 50))
    own = frozenset(net.groups)
    assert sharing > sum(_fits(planned, n, True, own) for n in range(1, 50)) > fit


def _fits(planned, instances, shared=False, own_weights=frozenset()):
    try:
        planned.check_instances(instances, shared, own_weights)
    except InsufficientMemoryError:
        return False
    return True


def test_the_plan_tells_what_only_drawing_can_tell():
    def final(**options):
        net = pg.Network(dt=0.1)
        cells = net.population("cells", 100, pg.LIF())
        net.connect(cells, cells, pg.Delta(), pg.FixedProbability(0.1), **options)
        structure = network_structure(net, "float32")
        described = Described(net, structure, generate(structure).signatures, np.dtype("float32"))
        return plan_network(described).is_final

    assert final(delay=pg.Uniform(0.1, 2.0), weight=pg.Gamma(2.0, 1.0))
    assert not final(delay=pg.Exponential(1.0)) and not final(delay="0.1 + i_pre/100")


def test_neurons_can_be_dealt_out_to_the_shards_of_a_gpu():
    net = balanced_network()
    structure = network_structure(net, "float32")
    described = Described(net, structure, generate(structure).signatures, np.dtype("float32"))
    dealt, cut = plan_network(described, dealt_to=132), plan_network(described)
    assert dealt.ownership.shards == 132 and dealt.stores == cut.stores
    name = next(iter(net.populations))
    size = net.populations[name].size
    assert sum(dealt.ownership.count(name, s) for s in range(132)) == size
    assert sum(r.bytes for r in dealt.rows) > sum(r.bytes for r in cut.rows)  # a row per shard
    with pytest.raises(UnsupportedFeatureError, match="side by side"):
        assert dealt.partition
