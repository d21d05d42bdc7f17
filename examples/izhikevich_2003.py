"""Thalamic noise, cortical rhythms: 1,000 neurons, as in figure 3 of Izhikevich (2003).

800 excitatory and 200 inhibitory neurons, all connected to all. Alpha and gamma rhythms come and
go.
"""

import matplotlib.pyplot as plt
import numpy as np

import pygenn_lite as pg

net, _ = pg.load_network("izhikevich2003")
net.record(net.populations["exc"]["V"][:1])
result = net.compile().run(1000.0)

figure, (top, middle, bottom) = plt.subplots(
    3, 1, figsize=(8, 7), sharex=True, height_ratios=[4, 1, 1], layout="constrained"
)
for name, offset, color in (("exc", 0, "black"), ("inh", 800, "tab:red")):
    spikes = result.spikes[name]
    top.scatter(spikes.times, spikes.indices + offset, s=2, color=color, linewidths=0, label=name)
top.axhline(799.5, color="gray", linewidth=0.5)
top.set(ylabel="neuron", ylim=(0, 1000), title="1,000 neurons with thalamic noise")

counts, edges = np.histogram(result.spikes["exc"].times, bins=np.arange(0.0, 1001.0, 5.0))
middle.fill_between(edges[:-1], counts / 800 / 5e-3, step="post", color="gray")
middle.set(ylabel="exc (Hz)")

trace = result.traces["exc"]["V"]
bottom.plot(trace.times, np.minimum(trace.values[:, 0], 30.0), color="black", linewidth=0.8)
bottom.set(xlabel="time (ms)", ylabel="V (mV)", xlim=(0, 1000))
figure.savefig("izhikevich_2003.png", dpi=120)
print({name: round(rate, 1) for name, rate in result.rates().items()}, "Hz")
