"""Exact gradients of a variable's integral over time. It hardly depends on when a spike comes, so
that what is left of its derivative by a time is less than what half a step of it is worth: on the
grid, the price of an arrival must be right to the second order of the step. Expected values are
differences of an integral that is known in closed form between arrivals."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad

import pygenn_lite as pg
from pygenn_lite.runtime.training.session import TrainingSession
from pygenn_lite.training.data.spike_dataset import SpikeDataset

DURATION, TAU, TAU_SYN = 96.0, 12.0, 5.0
TIMES = np.array([2.0, 10.0, 26.0])
WEIGHTS = np.array([[1.2, 0.5], [-1.5, 0.3], [0.7, 0.4]])
DELAYS = np.array([[1.0, 2.0], [3.0, 1.0], [2.0, 4.0]])
LEAKY = pg.NeuronModel("dV/dt = (I - V)/12")
SYNAPSES = {"a current": pg.ExponentialCurrent(TAU_SYN), "jumps of what is read": pg.Delta()}
SHAPES = {"uniform": lambda t: 1.0, "exponential": lambda t: np.exp(-t / DURATION)}


def response(synapse: str, s: float) -> float:
    """Of a potential, so long after an arrival of weight 1."""
    if synapse != "a current":
        return float(np.exp(-s / TAU))
    return float(TAU_SYN / (TAU - TAU_SYN) * (np.exp(-s / TAU) - np.exp(-s / TAU_SYN)))


@cache
def expected(synapse: str, shape: str) -> Any:
    """Derivatives of a cross-entropy by delays: central differences."""

    def mean(arrival: float) -> float:
        def value(t: float) -> float:
            return SHAPES[shape](t) * response(synapse, t - arrival)

        return quad(value, arrival, DURATION, epsabs=1e-13)[0] / DURATION

    means = np.vectorize(mean)
    u = (WEIGHTS * means(TIMES[:, None] + DELAYS)).sum(axis=0)
    by_u = np.exp(u) / np.exp(u).sum() - np.array([1.0, 0.0])
    arrivals, h = TIMES[:, None] + DELAYS, 1e-3
    return by_u * WEIGHTS * (means(arrivals + h) - means(arrivals - h)) / (2 * h)


def error(synapse: str, shape: str, dt: float) -> float:
    """Of gradients by delays, relative to the largest that a shape gives."""
    net = pg.Network(dt=dt, seed=1)
    source = net.spike_source("input", 3, TIMES, [0, 1, 2])
    out = net.population("out", 2, LEAKY)
    every = pg.AllToAll()
    net.connect(source, out, SYNAPSES[synapse], every, weight=WEIGHTS, delay=DELAYS, name="w")
    made = TrainingSession(
        net, loss=pg.losses.CrossEntropy("out.V", shape=shape), steps=round(DURATION / dt),
        batch=1, precision="float64", trainable=["groups.w.delay"],
    )  # fmt: skip
    channels = np.arange(3, dtype=np.uint32)
    times, begin = TIMES.astype(np.float32), np.array([0, 3])
    made.run(made.stage(SpikeDataset(times, channels, begin, 3, DURATION, np.array([0]))))
    found, wanted = np.reshape(made.gradients["groups.w.delay"], (3, 2)), expected(synapse, shape)
    return float(np.abs(found - wanted).max() / np.abs(expected(synapse, "exponential")).max())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("synapse", SYNAPSES)
def test_the_price_of_an_arrival_is_of_second_order(synapse: str, shape: str) -> None:
    coarse, fine = error(synapse, shape, 1.0), error(synapse, shape, 0.25)
    assert fine < 0.01 and fine < coarse / 8, (coarse, fine)


def test_hidden_neurons_go_downhill_with_coarse_steps() -> None:
    """A wrong price of half a step made them go uphill."""
    net = pg.Network(dt=1.0, seed=3)
    source = net.spike_source("input", 700, [], [])
    lif = pg.NeuronModel("dV/dt = (I - V)/20", threshold="V > 1", reset="V = 0")
    first, second = net.population("first", 128, lif), net.population("second", 64, lif)
    out = net.population("out", 20, pg.NeuronModel("dV/dt = (I - V)/20"))
    current, every = pg.ExponentialCurrent(5.0), pg.AllToAll()
    some = pg.FixedProbability(0.2)
    net.connect(source, first, current, some, weight=pg.Normal(0.05, 0.05), name="w_in")
    net.connect(first, second, current, every, weight=pg.Normal(0.08, 0.08), name="w_hidden")
    net.connect(second, out, current, every, weight=pg.Normal(0.0, 0.1), name="w_out")
    trainer = pg.Trainer(
        net, pg.losses.CrossEntropy("out.V", shape="exponential"), pg.optimisers.Adam(2e-4),
        batch=64, trainable="groups.w_hidden.weight",
    )  # fmt: skip
    trainer.fit(pg.data.shd_like(64, seed=1), epochs=8)
    loss = trainer.history["loss"]
    assert loss[-1] < loss[0]
