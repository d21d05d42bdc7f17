"""Connections between parts of populations: rules count within, results have whole numbers."""

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.errors import ConnectivityError, NetworkError, ShapeError, UnsupportedFeatureError

pytestmark = pytest.mark.usefixtures("backend")

PLACES = np.random.default_rng(1).uniform(0, 1, (60, 2))


def two(dt=0.1, seed=3):
    net = pg.Network(dt=dt, seed=seed)
    return (
        net,
        net.population("a", 60, pg.LIF(), positions=PLACES),
        net.population("b", 40, pg.LIF(), positions=PLACES[:40]),
    )


def made(choose, rule, **options):
    net, a, b = two()
    source, target = choose(a, b)
    group = net.connect(source, target, pg.Delta(), rule, name="made", **options)
    return net, group, net.compile(threads=1)["made"].connections()


RULES = {
    "all to all": (pg.AllToAll(), 5 * 10),
    "one to one": (pg.OneToOne(), 10),
    "probability": (pg.FixedProbability(0.5), None),
    "total": (pg.FixedTotalNumber(33), 33),
    "in-degree": (pg.FixedInDegree(3), 30),
    "out-degree": (pg.FixedOutDegree(3), 15),
    "distance": (pg.DistanceDependent("exp(-distance)"), None),
    "explicit": (pg.PairList([0, 4, 4], [9, 0, 1]), 3),
    "rows": (pg.CSR([0, 1, 1, 1, 1, 3], [9, 0, 1]), 3),
}


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("listed", [False, True], ids=["slice", "list"])
def test_every_rule_counts_within_the_parts(name, listed):
    rule, count = RULES[name]
    n_pre = 10 if name == "one to one" else 5
    sources, targets = np.arange(7, 7 + 2 * n_pre, 2), np.arange(20, 30)
    if listed:
        sources, targets = np.array([1, 5, 6, 20, 21, 30, 31, 40, 50, 59])[:n_pre], targets**2 // 30
    _, _, synapses = made(lambda a, b: (a[sources], b[targets]), rule)
    assert set(synapses.pre) <= set(sources) and set(synapses.post) <= set(targets)
    if count is not None:
        assert len(synapses) == count
    if name == "all to all":
        pairs = {(i, j) for i in sources for j in targets}
        assert set(zip(synapses.pre, synapses.post, strict=True)) == pairs
    if name == "one to one":
        assert list(zip(synapses.pre, synapses.post, strict=True)) == list(
            zip(sources, targets, strict=True)
        )
    if name == "in-degree":
        assert np.all(np.bincount(synapses.post, minlength=40)[targets] == 3)
    if name == "out-degree":
        assert np.all(np.bincount(synapses.pre, minlength=60)[sources] == 3)
    if name == "distance":
        expected = np.exp(
            -np.linalg.norm(PLACES[sources][:, None] - PLACES[targets][None], axis=-1)
        ).sum()
        assert len(synapses) == pytest.approx(expected, abs=4 * np.sqrt(expected))
    if name in ("explicit", "rows"):
        assert list(synapses.pre) == [sources[0], sources[4], sources[4]]
        assert list(synapses.post) == [targets[9], targets[0], targets[1]]


def test_the_synapses_are_those_of_populations_of_the_parts_sizes():
    """Same seed, same name of the group: the rule draws what it would draw for 5 and 10 neurons."""
    _, _, part = made(lambda a, b: (a[10:15], b[20:30]), pg.FixedProbability(0.4))
    net = pg.Network(seed=3)
    a, b = net.population("a", 5, pg.LIF()), net.population("b", 10, pg.LIF())
    net.connect(a, b, pg.Delta(), pg.FixedProbability(0.4), name="made")
    whole = net.compile()["made"].connections()
    assert np.array_equal(part.pre, whole.pre + 10) and np.array_equal(part.post, whole.post + 20)


