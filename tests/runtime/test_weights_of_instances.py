"""Instances that share their synapses may have weights of their own: each is the single simulation
with these weights, and what is set for one of them changes no other."""

from __future__ import annotations

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.errors import NetworkError, UnsupportedFeatureError

pytestmark = pytest.mark.usefixtures("backend")

STATIC, PLASTIC, ONE = "groups.exc_inh.weight", "groups.learning.weight", "groups.source_exc.weight"


def network(**options):
    net = pg.Network(dt=0.5, seed=5)
    exc = net.population("exc", 12, pg.LIF(), initial={"V": pg.Uniform(-60.0, -50.0)})
    inh = net.population("inh", 5, pg.LIF())
    source = net.spike_source("source", 3, [1.0, 4.0, 4.5], [0, 1, 2])
    current = pg.ExponentialCurrent(5.0)
    net.connect(
        exc, inh, current, pg.FixedProbability(0.5), weight=pg.Normal(150.0, 5.0),
        delay=pg.Uniform(0.5, 2.0), **options,
    )  # fmt: skip
    net.connect(exc, exc, current, pg.FixedProbability(0.3), weight=pg.Uniform(5.0, 9.0), delay=2.0)
    net.connect(source, exc, current, pg.AllToAll(), weight=100.0)
    stdp = pg.PairSTDP(current, w_max=100.0)
    net.connect(
        exc, exc, stdp, pg.FixedProbability(0.5), weight=pg.Uniform(20.0, 40.0), name="learning"
    )
    net.poisson(exc, 2000.0, weight=5.0, variable="V", name="drive")
    net.record(exc.spikes, inh.spikes, inh["V"])
    return net


OWN = {
    STATIC: [pg.Normal(200.0, 2.0), 4.0 * np.arange(60.0).reshape(12, 5), "100 + i_pre"],
    PLASTIC: [30.0, pg.Uniform(0.0, 10.0), pg.Uniform(50.0, 60.0)],
    ONE: [50.0, 80.0, 110.0],
}


def test_each_is_the_single_simulation_with_its_weights():
    net = network()
    sim = net.compile(instances=3, seeds=[7, 8, 9], values=OWN, connectivity="shared")
    results = sim.run(40.0, keep_weights=True)
    sim.reset()
    again = sim.run(40.0, keep_weights=True)
    for k, seed in enumerate((7, 8, 9)):
        changed = net.with_values({path: each[k] for path, each in OWN.items()})
        one = changed.with_values({"network.seed": seed}).compile(connectivity_seed=5)
        for group in ("exc_inh", "exc_exc", "source_exc", "learning"):
            mine, single = sim.instances[k][group].connections(), one[group].connections()
            assert np.array_equal(mine.post, single.post)
            if group != "learning":
                assert np.array_equal(mine.weight, single.weight)
        alone = one.run(40.0, keep_weights=True)
        assert len(alone.spikes["exc"]) and len(alone.spikes["inh"])
        for found in (results[k], again[k]):
            for name, train in alone.spikes.items():
                assert np.array_equal(found.spikes[name].steps, train.steps)
                assert np.array_equal(found.spikes[name].indices, train.indices)
            assert np.array_equal(found.traces["inh"]["V"].values, alone.traces["inh"]["V"].values)
            assert np.array_equal(found.weights["learning"], alone.weights["learning"])


@pytest.mark.parametrize("group", ["exc_inh", "source_exc"])
def test_what_is_set_for_one_changes_no_other(group, tmp_path):
    sim = network().compile(instances=3, connectivity="shared")
    other = network().compile(instances=3, connectivity="shared")
    before = np.array(sim[group]["weight"])
    sim.instances[1][group]["weight"] = 31.0
    assert np.array_equal(np.asarray(sim[group]["weight"])[[0, 2]], before[[0, 2]])
    assert np.all(np.asarray(sim.instances[1][group]["weight"]) == 31.0)
    single = network().with_values({"network.seed": 6}).compile(connectivity_seed=5)
    single[group]["weight"] = 31.0
    sim.save(tmp_path / "checkpoint")
    found, same, alone = sim.run(30.0), other.run(30.0), single.run(30.0)
    for name in ("exc", "inh"):
        assert np.array_equal(found[1].spikes[name].steps, alone.spikes[name].steps)
        assert np.array_equal(found[1].spikes[name].indices, alone.spikes[name].indices)
        assert np.array_equal(found[2].spikes[name].indices, same[2].spikes[name].indices)
    assert np.array_equal(found[1].traces["inh"]["V"].values, alone.traces["inh"]["V"].values)
    other.restore(tmp_path / "checkpoint")
    again = other.run(30.0)
    for k in range(3):
        assert np.array_equal(again[k].spikes["inh"].indices, found[k].spikes["inh"].indices)


@pytest.mark.compiled("memory is that of compiled stores")
def test_own_weights_are_shown_with_what_they_take():
    sim = network().compile(instances=3, connectivity="shared")
    before = sum(row.bytes for row in sim.memory())
    sim.instances[1]["exc_inh"]["weight"] = 31.0
    rows = [row for row in sim.memory() if row.what == "weights of an instance"]
    assert len(rows) == 1 and rows[0].count >= sim["exc_inh"].size
    remembered = [row for row in sim.memory() if row.what == "weights as drawn"]
    assert sum(row.bytes for row in sim.memory()) == before + rows[0].bytes + sum(
        row.bytes for row in remembered
    )


@pytest.mark.compiled("a limit of stores that instances share")
@pytest.mark.parametrize("precision", ["float16", "int16"])
def test_weights_of_16_bits_are_common_to_all(precision):
    net = network(weight_precision=precision)
    with pytest.raises(UnsupportedFeatureError, match="kept in 16 bits") as caught:
        net.compile(instances=2, connectivity="shared", values={STATIC: ["i_pre", "2*i_pre"]})
    assert "exc_inh" in str(caught.value) and "connectivity='own'" in str(caught.value)
    sim = net.compile(instances=2, connectivity="shared")
    before = np.array(sim["exc_inh"]["weight"])
    with pytest.raises(UnsupportedFeatureError, match="kept in 16 bits"):
        sim.instances[1]["exc_inh"]["weight"] = 3.0
    assert np.array_equal(before, sim["exc_inh"]["weight"])


@pytest.mark.compiled("a limit of stores that instances share")
def test_weights_are_kept_alike_in_all_instances():
    with pytest.raises(NetworkError, match="kept in another way") as caught:
        network().compile(instances=2, connectivity="shared", values={ONE: [50.0, "50 + i_pre"]})
    assert ONE in str(caught.value) and "in all instances alike" in str(caught.value)


@pytest.mark.parametrize("path", ["delay", "connectivity.p", "connectivity"])
def test_synapses_and_delays_stay_common(path):
    full = f"groups.exc_inh.{path}"
    choices = {"connectivity": [pg.AllToAll(), pg.OneToOne()], "delay": [0.5, 1.0]}
    with pytest.raises(NetworkError, match="only their weights may differ") as caught:
        network().compile(
            instances=2, values={full: choices.get(path, [0.5, 0.7])}, connectivity="shared"
        )
    assert full in str(caught.value)
