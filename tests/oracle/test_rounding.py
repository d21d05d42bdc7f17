"""Times become steps by one rule, wherever they are given: the nearest step, half a step rounded
up."""

import numpy as np
import pytest
from helpers_oracle import run_compiled

import pygenn_lite as pg
from pygenn_lite.runtime.reference.interpreter import run_reference

pytestmark = pytest.mark.usefixtures("backend")

DT = 0.1
HALF = 0.25  # ms: two and a half steps of 0.1 ms, exactly also in doubles
STILL = pg.NeuronModel("dV/dt = 0*I", threshold="V > 0.5", reset="V = 0")
FOLLOWING = pg.NeuronModel("dV/dt = I")


def relay(delay=DT, times=(0.1,)):
    """A spike source whose spikes make a neuron spike."""
    net = pg.Network(dt=DT, seed=1)
    source = net.spike_source("source", 1, times, [0] * len(times))
    relayed = net.population("relayed", 1, STILL)
    net.connect(source, relayed, pg.Delta(), pg.PairList([0], [0]), weight=1.0, delay=delay)
    return net


@pytest.mark.parametrize("net", [relay(delay=HALF), relay(times=(HALF, 0.45))])
def test_the_engine_and_the_interpreter_round_times_alike(net):
    found = run_compiled(net, 12).spikes
    expected = run_reference(net, 12).spikes
    for name in found:
        assert np.array_equal(found[name], expected[name]), name


def test_delays_spike_times_currents_and_durations_round_up_at_halves():
    steps = {n: s.tolist() for n, (s, _) in run_compiled(relay(HALF), 12).spikes.items()}
    assert steps["relayed"][0] - steps["source"][0] == 3
    assert run_compiled(relay(times=(HALF,)), 12).spikes["source"][0].tolist() == [3]

    net = pg.Network(dt=DT, seed=1)
    cells = net.population("cells", 1, FOLLOWING)
    net.step_current(cells, [HALF], [1.0])
    assert float(run_compiled(net, 4).states["cells"]["V"][0]) == pytest.approx(DT)  # from step 3
    assert float(run_reference(net, 4).states["cells"]["V"][0]) == pytest.approx(DT)

    simulation = net.compile()
    simulation.run(HALF)
    assert simulation.steps_done == 3