def test_values_count_within_the_parts_and_places_are_the_neurons_own():
    sources, targets = [3, 7, 50], slice(30, 34)
    weight = "100*i_pre + 10*i_post + n_pre + 0.1*n_post"
    _, _, made_so = made(lambda a, b: (a[sources], b[targets]), pg.AllToAll(), weight=weight)
    expected = [100 * i + 10 * j + 3 + 0.4 for i in range(3) for j in range(4)]
    assert made_so.weight == pytest.approx(expected)
    matrix = np.arange(12.0).reshape(3, 4)
    _, _, made_so = made(lambda a, b: (a[sources], b[targets]), pg.AllToAll(), weight=matrix)
    assert list(made_so.weight) == list(range(12))
    _, _, made_so = made(lambda a, b: (a[sources], b[1]), pg.PairList([2, 0], [0, 0]),
                         weight=[2.0, 0.5], delay=[0.3, 0.7])  # fmt: skip
    assert list(made_so.pre) == [3, 50] and list(made_so.weight) == [0.5, 2.0]
    assert made_so.delay == pytest.approx([0.7, 0.3])
    _, _, made_so = made(lambda a, b: (a[sources], b[targets]), pg.AllToAll(),
                         weight="distance", delay="1 + x_post")  # fmt: skip
    there = np.linalg.norm(PLACES[made_so.pre] - PLACES[made_so.post], axis=-1)
    assert made_so.weight == pytest.approx(there, rel=1e-6)
    assert made_so.delay == pytest.approx(1 + PLACES[made_so.post, 0], abs=0.051)


def test_plastic_and_static_groups_deliver_to_the_part_alone():
    net = pg.Network(dt=0.1, seed=1)
    source = net.spike_source("s", 4, [1.0, 1.0], [1, 3])
    cell = pg.NeuronModel("dV/dt = 0*V", initial=dict(V=0.0))
    cells = net.population("cells", 8, cell)
    net.connect(source[:2], cells[2:4], pg.Delta(), pg.AllToAll(), weight=1.0)
    net.connect(source[2:], cells[[5, 7]], pg.PairSTDP(pg.Delta()), pg.OneToOne(), weight=0.5)
    sim = net.compile()
    sim.run(5.0)
    assert list(sim["cells"]["V"][:]) == [0, 0, 1, 1, 0, 0, 0, 0.5]


@pytest.mark.parametrize("rule", [pg.AllToAll(autapses=False), pg.FixedProbability(0.9, False),
                                  pg.DistanceDependent("0.9")])  # fmt: skip
def test_no_autapses_between_parts_that_overlap(rule):
    _, _, synapses = made(lambda a, b: (a[:20], a[10:30]), rule)
    assert np.all(synapses.pre != synapses.post)
    assert len(synapses) > 0.8 * 390
    _, _, alike = made(lambda a, b: (a[5:20], a[5:20]), rule)
    assert np.all(alike.pre != alike.post)
    if isinstance(rule, pg.AllToAll):
        assert (len(synapses), len(alike)) == (400 - 10, 15 * 14)


def test_a_part_of_a_part_and_the_whole():
    net, a, b = two()
    assert repr(a[10:20][::2]) == "<a[10:20:2]: 5 neurons>" and len(a[10:20]) == 10
    assert list(a[10:20][[0, 3]].part.indices) == [10, 13]
    assert net.connect(a[:], b, pg.Delta(), pg.AllToAll()).connectivity == pg.AllToAll()
    net.record(a[5:8]["V"], a[5:8].spikes)
    assert net.recordings[0].what == a["V"][5:8] and net.recordings[1].what == a.spikes[5:8]


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda a, b: (a[70:], b), NetworkError, "beyond the last neuron"),
        (lambda a, b: (a[[60]], b), NetworkError, "index 60 is out of range"),
        (lambda a, b: (a[:0], b), ConnectivityError, "a part without neurons"),
    ],
)
def test_parts_that_are_none_are_refused(wrong, error, message):
    with pytest.raises(error, match=message):
        made(wrong, pg.AllToAll())


