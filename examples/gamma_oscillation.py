"""A gamma rhythm from excitation and inhibition in turn (PING).

Excitatory cells make inhibitory ones fire, which silence both until inhibition has decayed. The
rhythm is in the population, not in the single cell, and slower inhibition makes it slower.
"""

import matplotlib.pyplot as plt
import numpy as np

import pygenn_lite as pg


def run(tau_inh: float) -> pg.Result:
    net = pg.Network(dt=0.1, seed=1)
    start = dict(V=pg.Uniform(-65.0, -50.0))
    exc = net.population("exc", 800, pg.LIFConductance(), initial=start)
    inh = net.population("inh", 200, pg.LIFConductance(t_ref=1.0), initial=start)
    excitation = pg.ExponentialConductance(2.0, E_rev=0.0)
    inhibition = pg.ExponentialConductance(tau_inh, E_rev=-80.0)
    some = pg.FixedProbability(0.2)
    net.connect(exc, inh, excitation, some, weight=0.9, delay=1.0)
    net.connect(inh, exc, inhibition, some, weight=4.0, delay=1.0)
    net.connect(inh, inh, inhibition, some, weight=1.0, delay=1.0)
    net.poisson(exc, 2.5, sources=1000, weight=0.9, synapse=excitation)
    net.record(exc.spikes, inh.spikes)
    return net.compile().run(2000.0)


figure, axes = plt.subplots(2, 2, figsize=(10, 6), width_ratios=[2, 1], layout="constrained")
for (left, right), tau_inh in zip(axes, (5.0, 12.0), strict=True):
    result = run(tau_inh)
    for name, offset, color in (("exc", 0, "black"), ("inh", 800, "tab:red")):
        spikes = result.spikes[name]
        left.scatter(spikes.times, spikes.indices + offset, s=2, color=color, linewidths=0)
    left.set(xlim=(1000, 1300), ylabel="neuron", title=f"inhibition decays in {tau_inh:g} ms")
    counts, _ = np.histogram(result.spikes["exc"].times, bins=np.arange(200.0, 2001.0))
    power = np.abs(np.fft.rfft(counts - counts.mean())) ** 2
    frequency = np.fft.rfftfreq(len(counts), d=1e-3)
    right.plot(frequency, power / power.max(), color="black", linewidth=0.8)
    peak = frequency[np.argmax(power)]
    right.set(xlim=(0, 120), yticks=[], ylabel="power", title=f"{peak:.0f} Hz")
    print(f"decay {tau_inh:g} ms: rhythm of {peak:.0f} Hz, cells at {result.rates()['exc']:.0f} Hz")
axes[1, 0].set_xlabel("time (ms)")
axes[1, 1].set_xlabel("frequency (Hz)")
figure.savefig("gamma_oscillation.png", dpi=120)
