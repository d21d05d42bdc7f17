"""What makes a neuron fire irregularly: strong drive, or drive that fluctuates.

Two kinds of Poisson input give about the same rate. Excitation alone pushes the neuron over its
threshold at regular intervals; with inhibition that nearly cancels it, only fluctuations reach
the threshold, and the intervals vary as those of a Poisson process do (coefficient of variation
near 1).
"""

import matplotlib.pyplot as plt
import numpy as np

import pygenn_lite as pg

net = pg.Network(dt=0.1, seed=1)
model = pg.LIF(tau=20.0, C=200.0, V_th=-50.0, V_r=-60.0)
current = pg.ExponentialCurrent(2.0)
drives = {"mean-driven": (4000, 1.575, 0), "fluctuation-driven": (200, 160.0, 195)}
for name, (excitatory, weight, inhibitory) in drives.items():
    cells = net.population(name.replace("-", "_"), 100, model)
    net.poisson(cells, 12.0, sources=excitatory, weight=weight, synapse=current)
    if inhibitory:
        net.poisson(cells, 12.0, sources=inhibitory, weight=-weight, synapse=current, name="inh")
    net.record(cells.spikes, cells["V"][:1])
result = net.compile().run(5000.0)

figure, axes = plt.subplots(2, 2, figsize=(9, 5), width_ratios=[2, 1], layout="constrained")
for name, (left, right) in zip(drives, axes, strict=True):
    key = name.replace("-", "_")
    spikes, V = result.spikes[key], result.traces[key]["V"]
    left.plot(V.times, V.values[:, 0], "k", linewidth=0.7)
    left.vlines(spikes.times[spikes.indices == 0], -50.0, -35.0, color="black", linewidth=0.7)
    left.set(xlim=(2000, 3000), title=name, ylabel="V (mV)")
    order = np.lexsort((spikes.times, spikes.indices))
    intervals = np.diff(spikes.times[order])[np.diff(spikes.indices[order]) == 0]
    cv = intervals.std() / intervals.mean()
    right.hist(intervals, bins=60, range=(0, 300), color="gray", density=True)
    right.set(title=f"{result.rates()[key]:.1f} Hz, CV {cv:.2f}", yticks=[])
    print(f"{name:19} {result.rates()[key]:.1f} Hz, coefficient of variation {cv:.2f}")
axes[1, 0].set_xlabel("time (ms)")
axes[1, 1].set_xlabel("interval (ms)")
figure.savefig("poisson_input.png", dpi=120)
