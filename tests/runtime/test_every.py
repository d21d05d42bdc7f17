"""What a network does every so many ms: on every backend, in files, in what inspect shows."""

from __future__ import annotations

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.errors import NetworkError, UnsupportedFeatureError

LEAK = pg.NeuronModel("dV/dt = -V/tau", parameters=dict(tau=10.0), initial=dict(V=1.0))


def connected(synapse, storage="auto", n=70):
    net = pg.Network(dt=0.5, seed=4)
    times, neurons = np.repeat(np.arange(1.0, 21.0), 3), np.arange(60) % 20
    pre = net.spike_source("pre", 20, times, neurons)
    post = net.population("post", n, pg.LIF())
    rule, weight = pg.FixedProbability(0.5), pg.Uniform(0.5, 1.5)
    net.connect(pre, post, synapse, rule, weight=weight, storage=storage, name="group")
    return net


def sums(sim, n=70):
    synapses = sim["group"].connections()
    return np.bincount(synapses.post, synapses.weight, n)


def test_states_of_neurons_are_assigned_every_so_many_ms(backend):
    """At t = 0, 2, 4, ...: after that the trace is what the assignment left, decayed."""
    net = pg.Network(dt=0.5)
    cells = net.population("cells", 130, LEAK, parameters=dict(tau=pg.Uniform(5.0, 10.0)))
    net.every(2.0, cells, "V = V + kick*tau", parameters=dict(kick=0.1))
    net.record(cells["V"])
    sim = net.compile(backend, threads=1, precision="float64")
    tau, V, expected = sim["cells"]["tau"][:], np.ones(130), []
    for n in range(12):
        if n % 4 == 0:
            V = V + 0.1 * tau
        expected.append(V)
        V = V * np.exp(-0.5 / tau)
    found = sim.run(6.0).traces["cells"]["V"].values
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    sim.reset(seed=7)  # another engine: the same assignments
    again = sim.run(6.0).traces["cells"]["V"].values
    np.testing.assert_allclose(again[0], 1 + 0.1 * tau, rtol=1e-12)


@pytest.mark.parametrize(
    ("synapse", "storage"),
    [
        (pg.ExponentialCurrent(5.0), "auto"),
        (pg.PairSTDP(w_max=3.0), "auto"),
        (pg.PairSTDP(w_max=3.0), "dense"),
    ],
    ids=["static", "plastic", "plastic matrix"],
)
def test_weights_are_normalised_over_the_synapses_of_each_target(backend, synapse, storage):
    net = connected(synapse, storage)
    net.every(5.0, "group", "weight *= total/sum_weight", parameters=dict(total=2.0))
    found = []
    for threads in (1, 2) if backend == "cpp" else (1,):
        sim = net.compile(backend, threads=threads, precision="float64")
        before = sums(sim)
        sim.run(0.5)
        np.testing.assert_allclose(sums(sim)[before > 0], 2.0, rtol=1e-12)
        sim["group"]["weight"] = 1.0
        sim.run(4.5)
        assert np.any(np.abs(sums(sim) - 2.0) > 0.5)  # not before its time
        sim.run(0.5)
        np.testing.assert_allclose(sums(sim)[before > 0], 2.0, rtol=1e-12)
        found.append(sim["group"].connections().weight)
    np.testing.assert_array_equal(found[0], found[-1])


def test_it_is_written_to_files_and_shown(backend):
    net = connected(pg.ExponentialCurrent(5.0))
    net.every(
        5.0, "group", "weight *= total/sum_weight", parameters=dict(total=2.0), name="normalise"
    )
    again, _ = pg.load_network(pg.dump_network(net))
    assert again == net and again.digest() == net.digest()
    without = connected(pg.ExponentialCurrent(5.0))
    assert net != without and net.digest() != without.digest()
    assert "normalise: group every 5 ms" in str(net)
    shown = str(net.compile(backend, threads=1).inspect())
    assert "normalise (5 ms): assignments" in shown and "every 10 steps" in shown
    assert "normalise__sum_weight" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((5.0, "nobody", "V = 0"), r"no population or synapse group 'nobody'"),
        ((5.0, "pre", "V = 0"), r"'normalise'.*'pre' is a spike source"),
        ((5.0, "post", "U = 0"), r"'normalise'.*no variable 'U'"),
        ((5.0, "post", "V = V + w"), r"unknown symbol 'w'.*V \+ w"),
        ((5.0, "group", "weight = weight*sum_wight"), r"'sum_wight'.*did you mean 'sum_weight'"),
        ((0.1, "post", "V = 0"), r"0.1 ms is shorter than a step of 0.5 ms"),
        ((float("nan"), "post", "V = 0"), r"interval = nan"),
        ((5.0, "post", "V = rand()"), r"random numbers"),
        ((5.0, "post", ""), r"nothing to be done"),
    ],
)
def test_what_makes_no_sense_is_refused_where_it_is_declared(arguments, message):
    net = connected(pg.ExponentialCurrent(5.0))
    with pytest.raises(NetworkError, match=message):
        net.every(*arguments, name="normalise")
    assert not net.updates


