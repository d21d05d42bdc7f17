"""Yin-Yang (Kriener, Göltz and Petrovici, 2022): in which part of the figure does a point lie?"""

from __future__ import annotations

import pygenn_lite as pg


def yin_yang(hidden: int = 200, samples: int = 5000, seed: int = 1) -> pg.TrainingTask:
    """Points of the unit square as times of spikes; yin, yang or dot.

    Parameters
    ----------
    hidden : int
        Neurons of the hidden layer.
    samples : int
        For training; 1,000 others each for validation and for the test.
    seed : int
        Of the initial weights and of the samples' order.
    """
    net = pg.Network(dt=0.2, seed=seed, name="yin_yang")
    # A reset far below: each neuron spikes once, and the loss is smooth in the weights.
    spiking = pg.NeuronModel("dV/dt = (I - V)/20", threshold="V > 1", reset="V = -5")
    leaky = pg.NeuronModel("dV/dt = (I - V)/20")
    points = net.spike_source("points", 5, [], [])
    cells = net.population("hidden", hidden, spiking)
    out = net.population("out", 3, leaky)
    current = pg.ExponentialCurrent(5.0)
    net.connect(
        points, cells, current, pg.AllToAll(), weight=pg.Normal(2.5, 1.5),
        delay=pg.Uniform(0.2, 8.0), name="w_in",
    )  # fmt: skip
    net.connect(cells, out, current, pg.AllToAll(), weight=pg.Normal(0.0, 1.0), name="w_out")
    net.record(points.spikes, cells.spikes, out["V"])
    return pg.TrainingTask(
        net,
        loss=pg.losses.CrossEntropy("out.V", shape="exponential"),
        train=pg.data.yin_yang(samples, seed=1),
        validation=pg.data.yin_yang(1000, seed=2),
        test=pg.data.yin_yang(1000, seed=3),
        # A mean voltage is small: the weights that make it larger want a larger rate.
        # Delays, in ms, move by more than weights do.
        optimiser=pg.optimisers.Adam(
            0.02,
            rates={"groups.w_out.weight": 15.0, "groups.w_in.delay": 20.0},
            schedule=pg.schedules.Cosine(0.02),
        ),
        options={"trainable": ("groups.*.weight", "groups.w_in.delay")},
        batch=64,
        epochs=100,
    )
