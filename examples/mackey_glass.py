"""Spiking neurons learn the Mackey-Glass series, then continue it by themselves.

NeuroBench's task: tau = 17, 75 points per Lyapunov time, 10 of these to learn, 10 to forecast. The
series is integrated here by Runge-Kutta; a linear read-out of filtered spikes is fitted by ridge
regression. Chaos amplifies small errors: spikes see about one Lyapunov time ahead.
"""

import matplotlib.pyplot as plt
import numpy as np

import pygenn_lite as pg

LAG, H, POINTS = 170, 0.1, 750  # steps of the delay, their size; points to learn and to forecast
x = np.full(LAG + 39_500, 0.7206597)
for k in range(LAG, len(x) - 1):  # dx/dt = 0.2 x(t - 17) / (1 + x(t - 17)^10) - 0.1 x
    old, new = (0.2 * past / (1 + past**10) for past in (x[k - LAG], x[k - LAG + 1]))
    k1 = old - 0.1 * x[k]
    k2 = (old + new) / 2 - 0.1 * (x[k] + H / 2 * k1)
    k3 = (old + new) / 2 - 0.1 * (x[k] + H / 2 * k2)
    x[k + 1] = x[k] + H / 6 * (k1 + 2 * k2 + 2 * k3 + new - 0.1 * (x[k] + H * k3))
series = np.interp(np.arange(2 * POINTS) * 197 / 75, np.arange(len(x) - LAG) * H, x[LAG:])

net = pg.Network(dt=1.0, seed=1)
cells = net.population("cells", 1000, pg.NeuronModel(
    "dV/dt = (bias + w*u - V + I)/10; dr/dt = -r/tau", threshold="V > 1", reset="V -= 1; r += 1",
    parameters=dict(u=0.0, bias=pg.Uniform(1, 3), w=pg.Uniform(-4, 4), tau=pg.Uniform(50, 250)),
    initial=dict(V=pg.Uniform(0, 1))))  # fmt: skip
receptor, weight = pg.ExponentialCurrent(100.0), pg.Normal(0, 0.002)
net.connect(cells, cells, receptor, pg.FixedProbability(0.1), weight=weight)
net.record(cells.spikes)
sim = net.compile()


def advance(value):  # shows it for 50 ms: what the read-out gets, and the run
    sim["cells"]["u"] = value - 0.93
    result = sim.run(50.0)
    return np.append(sim["cells"]["r"], [1.0, value - 0.93]), result


learnt = np.array([advance(value)[0] for value in series[:POINTS]])
seen, change = learnt[100:-1], np.diff(series[100:POINTS])
readout = np.linalg.solve(seen.T @ seen + np.eye(1002), seen.T @ change)
forecast, steps = [series[POINTS - 1] + learnt[-1] @ readout], []
while len(forecast) < POINTS:
    steps.append(advance(forecast[-1]))
    forecast.append(forecast[-1] + steps[-1][0] @ readout)

inputs, runs = zip(*steps, strict=True)
read_outs = [(pg.analysis.dense_layer("read-out", [readout]), inputs)]
whole, parts = pg.join_results(runs), len(runs)
counts = pg.analysis.benchmark_counts(sim, whole, samples=parts, read_outs=read_outs)
first, all_ten = (pg.analysis.smape(forecast[:n], series[POINTS:][:n]) for n in (75, POINTS))
constant = pg.analysis.smape(np.full(POINTS, series[:POINTS].mean()), series[POINTS:])
print(f"sMAPE {first:.1f} in the first Lyapunov time, {all_ten:.1f} in all ten")
print(f"(their mean, always: {constant:.1f})\n{counts}")
print("leaderboard: LSTM 13.4, 490 kB, 60,300 MACs; echo state network 14.8, 281 kB, 4,370 MACs")
plt.plot(np.arange(POINTS) / 75, np.transpose([series[POINTS:], forecast]))
plt.gca().set(xlabel="Lyapunov times", ylabel="x", title="Mackey-Glass and its forecast by spikes")
plt.savefig("mackey_glass.png", dpi=120)