def test_what_does_not_fit_the_parts_is_refused_by_name():
    with pytest.raises(ConnectivityError, match="equal size, not 5 and 6"):
        made(lambda a, b: (a[:5], b[:6]), pg.OneToOne())
    with pytest.raises(ConnectivityError, match="without autapses between parts that overlap"):
        made(lambda a, b: (a[:20], a[10:30]), pg.FixedInDegree(3, autapses=False))
    with pytest.raises(ShapeError, match=r"\(5, 6\)"):
        made(lambda a, b: (a[:5], b[:6]), pg.AllToAll(), weight=np.ones((60, 40)))
    with pytest.raises(UnsupportedFeatureError, match="parts of populations cannot be procedural"):
        made(lambda a, b: (a[:5], b[:6]), pg.AllToAll(), storage="procedural")


def test_parts_come_back_equal_from_yaml_and_paths_reach_the_rule():
    net, a, b = two()
    net.connect(a[:5], b[10:20], pg.Delta(), pg.FixedProbability(0.3), name="one")
    net.connect(a[[1, 5, 7]], a, pg.Delta(), pg.FixedInDegree(2), name="two")
    assert pg.load_network(pg.dump_network(net))[0] == net
    changed = net.with_values({"groups.one.connectivity.p": 0.7})
    assert changed.groups["one"].connectivity.plain == pg.FixedProbability(0.7)
    assert changed.groups["one"].connectivity.parts == net.groups["one"].connectivity.parts
    text = """
models: {lif: {use: LIF}}
populations: {a: {size: 60, model: lif}, b: {size: 40, model: lif}}
synapses: {jump: {use: Delta}}
connections:
  - source: {population: a, neurons: "0:5"}
    target: {population: b, neurons: [1, 2, 30]}
    synapse: jump
    connectivity: all_to_all
"""
    group = pg.load_network(text)[0].groups["a_b"]
    sources, targets = group.connectivity.parts
    assert list(sources.indices) == [0, 1, 2, 3, 4] and list(targets.indices) == [1, 2, 30]
    with pytest.raises(NetworkError, match="index 40 is out of range"):
        pg.load_network(text.replace("30]", "40]"))
    with pytest.raises(pg.errors.FileFormatError, match="population: NAME"):
        pg.load_network(text.replace("neurons: [1, 2, 30]", "cells: 3"))


@pytest.mark.parametrize("name", RULES)
def test_the_host_draws_the_same_synapses(name):
    from pygenn_lite.runtime.values.group_drawing import draw_group

    values = dict(weight=-2 * pg.Normal(1.0, 0.2) + 1, delay=4 - pg.Uniform(0.0, 3.0))
    n_pre = 10 if name == "one to one" else 5
    net, group, by_builder = made(lambda a, b: (a[7 : 7 + n_pre], b[3:23:2]), RULES[name][0],
                                  **values)  # fmt: skip
    by_host = draw_group(net, group, net.seed)
    for what in ("pre", "post", "delay"):
        assert np.array_equal(getattr(by_host, what), getattr(by_builder, what)), what
    assert by_host.weight == pytest.approx(by_builder.weight, rel=1e-5, abs=1e-6)


def test_inputs_drive_a_part_alone():
    cell = pg.NeuronModel("dV/dt = I", initial=dict(V=0.0))
    net = pg.Network(dt=0.1, seed=1)
    cells = net.population("cells", 8, cell)
    net.current(cells[2:4], 1.0)
    net.current(cells[[5, 7]], [2.0, 3.0])
    net.step_current(cells[0], [5.0], [4.0])
    net.step_current(cells[6:], [0.0, 5.0], [[0.0, 1.0], [10.0, 0.0]])
    sim = net.compile(precision="float64")
    sim.run(10.0)
    assert sim["cells"]["V"][:] == pytest.approx([20, 0, 10, 10, 0, 20, 50, 35])
    noisy = pg.Network(dt=0.1, seed=1)
    cells = noisy.population("cells", 200, cell)
    noisy.noise_current(cells[:100], mean=0.0, std=1.0)
    noisy.poisson(cells[100:150], 100.0, weight=1.0, variable="V", sources=10)
    sim = noisy.compile()
    sim.run(100.0)
    V = sim["cells"]["V"][:]
    assert np.std(V[:100]) > 0.5 and V[100:150].mean() == pytest.approx(100.0, abs=6.0)
    assert np.all(V[150:] == 0)
    assert pg.load_network(pg.dump_network(net))[0] == net


