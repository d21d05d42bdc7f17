"""Every model of the library compiles and gives what the reference interpreter gives."""

import numpy as np
import pytest
from library_currents import DRIVE

import pygenn_lite as pg
from pygenn_lite import models
from pygenn_lite.runtime.reference.interpreter import run_reference

pytestmark = [
    pytest.mark.usefixtures("backend"),
    pytest.mark.generated("is compared with the interpreter"),
]

SILENT = {"RateNeuron", "DiscreteLI"}  # have no threshold


def _compare(net, duration, populations, tolerance=1e-7):
    """Run compiled and interpreted; spikes must be equal, states and weights all but equal."""
    sim = net.compile(precision="float64", threads=1)
    result = sim.run(duration)
    reference = run_reference(net, round(duration / net.dt))
    for name in populations:
        steps, indices = reference.spikes[name]
        np.testing.assert_array_equal(result.spikes[name].steps, steps, err_msg=name)
        np.testing.assert_array_equal(result.spikes[name].indices, indices, err_msg=name)
        for variable, _ in net.populations[name].model.initial:
            np.testing.assert_allclose(
                np.asarray(sim[name][variable]),
                reference.states[name][variable],
                rtol=tolerance,
                atol=tolerance,
                err_msg=f"{name}.{variable}",
            )
    for name in net.groups:
        weights = sim[name].connections().weight
        np.testing.assert_allclose(
            weights, reference.synapses[name]["weight"], rtol=tolerance, err_msg=name
        )
    return result


def test_every_neuron_model_runs_as_the_reference_says():
    assert {*DRIVE, "PoissonNeuron"} == set(models.NEURONS)
    net = pg.Network(dt=0.1, seed=3)
    for name, current in DRIVE.items():
        population = net.population(name, 3, models.NEURONS[name]())
        net.current(population, current * np.array([0.0, 0.7, 1.0]))
        net.record(population.spikes)
    net.record(net.population("PoissonNeuron", 50, models.PoissonNeuron(rate=100.0)).spikes)
    result = _compare(net, 60.0, models.NEURONS)
    for name in models.NEURONS.keys() - SILENT:
        assert len(result.spikes[name].steps) >= 1, name


@pytest.mark.parametrize("rule", [None, *models.PLASTICITY])
def test_every_rule_with_every_receptor_runs_as_the_reference_says(rule):
    net = pg.Network(dt=0.1, seed=4)
    rng = np.random.default_rng(1)
    times = np.sort(rng.integers(1, 500, 60)) * 0.1
    source = net.spike_source("s", 6, times, rng.integers(0, 6, 60))
    targets = []
    for name, make in models.SYNAPSES.items():
        neuron = models.LIFConductance(t_ref=1.0)
        target = net.population(name, 4, neuron)
        net.current(target, 110.0)
        scale = {"Delta": 1.0}.get(name, 4.0 if name.endswith("Conductance") else 60.0)
        synapse = make() if rule is None else models.PLASTICITY[rule](make())
        if rule in ("PairSTDP", "TripletSTDP", "DopamineSTDP", "RewardSTDP"):
            factor = {"reward": 1.0} if rule == "RewardSTDP" else {}
            synapse = models.PLASTICITY[rule](make(), w_max=2 * scale, **factor)
        net.connect(source, target, synapse, pg.AllToAll(), weight=scale, delay=1.3)
        net.record(target.spikes)
        targets.append(name)
    result = _compare(net, 60.0, targets)
    assert sum(len(result.spikes[name].steps) for name in targets) > 20
