"""A synfire chain: a volley of spikes travels on, or dies out (Diesmann et al. 1999).

Ten groups of 100 neurons, each connected to the next, in background noise. The first group is
given volleys of different strength: strong ones sharpen as they travel, weak ones are lost.
"""

import matplotlib.pyplot as plt
import numpy as np

import pygenn_lite as pg

groups, size = 10, 100
net = pg.Network(dt=0.1, seed=2)
cells = net.population(
    "cells", groups * size, pg.LIF(E_L=-70.0, V_r=-70.0, V_th=-55.0),
    initial=dict(V=pg.Uniform(-70.0, -58.0)),
)  # fmt: skip
current = pg.AlphaCurrent(0.33)
net.poisson(cells, 2.0, sources=8000, weight=32.0, synapse=current, name="excitation")
net.poisson(cells, 2.0, sources=6400, weight=-32.0, synapse=current, name="inhibition")

pre, post = np.meshgrid(np.arange(size), np.arange(size), indexing="ij")
ahead = np.arange(groups - 1)[:, None, None] * size
feed_forward = pg.PairList((pre + ahead).ravel(), (post + ahead + size).ravel())
net.connect(cells, cells, current, feed_forward, weight=62.0, delay=5.0)

# Volleys into the first group: at 50 ms of 35 spikes, at 150 ms of 60, at 250 ms of 95.
rng = np.random.default_rng(3)
times = np.concatenate([rng.normal(at, 1.0, n) for at, n in ((50, 35), (150, 60), (250, 95))])
volley = net.spike_source("volley", len(times), times, np.arange(len(times)))
onto_first = pg.PairList(*(a.ravel() for a in np.indices((len(times), size))))
net.connect(volley, cells, current, onto_first, weight=62.0, delay=1.0)
net.record(cells.spikes)
result = net.compile().run(350.0)

spikes = result.spikes["cells"]
figure, ax = plt.subplots(figsize=(9, 5), layout="constrained")
ax.scatter(spikes.times, spikes.indices / size, s=2, c=spikes.indices // size % 2, cmap="coolwarm")
ax.set(xlabel="time (ms)", ylabel="group", yticks=np.arange(groups + 1), xlim=(0, 350))
ax.set_title("volleys of 35, 60 and 95 spikes into the first group")
figure.savefig("synfire_chain.png", dpi=120)
last = spikes.times[spikes.indices >= (groups - 1) * size]
reached = [int(np.sum((last > at + 40) & (last < at + 90))) for at in (50, 150, 250)]
print(f"spikes of the last group after each volley: {reached}")