def test_values_of_a_part_that_do_not_fit_it_are_refused_by_name():
    net, a, _ = two()
    with pytest.raises(ShapeError, match="3 values for a part of 5 neurons"):
        net.current(a[:5], [1.0, 2.0, 3.0])
    for value in ("i", pg.Uniform(0.0, 1.0)):
        with pytest.raises(NetworkError, match="takes numbers, not a formula"):
            net.poisson(a[:5], value, weight=1.0, variable="V")


def test_one_number_set_later_for_an_input_to_a_part_holds_for_the_part(backend):
    cell = pg.NeuronModel("dV/dt = I", initial=dict(V=0.0))
    net = pg.Network(dt=0.1, seed=1)
    cells = net.population("cells", 8, cell)
    net.current(cells[2:4], 1.0, name="push")
    net.step_current(cells[6:], [0.0, 5.0], [1.0, 2.0], name="steps")
    net.noise_current(cells[4:6], 1.0, 0.5, name="noise")
    net.poisson(cells[:1], 100.0, weight=1.0, variable="V", name="drive")
    new = {"push.value": 3.0, "noise.std": 0.0, "noise.mean": 2.0, "steps.values": [4.0, 6.0],
           "drive.rate": 0.0}  # fmt: skip
    changed = net.with_values({f"inputs.{path}": value for path, value in new.items()})
    by_path = changed.compile(backend, precision="float64")
    between_runs = net.compile(backend, precision="float64")
    instances = net.compile(backend, precision="float64", instances=2, seeds=[1, 1])
    for sim in (between_runs, instances):
        for path, value in new.items():
            name, field = path.split(".")
            if name != "steps":
                sim[name][field] = value
    between_runs["steps"]["values"] = by_path["steps"]["values"]
    instances["steps"]["values"] = [by_path["steps"]["values"]] * 2
    for sim in (by_path, between_runs, instances.instances[0], instances.instances[1]):
        assert np.array_equal(sim["push"]["value"], [0, 0, 3, 3, 0, 0, 0, 0])
    expected = [0, 0, 30, 30, 20, 20, 50, 50]
    for sim in (by_path, between_runs):
        sim.run(10.0)
        assert sim["cells"]["V"][:] == pytest.approx(expected)
    instances.run(10.0)
    assert instances["cells"]["V"][1] == pytest.approx(expected)
    # A change of something else, and a change of what was changed, keep the part.
    again = changed.with_values({"inputs.push.value": 5.0, "populations.cells.initial.V": 1.0})
    assert np.array_equal(again["push"].value.array, [0, 0, 5, 5, 0, 0, 0, 0])
    assert np.array_equal(
        again.with_values({"inputs.push.value": [6.0, 7.0]})["push"].value.array,
        [0, 0, 6, 7, 0, 0, 0, 0],
    )
    with pytest.raises(NetworkError, match="takes numbers, not a formula"):
        between_runs["drive"]["rate"] = pg.Uniform(1.0, 2.0)


def test_a_network_of_another_size_is_the_one_declared_so():
    def declared(size):
        net = pg.Network(seed=1)
        cells = net.population("cells", size, pg.LIF())
        net.connect(cells[:3], cells[[4, 6]], pg.Delta(), pg.AllToAll(), name="some")
        net.current(cells[2:6], [1.0, 2.0, 3.0, 4.0], name="push")
        net.step_current(cells[:2], [0.0, 5.0], [1.0, 2.0], name="steps")
        net.poisson(cells[4:7], 8.0, weight=1.0, variable="V", name="drive")
        return net

    for size in (7, 30):
        resized = declared(10).with_values({"populations.cells.size": size})
        assert resized == declared(size) and resized.digest() == declared(size).digest()
        new = resized.with_values({"inputs.drive.rate": 9.0})["drive"].rate.array
        assert np.flatnonzero(new).tolist() == [4, 5, 6]
    net = pg.Network()
    cells = net.population("cells", 10, pg.LIF())
    net.current(cells[5:8], 1.0, name="push")
    with pytest.raises(ConnectivityError, match=r"(?s)'push'.*population of 7 neurons.*8 neurons"):
        net.with_values({"populations.cells.size": 7})
