"""Rate against current, beside the theory: without noise and with it.

A leaky neuron's rate is known in closed form: for a constant current by the time to the
threshold, for white noise by Siegert's formula. A population has ten neurons for each current.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.integrate import quad
from scipy.special import erfcx

import pygenn_lite as pg

tau, t_ref, V_th, V_r, seconds, copies = 20.0, 2.0, 15.0, 0.0, 5.0, 10
drives = np.linspace(8.0, 24.0, 33)  # mV: resistance times current


def noiseless(drive: float) -> float:
    if drive <= V_th:
        return 0.0
    return 1e3 / (t_ref + tau * np.log((drive - V_r) / (drive - V_th)))


def siegert(drive: float, sigma: float) -> float:
    integral, _ = quad(lambda u: erfcx(-u), (V_r - drive) / sigma, (V_th - drive) / sigma)
    return 1e3 / (t_ref + tau * np.sqrt(np.pi) * integral)


net = pg.Network(dt=0.02, seed=1)
for name, sigma in (("noiseless", 0.0), ("noisy", 5.0)):
    model = pg.NeuronModel(
        "dV/dt = (-V + drive)/tau + sigma*xi/sqrt(tau)",
        threshold="V > V_th", reset="V = V_r", refractory="t_ref",
        parameters=dict(tau=tau, V_th=V_th, V_r=V_r, t_ref=t_ref, sigma=sigma, drive=0.0),
    )  # fmt: skip
    values = np.tile(drives, copies)
    net.population(name, len(values), model, parameters=dict(drive=values))
sim = net.compile()
sim.run(seconds * 1e3)
measured = {
    name: view.spike_counts().reshape(copies, -1).mean(axis=0) / seconds
    for name, view in sim.populations.items()
}

figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
fine = np.linspace(drives[0], drives[-1], 300)
ax.plot(fine, [noiseless(x) for x in fine], "k", label="theory, no noise")
ax.plot(fine, [siegert(x, 5.0) for x in fine], "tab:red", label="theory (Siegert), σ = 5 mV")
ax.plot(drives, measured["noiseless"], "ko", markersize=4, label="simulated")
ax.plot(drives, measured["noisy"], "o", color="tab:red", markersize=4)
ax.set(xlabel="drive R I (mV)", ylabel="rate (Hz)", title="f-I curves of a leaky neuron")
ax.legend()
figure.savefig("fi_curves.png", dpi=120)
error = np.abs(measured["noisy"] - [siegert(x, 5.0) for x in drives]).max()
print(f"largest difference from Siegert's formula: {error:.1f} Hz")
