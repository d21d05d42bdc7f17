"""Exact gradients of trials in steps against `pg.check_gradient`, which goes from event to event:
the difference is of the size of the step."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
import sympy
from tiny_trial import TinyTrial

import pygenn_lite as pg

LIF = ("dV/dt = (-V + I + b)/tau_m", "V > theta", "V = V_r")
LIF_NUMBERS = dict(tau_m=20.0, theta=1.0, V_r=0.1, b=1.2)


def model(f: Any, threshold: str, reset: Any, refractory: str | None = None, **p: float) -> Any:
    return pg.NeuronModel(f, threshold=threshold, reset=reset, refractory=refractory, parameters=p)


CASES: dict[str, tuple[Any, Any, float]] = {  # model, synapse, weight
    "lif": (model(*LIF, **LIF_NUMBERS), pg.ExponentialCurrent(5.0), 0.2),
    "refractory": (
        model(*LIF, refractory="t_ref", t_ref=2.0, **LIF_NUMBERS),
        pg.ExponentialCurrent(5.0),
        0.2,
    ),
    "subtractive reset, alpha": (
        model(LIF[0], LIF[1], "V = V - c", tau_m=20.0, theta=1.0, c=0.9, b=1.2),
        pg.AlphaCurrent(3.0),
        0.2,
    ),
    "conductance": (
        model("dV/dt = (-V + b)/tau_m + I", LIF[1], LIF[2], "t_ref", t_ref=2.0, **LIF_NUMBERS),
        pg.ExponentialConductance(5.0, 3.0),
        0.012,
    ),
    "delta": (model(*LIF, refractory="t_ref", t_ref=2.0, **LIF_NUMBERS), pg.Delta(), 0.1),
    "adaptive threshold": (
        model(
            [LIF[0], "da/dt = -a/tau_a"], "V > theta + a", ["V = V_r", "a = a + d"],
            tau_m=20.0, theta=1.0, V_r=0.1, b=1.4, tau_a=30.0, d=0.1,
        ),
        pg.ExponentialCurrent(3.0),
        0.2,
    ),
    "adex": (
        model(
            ["dV/dt = (-V + D*exp((V - 1)/D) - w + I + b)/tau", "dw/dt = (a*V - w)/tau_w"],
            "V > theta", ["V = V_r", "w = w + d"],
            tau=10.0, D=0.2, theta=1.5, V_r=0.1, b=1.1, tau_w=30.0, a=0.1, d=0.1,
        ),
        pg.ExponentialCurrent(3.0),
        0.2,
    ),
    "two compartments, one of them clamped": (
        model(
            ["dV/dt = (-V + g*(U - V) + b)/tau", "dU/dt = (-U + g*(V - U) + I)/tau"],
            LIF[1], LIF[2], "t_ref", tau=10.0, g=0.5, theta=1.0, V_r=0.0, b=1.6, t_ref=2.0,
        ),
        pg.ExponentialCurrent(3.0),
        0.4,
    ),
    "nothing is reset": (
        model(
            ["dV/dt = V - V**3/3 - W + I + b", "dW/dt = (V + a - c*W)/tau"],
            "V > theta", (), "V > theta", tau=4.0, theta=1.0, a=0.7, c=0.8, b=0.9,
        ),
        pg.ExponentialCurrent(3.0),
        0.1,
    ),
    "quadratic": (
        model(
            "dV/dt = (V**2 + b + I)/tau", LIF[1], LIF[2], tau=10.0, theta=4.0, V_r=-2.0, b=0.5
        ),
        pg.ExponentialCurrent(3.0),
        0.2,
    ),
    "explicit time": (
        model(
            "dV/dt = (-V + I + b + a*sin(t/w))/tau_m", "V > theta + c*cos(t/w)", LIF[2],
            a=0.3, w=3.0, c=0.05, **LIF_NUMBERS,
        ),
        pg.ExponentialCurrent(5.0),
        0.2,
    ),
}  # fmt: skip


def network(case: str, dt: float) -> pg.Network:
    neurons, synapse, weight = CASES[case]
    net = pg.Network(dt=dt, seed=1)
    cells = net.population("cells", 3, neurons, initial={"V": [0.0, 0.3, 0.5]})
    source = net.spike_source("source", 2, [3.0, 7.0, 11.0, 20.0], [0, 1, 0, 1])
    net.connect(source, cells, synapse, pg.AllToAll(), weight=1.5 * weight, delay=1.0, name="in")
    loop = pg.AllToAll(autapses=False)
    net.connect(cells, cells, synapse, loop, weight=weight, delay=1.5, name="loop")
    return net


@cache
def expected(case: str, duration: float) -> dict[str, Any]:
    """By path, from event to event."""
    loss = None
    if case == "delta":  # squares of V would jump with every arrival
        trial = TinyTrial(network(case, 0.2), duration, "groups.*.weight", squares=False)
        trial.run()
        loss = sum(
            weight * pg.spike_time("cells", neuron, number)
            for neuron, number, weight in trial.spikes("cells")
        )
        assert isinstance(loss, sympy.Expr)
    found = pg.check_gradient(network(case, 0.1), duration, loss=loss)
    assert found.worst < 1e-5
    return {p: v for p, v in found.gradients.items() if "source" not in p}


def error(case: str, dt: float, duration: float) -> tuple[float, str]:
    """The largest relative error of all paths, and which."""
    true = expected(case, duration)
    trial = TinyTrial(network(case, dt), duration, list(true), squares=case != "delta")
    trial.run()
    errors = []
    for path, value in trial.go_back().items():
        exact = np.ravel(true[path])
        value = np.ravel(value) if exact.size > 1 else np.array([np.sum(value)])
        least = 1e-3 * max(np.linalg.norm(np.ravel(v)) for v in true.values())
        errors.append((np.linalg.norm(value - exact) / max(np.linalg.norm(exact), least), path))
    return max(errors)


@pytest.mark.parametrize("case", CASES)
def test_the_gradient_in_steps_converges_to_that_of_events(case: str) -> None:
    coarse, _ = error(case, 0.4, 24.0)
    fine, where = error(case, 0.05, 24.0)
    assert fine < 0.04, where
    assert fine < coarse / 2, (fine, coarse, where)
