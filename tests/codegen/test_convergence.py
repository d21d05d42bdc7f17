"""Derived update rules converge at their order, and exact ones are exact for any step."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from pygenn_lite.declaration import Network, NeuronModel
from pygenn_lite.runtime.reference.interpreter import run_reference


def end_state(model: NeuronModel, dt: float, duration: float, variable: str) -> float:
    network = Network(dt=dt)
    network.population("p", 1, model)
    result = run_reference(network, round(duration / dt))
    return float(result.states["p"][variable][0])


def orders(model: NeuronModel, exact: float, steps: list[float], duration: float) -> list[float]:
    errors = [abs(end_state(model, dt, duration, "x") - exact) for dt in steps]
    return [math.log2(a / b) for a, b in pairwise(errors)]


@pytest.mark.parametrize(
    ("method", "order"),
    [("euler", 1), ("exponential_euler", 1), ("rk2", 2), ("heun", 2), ("rk4", 4)],
)
def test_methods_converge_at_their_order(method, order):
    # x and y turn around each other: x = cos t. Time enters through an explicit drive of y.
    model = NeuronModel(
        "dx/dt = -y; dy/dt = x - r*(sin(t) - y)",
        parameters={"r": 0.5},
        initial={"x": 1.0, "y": 0.0},
        integrator=method,
    )
    found = orders(model, math.cos(1.0), [0.125, 0.0625, 0.03125], 1.0)
    assert found == pytest.approx([order] * 2, abs=0.3)


def test_a_nonlinear_equation_converges_at_fourth_order():
    model = NeuronModel("dx/dt = -x**2", initial={"x": 1.0})
    assert orders(model, 0.5, [0.25, 0.125, 0.0625], 1.0) == pytest.approx([4.0, 4.0], abs=0.4)


def test_exponential_euler_is_exact_for_one_linear_equation():
    model = NeuronModel(
        "dx/dt = (a - x)/tau", parameters={"a": 3.0, "tau": 2.0}, initial={"x": 1.0},
        integrator="exponential_euler",
    )  # fmt: skip
    expected = 3.0 - 2.0 * math.exp(-5.0)
    assert end_state(model, 2.5, 10.0, "x") == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("dt", [0.1, 1.0, 5.0])
@pytest.mark.parametrize("tau", [2.0, 3.0])
def test_the_exact_propagator_is_exact_for_any_step(dt, tau):
    model = NeuronModel(
        "dx/dt = (y - x)/tau; dy/dt = -y/tau_y",
        parameters={"tau": tau, "tau_y": 3.0},
        initial={"y": 1.0},
    )
    t = 10.0
    if tau == 3.0:
        expected = t / tau * math.exp(-t / tau)
    else:
        expected = 3.0 / (3.0 - tau) * (math.exp(-t / 3.0) - math.exp(-t / tau))
    assert end_state(model, dt, t, "x") == pytest.approx(expected, rel=1e-11)


def test_euler_maruyama_has_the_moments_of_the_ornstein_uhlenbeck_process():
    network = Network(dt=0.1, seed=3)
    model = NeuronModel(
        "dx/dt = -x/tau + sigma*sqrt(2/tau)*xi", parameters={"tau": 2.0, "sigma": 1.5}
    )
    network.population("p", 20000, model)
    values = run_reference(network, 200).states["p"]["x"]
    assert np.mean(values) == pytest.approx(0.0, abs=0.05)
    # Euler's variance is larger than the process's by 1/(1 - dt/(2 tau)).
    assert np.std(values) == pytest.approx(1.5 / math.sqrt(1 - 0.1 / 4), rel=0.02)


def test_one_noise_in_two_equations_is_the_same_noise():
    network = Network(dt=0.1, seed=3)
    model = NeuronModel("dx/dt = xi - x; dy/dt = xi - y; dz/dt = xi_other - z")
    network.population("p", 1000, model)
    states = run_reference(network, 50).states["p"]
    assert np.array_equal(states["x"], states["y"])
    assert abs(np.corrcoef(states["x"], states["z"])[0, 1]) < 0.15


def test_discrete_updates_are_done_in_order():
    model = NeuronModel(update="x = x + 1; y = 2*x; x += y", initial={"x": 0.0, "y": 0.0})
    assert end_state(model, 1.0, 1.0, "x") == 3.0
    assert end_state(model, 1.0, 2.0, "x") == 12.0
    assert end_state(model, 1.0, 2.0, "y") == 8.0


@pytest.mark.parametrize("integrator", ["auto", "rk4"])
def test_what_depends_on_a_held_variable_sees_it_stand_still(integrator):
    model = NeuronModel(
        "dV/dt = -V; dw/dt = V - w",
        threshold="V > 1",
        reset="V = 1",
        refractory=50.0,
        initial={"V": 5.0},
        integrator=integrator,
    )
    network = Network(dt=0.25)
    network.population("p", 1, model)
    after_spike, later = (run_reference(network, n).states["p"]["w"][0] for n in (1, 9))
    expected = 1 + (after_spike - 1) * math.exp(-2.0)
    assert later == pytest.approx(expected, rel=1e-12 if integrator == "auto" else 1e-4)
