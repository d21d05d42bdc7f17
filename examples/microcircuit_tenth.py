"""The cortical microcircuit of Potjans and Diesmann (2014), at a tenth of its size.

`scale_network` takes a tenth of the neurons and of each neuron's synapses, and makes up for it
so that the means and the variances of the inputs stay. The rates come out close to the published
ones.
"""

import pygenn_lite as pg

full, settings = pg.load_network("microcircuit")
net = pg.scale_network(full, 0.1, settings.full_scale_rates)
result = net.compile().run(600.0, warmup=200.0)
figure = pg.plotting.plot_result(
    result, reference_rates=settings.reference_rates, warmup=200.0, start=400.0,
    title="a tenth of the microcircuit",
)  # fmt: skip
figure.savefig("microcircuit_tenth.png", dpi=120)
for name, rate in result.rates(warmup=200.0).items():
    print(f"{name:5} {rate:5.2f} Hz (published {settings.reference_rates[name]:5.2f})")
