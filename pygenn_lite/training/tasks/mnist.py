"""MNIST and Fashion-MNIST, 28 x 28 pixels: dark pixels spike early. The files are yours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pygenn_lite as pg


def mnist(data: str | Path = "mnist", hidden: int = 128, seed: int = 1) -> pg.TrainingTask:
    """60,000 images as times of spikes, in trials of 20 ms with steps of 1 ms.

    Parameters
    ----------
    data : str or Path
        Folder with the four IDX files, or with mnist_train.csv and mnist_test.csv.
    hidden : int
        Neurons of the hidden layer.
    seed : int
        Of the initial weights and of the samples' order.
    """
    return _task("mnist", pg.data.mnist, data, hidden, seed)


def fashion_mnist(
    data: str | Path = "fashion_mnist", hidden: int = 256, seed: int = 1
) -> pg.TrainingTask:
    """60,000 pictures of clothes, coded as those of :func:`mnist`.

    Parameters
    ----------
    data : str or Path
        Folder with the four IDX files.
    hidden : int
        Neurons of the hidden layer.
    seed : int
        Of the initial weights and of the samples' order.
    """
    return _task("fashion_mnist", pg.data.fashion_mnist, data, hidden, seed)


def _task(
    name: str, read: Callable[..., Any], folder: str | Path, hidden: int, seed: int
) -> pg.TrainingTask:
    net = pg.Network(dt=1.0, seed=seed, name=name)
    spiking = pg.NeuronModel("dV/dt = (I - V)/20", threshold="V > 1", reset="V = 0")
    leaky = pg.NeuronModel("dV/dt = (I - V)/20")
    pixels = net.spike_source("pixels", 784, [], [])
    cells = net.population("hidden", hidden, spiking)
    out = net.population("out", 10, leaky)
    current = pg.ExponentialCurrent(5.0)
    net.connect(pixels, cells, current, pg.AllToAll(), weight=pg.Normal(0.05, 0.1), name="w_in")
    net.connect(cells, out, current, pg.AllToAll(), weight=pg.Normal(0.0, 2.0), name="w_out")
    net.record(pixels.spikes, cells.spikes, out["V"])
    encoder = pg.data.Latency(20.0, threshold=0.2)
    return pg.TrainingTask(
        net,
        loss=pg.losses.CrossEntropy("out.V", shape="uniform"),
        train=read(folder, "train", encoder),
        test=read(folder, "test", encoder),
        # A mean voltage is small: the weights that make it larger want a larger rate.
        optimiser=pg.optimisers.Adam(
            0.015, rates={"groups.w_out.weight": 10.0}, schedule=pg.schedules.Cosine()
        ),
        batch=32,
        epochs=10,
    )
