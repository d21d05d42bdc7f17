"""Structures of populations, compiled, against the same bodies in NumPy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from compiled import Compiled
from interpreted import Interpreted

import pygenn_lite as pg
from pygenn_lite import codegen
from pygenn_lite.codegen.trial.derivation import trial_program
from pygenn_lite.codegen.trial.surrogate import surrogate_of
from pygenn_lite.codegen.trial.trial_program import TrialPopulation

DT, N = 0.25, 7
LIF = pg.NeuronModel(
    "dV/dt = (-V + I + b)/tau_m",
    threshold="V > theta",
    reset="V = V_r",
    refractory="t_ref",
    parameters=dict(tau_m=12.0, theta=1.0, V_r=0.1, b=0.5, t_ref=1.0),
)
ADEX = pg.NeuronModel(
    ["dV/dt = (-V + D*exp((V - 1)/D) - w + I)/tau", "dw/dt = (a*V - w)/tau_w"],
    threshold="V > 1.5",
    reset=["V = V_r", "w = w + b"],
    parameters=dict(tau=9.0, D=0.2, a=0.1, tau_w=50.0, V_r=0.2, b=0.1),
)
SUBTRACTING = pg.NeuronModel(
    "dV/dt = (-V + I + b)/tau_m",
    threshold="V > theta",
    reset="V = V - theta",
    parameters=dict(tau_m=12.0, theta=1.0, b=0.5),
)


def population(
    model: pg.NeuronModel, synapse: Any, exact: bool, trainable: Any, **own: Any
) -> TrialPopulation:
    net = pg.Network(dt=DT)
    cells = net.population("cells", N, model, parameters=own or None)
    net.connect(cells, cells, synapse, pg.AllToAll(), weight=0.1, delay=1.0, name="loop")
    structure = codegen.network_structure(net, "float64")
    found = trial_program(
        structure,
        ("groups.*.weight", *trainable),
        "exact" if exact else "surrogate",
        None if exact else surrogate_of("1/(1 + 4*abs(u))**2"),
    )
    return found.populations["cells"]


EACH = {"tau_m": np.arange(8.0, 8 + N)}
CASES = {
    "refractory": (
        LIF,
        pg.ExponentialCurrent(5.0),
        True,
        ["populations.cells.parameters.*", "*.tau"],
        {},
    ),
    "delta": (LIF, pg.Delta(), True, ["*.tau_m", "*.V_r", "*.theta"], {}),
    "surrogate": (LIF, pg.ExponentialCurrent(5.0), False, ["*.tau_m", "*.theta", "*.V_r"], {}),
    "reset that subtracts": (SUBTRACTING, pg.ExponentialCurrent(5.0), False, ["*.theta"], {}),
    "each": (LIF, pg.AlphaCurrent(3.0), True, ["populations.cells.parameters.*"], EACH),
    "adex": (ADEX, pg.ExponentialCurrent(5.0), True, ["populations.cells.parameters.*"], {}),
    "adex, surrogate": (ADEX, pg.AlphaCurrent(5.0), False, ["populations.cells.parameters.*"], {}),
}
VALUES = dict(
    tau_m=12.0, theta=1.0, V_r=0.1, b=0.5, t_ref=1.0, tau__r0=5.0,
    tau=9.0, D=0.2, a=0.1, tau_w=50.0,
)  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_compiled_functions_do_what_the_bodies_say(case: str, tmp_path: Path) -> None:
    model, synapse, exact, trainable, own = CASES[case]
    neurons = population(model, synapse, exact, trainable, **own)
    values = {n: own.get(n, VALUES.get(n, 0.0)) for n in (*neurons.shared, *neurons.own)}
    model_says = Interpreted(neurons, values, N, DT)
    made = Compiled(neurons, tmp_path, N, DT)
    for k, n in enumerate(neurons.shared):
        made.arrays["shared"][k] = np.ravel(values[n])[0]
    for k, n in enumerate(neurons.own):
        made.arrays["own"][k] = values[n]
    made.call("prepare")
    for k, n in enumerate(neurons.shared):
        np.testing.assert_allclose(made.arrays["shared"][k], model_says.values[n][0], rtol=1e-13)
    random = np.random.default_rng(3)
    for k, x in enumerate(neurons.states):
        start = random.uniform(0.6, 1.8, N)
        start = np.arange(N) % 3.0 if x == "refractory" else start
        model_says.states[x], made.arrays["state"][k] = start, start
    spikes = model_says.forward()
    made.call("forward")
    assert spikes.any() and not spikes.all()
    np.testing.assert_array_equal(made.spikes, spikes)
    _same(made.arrays["state"], model_says.states)
    for k, name in enumerate(neurons.adjoints):
        start = random.normal(size=N)
        model_says.adjoints[name], made.arrays["adjoint"][k] = start, start
    back = random.normal(size=N)
    made.arrays["backs"][0] = back
    if exact:
        recorded = model_says.record()
        made.call("record")
        for k, name in enumerate(neurons.recorded):
            expected = np.where(spikes, recorded[name], 0.0)
            np.testing.assert_allclose(made.arrays["recorded"][k], expected, rtol=1e-9)
        made.call("crossing")
        crossing = model_says.crossing()[spikes]
        np.testing.assert_allclose(made.arrays["sent"][0][spikes], crossing, rtol=1e-9)
        model_says.at_spike(spikes, recorded, back)
        made.call("at_spike")
        _same(made.arrays["adjoint"], model_says.adjoints)
    model_says.backward(back, spikes)
    made.call("backward")
    _same(made.arrays["adjoint"], model_says.adjoints)
    _same(made.arrays["gradients"], model_says.gradients)
    for x in neurons.sent:
        made.call("sent", neurons.states.index(x))
        np.testing.assert_allclose(made.arrays["sent"][0], model_says.sent(x), rtol=1e-9)
    made.call("chain")
    for name, expected in model_says.chained().items():
        if name in neurons.shared:
            found = made.arrays["shared_gradient"][neurons.shared.index(name)]
            np.testing.assert_allclose(found, expected.sum(), rtol=1e-9)
        else:
            found = made.arrays["own_gradient"][neurons.own.index(name)]
            np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_a_step_whose_reset_subtracts_keeps_the_signed_threshold_alone() -> None:
    found = []
    for trainable in ((), ("*.tau_m",)):  # which is multiplied by states
        made = population(SUBTRACTING, pg.ExponentialCurrent(5.0), False, trainable)
        values = {n: VALUES.get(n, 0.0) for n in (*made.shared, *made.own)}
        one = Interpreted(made, values, N, DT)
        random = np.random.default_rng(5)
        for x in one.states:
            one.states[x] = random.uniform(0.6, 1.8, N)
        for name in one.adjoints:
            one.adjoints[name] = random.normal(size=N)
        spikes = one.forward()
        assert spikes.any() and not spikes.all()
        one.backward(random.normal(size=N), spikes)
        found.append((made, one))
    (short, of_short), (whole, of_whole) = found
    assert (short.before, short.kept) == (("threshold__signed",), 1)
    assert set(whole.before) <= set(whole.states) and whole.kept > 1
    for name, adjoint in of_whole.adjoints.items():
        np.testing.assert_allclose(of_short.adjoints[name], adjoint, rtol=1e-12, err_msg=name)


def _same(array: np.ndarray, values: dict[str, np.ndarray]) -> None:
    for row, (name, expected) in zip(array, values.items(), strict=True):
        np.testing.assert_allclose(row, expected, rtol=1e-9, atol=1e-12, err_msg=name)
