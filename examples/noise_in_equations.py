"""Noise in the equations: a population that diffuses, beside the theory.

`xi` is white noise. Without a threshold the potential is an Ornstein-Uhlenbeck process: from one
value it spreads to a normal distribution whose mean and variance are known at each time.
"""

import matplotlib.pyplot as plt
import numpy as np

import pygenn_lite as pg

tau, mu, sigma = 20.0, 10.0, 3.0
model = pg.NeuronModel(
    "dV/dt = (mu - V)/tau + sigma*sqrt(2/tau)*xi", parameters=dict(tau=tau, mu=mu, sigma=sigma)
)
net = pg.Network(dt=0.1, seed=1)
cells = net.population("cells", 20_000, model, initial=dict(V=0.0))
net.record(cells["V"][:30])
sim = net.compile()

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), sharey=True, layout="constrained")
for number, time in enumerate((5.0, 20.0, 100.0)):
    trace = sim.run(time - sim.time).traces["cells"]["V"]
    left.plot(trace.times, trace.values, color="gray", alpha=0.25, linewidth=0.6)
    V = sim["cells"]["V"][:]
    mean, std = mu * (1 - np.exp(-time / tau)), sigma * np.sqrt(1 - np.exp(-2 * time / tau))
    grid = np.linspace(-5.0, 22.0, 300)
    density = np.exp(-(((grid - mean) / std) ** 2) / 2) / (std * np.sqrt(2 * np.pi))
    right.hist(
        V, bins=80, density=True, orientation="horizontal", color=f"C{number}", alpha=0.4,
        label=f"{time:g} ms",
    )  # fmt: skip
    right.plot(density, grid, color=f"C{number}")
    print(f"{time:5g} ms: mean {V.mean():.2f} ({mean:.2f}), deviation {V.std():.2f} ({std:.2f})")
t = np.linspace(0.0, 100.0, 200)
mean, std = mu * (1 - np.exp(-t / tau)), sigma * np.sqrt(1 - np.exp(-2 * t / tau))
for factor in (-2, 0, 2):
    left.plot(t, mean + factor * std, "k")
left.set(xlabel="time (ms)", ylabel="V (mV)", title="30 of 20,000; theory: mean and 2 deviations")
right.set(xlabel="density", title="all 20,000, and theory")
right.legend()
figure.savefig("noise_in_equations.png", dpi=120)
