"""Delays, exact to the step, and how to watch a simulation while it runs.

One source neuron reaches ten targets, each 1 ms later than the one before. A callback looks at the
potentials every 5 ms and switches a current off half way.
"""

import numpy as np

import pygenn_lite as pg

net = pg.Network(dt=0.1, seed=1)
source = net.spike_source("source", 1, [5.0], [0])
relay = pg.NeuronModel(
    "dV/dt = (-V + I)/tau", threshold="V > 1", reset="V = 0", parameters={"tau": 10.0}
)
targets = net.population("targets", 10, relay)
net.connect(source, targets, pg.Delta(), pg.AllToAll(), weight=5.0, delay="1 + i_post")
net.current(targets, "0.05*i", name="push")
net.record(targets.spikes, targets["V"][:3])

sim = net.compile()
seen = []


def probe(simulation: pg.Simulation) -> None:
    V = simulation["targets"]["V"]
    seen.append((simulation.time, float(np.mean(V))))
    if simulation.time == 20.0:
        V[:] = 0.0


result = sim.run(40.0, callback=probe, every=5.0)
spikes = result.spikes["targets"]
for time, neuron in zip(spikes.times, spikes.indices, strict=True):
    print(f"neuron {neuron} at {time:g} ms")
for time, mean in seen:
    print(f"{time:5.1f} ms: mean V {mean:.4f}")
# Sent at 5 ms, the spike acts on neuron i at 6 + i ms, and the threshold is crossed right then.
assert np.array_equal(spikes.steps, 60 + 10 * np.arange(10))
