"""STDP sorts its inputs into strong and weak ones (Song, Miller and Abbott 2000).

A neuron has 1,000 plastic inputs that fire at random. Each presynaptic spike that helps to make
it fire strengthens its synapse; weights drift to either bound. Inputs that fire together win.
"""

import matplotlib.pyplot as plt
import numpy as np

import pygenn_lite as pg

g_max, inputs = 0.015, 1000
net = pg.Network(dt=0.1, seed=1)
# Half of the inputs share events: each of them copies one of ten common trains.
free = net.population("free", inputs // 2, pg.PoissonNeuron(rate=15.0))
common = net.population("common", 10, pg.PoissonNeuron(rate=15.0))
neuron = net.population(
    "neuron", 1,
    pg.NeuronModel(
        "dV/dt = (E_L - V + I)/tau", threshold="V > V_th", reset="V = V_r",
        parameters=dict(tau=20.0, E_L=-70.0, V_th=-54.0, V_r=-60.0), initial=dict(V=-70.0),
    ),
)  # fmt: skip
conductance = pg.ExponentialConductance(5.0, E_rev=0.0)
rule = pg.PairSTDP(conductance, A_plus=0.005, A_minus=0.00525, w_max=g_max)
start = pg.Uniform(0.0, g_max)
net.connect(free, neuron, rule, pg.AllToAll(), weight=start, name="alone")
copies = pg.PairList(np.arange(inputs // 2) % 10, np.zeros(inputs // 2, dtype=int))
net.connect(
    common, neuron, rule, copies, weight=start, delay=pg.Uniform(0.1, 10.0), name="together"
)
net.record(neuron.spikes)

sim = net.compile()
figure, axes = plt.subplots(1, 3, figsize=(10, 3.2), sharey=True, layout="constrained")
for ax, until in zip(axes, (0.0, 5.0, 60.0), strict=True):
    sim.run(until * 1e3 - sim.time)
    groups = [sim[name]["weight"][:] / g_max for name in ("alone", "together")]
    ax.hist(groups, bins=20, range=(0, 1), stacked=True, label=["fire alone", "fire together"])
    ax.set(title=f"after {until:g} s", xlabel="weight / largest weight")
    print(f"{until:4.0f} s: mean weights {groups[0].mean():.2f}, {groups[1].mean():.2f}")
axes[0].set_ylabel("synapses")
axes[0].legend()
figure.savefig("song_stdp.png", dpi=120)
