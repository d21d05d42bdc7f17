"""Save a simulation, continue, and come back to try something else.

From a checkpoint the simulation continues with the same spikes, bit for bit, in another process
and with another number of threads. From there it can also branch: here one branch gets a
stronger input.
"""

import matplotlib.pyplot as plt
import numpy as np

import pygenn_lite as pg


def build() -> pg.Network:
    net = pg.Network(dt=0.1, seed=7)
    exc = net.population("exc", 400, pg.LIF(), initial={"V": pg.Uniform(-65.0, -50.0)})
    net.poisson(exc, 8.0, sources=1000, weight=87.8, synapse=pg.ExponentialCurrent(0.5))
    rule = pg.PairSTDP(pg.ExponentialCurrent(0.5), w_max=100.0)
    delay = pg.Uniform(0.5, 3.0)
    net.connect(exc, exc, rule, pg.FixedProbability(0.1), weight=30.0, delay=delay, name="learning")
    net.record(exc.spikes)
    return net


sim = build().compile()
before = sim.run(200.0)
sim.save("after_200ms.npz", overwrite=True)  # of an earlier run of this script
first = sim.run(100.0)

other = build().compile(threads=2)
other.restore("after_200ms.npz")
second = other.run(100.0)
same_spikes = np.array_equal(first.spikes["exc"].steps, second.spikes["exc"].steps)
same_weights = np.array_equal(sim["learning"]["weight"], other["learning"]["weight"])
print(f"{len(first.spikes['exc'])} spikes; equal: {same_spikes}; weights equal: {same_weights}")
assert same_spikes and same_weights

other.restore("after_200ms.npz")
other["poisson_exc"]["rate"] = 12.0
branch = other.run(100.0)

figure, axes = plt.subplots(3, 1, figsize=(8, 6), sharex=True, sharey=True, layout="constrained")
shown = {"continued": first, "restored": second, "restored, stronger input": branch}
for ax, (name, result) in zip(axes, shown.items(), strict=True):
    for part, color in ((before, "gray"), (result, "black")):
        spikes = part.spikes["exc"]
        ax.scatter(spikes.times, spikes.indices, s=1.5, color=color, linewidths=0)
    ax.axvline(200.0, color="tab:red")
    ax.set(title=f"{name}: {len(result.spikes['exc'])} spikes", ylabel="neuron", xlim=(100, 300))
axes[-1].set_xlabel("time (ms)")
figure.savefig("checkpoint.png", dpi=120)
