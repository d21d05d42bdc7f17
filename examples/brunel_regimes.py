"""Four regimes of one network (Brunel 2000).

How strong inhibition is (g) and how strong the drive from outside (nu_ext) decides whether a sparse
network fires synchronously or not, regularly or not. All four are runs of one compiled network.
"""

import matplotlib.pyplot as plt
import numpy as np

import pygenn_lite as pg

regimes = {
    "synchronous regular": (3.0, 2.0),
    "synchronous irregular, fast": (6.0, 4.0),
    "asynchronous irregular": (5.0, 2.0),
    "synchronous irregular, slow": (4.5, 0.9),
}
# 5,000 of the paper's 12,500 neurons, each with the same part of its synapses, which are stronger.
smaller = {
    "populations.exc.size": 4000, "populations.inh.size": 1000, "constants.C_E": 400,
    "constants.C_I": 100, "constants.J": 0.25, "constants.threshold_rate": 4000,
}  # fmt: skip
figure, axes = plt.subplots(
    2, 4, figsize=(12, 4.5), sharex=True, height_ratios=[2, 1], layout="constrained"
)
for (name, (g, nu_ext)), (top, bottom) in zip(regimes.items(), axes.T, strict=True):
    regime = {"constants.g": g, "constants.nu_ext": nu_ext}
    net, _ = pg.load_network("brunel", set={**smaller, **regime})
    result = net.compile().run(300.0)
    spikes = result.spikes["exc"]
    shown = (spikes.indices < 50) & (spikes.times > 200.0)
    top.scatter(spikes.times[shown], spikes.indices[shown], s=3, color="black", linewidths=0)
    counts, edges = np.histogram(spikes.times, bins=np.arange(200.0, 301.0))
    bottom.fill_between(edges[:-1], counts / 4000 / 1e-3, step="post", color="tab:blue")
    top.set_title(f"{name}\ng = {g:g}, ν_ext = {nu_ext:g}", fontsize=10)
    bottom.set_xlabel("time (ms)")
    print(f"{name:28} {result.rates(warmup=100.0)['exc']:5.0f} Hz")
axes[0, 0].set_ylabel("neuron")
axes[1, 0].set_ylabel("rate (Hz)")
figure.savefig("brunel_regimes.png", dpi=120)
