"""A sweep: values are not compiled in, so that only the first network is compiled.

The f-I curve of a leaky neuron, in two ways: one network with a current per neuron, and many
networks that differ in a parameter.
"""

import time

import matplotlib.pyplot as plt
import numpy as np

import pygenn_lite as pg

# All points of a curve at once: one neuron per current.
currents = np.linspace(0.0, 1000.0, 101)
net = pg.Network(dt=0.1)
neurons = net.population("neurons", len(currents), pg.LIF())
net.current(neurons, currents)
sim = net.compile()
sim.run(2000.0)
rates = sim["neurons"].spike_counts() / 2.0

# Another curve with the same simulation: set a parameter, go back to the start.
sim["neurons"]["t_ref"] = 10.0
sim.reset()
sim.run(2000.0)
slower = sim["neurons"].spike_counts() / 2.0

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
left.plot(currents, rates, label="refractory for 2 ms")
left.plot(currents, slower, label="refractory for 10 ms")
left.set(xlabel="current (pA)", ylabel="rate (Hz)", title="101 neurons at once")
left.legend()

# New networks with other sizes, weights, seeds, dt: the compiled code is found in the cache.
weights = np.linspace(0.0, 80.0, 9)
for size in (200, 400):
    measured = []
    for weight in weights:
        started = time.perf_counter()
        net = pg.Network(dt=0.1, seed=size)
        exc = net.population("exc", size, pg.LIF())
        net.poisson(exc, 8.0, sources=1000, weight=87.8, synapse=pg.ExponentialCurrent(0.5))
        net.connect(
            exc, exc, pg.ExponentialCurrent(0.5), pg.FixedProbability(0.1), weight=weight, delay=1.5
        )
        sim = net.compile()
        built = time.perf_counter() - started
        measured.append(sim.run(500.0).rates()["exc"])
    right.plot(weights, measured, "o-", label=f"{size} neurons")
    print(
        f"{size} neurons: {measured[0]:.1f} to {measured[-1]:.1f} Hz; last built in {built:.2f} s"
    )
right.set(xlabel="weight (pA)", ylabel="rate (Hz)", title="18 networks, compiled once")
right.legend()
figure.savefig("parameter_sweep.png", dpi=120)
