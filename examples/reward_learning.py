"""Two neurons see the same inputs; a reward teaches one of them to fire more than the other.

Pairs of spikes only mark a synapse as eligible. Every 50 ms the spikes of both neurons are counted
in the middle of the run: reward if the first leads by more than usual, else punishment.
"""

import matplotlib.pyplot as plt
import numpy as np

import pygenn_lite as pg

net = pg.Network(dt=0.5, seed=3)
inputs = net.population("inputs", 60, pg.PoissonNeuron(rate=20.0))
actors = net.population("actors", 2, pg.LIF(E_L=-65.0, V_th=-50.0, V_r=-65.0))
net.noise_current(actors, std=300.0)  # they try out what happens
rule = pg.RewardSTDP(pg.ExponentialCurrent(5.0), tau_e=100.0, learning_rate=0.1, w_max=160.0)
net.connect(inputs, actors, rule, pg.AllToAll(), weight=80.0, name="learning")
sim = net.compile()

times, weights, rates = [], [], []
before, usual = np.zeros(2, dtype=int), 0.0


def judge(sim):
    """Set the reward for the next 50 ms by the spikes of the last."""
    global before, usual
    counts = sim["actors"].spike_counts().astype(int)
    first, second = counts - before
    before = counts
    sim["learning"]["reward"] = first - second - usual
    usual += 0.1 * (first - second - usual)
    times.append(sim.time / 1e3)
    weights.append(sim["learning"]["weight"][:].reshape(60, 2).mean(axis=0))
    rates.append((first / 0.05, second / 0.05))


sim.run(20_000.0, callback=judge, interval=50.0)

figure, (top, bottom) = plt.subplots(2, 1, figsize=(7, 5), sharex=True, layout="constrained")
top.plot(times, weights, label=["first neuron", "second neuron"])
top.set(ylabel="mean weight (pA)")
top.legend()
smooth = np.apply_along_axis(np.convolve, 0, np.array(rates), np.full(40, 1 / 40), "same")
bottom.plot(times, smooth)
bottom.set(xlabel="time (s)", ylabel="rate (Hz)")
figure.savefig("reward_learning.png", dpi=120)
early, late = np.array(rates)[:40].mean(axis=0), np.array(rates)[-40:].mean(axis=0)
print(f"rates in the first 2 s: {early[0]:.0f} and {early[1]:.0f} Hz")
print(f"rates in the last 2 s:  {late[0]:.0f} and {late[1]:.0f} Hz")
