"""Each integrator converges with its order."""

import numpy as np
import pytest
from helpers_models import EXACT
from scipy.integrate import solve_ivp

import pygenn_lite as pg

pytestmark = pytest.mark.usefixtures("backend")

DURATION = 8.0


def _predator_and_prey(integrator, dt):
    model = pg.NeuronModel(
        "dA/dt = A*(1 - B)/tau; dB/dt = B*(A - 1)/tau",
        parameters=dict(tau=3.0),
        initial=dict(A=1.7, B=0.6),
        integrator=integrator,
    )
    net = pg.Network(dt=dt)
    net.population("p", 1, model)
    sim = net.compile(**EXACT)
    sim.run(DURATION)
    return np.array([float(sim["p"]["A"][0]), float(sim["p"]["B"][0])])


@pytest.mark.parametrize(
    ("integrator", "order"),
    [("euler", 1), ("exponential_euler", 1), ("rk2", 2), ("heun", 2), ("rk4", 4)],
)
def test_order_of_convergence(integrator, order):
    exact = solve_ivp(
        lambda t, y: [y[0] * (1 - y[1]) / 3, y[1] * (y[0] - 1) / 3],
        (0, DURATION),
        [1.7, 0.6],
        method="DOP853",
        rtol=1e-13,
        atol=1e-14,
    ).y[:, -1]
    errors = [
        np.linalg.norm(_predator_and_prey(integrator, dt) - exact) for dt in (0.1, 0.05, 0.025)
    ]
    measured = np.log2(errors[1] / errors[2])
    assert measured == pytest.approx(order, abs=0.15)
    assert errors[0] > errors[1] > errors[2]


@pytest.mark.parametrize("dt", [0.01, 0.1, 1.0])
def test_the_exact_integrator_has_no_error_at_any_step(dt):
    # A damped oscillation, driven by a constant: complex eigenvalues and an inhomogeneity.
    model = pg.NeuronModel(
        "dA/dt = -A/10 + B/4 + drive; dB/dt = -A/4 - B/10",
        parameters=dict(drive=0.3),
        initial=dict(A=1.0, B=0.0),
        integrator="exact",
    )
    net = pg.Network(dt=dt)
    net.population("p", 1, model)
    sim = net.compile(**EXACT)
    sim.run(20.0)
    matrix = np.array([[-0.1, 0.25], [-0.25, -0.1]])
    steady = -np.linalg.solve(matrix, [0.3, 0.0])
    angle, decay = 20 / 4, np.exp(-20 / 10)
    turn = decay * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    exact = steady + turn @ (np.array([1.0, 0.0]) - steady)
    np.testing.assert_allclose(
        [float(sim["p"]["A"][0]), float(sim["p"]["B"][0])], exact, atol=1e-11
    )


def test_a_derivative_that_is_a_constant_needs_no_special_integrator():
    net = pg.Network(dt=0.1)
    net.population(
        "p",
        1,
        pg.NeuronModel(
            "dV/dt = speed", parameters=dict(speed=0.25), initial=dict(V=0.0), integrator="exact"
        ),
    )
    sim = net.compile(**EXACT)
    sim.run(10.0)
    assert float(sim["p"]["V"][0]) == pytest.approx(2.5, abs=1e-12)


def test_time_can_be_used_in_equations():
    net = pg.Network(dt=0.1)
    net.population(
        "p", 1, pg.NeuronModel("dV/dt = cos(t/5)", initial=dict(V=0.0), integrator="euler")
    )
    sim = net.compile(**EXACT)
    sim.run(10.0)
    steps = np.arange(100) * 0.1
    assert float(sim["p"]["V"][0]) == pytest.approx(0.1 * np.cos(steps / 5).sum(), abs=1e-11)
