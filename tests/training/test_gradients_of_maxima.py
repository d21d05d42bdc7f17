"""Exact gradients of a maximum over time: one that an inhibitory spike ends moves with the arrival
of that spike, in delays and in what made the spike. Expected values are differences of a loss that
is known in closed form between arrivals."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar

import pygenn_lite as pg
from pygenn_lite.runtime.training.session import TrainingSession
from pygenn_lite.training.data.spike_dataset import SpikeDataset

Array = np.ndarray
DURATION, TAU, TAU_SYN, THETA = 30.0, 12.0, 5.0, 0.4
TIMES = np.array([1.0, 4.0, 15.0])  # each channel makes one hidden neuron spike once
W_IN = np.array([2.2, 1.9, 2.0])
W_OUT = np.array([[1.2, 0.5], [-1.5, 0.3], [0.2, 0.4]])  # the second spike ends the first maximum
DELAYS = np.array([[1.0, 2.0], [1.5, 1.0], [2.0, 1.0]])
PATHS = ("groups.w_in.weight", "groups.w_out.weight", "groups.w_out.delay")
HIDDEN = pg.NeuronModel(
    "dV/dt = (I - V)/10", threshold="V > theta", reset="V = 0", refractory="50",
    parameters={"theta": THETA},
)  # fmt: skip
COMPARTMENTS = ["dV/dt = (U - V)/12", "dU/dt = -U/5"]


def silent(threshold: str) -> pg.NeuronModel:
    """Two compartments with a threshold that is never reached."""
    return pg.NeuronModel(COMPARTMENTS, threshold=threshold, reset="V = 0")


OUTPUTS: dict[str, tuple[pg.NeuronModel, pg.SynapseModel, Any]] = {
    "a current": (
        pg.NeuronModel("dV/dt = (I - V)/12"), pg.ExponentialCurrent(TAU_SYN),
        pg.losses.MaximumCrossEntropy("out.V"),
    ),
    "jumps of another variable": (
        pg.NeuronModel(COMPARTMENTS), pg.Delta("U"), pg.losses.MaximumCrossEntropy("out.V"),
    ),
    "jumps that the threshold sees in their step": (
        silent("V + U > 1000"), pg.Delta("U"), pg.losses.MaximumCrossEntropy("out.V"),
    ),
    "the distance from a threshold": (
        silent("V > 1"), pg.Delta("U"), pg.losses.SilentMargin("out", 0.5),
    ),
}  # fmt: skip


def response(t: Array, tau: float) -> Array:
    """Of a potential to a unit of current."""
    s = np.maximum(t, 0.0)
    return TAU_SYN / (tau - TAU_SYN) * (np.exp(-s / tau) - np.exp(-s / TAU_SYN))


def spike_times(w_in: Array) -> Array:
    def late(w: float) -> float:
        return brentq(lambda s: w * response(s, 10.0) - THETA, 1e-9, 6.0, xtol=1e-14)

    return TIMES + 1.0 + np.array([late(w) for w in w_in])


def maxima(w_in: Array, w_out: Array, delays: Array) -> Array:
    """Of both outputs: the larger of the voltages at arrivals, and of those between."""
    found = []
    for c in range(2):
        arrivals = spike_times(w_in) + delays[:, c]

        def falls(t: float, c: int = c, at: Array = arrivals) -> float:
            return -float(w_out[:, c] @ response(t - at, TAU))

        ends = np.sort([*arrivals, DURATION])
        between = [
            minimize_scalar(falls, bounds=pair, method="bounded", options={"xatol": 1e-12}).fun
            for pair in itertools.pairwise(ends)
        ]
        found.append(-min([*map(falls, ends), *between]))
    return np.array(found)


def loss_of(name: str, u: Array) -> float:
    if name == "the distance from a threshold":
        return float(np.sum(np.maximum(0.5 - (u - 1.0), 0.0) ** 2) / 2)
    return float(np.log(np.exp(u).sum()) - u[0])


@cache
def expected(name: str) -> dict[str, Array]:
    """Central differences."""
    values = dict(zip(PATHS, (W_IN, W_OUT, DELAYS), strict=True))
    found = {path: np.zeros(value.shape) for path, value in values.items()}
    for path, value in values.items():
        for place in np.ndindex(value.shape):
            step = np.zeros(value.shape)
            step[place] = 1e-5
            up, down = (
                loss_of(name, maxima(*{**values, path: value + sign * step}.values()))
                for sign in (1, -1)
            )
            found[path][place] = (up - down) / 2e-5
    return found


def network(name: str, dt: float) -> pg.Network:
    out, synapse, _ = OUTPUTS[name]
    net = pg.Network(dt=dt, seed=1)
    source = net.spike_source("input", 3, TIMES, [0, 1, 2])
    hidden = net.population("hidden", 3, HIDDEN)
    outputs = net.population("out", 2, out)
    current = pg.ExponentialCurrent(TAU_SYN)
    net.connect(source, hidden, current, pg.OneToOne(), weight=W_IN, delay=1.0, name="w_in")
    every = pg.AllToAll()
    net.connect(hidden, outputs, synapse, every, weight=W_OUT, delay=DELAYS, name="w_out")
    return net


def errors(name: str, dt: float) -> dict[str, float]:
    """By path, relative to the largest gradient of that path."""
    made = TrainingSession(
        network(name, dt), loss=OUTPUTS[name][2], steps=round(DURATION / dt), batch=1,
        precision="float64", trainable=PATHS,
    )  # fmt: skip
    begin, channels = np.array([0, 3]), np.arange(3, dtype=np.uint32)
    labels = np.array([0]) if "entropy" in OUTPUTS[name][2].key.lower() else None
    times = TIMES.astype(np.float32)
    data = SpikeDataset(times, channels, begin, 3, DURATION, labels)
    made.run(made.stage(data))
    wanted = expected(name)
    size: Callable[[Array], float] = lambda v: float(np.abs(v).max())  # noqa: E731
    return {
        path: size(np.ravel(made.gradients[path]) - np.ravel(wanted[path])) / size(wanted[path])
        for path in PATHS
    }


@pytest.mark.parametrize("name", OUTPUTS)
def test_gradients_of_a_maximum_converge_where_an_arrival_ends_it(name: str) -> None:
    first = expected(name)["groups.w_out.delay"][:2, 0]
    assert first[0] == pytest.approx(-first[1], rel=1e-4) and abs(first[1]) > 0.01  # it is there
    coarse, fine = errors(name, 2.0**-4), errors(name, 2.0**-7)
    assert max(fine.values()) < 0.01, (coarse, fine)
    assert max(fine.values()) < 0.5 * max(coarse.values()), (coarse, fine)
