"""Neurons in steps against Spyx's formulas, written again in NumPy: the same spikes in the same
steps, the same states."""

import numpy as np
import pytest
import spyx_steps as spyx

import pygenn_lite as pg

STEPS, CHANNELS, NEURONS = 60, 20, 12
RNG = np.random.default_rng(7)
FRAMES = (RNG.random((STEPS, CHANNELS)) < 0.2).astype(float)
WEIGHTS = RNG.normal(0.05, 0.4, (CHANNELS, NEURONS))
FEEDBACK = RNG.normal(0, 0.3, (NEURONS, NEURONS))
BETA = np.linspace(-0.1, 1.1, NEURONS)  # beyond [0, 1] at both ends
GAMMA = np.linspace(1.05, 0.4, NEURONS)

# Model, its input, Spyx's step, how many states.
CASES = {
    "IF": (pg.DiscreteIF(V_th=0.8), "V", spyx.IF(0.8), 1),
    "LIF": (pg.DiscreteLIF(beta=BETA), "V", spyx.LIF(BETA), 1),
    "ALIF": (pg.DiscreteALIF(beta=BETA, gamma=GAMMA), "V", spyx.ALIF(BETA, GAMMA), 2),
    "CuBaLIF": (pg.DiscreteCuBaLIF(alpha=GAMMA, beta=BETA), "I_syn", spyx.CuBaLIF(GAMMA, BETA), 2),
}
RESET_FREE = {
    "PSU_LIF": (pg.ResetFreeLIF(beta=BETA), spyx.PSU_LIF(BETA)),
    "ResonateFire": (
        pg.ResonateFire(decay=0.1 * GAMMA, omega=BETA),
        spyx.ResonateFire(0.1 * GAMMA, BETA),
    ),
}


def network(model, target, recurrent=False):
    """Frames as spikes of a source; neurons; what is recorded."""
    net = pg.Network(dt=1.0, seed=1)
    times, channels = np.nonzero(FRAMES)
    source = net.spike_source("input", CHANNELS, times.astype(float), channels)
    hidden = net.population("hidden", NEURONS, model)
    into = pg.Delta(target)
    net.connect(source, hidden, into, pg.AllToAll(), weight=WEIGHTS, delay=1.0)
    if recurrent:
        net.connect(hidden, hidden, into, pg.AllToAll(), weight=FEEDBACK, delay=1.0)
    net.record(hidden.spikes, *(hidden[name] for name, _ in model.initial))
    return net


def rows(recorded, steps):
    """Spikes as a table of steps and neurons; the first row is that of step 0."""
    table = np.zeros((steps + 1, NEURONS))
    table[recorded.steps, recorded.indices] = 1
    return table[1:]


def at_ends(result, model):
    """Variables at the ends of all steps but the last (samples are taken where steps begin)."""
    return {name: result.traces["hidden"][name].values[1:] for name, _ in model.initial}


def simulated(net, backend):
    return net.compile(backend=backend, precision="float64", threads=1).run(float(STEPS))


@pytest.mark.parametrize("recurrent", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_a_neuron_spikes_where_spyx_does_and_its_state_is_the_same(backend, name, recurrent):
    model, target, step, states = CASES[name]
    result = simulated(network(model, target, recurrent), backend)
    step = spyx.recurrent(step, FEEDBACK) if recurrent else step
    spikes, (V, *others) = spyx.run(step, FRAMES @ WEIGHTS, states)
    mine = rows(result.spikes["hidden"], STEPS)
    assert 50 < spikes.sum() < 0.9 * spikes.size
    np.testing.assert_array_equal(mine[:-1], spikes[1:])  # found at the end of the step before
    trace = at_ends(result, model)
    V, mine, others = V[:-1], mine[:-1], [values[:-1] for values in others]
    if name == "CuBaLIF":
        np.testing.assert_allclose(trace["U"] + trace["I_syn"], V - mine, atol=1e-12)
        np.testing.assert_allclose(trace["I_syn"], others[0], atol=1e-12)
    elif name == "IF":
        np.testing.assert_allclose(trace["V"], V - 0.8 * mine, atol=1e-12)
    else:
        np.testing.assert_allclose(trace["V"], V, atol=1e-12)
        np.testing.assert_array_equal(trace["S"], mine)
    if name == "ALIF":
        np.testing.assert_allclose(trace["T"], others[0], atol=1e-12)


@pytest.mark.parametrize("name", RESET_FREE)
def test_a_neuron_without_a_reset_spikes_in_the_step_of_its_input(backend, name):
    model, step = RESET_FREE[name]
    result = simulated(network(model, "V"), backend)
    spikes, (V,) = spyx.run(step, FRAMES @ WEIGHTS)
    assert 50 < spikes.sum() < 0.9 * spikes.size
    np.testing.assert_array_equal(rows(result.spikes["hidden"], STEPS), spikes)
    np.testing.assert_allclose(at_ends(result, model)["V"], V.real[:-1], atol=1e-12)


def test_a_read_out_has_the_same_potential_one_step_later(backend):
    model = pg.DiscreteLI(beta=BETA)
    result = simulated(network(model, "x"), backend)
    V, _ = spyx.run(spyx.LI(BETA), FRAMES @ WEIGHTS)
    np.testing.assert_allclose(at_ends(result, model)["V"][1:], V[:-2], atol=1e-12)


def test_an_input_is_added_in_every_step(backend):
    for model, target, step, states in CASES.values():
        net = network(model, target)
        net.current(net.populations["hidden"], 0.1)
        spikes, _ = spyx.run(step, FRAMES @ WEIGHTS + 0.1, states)
        np.testing.assert_array_equal(
            rows(simulated(net, backend).spikes["hidden"], STEPS)[:-1], spikes[1:]
        )


def test_layers_lie_one_step_apart_as_in_spyx(backend):
    second = RNG.normal(0.1, 0.5, (NEURONS, NEURONS))
    net = network(pg.DiscreteLIF(beta=0.8), "V")
    top = net.population("top", NEURONS, pg.DiscreteLIF(beta=0.7))
    net.connect(
        net.populations["hidden"], top, pg.Delta("V"), pg.AllToAll(), weight=second, delay=1.0
    )
    net.record(top.spikes)
    spikes, _ = spyx.run(spyx.LIF(0.8), FRAMES @ WEIGHTS)
    expected, _ = spyx.run(spyx.LIF(0.7), spikes @ second)
    assert expected.sum() > 50
    np.testing.assert_array_equal(
        rows(simulated(net, backend).spikes["top"], STEPS)[:-1], expected[1:]
    )
