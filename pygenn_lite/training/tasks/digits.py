"""The handwritten digits of scikit-learn, 8 x 8 pixels: dark pixels spike early."""

from __future__ import annotations

import pygenn_lite as pg


def digits(hidden: int = 128, seed: int = 1) -> pg.TrainingTask:
    """1,797 images as times of spikes; a fifth of them is held out for the test.

    Parameters
    ----------
    hidden : int
        Neurons of the hidden layer.
    seed : int
        Of the initial weights and of the samples' order.
    """
    net = pg.Network(dt=0.5, seed=seed, name="digits")
    spiking = pg.NeuronModel("dV/dt = (I - V)/20", threshold="V > 1", reset="V = 0")
    leaky = pg.NeuronModel("dV/dt = (I - V)/20")
    pixels = net.spike_source("pixels", 64, [], [])
    cells = net.population("hidden", hidden, spiking)
    out = net.population("out", 10, leaky)
    current = pg.ExponentialCurrent(5.0)
    net.connect(pixels, cells, current, pg.AllToAll(), weight=pg.Normal(0.25, 0.5), name="w_in")
    net.connect(cells, out, current, pg.AllToAll(), weight=pg.Normal(0.0, 2.0), name="w_out")
    net.record(pixels.spikes, cells.spikes, out["V"])
    train, test = pg.data.digits(pg.data.Latency(20.0)).split(0.2)
    return pg.TrainingTask(
        net,
        loss=pg.losses.CrossEntropy("out.V", shape="uniform"),
        train=train,
        test=test,
        optimiser=pg.optimisers.Adam(0.02, schedule=pg.schedules.Cosine()),
        batch=32,
        epochs=300,
        augment=pg.data.Jitter(0.7),
        # Without it each training image is learnt by heart; chosen by samples held out of these.
        options={"dropout": {"w_in": 0.15, "w_out": 0.3}},
    )
