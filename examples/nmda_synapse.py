"""A synapse model of one's own: NMDA receptors, which open only where the neuron is depolarised.

The receptor's equations say how its variables move between spikes and what current they give. A
burst of presynaptic spikes reaches a neuron at rest, and one that a current has brought closer
to its threshold.
"""

import matplotlib.pyplot as plt
import numpy as np

import pygenn_lite as pg

nmda = pg.SynapseModel(
    """
    ds/dt = -s/tau_decay + alpha*r*(1 - s)
    dr/dt = -r/tau_rise
    """,
    inputs="I = g*s*(E_rev - V)/(1 + Mg/3.57*exp(-0.062*V))",
    on_pre="r += weight",
    parameters=dict(tau_decay=100.0, tau_rise=2.0, alpha=0.5, g=8.0, E_rev=0.0, Mg=1.0),
    name="nmda",
)
ampa = pg.ExponentialConductance(2.0, E_rev=0.0)
holding = np.linspace(-100.0, 350.0, 4)  # pA

net = pg.Network(dt=0.1)
burst = net.spike_source("burst", 1, np.arange(100.0, 150.0, 10.0), np.zeros(5, dtype=int))
for name, synapse, weight in (("ampa", ampa, 8.0), ("nmda", nmda, 1.0)):
    cells = net.population(name, 4, pg.LIFConductance(E_L=-70.0, V_th=20.0))  # never fires
    net.current(cells, holding)
    net.connect(burst, cells, synapse, pg.AllToAll(), weight=weight, delay=1.0)
    net.record(cells["V"])
result = net.compile().run(500.0)

figure, axes = plt.subplots(1, 3, figsize=(11, 3.6), layout="constrained")
for ax, name in zip(axes, ("ampa", "nmda"), strict=False):
    V = result.traces[name]["V"]
    lines = ax.plot(V.times[800:], (V.values - V.values[900])[800:])
    ax.legend(lines, [f"from {v:.0f} mV" for v in V.values[900]])
    ax.set(title=name.upper(), xlabel="time (ms)", ylabel="response (mV)", ylim=(-1, 13))
V = np.linspace(-90.0, 40.0, 200)
axes[2].plot(V, (0.0 - V) / (1 + np.exp(-0.062 * V) / 3.57), label="NMDA")
axes[2].plot(V, 0.0 - V, "--", label="AMPA")
axes[2].set(title="current against potential", xlabel="V (mV)", ylabel="current / conductance (mV)")
axes[2].legend()
figure.savefig("nmda_synapse.png", dpi=120)
for name in ("ampa", "nmda"):
    values = result.traces[name]["V"].values
    print(name, "peak responses:", np.round((values - values[900])[1000:].max(axis=0), 1), "mV")
