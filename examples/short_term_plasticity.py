"""Synapses that tire, and synapses that warm up: short-term plasticity (Tsodyks and Markram 1997).

One train of spikes, 20 Hz and then a pause, reaches three neurons: through a depressing synapse,
a facilitating one, and one that does neither.
"""

import matplotlib.pyplot as plt
import numpy as np

import pygenn_lite as pg

times = np.concatenate([np.arange(50.0, 500.0, 50.0), [1000.0]])
synapses = {
    "static": pg.ExponentialCurrent(3.0),
    "depressing": pg.TsodyksMarkram(pg.ExponentialCurrent(3.0), U=0.5, tau_rec=800.0),
    "facilitating": pg.TsodyksMarkram(
        pg.ExponentialCurrent(3.0), U=0.15, tau_rec=50.0, tau_facil=1000.0
    ),
}
weights = {"static": 250.0, "depressing": 500.0, "facilitating": 1000.0}

net = pg.Network(dt=0.1)
source = net.spike_source("source", 1, times, np.zeros(len(times), dtype=int))
target = net.population("target", 3, pg.LIF(tau=30.0, V_th=0.0))  # never fires
for number, (name, model) in enumerate(synapses.items()):
    net.connect(source, target, model, pg.PairList([0], [number]), weight=weights[name], name=name)
net.record(target["V"])
trace = net.compile().run(1200.0).traces["target"]["V"]

figure, axes = plt.subplots(3, 1, figsize=(8, 6), sharex=True, sharey=True, layout="constrained")
for number, (name, ax) in enumerate(zip(synapses, axes, strict=True)):
    ax.plot(trace.times, trace.values[:, number] + 65.0, color=f"C{number}")
    ax.vlines(times, -0.6, -0.2, color="black", linewidth=1)
    ax.set(ylabel="V - E_L (mV)", title=name)
axes[-1].set_xlabel("time (ms)")
figure.savefig("short_term_plasticity.png", dpi=120)

jumps = {n: trace.values[:, k][[510, 4510]] for k, n in enumerate(synapses)}
print({name: np.round(both + 65.0, 2).tolist() for name, both in jumps.items()})
