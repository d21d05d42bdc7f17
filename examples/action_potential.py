"""The action potential of the squid axon, and the gates behind it (Hodgkin and Huxley 1952).

A short step of current sets off one spike. Equations with gates are integrated by the integrator
that suits them; `inspect` names it.
"""

import matplotlib.pyplot as plt
import numpy as np

import pygenn_lite as pg

net = pg.Network(dt=0.01)
axon = net.population("axon", 3, pg.HodgkinHuxleySquid(), initial=dict(V=-65.0))
strengths = np.array([3.0, 8.0, 15.0])  # uA/cm2
net.step_current(axon, times=[5.0, 6.0], values=np.outer([1.0, 0.0], strengths))
net.record(*(axon[name] for name in ("V", "m", "h", "n")))
result = net.compile(precision="float64").run(25.0)

traces = result.traces["axon"]
figure, (top, bottom) = plt.subplots(2, 1, figsize=(8, 6), sharex=True, layout="constrained")
for number, strength in enumerate(strengths):
    top.plot(traces["V"].times, traces["V"].values[:, number], label=f"{strength:g} µA/cm²")
top.axvspan(5.0, 6.0, color="gray", alpha=0.2, label="current")
top.set(ylabel="V (mV)", title="below and above the threshold")
top.legend()
for name, meaning in (("m", "sodium, opens"), ("h", "sodium, closes"), ("n", "potassium")):
    bottom.plot(traces[name].times, traces[name].values[:, 1], label=f"{name} ({meaning})")
bottom.set(xlabel="time (ms)", ylabel="open", title="gates, at 8 µA/cm²", ylim=(0, 1))
bottom.legend()
figure.savefig("action_potential.png", dpi=120)
print("highest potentials:", np.round(traces["V"].values.max(axis=0), 1), "mV")
