"""The window of pair STDP: how a weight changes with the time between two spikes.

Each pair of neurons has one synapse. The source spikes at 100 ms; a strong input makes the
target spike `lag` ms later. The changes lie on A_plus exp(-lag/tau_plus) and -A_minus
exp(lag/tau_minus).
"""

import matplotlib.pyplot as plt
import numpy as np

import pygenn_lite as pg

lags = np.array([lag for lag in np.arange(-50.0, 51.0, 2.0) if lag != 0.0])
n = len(lags)

net = pg.Network(dt=0.1, seed=1)
pre = net.spike_source("pre", n, np.full(n, 100.0), np.arange(n))
# A spike that arrives at t makes the target spike at the end of that step: at t + dt. (See
# docs/time.md.) It leaves its source at least one step earlier.
trigger = net.spike_source("trigger", n, 100.0 + lags - 0.1, np.arange(n))
target = pg.NeuronModel(
    "dV/dt = -V/tau", threshold="V > 1", reset="V = 0", parameters={"tau": 10.0}
)
post = net.population("post", n, target)
net.connect(trigger, post, pg.Delta(), pg.OneToOne(), weight=5.0, delay=0.1)
# The receptor Delta with a tiny weight: the synapse learns, but does not drive the target.
rule = pg.PairSTDP(pg.Delta(), A_plus=0.01, A_minus=0.0105, tau_plus=20.0, tau_minus=20.0)
net.connect(pre, post, rule, pg.OneToOne(), weight=0.5, delay=0.1, name="learning")
net.record(post.spikes)

sim = net.compile(precision="float64")
result = sim.run(200.0)
change = sim["learning"]["weight"][:] - 0.5

spikes = result.spikes["post"]
# What counts is when the presynaptic spike arrives: its delay is 0.1 ms.
measured = spikes.times[np.argsort(spikes.indices)] - 100.1
expected = np.where(measured >= 0, 0.01 * np.exp(-np.abs(measured) / 20.0),
                    -0.0105 * np.exp(-np.abs(measured) / 20.0))  # fmt: skip
print(f"largest difference from the formula: {np.abs(change - expected).max():.1e}")
assert np.allclose(change, expected, atol=1e-9)

figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
for side in (measured < 0, measured > 0):
    order = np.argsort(measured[side])
    ax.plot(measured[side][order], expected[side][order], "k", linewidth=1)
ax.plot(measured, change, "o", color="tab:red", markersize=4, label="simulated; line: formula")
ax.axhline(0.0, color="gray", linewidth=0.5)
ax.set(xlabel="post minus pre (ms)", ylabel="change of weight", title="the window of pair STDP")
ax.legend()
figure.savefig("stdp_window.png", dpi=120)
