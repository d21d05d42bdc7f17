"""A sweep: values are not compiled in, so that only the first network is compiled.

The f-I curve of a leaky neuron, in two ways: one network with a current per neuron, and many
networks that differ in a parameter.
"""

import time

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
print("rate at", *(f"{currents[k]:g} pA: {rates[k]:g} Hz;" for k in (30, 40, 50, 100)))

# Another curve with the same simulation: set a parameter, go back to the start.
sim["neurons"]["t_ref"] = 10.0
sim.reset()
sim.run(2000.0)
print("with t_ref 10 ms at 1000 pA:", sim["neurons"].spike_counts()[-1] / 2.0, "Hz")

# New networks with other sizes, weights, seeds, dt: the compiled code is found in the cache.
for size, weight in ((200, 20.0), (300, 40.0), (400, 60.0)):
    started = time.perf_counter()
    net = pg.Network(dt=0.1, seed=size)
    exc = net.population("exc", size, pg.LIF())
    net.poisson(exc, 8.0, sources=1000, weight=87.8, synapse=pg.ExponentialCurrent(0.5))
    net.connect(
        exc, exc, pg.ExponentialCurrent(0.5), pg.FixedProbability(0.1), weight=weight, delay=1.5
    )
    sim = net.compile()
    built = time.perf_counter() - started
    rate = sim.run(500.0).rates()["exc"]
    print(f"{size} neurons, weight {weight:g} pA: {rate:5.1f} Hz (built in {built:.2f} s)")
