"""The number of threads that a network gets when nobody says."""

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite import codegen
from pygenn_lite.codegen.plan.described import Described
from pygenn_lite.codegen.plan.network_plan import plan_network
from pygenn_lite.codegen.plan.threads import neuron_work


def described(net):
    structure = codegen.network_structure(net, "float32")
    signatures = codegen.generate(structure).signatures
    return Described(net, structure, signatures, np.dtype("float32"))


def threads_for(net, cpus=64):
    return plan_network(described(net), cpus=cpus).threads


def connected(size, *, delay=0.1, synapse=None, probability=None):
    net = pg.Network(dt=0.1)
    cells = net.population("cells", size, pg.LIF())
    rule = pg.FixedProbability(probability if probability is not None else min(1.0, 80 / size))
    net.connect(cells, cells, synapse or pg.ExponentialCurrent(5.0), rule, weight=1.0, delay=delay)
    return net


def test_small_networks_get_one_thread():
    assert threads_for(connected(10)) == 1
    assert threads_for(connected(4_000)) == 1


def test_large_networks_get_more_but_not_all_there_are():
    few, many = threads_for(connected(20_000)), threads_for(connected(400_000))
    assert 1 < few < many < 64
    assert threads_for(connected(400_000), cpus=2) == 2


def test_work_counts_and_not_neurons():
    net = pg.Network(dt=0.1)
    cells = net.population("cells", 4_000, pg.HodgkinHuxleySquid())
    rule = pg.FixedProbability(0.02)
    net.connect(cells, cells, pg.ExponentialConductance(5.0), rule, weight=1.0, delay=0.1)
    assert threads_for(net) > threads_for(connected(4_000)) == 1
    assert threads_for(connected(4_000, probability=1.0)) > 1


def test_longer_delays_let_threads_meet_less_often():
    assert threads_for(connected(4_000, delay=1.5)) > 1


def test_many_tiny_populations_are_no_less_work_than_they_are():
    net = pg.Network(dt=0.1)
    for k in range(20):
        net.population(f"p{k}", 10, pg.LIF())
    assert neuron_work(described(net)) > 20 * 15.0


@pytest.mark.parametrize("cpus", [1, 2])
def test_a_compiled_network_gets_that_many(monkeypatch, cpus):
    from pygenn_lite.runtime.cpp import backend

    monkeypatch.setattr(backend, "available_cpus", lambda: cpus)
    net = connected(4_000, delay=1.5, probability=0.01)
    assert net.compile().threads == min(cpus, threads_for(net, cpus)) == cpus
