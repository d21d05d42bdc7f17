"""Eight firing patterns of one model: the adaptive exponential neuron (Naud et al. 2008, table 1).

Parameters may differ from neuron to neuron. Here each neuron of one population has its own
column of the paper's table, and all of them get a step of current at 100 ms.
"""

import matplotlib.pyplot as plt
import numpy as np

import pygenn_lite as pg

columns = ("C", "g_L", "E_L", "V_T", "D_T", "a", "tau_w", "b", "V_r", "current")
table = {
    "tonic": (200, 10, -70, -50, 2, 2, 30, 0, -58, 500),
    "adapting": (200, 12, -70, -50, 2, 2, 300, 60, -58, 500),
    "initial burst": (130, 18, -58, -50, 2, 4, 150, 120, -50, 400),
    "regular bursting": (200, 10, -58, -50, 2, 2, 120, 100, -46, 210),
    "delayed accelerating": (200, 12, -70, -50, 2, -10, 300, 0, -58, 300),
    "delayed regular bursting": (100, 10, -65, -50, 2, -10, 90, 30, -47, 110),
    "transient": (100, 10, -65, -50, 2, 10, 90, 100, -47, 180),
    "irregular": (100, 12, -60, -50, 2, -11, 130, 30, -48, 160),
}
values = dict(zip(columns, np.array(list(table.values()), dtype=float).T, strict=True))
current = values.pop("current")

net = pg.Network(dt=0.05)
cells = net.population(
    "cells", len(table), pg.AdEx(), parameters=values, initial=dict(V=values["E_L"], w=0.0)
)
net.step_current(cells, times=[100.0], values=[current])
net.record(cells.spikes, cells["V"])
result = net.compile(precision="float64").run(600.0)

V, spikes = result.traces["cells"]["V"], result.spikes["cells"]
figure, axes = plt.subplots(4, 2, figsize=(9, 8), sharex=True, sharey=True, layout="constrained")
for number, (name, ax) in enumerate(zip(table, axes.flat, strict=True)):
    ax.plot(V.times, np.minimum(V.values[:, number], -10.0), color="black", linewidth=0.7)
    fired = spikes.times[spikes.indices == number]
    ax.vlines(fired, -40.0, 10.0, color="black", linewidth=0.7)
    ax.set_title(name, fontsize=10)
for ax in axes[:, 0]:
    ax.set_ylabel("V (mV)")
for ax in axes[-1]:
    ax.set_xlabel("time (ms)")
figure.savefig("adex_firing_patterns.png", dpi=120)
print({name: int(np.sum(spikes.indices == n)) for n, name in enumerate(table)})
