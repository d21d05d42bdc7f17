"""Save a simulation, go on, come back: the spikes are the same, bit for bit."""

import numpy as np

import pygenn_lite as pg


def build() -> pg.Network:
    net = pg.Network(dt=0.1, seed=7)
    exc = net.population("exc", 400, pg.LIF(), initial={"V": pg.Uniform(-65.0, -50.0)})
    net.poisson(exc, 8.0, sources=1000, weight=87.8, synapse=pg.ExponentialCurrent(0.5))
    net.connect(
        exc,
        exc,
        pg.PairSTDP(pg.ExponentialCurrent(0.5), w_max=100.0),
        pg.FixedProbability(0.1),
        weight=30.0,
        delay=pg.Uniform(0.5, 3.0),
        name="learning",
    )
    net.record(exc.spikes)
    return net


sim = build().compile()
sim.run(200.0)
sim.save("after_200ms.npz", overwrite=True)  # also when this is run again
first = sim.run(100.0)

other = build().compile(threads=2)  # another simulation, with another number of threads
other.restore("after_200ms.npz")
print(f"restored at {other.time:g} ms")
second = other.run(100.0)

same_spikes = np.array_equal(first.spikes["exc"].steps, second.spikes["exc"].steps)
same_weights = np.array_equal(sim["learning"]["weight"], other["learning"]["weight"])
print(f"{len(first.spikes['exc'])} spikes; equal: {same_spikes}; weights equal: {same_weights}")
assert same_spikes and same_weights