def test_parameters_do_not_take_the_names_of_what_synapses_have():
    net = connected(pg.ExponentialCurrent(5.0))
    with pytest.raises(NetworkError, match="parameter 'sum_weight' has a name that 'group' gives"):
        net.every(5.0, "group", "weight = sum_weight", parameters=dict(sum_weight=7.0))


def test_a_parameter_that_nothing_reads_is_told():
    net = connected(pg.Delta())
    with pytest.raises(NetworkError, match="nothing reads the parameter 'Vrest'"):
        net.every(1.0, "post", "V = Vreset", parameters=dict(Vrest=3.0, Vreset=1.0))


@pytest.mark.parametrize("name", ["V", "E_L"])
def test_parameters_do_not_take_the_names_of_what_neurons_have(name):
    net = connected(pg.ExponentialCurrent(5.0))
    with pytest.raises(NetworkError, match=f"parameter '{name}' has a name that 'post' gives"):
        net.every(5.0, "post", f"V = {name}", parameters={name: -10.0})


def test_only_whole_populations_and_groups_are_updated():
    net = connected(pg.ExponentialCurrent(5.0))
    post = net.populations["post"]
    with pytest.raises(NetworkError, match="part of a population"):
        net.every(5.0, post[1:3], "V = 0")
    with pytest.raises(NetworkError, match="neither a population nor"):
        net.every(5.0, post["V"], "V = 0")
    assert not net.updates


def test_synapses_that_come_and_go_are_not_updated(backend):
    net = pg.Network(dt=0.5, seed=4)
    cells = net.population("cells", 10, pg.LIF())
    group = net.connect(cells, cells, pg.Delta(), pg.OneToOne(), weight=1.0, spare=2)
    net.every(5.0, group, "weight *= 0.9")
    with pytest.raises(UnsupportedFeatureError, match="come and go"):
        net.compile(backend)


def test_weights_that_cannot_change_one_by_one_are_refused(backend):
    for more, message in (
        (dict(storage="procedural"), "only add a weight"),
        (dict(weight_precision="float16"), "16 bits cannot change"),
    ):
        net = pg.Network(dt=0.5, seed=4)
        cells = net.population("cells", 10, pg.LIF())
        synapse, rule = pg.ExponentialCurrent(5.0), pg.FixedProbability(0.5)
        net.connect(cells, cells, synapse, rule, weight=pg.Uniform(0.0, 1.0), name="group", **more)
        net.every(5.0, "group", "weight *= 0.9")
        if backend == "cpp" or "16" in message:
            with pytest.raises(UnsupportedFeatureError, match=message):
                net.compile(backend)


def test_weights_are_part_of_the_state(backend, tmp_path):
    """Reset puts them back, a checkpoint holds them, instances with shared connectivity have their
    own."""
    net = connected(pg.ExponentialCurrent(5.0))
    net.every(5.0, "group", "weight *= 0.5")
    sim = net.compile(backend, threads=1, precision="float64")
    before = sim["group"].connections().weight
    sim.run(10.5)
    after = sim["group"].connections().weight
    np.testing.assert_allclose(after, before / 8, rtol=1e-14)
    sim.save(tmp_path / "checkpoint")
    sim.reset()
    np.testing.assert_array_equal(sim["group"].connections().weight, before)
    sim.restore(tmp_path / "checkpoint")
    np.testing.assert_array_equal(sim["group"].connections().weight, after)
    shared = net.compile(
        backend, threads=1, precision="float64", instances=2, connectivity="shared"
    )
    shared.run(10.5)
    for k in (0, 1):
        found = shared.instances[k]["group"].connections().weight
        np.testing.assert_allclose(found, before / 8, rtol=1e-14)


def test_it_survives_scaling_and_changes_of_values():
    net = connected(pg.ExponentialCurrent(5.0))
    net.every(5.0, "group", "weight *= 0.5")
    assert net.with_values({"populations.post.size": 10}).updates == net.updates
    net = pg.Network()
    cells = net.population("cells", 100, pg.LIF())
    net.connect(cells, cells, pg.ExponentialCurrent(5.0), pg.FixedProbability(0.1), name="group")
    net.every(5.0, "group", "weight *= 0.5")
    assert pg.scale_network(net, 0.5, {"cells": 5.0}).updates == net.updates
