"""Trials give the simulator's spikes, each neuron and step: random networks, recurrent, delayed,
refractory periods and jumps that the threshold of their step sees.

Where every synapse has its delay, what arrives in a step is summed before it is added to the
state, which rounds otherwise than the simulator: there double precision is looked at."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.codegen.trial.surrogate import surrogate_of
from pygenn_lite.runtime.training.session import TrainingSession

STEPS, COUNT, CHANNELS, HIDDEN = 60, 5, 20, 40
PSC = pg.ExponentialCurrent(5.0)


class Trains:
    """Random spikes of samples, one array of zeros and ones."""

    duration, labels, targets, channels = float(STEPS), None, None, CHANNELS

    def __init__(self, seed: int, rate: float) -> None:
        self.array = np.random.default_rng(seed).random((COUNT, STEPS, CHANNELS)) < rate

    def __len__(self) -> int:
        return COUNT

    def steps(self, dt: float) -> Any:
        from types import SimpleNamespace

        sample, step, index = np.nonzero(self.array)
        begin = np.searchsorted(sample, np.arange(COUNT + 1))
        return SimpleNamespace(
            steps=step.astype(np.uint32), indices=index.astype(np.uint32), begin=begin
        )


def network(kind: str) -> pg.Network:
    """A recurrent layer and a read-out."""
    net, every = pg.Network(dt=1.0, seed=5), pg.AllToAll()
    source = net.spike_source("source", CHANNELS, [1.0], [0])
    hidden = net.population("hidden", HIDDEN, pg.LIF(t_ref=3.0 if kind == "refractory" else 0.0))
    out = net.population("out", 3, pg.LIF(V_th=1e6))
    into: Any = pg.Delta() if kind == "jumps" else PSC
    scale = 4.0 if kind == "jumps" else 120.0
    given, delay = pg.Normal(scale, scale), 3.0
    if kind == "delays":
        delay = pg.Uniform(1.0, 20.0)
    rule = pg.FixedProbability(0.3) if kind == "sparse" else every
    net.connect(source, hidden, into, rule, weight=given, delay=delay, name="first")
    loop = pg.Normal(0.0, scale)
    net.connect(hidden, hidden, into, rule, weight=loop, delay=2.0, name="loop")
    net.connect(hidden, out, PSC, every, weight=pg.Normal(0.0, 60.0), name="second")
    return net


def simulated(net: pg.Network, trains: Trains, precision: str) -> np.ndarray:
    """Spikes of the hidden neurons, [samples, steps, neurons]."""
    net.record(net.populations["hidden"].spikes)
    simulation = net.compile(threads=1, precision=precision)
    tensor = pg.SpikeTensor.dense(trains.array.astype(np.uint8), 1.0)
    found = np.zeros((COUNT, STEPS + 1, HIDDEN))
    for k in range(COUNT):
        simulation.reset()
        simulation["source"].replay(tensor, k)
        spikes = simulation.run(float(STEPS)).spikes["hidden"]
        found[k, np.rint(spikes.times).astype(int), spikes.indices] = 1
    return found[:, 1:]


@pytest.mark.parametrize(
    ("kind", "precision"),
    [
        ("plain", "float32"),
        ("refractory", "float32"),
        ("jumps", "float32"),
        ("sparse", "float32"),
        ("delays", "float64"),
    ],
)
def test_spikes_are_the_same(kind: str, precision: str) -> None:
    net, trains = network(kind), Trains(3, 0.1)
    session = TrainingSession(
        net, loss=None, outputs=["hidden.spikes"], steps=STEPS, precision=precision,
        gradient="surrogate", surrogate=surrogate_of("1/(1 + abs(u))**2"), threads=1,
        trainable=["groups.first.weight", "groups.loop.weight"],
    )  # fmt: skip
    found = session.forward(session.stage(trains))["hidden.spikes"]
    wanted = simulated(net.copy(), trains, precision)
    assert wanted.sum() > 100 * COUNT
    np.testing.assert_array_equal(found, wanted)
