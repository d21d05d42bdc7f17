"""Between spikes the gradient is that of the update rules themselves: it agrees with differences
of the loss of the very same steps, for every integrator."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tiny_trial import TinyTrial

import pygenn_lite as pg
from pygenn_lite.codegen.trial.surrogate import surrogate_of

FHN = (["dV/dt = (V - V**3/3 - w + I + b)/tau", "dw/dt = (V + a - c*w)/tau_w"],)
NUMBERS = dict(tau=4.0, tau_w=30.0, a=0.7, c=0.8, b=0.1)
LEAKY = dict(tau=9.0, b=0.4)
CASES: dict[str, tuple[Any, Any, dict[str, Any], str]] = {  # equations, synapse, numbers, method
    "linear": ("dV/dt = (-V + I + b)/tau", pg.ExponentialCurrent(5.0), LEAKY, "auto"),
    "each its own": (
        "dV/dt = (-V + I + b)/tau",
        pg.AlphaCurrent(5.0),
        dict(tau=np.array([8.0, 9.0, 5.0]), b=0.4),
        "auto",
    ),
    "equal time constants": (
        "dV/dt = (-V + I + b)/tau",
        pg.AlphaCurrent(9.0),
        LEAKY,
        "auto",
    ),
    "conductance": ("dV/dt = (-V + b)/tau + I", pg.ExponentialConductance(5.0, 3.0), LEAKY, "auto"),
    "alpha conductance, rk4": (
        "dV/dt = (-V + b)/tau + I",
        pg.AlphaConductance(5.0, 3.0),
        LEAKY,
        "rk4",
    ),
    "corners": (
        "dV/dt = (-V + max(I, 0.1) + abs(b - V))/tau",
        pg.ExponentialCurrent(5.0),
        LEAKY,
        "rk4",
    ),
    "time": (
        "dV/dt = (-V + I + b*sin(t/tau))/tau",
        pg.ExponentialCurrent(5.0),
        LEAKY,
        "auto",
    ),
    "cases": (
        "dV/dt = (-V + I + where(V > 0.3, (V - 0.3)*b, 0))/tau",
        pg.ExponentialCurrent(5.0),
        LEAKY,
        "heun",
    ),
    **{
        f"fitzhugh-nagumo, {method}": (*FHN, pg.ExponentialCurrent(3.0), NUMBERS, method)
        for method in ("euler", "heun", "rk2", "rk4")
    },
}


def network(case: str, *, threshold: bool) -> pg.Network:
    equations, synapse, numbers, method = CASES[case]
    shared = {n: v for n, v in numbers.items() if np.ndim(v) == 0}
    own = {n: v for n, v in numbers.items() if np.ndim(v) > 0}
    reset: Any = dict(threshold="V > 50", reset="V = 0") if threshold else {}
    model = pg.NeuronModel(
        equations, integrator=method, parameters={**shared, **dict.fromkeys(own, 1.0)}, **reset
    )
    net = pg.Network(dt=0.5, seed=1)
    cells = net.population("cells", 3, model, parameters=own, initial={"V": [0.0, 0.2, 0.5]})
    source = net.spike_source("source", 2, [1.0, 3.0, 3.5, 6.0], [0, 1, 0, 1])
    net.connect(source, cells, synapse, pg.AllToAll(), weight=0.3, delay=1.0, name="in")
    if case == "linear":
        net.step_current(cells, [0.0, 5.0], [0.0, 0.2])
    return net


SMOOTH = ("linear", "conductance", "fitzhugh-nagumo, heun")


@pytest.mark.parametrize(
    ("case", "surrogate"), [*((c, False) for c in CASES), *((c, True) for c in SMOOTH)]
)
def test_gradients_are_differences_of_the_same_steps(case: str, surrogate: bool) -> None:
    what = ["groups.in.weight", "populations.cells.*", "groups.in.synapse.*"]
    shape = surrogate_of("1/(1 + abs(u))**2*0") if surrogate else None
    trial = TinyTrial(network(case, threshold=surrogate), 12.0, what, shape)
    trial.run()
    found = trial.go_back()
    for path, gradient in found.items():
        numbers = trial.values[path]
        shared = np.ndim(gradient) == 0
        for k in range(1 if shared else len(numbers)):
            chosen = slice(None) if shared else slice(k, k + 1)
            before, width = numbers[chosen].copy(), 1e-5 * (1 + abs(numbers[chosen]))
            losses = []
            for sign in (1, -1):
                numbers[chosen] = before + sign * width
                losses.append(trial.run())
            numbers[chosen] = before
            difference = (losses[0] - losses[1]) / (2 * width[0])
            expected = np.ravel(gradient)[0 if shared else k]
            assert difference == pytest.approx(expected, rel=2e-6, abs=1e-9), (path, k)
