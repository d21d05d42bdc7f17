"""Losses in trials of networks: gradients against differences where nothing spikes, and against
``pg.check_gradient`` as the step goes to 0 where something does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy

import pygenn_lite as pg
from pygenn_lite.runtime.training.session import TrainingSession
from pygenn_lite.training.data.spike_dataset import SpikeDataset

L = pg.losses
C, CHANNELS, DURATION, SAMPLES = 3, 5, 20.0, 4
DRAW = np.random.default_rng(2)
TIMES = np.sort(np.round(DRAW.uniform(0.5, 15.0, (SAMPLES, 8)) * 2) / 2, axis=1)
INDICES = DRAW.integers(0, CHANNELS, (SAMPLES, 8))
LABELS = DRAW.integers(0, C, SAMPLES)


def network(dt: float, *populations: str) -> pg.Network:
    """Channels to leaky neurons, to silent ones, to some that spike a few times."""
    net = pg.Network(dt=dt, seed=1)
    leaky = pg.NeuronModel("dV/dt = (I - V)/10; dI/dt = -I/5")
    spiking = pg.NeuronModel(
        "dV/dt = (I - V)/10; dI/dt = -I/5",
        threshold="V > V_th",
        reset="V = 0",
        parameters={"V_th": 1.0},
    )
    source = net.spike_source("input", CHANNELS, TIMES[0], INDICES[0])
    random = np.random.default_rng(5)
    models = {"out": (C, leaky, 1.0), "silent": (4, spiking, 0.1), "early": (C, spiking, 1.2)}
    for name in populations:
        size, model, mean = models[name]
        targets = net.population(name, size, model)
        weight = random.normal(mean, 0.1 * mean, (CHANNELS, size))
        group = {"weight": weight, "delay": 1.0, "name": f"w_{name}"}
        net.connect(source, targets, pg.Delta("I"), pg.AllToAll(), **group)
    return net


def data(samples: int = SAMPLES, targets: np.ndarray | None = None) -> SpikeDataset:
    return SpikeDataset(
        times=TIMES[:samples].ravel().astype(np.float32),
        indices=INDICES[:samples].ravel().astype(np.uint32),
        begin=8 * np.arange(samples + 1),
        channels=CHANNELS,
        duration=DURATION,
        labels=LABELS[:samples],
        targets=targets,
    )


def session(net: pg.Network, loss: pg.losses.Loss, batch: int = SAMPLES) -> TrainingSession:
    steps = round(DURATION / net.dt)
    return TrainingSession(net, loss=loss, steps=steps, batch=batch, precision="float64")


def differences(made: TrainingSession, staged: Any, path: str) -> np.ndarray:
    values, h, found = made.parameters[path], 1e-6, []
    for k in range(values.size):
        ends = []
        for by in (h, -h):
            moved = values.copy()
            moved.ravel()[k] += by
            made.set(path, moved)
            ends.append(made.run(staged, train=False).losses.mean())
        found.append((ends[0] - ends[1]) / (2 * h))
    made.set(path, values)
    return np.array(found).reshape(values.shape)


OF_LABELS = (
    L.CrossEntropy("out.V", shape="exponential", smoothing=0.1)
    + 0.5 * L.IntegralCrossEntropy("out.V")
    + 0.25 * L.MaximumCrossEntropy("out.V")
    + 2 * L.StepCrossEntropy("out.V")
    + L.Custom(
        "out",
        "(1 - hit)*(m + u - u_right)**2/T",
        {"u": L.integral("V**2/T")},
        settings={"m": 1.0},
    )
    + L.Custom("out", "-hit*(1 - p)**2*logp", {"u": L.maximum("V + I")}, softmax="u")
    + 0.1 * L.SilentMargin("silent", margin=0.1)
)
OF_TRACES = L.TraceMeanSquare("out.V") + L.Custom(
    "out", "(x - x_mean)**4/T", {"x": L.at_each_time("V*I")}
)


@pytest.mark.parametrize("name", ["labels", "traces"])
def test_gradients_are_differences_where_nothing_spikes(name: str) -> None:
    targets = DRAW.normal(size=(SAMPLES, 40, C)).astype(np.float32)
    loss = OF_LABELS if name == "labels" else OF_TRACES
    populations = ("out", "silent") if name == "labels" else ("out",)
    made = session(network(0.5, *populations), loss)
    staged = made.stage(data(targets=None if name == "labels" else targets))
    outcome = made.run(staged)
    assert sum(count.sum() for count in outcome.spikes.values()) == 0
    for path in made.parameters:
        found, measured = made.gradients[path], differences(made, staged, path)
        np.testing.assert_allclose(found, measured, rtol=1e-6, atol=1e-8)
        assert np.abs(measured).max() > 1e-3


def spike_times(label: int) -> sympy.Expr:
    t = [pg.spike_time("early", c) for c in range(C)]
    return sum((t[c] - t[label] - 2.0) ** 2 / 2 for c in range(C) if c != label)


def voltages(label: int) -> pg.TrialLoss:
    u, t = sympy.symbols(f"u0:{C}", real=True), sympy.Symbol("t", real=True)
    weight = sympy.exp(-t / DURATION) / DURATION
    integrals = {f"u{c}": weight * pg.state_variable("early.V", c) for c in range(C)}
    return pg.TrialLoss(sympy.log(sum(sympy.exp(x) for x in u)) - u[label], integrals)


@pytest.mark.parametrize(
    ("loss", "exact"),
    [
        (L.FirstSpikeMeanSquare("early", separation=2.0), spike_times),
        (L.CrossEntropy("early.V", shape="exponential"), voltages),
    ],
    ids=["first spikes", "voltage of outputs that spike"],
)
def test_gradients_converge_to_exact_ones(
    loss: pg.losses.Loss, exact: Callable[[int], Any]
) -> None:
    path = "groups.w_early.weight"
    report = pg.check_gradient(
        network(0.05, "early"), DURATION, loss=exact(int(LABELS[0])), parameters=path
    )
    wanted, errors = report.gradients[path], []
    for dt in (2.0**-4, 2.0**-10):
        made = session(network(dt, "early"), loss, batch=1)
        outcome = made.run(made.stage(data(1)))
        errors.append(np.abs(made.gradients[path].ravel() - wanted).max() / np.abs(wanted).max())
    assert outcome.losses[0] == pytest.approx(report.loss, rel=0.01)
    assert outcome.spikes["early"].min() >= 1
    assert errors[1] < 0.01 and errors[1] < 0.5 * errors[0], errors
