"""Synapses that come and go between steps, in groups with room for them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.errors import (
    ConnectivityError,
    NetworkError,
    PygennLiteError,
    ShapeError,
    UnsupportedFeatureError,
)

KEEPS = pg.NeuronModel("dV/dt = 0*V", threshold="V > 1e30", reset="V = 0")


def network(spare: int = 3, delay: float = 0.1, **options: object) -> pg.Network:
    """Sources 0, 1 and 2, which spike once in every ms, onto cells that keep what arrives."""
    net = pg.Network(dt=0.1, seed=4)
    times = np.arange(1.0, 30.0)
    sources = net.spike_source(
        "sources", 3, times=np.tile(times, 3), indices=np.repeat([0, 1, 2], len(times))
    )
    cells = net.population("cells", 5, KEEPS)
    pairs = pg.PairList([0, 0, 1, 2], [0, 1, 1, 4])
    net.connect(
        sources, cells, pg.Delta(), pairs, weight=[1.0, 2.0, 4.0, 8.0], delay=delay, name="wires",
        spare=spare, **options,
    )  # fmt: skip
    return net


def compiled(net: pg.Network, backend: str, **options: object) -> pg.Simulation:
    return net.compile(backend, precision="float64", progress=False, **options)


def arrived(sim: pg.Simulation, milliseconds: float = 1.0) -> list[float]:
    before = np.array(sim["cells"]["V"][:])
    sim.run(milliseconds, progress=False)
    return list(np.asarray(sim["cells"]["V"][:]) - before)


def synapses(sim: pg.Simulation) -> list[tuple[int, int, float]]:
    found = sim["wires"].connections()
    return list(zip(found.pre.tolist(), found.post.tolist(), found.weight.tolist(), strict=True))


def test_what_is_added_delivers_and_what_is_removed_does_not(backend: str) -> None:
    sim = compiled(network(), backend)
    sim.run(0.5, progress=False)
    assert arrived(sim) == [1.0, 6.0, 0.0, 0.0, 8.0]
    wires = sim["wires"]
    wires.add_synapses([0, 2, 2], [3, 0, 1], weight=[16.0, 32.0, 64.0])
    assert wires.size == 7 and sim.synapse_count == 7
    assert arrived(sim) == [33.0, 70.0, 0.0, 16.0, 8.0]
    wires.remove_synapses([0, 2], [1, 4])
    assert synapses(sim) == [
        (0, 0, 1.0), (0, 3, 16.0), (1, 1, 4.0), (2, 0, 32.0), (2, 1, 64.0),
    ]  # fmt: skip
    assert arrived(sim) == [33.0, 68.0, 0.0, 16.0, 0.0]


def test_a_spike_on_its_way_finds_the_synapses_there_are_when_it_arrives(backend: str) -> None:
    sim = compiled(network(delay=0.5), backend)
    sim.run(1.2, progress=False)  # sent at 1.0, arrive at 1.5
    sim["wires"].remove_synapses([0], [0])
    sim["wires"].add_synapses([1], [2], weight=0.5)
    assert arrived(sim, 0.6) == [0.0, 6.0, 0.5, 0.0, 8.0]


def test_room_is_counted_by_source_and_comes_back(backend: str) -> None:
    sim = compiled(network(spare=2), backend)
    wires = sim["wires"]
    wires.add_synapses([1, 1], [0, 0])
    with pytest.raises(ConnectivityError, match=r"neuron 1 has no room .* all 3 places") as caught:
        wires.add_synapses([0, 1], [2, 2])
    assert "larger spare=" in caught.value.hint
    assert wires.size == 6  # none was added
    wires.remove_synapses([1, 1], [0, 1])
    wires.add_synapses([1, 1], [2, 3], weight=0.5)
    assert [s[:2] for s in synapses(sim) if s[0] == 1] == [(1, 0), (1, 2), (1, 3)]


def test_weights_belong_to_the_synapses_there_are(backend: str) -> None:
    sim = compiled(network(), backend)
    wires = sim["wires"]
    wires.add_synapses(1, 0, weight=3.0)
    assert wires["weight"][:].tolist() == [1.0, 2.0, 3.0, 4.0, 8.0]
    wires["weight"] = [10.0, 20.0, 30.0, 40.0, 80.0]
    assert synapses(sim)[2] == (1, 0, 30.0)
    wires["weight"] = 0.25
    assert wires["weight"][:].tolist() == [0.25] * 5
    with pytest.raises(PygennLiteError):
        wires["weight"] = [1.0, 2.0]


def test_backends_draw_the_same_network_and_rewire_it_alike() -> None:
    net = pg.Network(dt=0.1, seed=9)
    cells = net.population("cells", 60, pg.LIF())
    net.current(cells, 420.0)
    net.connect(
        cells, cells, pg.ExponentialCurrent(5.0), pg.FixedProbability(0.2),
        weight=pg.Normal(30.0, 10.0), delay=1.0, name="wires", spare=5,
    )  # fmt: skip
    net.record(cells.spikes)
    without = net.copy()  # drawn by the builder
    without.groups["wires"] = dataclasses.replace(net.groups["wires"], spare=0)
    sims = [compiled(net, name) for name in ("cpp", "reference")]
    drawn = compiled(without, "cpp")["wires"].connections()
    for sim in sims:
        mine = sim["wires"].connections()
        np.testing.assert_array_equal(mine.pre, drawn.pre)
        np.testing.assert_array_equal(mine.post, drawn.post)
        np.testing.assert_array_equal(mine.weight, drawn.weight)
    rng = np.random.default_rng(1)
    for _ in range(4):
        results = [sim.run(10.0, progress=False).spikes["cells"] for sim in sims]
        np.testing.assert_array_equal(results[0].steps, results[1].steps)
        np.testing.assert_array_equal(results[0].indices, results[1].indices)
        there = sims[0]["wires"].connections()
        gone = rng.choice(len(there), 20, replace=False)
        for sim in sims:
            sim["wires"].remove_synapses(there.pre[gone], there.post[gone])
            new = there.pre[gone], (there.post[gone] + 7) % 60
            sim["wires"].add_synapses(*new, weight=25.0)
    assert len(results[0])


def test_checkpoints_keep_the_synapses_there_are(backend: str, tmp_path: Path) -> None:
    sim = compiled(network(delay=0.5), backend)
    sim.run(1.2, progress=False)
    sim["wires"].add_synapses([1, 2], [2, 3], weight=[0.5, 0.125])
    sim["wires"].remove_synapses([0], [0])
    sim.save(tmp_path / "rewired")
    expected, there = arrived(sim, 3.0), synapses(sim)
    other = {"cpp": "reference"}.get(backend, "cpp")
    for name in (backend, other):
        again = compiled(network(delay=0.5), name)
        again.restore(tmp_path / "rewired")
        assert synapses(again) == there
        assert arrived(again, 3.0) == expected
    sim.restore(tmp_path / "rewired")
    assert arrived(sim, 3.0) == expected


def test_sums_in_whole_numbers_follow(backend: str) -> None:
    sim = compiled(network(), backend, accumulator="int32")
    sim["wires"].add_synapses([0], [4], weight=2.0**-21 * 3)
    sim.run(0.5, progress=False)
    unit = 2.0 ** (3 - 20)
    assert arrived(sim)[4] == 8.0 + round(2.0**-21 * 3 / unit) * unit


def test_instances_are_rewired_each_by_itself(backend: str) -> None:
    sim = network().compile(backend, instances=2, precision="float64", progress=False)
    sim.instances[1]["wires"].add_synapses([0], [4], weight=1.0)
    sim.run(1.5, progress=False)
    assert (sim["cells"]["V"][1] - sim["cells"]["V"][0]).tolist() == [0.0, 0.0, 0.0, 0.0, 1.0]
    with pytest.raises(UnsupportedFeatureError, match="come and go in each by itself"):
        network().compile(backend, instances=2, connectivity="shared")


def test_any_number_of_threads_gives_the_same() -> None:
    for threads in (1, 2):
        sim = compiled(network(), "cpp", threads=threads)
        sim["wires"].add_synapses([0], [4], weight=1.0)
        assert arrived(sim, 1.5) == [1.0, 6.0, 0.0, 0.0, 9.0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"storage": "dense"}, "stored one by one"),
        ({"storage": "procedural"}, "stored one by one"),
        ({"weight_precision": "float16"}, "full precision"),
        ({"delay": pg.Uniform(0.1, 1.0)}, "with one delay"),
    ],
)
def test_where_there_can_be_no_room(options: dict[str, object], message: str) -> None:
    with pytest.raises(UnsupportedFeatureError, match=message):
        network(**options)  # type: ignore[arg-type]
    net = pg.Network()
    cells = net.population("cells", 5, pg.LIF())
    with pytest.raises(UnsupportedFeatureError, match="only add a weight"):
        net.connect(cells, cells, pg.PairSTDP(), pg.AllToAll(), spare=1)


@pytest.mark.parametrize("spare", [-1, 0.5, "3", 70_000])
def test_room_is_a_whole_number(spare: object) -> None:
    with pytest.raises(NetworkError, match="spare = "):
        network(spare=spare)  # type: ignore[arg-type]


def test_wrong_synapses_are_named(backend: str) -> None:
    wires = compiled(network(), backend)["wires"]
    with pytest.raises(ConnectivityError, match="pre = 3, of 3 neurons"):
        wires.add_synapses([3], [0])
    with pytest.raises(ConnectivityError, match="post = -1, of 5 neurons"):
        wires.add_synapses([0], [-1])
    with pytest.raises(ConnectivityError, match="2 sources, 1 targets"):
        wires.add_synapses([0, 1], [0])
    with pytest.raises(ShapeError, match=r"weights of shape .3,. for 2 synapses"):
        wires.add_synapses([0, 1], [0, 1], weight=[1.0, 2.0, 3.0])
    with pytest.raises(ConnectivityError, match="no synapse from neuron 1 to neuron 0"):
        wires.remove_synapses([1], [0])
    with pytest.raises(PygennLiteError, match="not finite"):
        wires.add_synapses([0], [0], weight=float("nan"))
    with pytest.raises(UnsupportedFeatureError, match="without room") as caught:
        compiled(network(spare=0), backend)["wires"].add_synapses([0], [0])
    assert "spare=" in caught.value.hint


def test_recorded_synapses_stay(backend: str) -> None:
    net = network()
    net.record(net.groups["wires"]["weight"][:2])
    with pytest.raises(UnsupportedFeatureError, match="recorded one by one"):
        compiled(net, backend)["wires"].add_synapses([0], [0])


def test_room_stands_in_files_and_plans() -> None:
    net = network(spare=4)
    text = pg.dump_network(net)
    assert "spare: 4" in text and pg.load_network(text)[0].groups["wires"].spare == 4
    sim = compiled(net, "cpp")
    (store,) = sim._device.plan.stores
    assert store.spare == 4 and store.weights and store.groups == ("wires",)
    assert net.digest() != network(spare=0).digest()


def test_several_instances_say_who_can_be_rewired(backend):
    net = pg.Network(dt=0.5)
    cells = net.population("cells", 4, pg.LIF())
    net.connect(cells, cells, pg.Delta(), pg.OneToOne(), spare=1, name="g")
    sim = net.compile(backend, instances=2, threads=1)
    with pytest.raises(AttributeError, match=r"simulation.instances\[k\]\['g'\].add_synapses"):
        sim["g"].add_synapses([0], [1])
    sim.instances[1]["g"].add_synapses([0], [1])
    assert sim["g"].size == [4, 5]
