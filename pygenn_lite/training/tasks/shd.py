"""Spiking Heidelberg Digits: spoken digits as spikes of a cochlea, for a recurrent network.
The files are yours; without them there is a generated look-alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pygenn_lite as pg


def shd(data: str | Path = "shd", hidden: int = 256, seed: int = 1) -> pg.TrainingTask:
    """Spoken digits; validation by a speaker that training does not hear. With the settings of
    Nowotny, Turner and Knight (2025).

    Parameters
    ----------
    data : str or Path
        Folder with shd_train.h5 and shd_test.h5.
    hidden : int
        Neurons of the hidden layer.
    seed : int
        Of the initial weights and of the samples' order.
    """
    parts = [pg.data.shd(data, part, duration=1000.0) for part in ("train", "validation", "test")]
    net = _network("shd", 1.0, hidden, pg.Normal(0.03, 0.01), seed)
    loss = pg.losses.CrossEntropy("out.V", shape="exponential")
    rule = pg.optimisers.Adam(1e-3, schedule=pg.schedules.EaseIn(1e-6))
    return _task(net, parts, loss + 1e-9 * pg.losses.Rate("hidden", 14.0), rule, epochs=100)


def shd_like(hidden: int = 128, samples: int = 1024, seed: int = 1) -> pg.TrainingTask:
    """A generated look-alike: not speech, and no measure of anything. With settings that come to
    something in minutes: a softmax of voltages that are multiplied, inputs that differ more from
    neuron to neuron, a stronger hold on the numbers of spikes.

    Parameters
    ----------
    hidden : int
        Neurons of the hidden layer.
    samples : int
        For training; a fourth as many each for validation and for the test.
    seed : int
        Of the initial weights and of the samples' order.
    """
    fewer = max(samples // 4, 20)
    parts = [pg.data.shd_like(n, seed=k) for k, n in enumerate((samples, fewer, fewer), 1)]
    net = _network("shd_like", 2.0, hidden, pg.Normal(0.01, 0.06), seed)
    loss = pg.losses.CrossEntropy("out.V", shape="exponential", scale=30.0)
    rule = pg.optimisers.Adam(5e-3, schedule=pg.schedules.EaseIn(1e-4))
    return _task(net, parts, loss + 1e-3 * pg.losses.Rate("hidden", 14.0), rule, epochs=10)


def _network(name: str, dt: float, hidden: int, weights: Any, seed: int) -> pg.Network:
    net = pg.Network(dt=dt, seed=seed, name=name)
    spiking = pg.NeuronModel("dV/dt = (I - V)/20", threshold="V > 1", reset="V = 0")
    leaky = pg.NeuronModel("dV/dt = (I - V)/20")
    channels = net.spike_source("channels", 700, [], [])
    cells = net.population("hidden", hidden, spiking)
    out = net.population("out", 20, leaky)
    current, every = pg.ExponentialCurrent(5.0), pg.AllToAll()
    net.connect(channels, cells, current, every, weight=weights, name="w_in")
    net.connect(cells, cells, current, every, weight=pg.Normal(0.0, 0.02), name="w_rec")
    net.connect(cells, out, current, every, weight=pg.Normal(0.0, 0.03), name="w_out")
    net.record(channels.spikes, cells.spikes, out["V"])
    return net


def _task(net: pg.Network, parts: list[Any], loss: Any, rule: Any, epochs: int) -> pg.TrainingTask:
    train, validation, test = parts
    return pg.TrainingTask(
        net,
        loss,
        train=train,
        validation=validation,
        test=test,
        optimiser=rule,
        batch=32,
        epochs=epochs,
        augment=[pg.data.Blend(), pg.data.ShiftChannels(40)],
        early_stopping=pg.EarlyStopping(20),
    )
