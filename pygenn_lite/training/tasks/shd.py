"""Spiking Heidelberg Digits: spoken digits as spikes of a cochlea, for a recurrent network.
The files are yours; without them there is a generated look-alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pygenn_lite as pg


def shd(data: str | Path = "shd", hidden: int = 256, seed: int = 1) -> pg.TrainingTask:
    """Spoken digits; validation by a speaker that training does not hear.

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
    return _task("shd", parts, hidden, seed, epochs=100)


def shd_like(hidden: int = 256, samples: int = 2048, seed: int = 1) -> pg.TrainingTask:
    """A generated look-alike: not speech, and no measure of anything; to try settings and times.

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
    return _task("shd_like", parts, hidden, seed, epochs=10)


def _task(name: str, parts: list[Any], hidden: int, seed: int, epochs: int) -> pg.TrainingTask:
    """With the settings of Nowotny, Turner and Knight (2025)."""
    net = pg.Network(dt=1.0, seed=seed, name=name)
    spiking = pg.NeuronModel("dV/dt = (I - V)/20", threshold="V > 1", reset="V = 0")
    leaky = pg.NeuronModel("dV/dt = (I - V)/20")
    channels = net.spike_source("channels", 700, [], [])
    cells = net.population("hidden", hidden, spiking)
    out = net.population("out", 20, leaky)
    current, every = pg.ExponentialCurrent(5.0), pg.AllToAll()
    net.connect(channels, cells, current, every, weight=pg.Normal(0.03, 0.01), name="w_in")
    net.connect(cells, cells, current, every, weight=pg.Normal(0.0, 0.02), name="w_rec")
    net.connect(cells, out, current, every, weight=pg.Normal(0.0, 0.03), name="w_out")
    net.record(channels.spikes, cells.spikes, out["V"])
    train, validation, test = parts
    return pg.TrainingTask(
        net,
        loss=pg.losses.CrossEntropy("out.V", shape="exponential")
        + 1e-9 * pg.losses.Rate("hidden", 14.0),
        train=train,
        validation=validation,
        test=test,
        optimiser=pg.optimisers.Adam(1e-3, schedule=pg.schedules.EaseIn()),
        batch=32,
        epochs=epochs,
        augment=[pg.data.ShiftChannels(40), pg.data.Blend()],
        early_stopping=pg.EarlyStopping(20),
    )
