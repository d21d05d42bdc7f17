"""What is set in a callback or between runs holds from then on, and not before; what would tear a
run apart is refused."""

import threading

import helpers_runtime as helpers
import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.errors import SimulationError

pytestmark = pytest.mark.usefixtures("backend")

CELL = pg.NeuronModel("dV/dt = (-V + I)/tau", parameters=dict(tau=10.0))


def test_parameters_set_in_a_callback_hold_from_there_on():
    def simulation():
        net = pg.Network(dt=0.1)
        cells = net.population("p", 1, CELL)
        net.current(cells, 0.0, name="c")
        return net.compile(precision="float64")

    def change(sim):
        if sim.time == 5.0:
            sim["c"]["value"] = 5.0
            sim["p"]["tau"] = 8.0

    inside, between = simulation(), simulation()
    inside.run(10.0, callback=change, interval=5.0)
    between.run(5.0)
    change(between)
    between.run(5.0)
    assert inside["p"]["V"][0] == between["p"]["V"][0] > 1.0


def decaying_weight():
    net = pg.Network(dt=0.1)
    source = net.spike_source("s", 1, [14.0], [0])
    cells = net.population("p", 1, pg.NeuronModel("dV/dt = 0*V*I"))
    model = pg.SynapseModel(
        "dI_syn/dt = 0",
        inputs="I = I_syn",
        on_pre="I_syn += weight",
        synapse_derivatives="dweight/dt = -weight/tau_w",
        parameters=dict(tau_w=10.0),
    )
    net.connect(source, cells, model, pg.AllToAll(), weight=1.0, delay=1.0, name="g")
    return net.compile(precision="float64")


def test_an_event_driven_weight_is_read_and_set_as_of_now(tmp_path):
    sim = decaying_weight()
    sim.run(10.0)
    sim.save(tmp_path / "point.npz")
    assert sim["g"]["weight"][0] == pytest.approx(np.exp(-1.0))
    assert sim["g"].connections().weight[0] == pytest.approx(np.exp(-1.0))
    sim.run(10.0)
    assert sim["g"]["I_syn"][0] == pytest.approx(np.exp(-1.5))

    sim.restore(tmp_path / "point.npz")
    sim["g"]["weight"] = 2.0
    assert sim["g"]["weight"][0] == 2.0
    sim.run(10.0)
    assert sim["g"]["I_syn"][0] == pytest.approx(2.0 * np.exp(-0.5))


def test_a_changed_parameter_of_event_driven_dynamics_leaves_the_past_alone():
    sim = decaying_weight()
    sim.run(10.0)
    sim["g"]["tau_w"] = 1e6
    assert sim["g"]["weight"][0] == pytest.approx(np.exp(-1.0))


def test_silence_of_more_steps_than_32_bits_count_is_not_forgotten():
    net = pg.Network(dt=0.1)
    source = net.spike_source("s", 1, [], [])
    cells = net.population("p", 1, pg.LIF())
    model = pg.SynapseModel(
        on_pre="weight += 0",
        synapse_derivatives="dweight/dt = -weight/tau_w",
        parameters=dict(tau_w=1e9),
    )
    net.connect(source, cells, model, pg.AllToAll(), weight=1.0, name="g")
    sim = net.compile(precision="float64")
    for end in (2**31, 2**32):  # as if all steps had been run
        sim._device.set_step(end - 1, [net.seed])
        sim.step(2)
    assert sim["g"]["weight"][0] == pytest.approx(np.exp(-(2**32 + 1) * 0.1 / 1e9), rel=1e-12)


def test_synapse_code_reads_the_changed_parameter_of_a_neuron():
    net = pg.Network(dt=0.1)
    source = net.spike_source("s", 1, [1.0, 5.0], [0, 0])
    neuron = pg.NeuronModel("dV/dt = 0*V*k", parameters=dict(k=2.0))
    cells = net.population("p", 1, neuron)
    net.connect(source, cells, pg.SynapseModel(on_pre="V_post += weight*k_post"), pg.AllToAll())
    sim = net.compile()
    sim.run(4.0)
    before = float(sim["p"]["V"][0])
    sim["p"]["k"] = 7.0
    sim.run(4.0)
    assert (before, sim["p"]["V"][0] - before) == (2.0, 7.0)


@pytest.mark.parametrize("what", ["reset", "restore", "run", "step", "save"])
def test_a_run_is_left_alone_by_other_threads(tmp_path, what):
    sim = helpers.balanced_network().compile()
    sim.save(tmp_path / "point.npz")
    calls = {
        "reset": sim.reset,
        "restore": lambda: sim.restore(tmp_path / "point.npz"),
        "run": lambda: sim.run(1.0),
        "step": sim.step,
        "save": lambda: sim.save(tmp_path / "other.npz"),
    }
    refused = []

    def from_another_thread(sim):
        def call():
            with pytest.raises(SimulationError, match="already running"):
                calls[what]()
            refused.append(what)

        thread = threading.Thread(target=call)
        thread.start()
        thread.join()

    result = sim.run(20.0, callback=from_another_thread, interval=10.0)
    assert refused == [what, what]
    assert (result.duration, sim.time) == (20.0, 20.0)


@pytest.mark.parametrize("what", ["reset", "restore", "run", "step"])
def test_a_callback_cannot_take_the_run_from_itself(tmp_path, what):
    sim = helpers.balanced_network().compile()
    sim.save(tmp_path / "point.npz")
    calls = {
        "reset": lambda sim: sim.reset(),
        "restore": lambda sim: sim.restore(tmp_path / "point.npz"),
        "run": lambda sim: sim.run(1.0),
        "step": lambda sim: sim.step(),
    }
    with pytest.raises(SimulationError, match="already running"):
        sim.run(20.0, callback=calls[what], interval=10.0)
    assert sim.run(5.0).duration == 5.0


def test_a_callback_may_save_and_restoring_it_later_is_exact(tmp_path):
    def keep(sim):
        if sim.time == 20.0:
            sim["exc"]["t_ref"] = 2.0
            sim.save(tmp_path / "point.npz")

    sim = helpers.balanced_network(neurons=100).compile()
    whole = sim.run(40.0, callback=keep, interval=10.0)
    sim.restore(tmp_path / "point.npz")
    again = sim.run(20.0)
    late = whole.spikes["exc"].steps > 200
    assert late.any()
    assert again.spikes["exc"].steps.tolist() == whole.spikes["exc"].steps[late].tolist()
    assert again.spikes["exc"].indices.tolist() == whole.spikes["exc"].indices[late].tolist()


def test_what_is_declared_after_compiling_is_not_part_of_the_simulation(tmp_path):
    net = helpers.plastic_network()
    sim = net.compile()
    net.population("late", 3, CELL)
    sim.network.population("later", 3, CELL)
    assert sim.network == helpers.plastic_network()
    sim.save(tmp_path / "point.npz")
    helpers.plastic_network().compile().restore(tmp_path / "point.npz")
