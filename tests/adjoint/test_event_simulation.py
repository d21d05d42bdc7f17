"""The simulation that checks go through: crossings inside steps, arrivals at their real times."""

from __future__ import annotations

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.training.crossing_search import first_crossing
from pygenn_lite.training.event_simulation import simulate
from pygenn_lite.training.high_order_step import Stepper, step
from pygenn_lite.training.replay import Perturbation, replay
from pygenn_lite.training.small_network_builder import small_network


def network() -> pg.Network:
    net = pg.Network(dt=0.05, seed=1)
    net.population("a", 2, pg.LIF(tau=[10.0, 12.0], t_ref=1.0))
    net.population("b", 1, pg.AdaptiveThresholdLIF(E_L=-62.0, tau_theta=10.0, t_ref=1.0))
    net.current("a", 650.0)
    net.step_current("b", [0.0, 5.0], [150.0, 300.0])
    net.connect("a", "b", pg.ExponentialCurrent(4.0), pg.AllToAll(), weight=150.0, delay=1.5)
    net.connect("b", "a", pg.AlphaCurrent(2.0), pg.AllToAll(), weight=-90.0, delay=0.8)
    net.connect("a", "a", pg.Delta(), pg.AllToAll(autapses=False), weight=1.2, delay=2.0)
    return net


def test_spikes_are_those_of_a_simulation_in_short_steps(backend):
    net = network()
    small = small_network(net, 25.0)
    tape = simulate(small, 25.0)
    net.record(*(net.populations[name].spikes for name in ("a", "b")))
    result = net.compile(precision="float64").run(25.0)
    for name in ("a", "b"):
        place = small.names.index(name)
        times = sorted(e.time for e in tape.emissions if small.cells[e.cell].population == place)
        assert len(times) >= 2
        late = (
            np.sort(result.spikes[name].times) - times
        )  # at the end of a step, in a few steps more
        assert np.all(late > -0.01) and np.all(late < 0.25)


def test_a_replay_without_changes_is_the_trial():
    small = small_network(network(), 20.0)
    tape = simulate(small, 20.0)
    outcome = replay(small, tape, Perturbation(np.array([-2, -2]), np.zeros(2)))
    assert outcome.broken == ["", ""]
    for emission, times in zip(tape.emissions, outcome.spikes, strict=True):
        assert times == pytest.approx([emission.time] * 2, abs=1e-12)


def test_a_step_is_of_eighth_order():
    def rates(t, x):
        return [x[1], -x[0]]

    def error(h: float) -> float:
        x = np.array([[0.0], [1.0]])
        for k in range(round(2 / h)):
            x = step(rates, k * h, x, h)
        return float(abs(x[0, 0] - np.sin(2.0)))

    assert error(0.5) / error(0.25) == pytest.approx(2**8, rel=0.5)


def test_steps_are_as_long_as_the_tolerance_allows():
    stepper, t, x, count = Stepper(rtol=1e-10, longest=10.0), 0.0, np.ones((1, 1)), 0
    while t < 5.0:
        t, x = stepper.advance(lambda t, x: [-x[0]], t, x, 5.0, np.ones((1, 1)))
        count += 1
    assert t == 5.0 and count < 20
    assert x[0, 0] == pytest.approx(np.exp(-5.0), abs=1e-9)


@pytest.mark.parametrize("height", [0.3, 1e-3, 1e-7])
def test_a_threshold_that_is_passed_twice_within_a_step_is_found(height):
    """x = height - (t - 0.4)**2 is negative at 0 and at 1, and positive between."""

    def rates(t, x):
        return [-2 * (t - 0.4) + 0 * x[0]]

    def signed(t, x):
        return float(x[0, 0]), float(-2 * (t - 0.4))

    begin, end = np.array([[height - 0.16]]), np.array([[height - 0.36]])
    if height > 0.16:
        begin = begin - 0.16  # below, all the same
        end, height = end - 0.16, height - 0.16
    found = first_crossing(rates, signed, (0.0, begin), (1.0, end))
    assert found is not None
    assert found[0] == pytest.approx(0.4 - np.sqrt(height), abs=1e-9)


def test_a_threshold_that_is_not_reached_is_not_crossed():
    def rates(t, x):
        return [-2 * (t - 0.4) + 0 * x[0]]

    def signed(t, x):
        return float(x[0, 0]), float(-2 * (t - 0.4))

    begin, end = np.array([[-0.161]]), np.array([[-0.361]])
    assert first_crossing(rates, signed, (0.0, begin), (1.0, end)) is None


def test_a_variable_that_becomes_infinite_is_named():
    net = pg.Network()
    net.population("n", 1, pg.NeuronModel("dV/dt = V**2", threshold="V < -1", initial=dict(V=1.0)))
    with pytest.raises(pg.errors.NumericalError, match="neuron 0 becomes infinite at 1 ms"):
        pg.check_gradient(net, 5.0)
