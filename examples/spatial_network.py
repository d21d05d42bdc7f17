"""Neurons in a sheet: who is connected depends on the distance.

Excitation reaches near neurons, inhibition reaches further, and a spike takes the longer the
further it goes. From random input patches of activity form that wander over the sheet.
"""

import matplotlib.pyplot as plt
import numpy as np

import pygenn_lite as pg

side = 40
grid = np.stack(np.meshgrid(np.arange(side), np.arange(side), indexing="ij"), axis=-1)
net = pg.Network(dt=0.1, seed=4)
start = dict(V=pg.Uniform(-65.0, -50.0))
exc = net.population("exc", side**2, pg.LIF(), initial=start, positions=grid.reshape(-1, 2))
inh = net.population(
    "inh", side**2 // 4, pg.LIF(), initial=start, positions=grid[::2, ::2].reshape(-1, 2)
)
for source, weight, width in ((exc, 300.0, 2.5), (inh, -300.0, 5.0)):
    near = pg.DistanceDependent(f"0.5*exp(-distance**2/(2*{width}**2))", max_distance=3 * width)
    for target in (exc, inh):
        net.connect(
            source, target, pg.ExponentialCurrent(2.0), near, weight=weight,
            delay="0.5 + 0.2*distance",
        )  # fmt: skip
for target in (exc, inh):
    net.poisson(target, 8.0, sources=850, weight=87.8, synapse=pg.ExponentialCurrent(0.5))
net.record(exc.spikes)
sim = net.compile()
result = sim.run(400.0)

figure, axes = plt.subplots(2, 4, figsize=(11, 5.6), layout="constrained")
middle = side * side // 2 + side // 2
synapses = sim["exc_exc"].connections()
targets = synapses.post[synapses.pre == middle]
axes[0, 0].scatter(*grid.reshape(-1, 2)[targets].T, c=synapses.delay[synapses.pre == middle], s=12)
axes[0, 0].set(title="targets of one neuron,\ncoloured by delay", xlim=(0, side), ylim=(0, side))
spikes = result.spikes["exc"]
for ax, begin in zip(axes.flat[1:], np.arange(330.0, 400.0, 10.0), strict=True):
    shown = (spikes.times > begin) & (spikes.times <= begin + 10.0)
    counts = np.bincount(spikes.indices[shown], minlength=side**2).reshape(side, side)
    ax.imshow(counts.T, origin="lower", cmap="magma", vmin=0, vmax=3)
    ax.set_title(f"spikes, {begin:g} to {begin + 10:g} ms")
for ax in axes.flat:
    ax.set_aspect("equal")
figure.savefig("spatial_network.png", dpi=120)
print(f"{sim.synapse_count:,} synapses, {result.rates()['exc']:.0f} Hz")
