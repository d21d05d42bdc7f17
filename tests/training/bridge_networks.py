"""What the tests of bridges share: a recurrent network of neurons in steps with a read-out, and how
long a layer of it takes."""

import numpy as np

import pygenn_lite as pg

STEPS, CHANNELS, HIDDEN, CLASSES, SAMPLES = 12, 6, 5, 3, 4
RNG = np.random.default_rng(3)
FIRST = RNG.normal(0.2, 0.5, (CHANNELS, HIDDEN))
LOOP = RNG.normal(0, 0.3, (HIDDEN, HIDDEN))
SECOND = RNG.normal(0, 0.5, (HIDDEN, CLASSES))
BETA, LEAK = 0.9, 0.8
SPIKES = (RNG.random((SAMPLES, STEPS, CHANNELS)) < 0.4).astype(float)
CURRENTS = RNG.normal(0.2, 0.6, (SAMPLES, STEPS, HIDDEN))
OPTIONS = {"surrogate": "arctan", "precision": "float64", "threads": 1}
TRAINABLE = ["groups.*.weight", "populations.*.parameters.beta"]


def network(source=True):
    net = pg.Network(dt=1.0, seed=1)
    hidden = net.population("hidden", HIDDEN, pg.DiscreteLIF(beta=BETA))
    out = net.population("out", CLASSES, pg.DiscreteLI(beta=LEAK))
    dense = pg.AllToAll()
    if source:
        inputs = net.spike_source("input", CHANNELS, [], [])
        net.connect(inputs, hidden, pg.Delta("V"), dense, weight=FIRST, delay=1.0, name="first")
    net.connect(hidden, hidden, pg.Delta("V"), dense, weight=LOOP, delay=1.0, name="loop")
    net.connect(hidden, out, pg.Delta("x"), dense, weight=SECOND, delay=1.0, name="second")
    return net
