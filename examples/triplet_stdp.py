"""Why triplets of spikes: the change of a weight depends on how often pairs are repeated.

60 pairs of spikes, 10 ms apart, at 1 to 50 pairs a second (Sjöström et al. 2001). The triplet
rule (Pfister and Gerstner 2006) turns depression into potentiation at high rates; a rule of
pairs cannot.
"""

import matplotlib.pyplot as plt
import numpy as np

import pygenn_lite as pg

rates = np.array([1.0, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0])
pairs, n = 60, len(rates)
first = 50.0 + np.arange(pairs)[:, None] * 1000.0 / rates  # row: pair, column: rate
index = np.broadcast_to(np.arange(n), first.shape)


def change(lag: float, rule: pg.SynapseModel) -> np.ndarray:
    net = pg.Network(dt=0.1)
    pre = net.spike_source("pre", n, np.ravel(first), np.ravel(index))
    trigger = net.spike_source("trigger", n, np.ravel(first) + lag - 0.1, np.ravel(index))
    relay = pg.NeuronModel(
        "dV/dt = -V/tau", threshold="V > 50", reset="V = 0", parameters=dict(tau=1.0)
    )
    post = net.population("post", n, relay)
    net.connect(trigger, post, pg.Delta(), pg.OneToOne(), weight=100.0, delay=0.1)
    net.connect(pre, post, rule, pg.OneToOne(), weight=0.5, delay=0.1, name="learning")
    sim = net.compile(precision="float64")
    sim.run(float(first.max()) + 100.0)
    return sim["learning"]["weight"][:] + 0.5  # the amplitudes are fractions of the whole


rules = {
    "triplets": pg.TripletSTDP(pg.Delta(), w_max=2.0),
    "pairs": pg.PairSTDP(pg.Delta(), A_plus=0.0046, A_minus=0.007, tau_plus=16.8, tau_minus=33.7),
}
figure, axes = plt.subplots(1, 2, figsize=(9, 4), sharey=True, layout="constrained")
for ax, (name, rule) in zip(axes, rules.items(), strict=True):
    for lag, marker in ((10.0, "o-"), (-10.0, "s--")):
        changed = change(lag, rule)
        order = "pre before post" if lag > 0 else "post before pre"
        ax.plot(rates, changed, marker, label=f"{order}, 10 ms")
        print(f"{name:9} {order}: {np.round(changed, 2)}")
    ax.axhline(1.0, color="gray", linewidth=0.8)
    ax.set(title=f"rule of {name}", xlabel="pairs per second")
axes[0].set_ylabel("weight after 60 pairs / before")
axes[0].legend()
figure.savefig("triplet_stdp.png", dpi=120)
