"""Spoken digits or words (SHD, SSC): exact gradients learn weights and delays.

``python shd.py --data FOLDER`` trains on the published files with published settings (Mészáros,
Knight and Nowotny, Nat. Commun. 2025), ``--dataset ssc`` on words. Without files a small network
learns a generated look-alike: that shows how it is done, and says nothing about speech.
"""

import argparse

import matplotlib.pyplot as plt

import pygenn_lite as pg

ask = argparse.ArgumentParser()
ask.add_argument("--dataset", choices=("shd", "ssc"), default="shd")
ask.add_argument("--data", metavar="FOLDER", help="with the published files")
given = ask.parse_args()
words = given.dataset == "ssc"  # two layers; for digits one, which is recurrent
if given.data:  # SHD has no validation part: training does not hear one of the speakers
    read = pg.data.ssc if words else pg.data.shd
    data = [read(given.data, part, duration=1000.0) for part in ("train", "validation", "test")]
else:
    heard, test = (pg.data.shd_like(n, seed, spikes=3000) for n, seed in ((200, 1), (100, 2)))
    data = [*heard.split_groups([9]), test]
size, latest, epochs, batch, dt, rate, w_in, w_hidden, scale, strength = {
    ("shd", True): (512, 150.0, 500, 256, 1.0, 1e-3, (0.03, 0.01), (0.0, 0.02), 1.0, 1e-9),
    ("ssc", True): (1024, 50.0, 500, 256, 1.0, 1e-3, (0.03, 0.01), (0.02, 0.03), 1.0, 1e-9),
    ("shd", False): (64, 30.0, 8, 16, 2.0, 1e-2, (0.025, 0.15), (0.0, 0.02), 30.0, 1e-3),
    ("ssc", False): (64, 30.0, 20, 16, 2.0, 1e-2, (0.025, 0.15), (0.1, 0.3), 30.0, 1e-3),
}[given.dataset, bool(given.data)]

net = pg.Network(dt=dt, seed=1, name=given.dataset)
spiking = pg.NeuronModel("dV/dt = (I - V)/20", threshold="V > 1", reset="V = 0")
source, cells = net.spike_source("source", 700, [], []), net.population("cells", size, spiking)
last = net.population("second", size, spiking) if words else cells
out = net.population("out", data[0].classes, pg.NeuronModel("dV/dt = (I - V)/20"))
full, spread = (pg.ExponentialCurrent(5.0), pg.AllToAll()), pg.Uniform(dt, latest)
net.connect(source, cells, *full, weight=pg.Normal(*w_in), delay=spread, name="w_in")
weight, delay = pg.Normal(*w_hidden), spread if words else dt
net.connect(cells, last, *full, weight=weight, delay=delay, name="w_hidden")
net.connect(last, out, *full, weight=pg.Normal(0.0, 0.03), delay=dt, name="w_out")
loss = pg.losses.CrossEntropy("out.V", shape="exponential", scale=scale)
loss += strength * pg.losses.Rate("cells", 14.0)  # spikes of a sample
loss = loss + strength * pg.losses.Rate("second", 14.0) if words else loss
eased = pg.schedules.EaseIn(rate / 100)
rule = pg.optimisers.Adam(rate, rates={"groups.*.delay": 100.0}, schedule=eased)
options = dict(batch=batch, longest_delay=1000.0, duration=1000.0 + latest)
options["trainable"] = ["groups.*.weight", "groups.w_in.delay", "groups.w_hidden.delay"]
trainer = pg.Trainer(net, loss, rule, **options)
before = trainer.parameters["groups.w_in.delay"].ravel()
options = dict(validation=data[1], early_stopping=pg.EarlyStopping(50), checkpoint="shd.npz")
options["augment"] = [*([] if words else [pg.data.Blend()]), pg.data.ShiftChannels(40)]
trainer.fit(data[0], epochs, **options)  # puts back the epoch that was best in validation
print(trainer.history, tested := trainer.evaluate(data[2]), sep="\n")
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
pg.plotting.learning_curves(trainer.history, left, column="accuracy")
right.hist(trainer.parameters["groups.w_in.delay"].ravel() - before, 60)
right.set(xlabel="change of an input's delay (ms)", ylabel="synapses")
figure.savefig("shd.png", dpi=120)
