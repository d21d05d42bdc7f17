"""Inhibition learns to balance excitation (Vogels et al. 2011).

Inhibitory weights grow where an excitatory neuron fires more than 5 times a second and shrink
where it fires less. A network that starts out fast and synchronous becomes slow and irregular.
"""

import matplotlib.pyplot as plt
import numpy as np

import pygenn_lite as pg

small = {"populations.exc.size": 800, "populations.inh.size": 200, "constants.p": 0.2,
         "constants.eta": 0.1}  # fmt: skip
net, _ = pg.load_network("vogels2011", set=small)
sim = net.compile()
weights = []
result = sim.run(
    3000.0, callback=lambda s: weights.append(np.mean(s["learning"]["weight"])), interval=50.0
)

figure, axes = plt.subplots(3, 1, figsize=(8, 6.5), layout="constrained")
spikes = result.spikes["exc"]
for ax, (begin, end) in zip(axes[:2], ((0.0, 300.0), (2700.0, 3000.0)), strict=True):
    shown = (spikes.times > begin) & (spikes.times <= end)
    ax.scatter(spikes.times[shown], spikes.indices[shown], s=1.5, color="black", linewidths=0)
    ax.set(xlim=(begin, end), ylabel="neuron")
axes[0].set_title("at first, and when inhibition has grown")
axes[1].set_xlabel("time (ms)")
counts, edges = np.histogram(spikes.times, bins=np.arange(0.0, 3001.0, 50.0))
axes[2].plot(edges[1:], counts / 800 / 0.05, "k")
axes[2].set(xlabel="time (ms)", ylabel="rate (Hz)", ylim=(0, None))
right = axes[2].twinx()
right.plot(edges[1:], weights, color="tab:red")
right.set_ylabel("mean inhibitory weight (nS)", color="tab:red")
figure.savefig("inhibitory_plasticity.png", dpi=120)
print(f"{counts[:6].mean() / 40:.0f} Hz at first, {counts[-6:].mean() / 40:.0f} Hz at the end")
