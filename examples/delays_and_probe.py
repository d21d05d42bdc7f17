"""Delays, exact to the step, and how to watch a simulation while it runs.

One source neuron reaches ten targets, each 1 ms later than the one before. A callback looks at
the potentials every 5 ms and sets them back at 20 ms.
"""

import matplotlib.pyplot as plt
import numpy as np

import pygenn_lite as pg

net = pg.Network(dt=0.1, seed=1)
source = net.spike_source("source", 1, [5.0], [0])
relay = pg.NeuronModel(
    "dV/dt = (-V + I)/tau", threshold="V > 1", reset="V = 0", parameters={"tau": 10.0}
)
targets = net.population("targets", 10, relay)
net.connect(source, targets, pg.Delta(), pg.AllToAll(), weight=5.0, delay="1 + i_post")
net.current(targets, "0.05*i", name="push")
net.record(targets.spikes, targets["V"])

sim = net.compile()
seen = []


def probe(simulation: pg.Simulation) -> None:
    V = simulation["targets"]["V"]
    seen.append((simulation.time, float(np.mean(V))))
    if simulation.time == 20.0:
        V[:] = 0.0


result = sim.run(40.0, callback=probe, interval=5.0)
spikes, V = result.spikes["targets"], result.traces["targets"]["V"]
print("spikes at", spikes.times)
# Sent at 5 ms, the spike acts on neuron i at 6 + i ms, and the threshold is crossed right then.
assert np.array_equal(spikes.steps, 60 + 10 * np.arange(10))

figure, ax = plt.subplots(figsize=(8, 5), layout="constrained")
for i in range(10):
    ax.plot(V.times, i + 2 * V.values[:, i], color="black", linewidth=0.8)
ax.scatter(spikes.times, spikes.indices, color="tab:red", zorder=3, label="spikes")
ax.axvline(5.0, color="tab:red", linestyle=":", label="spike of the source")
for time, mean in seen:
    ax.annotate(f"{mean:.3f}", (time, 10.4), ha="center", fontsize=8, color="tab:blue")
ax.axvline(20.0, color="tab:blue", linestyle=":", label="V = 0, by the callback")
ax.set(xlabel="time (ms)", ylabel="target neuron", yticks=range(10), xlim=(0, 41), ylim=(-2.5, 11))
ax.set_title("potentials; above, their means as the callback saw them", fontsize=11)
ax.legend(loc="lower right")
figure.savefig("delays_and_probe.png", dpi=120)
