"""CUBA: 4,000 neurons that keep each other active (Brette et al. 2007, benchmark 2).

Writes cuba.png: raster, rates, and the potential of three neurons.
"""

import pygenn_lite as pg

lif = pg.NeuronModel(
    "dV/dt = (E_L - V + I)/tau",
    threshold="V > V_th",
    reset="V = V_r",
    refractory="t_ref",
    parameters=dict(tau=20.0, E_L=-49.0, V_th=-50.0, V_r=-60.0, t_ref=5.0),
    initial=dict(V=pg.Uniform(-60.0, -50.0)),
    units=dict(V="mV"),  # for the axes of pictures
)

net = pg.Network(dt=0.1, seed=1, name="cuba")
exc = net.population("exc", 3200, lif)
inh = net.population("inh", 800, lif)
for source, weight, tau in ((exc, 1.62, 5.0), (inh, -9.0, 10.0)):
    for target in (exc, inh):
        net.connect(
            source,
            target,
            pg.ExponentialCurrent(tau=tau),
            pg.FixedProbability(0.02),
            weight=weight,
            delay=0.1,
        )
net.record(exc.spikes, inh.spikes, exc["V"][:3])

sim = net.compile()
result = sim.run(500.0)
result.plot(path="cuba.png")

for name, rate in result.rates(warmup=100.0).items():
    print(f"{name}: {rate:.2f} Hz")
print(f"{sim.synapse_count:,} synapses, real-time factor {result.real_time_factor:.2f}")
