"""Networks that NeuroBench's harness has been run on, and what it found.

``neurobench_values.json`` is written by ``python tests/analysis/benchmark_networks.py`` where
neurobench 2.3.0 is installed (with PyTorch 2.13.0, CPU, and snntorch 1.0.0): the harness's own
Benchmark runs the models that `pygenn_lite.exchange.neurobench` makes of these networks.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

import pygenn_lite as pg

VALUES = Path(__file__).with_name("neurobench_values.json")
STEPS, DT = 40, 1.0


def cells():
    """Neurons that rest where no input comes, so that some potentials do not change."""
    return pg.NeuronModel(
        "dV/dt = -V/tau", threshold="V > 1", reset="V = 0", refractory=3.0,
        parameters={"tau": 10.0}, initial={"V": 0.0}, clamp=["V"],
    )  # fmt: skip


def samples(features, count=3):
    """Spikes of a seed of their own, [samples, steps, features]."""
    rng = np.random.default_rng(7)
    return (rng.random((count, STEPS, features)) < 0.15).astype(np.float32)


def dense():
    """Absent pairs, pairs with two synapses, weights of 0, delays; recurrence; part of a source."""
    net = pg.Network(dt=DT, seed=3)
    source = net.spike_source("input", 6, [], [])
    exc, inh = net.population("exc", 8, cells()), net.population("inh", 4, cells())
    pairs = pg.PairList([0, 0, 0, 1, 2, 3, 4, 5, 5], [0, 0, 1, 2, 3, 4, 5, 6, 7])
    weights = [0.6, 0.7, 0.0, 2.0, 1.2, 1.1, 1.5, 0.0, 1.3]
    net.connect(source, exc, pg.Delta(), pairs, weight=weights, delay="1 + i_post")
    net.connect(exc, inh, pg.Delta(), pg.FixedProbability(0.5), weight=1.2, delay=2.0)
    net.connect(inh, exc, pg.Delta(), pg.FixedInDegree(2), weight=-0.5, delay=1.0)
    net.connect(exc[:4], inh, pg.Delta(), pg.AllToAll(), weight=0.3, name="part")
    net.record(source.spikes, exc.spikes, inh.spikes, exc["V"], inh["V"])
    return net


def maps():
    """A convolution with zeros in its kernel, onto a layer that is connected to all."""
    kernel = np.arange(18.0).reshape(2, 1, 3, 3) % 4 * 0.4
    net = pg.Network(dt=DT, seed=3)
    source = net.spike_source("input", (1, 6, 6), [], [])
    hidden, out = net.population("hidden", (2, 4, 4), cells()), net.population("out", 3, cells())
    net.connect(source, hidden, pg.Delta(), pg.Convolution(3), weight=kernel)
    net.connect(hidden, out, pg.Delta(), pg.AllToAll(), weight="where(i_pre < 8, 0, 0.4)")
    net.record(source.spikes, hidden.spikes, out.spikes, hidden["V"], out["V"])
    return net


NETWORKS = {"dense": dense, "maps": maps}
READ_OUT = np.array([[0.5, 0.0, -1.0], [0.0, 0.0, 2.0]])


def advance(sim, sample):
    """Run one sample; what the read-out got are spikes of three neurons, smoothed."""
    sim.reset()
    sim["input"].replay(pg.SpikeTensor.dense(sample[None], DT), 0)
    result = sim.run(STEPS * DT)
    last = list(sim.network.populations)[-1]
    spikes = np.zeros((STEPS, 3))
    train = result.spikes[last]
    seen = train.indices < 3
    spikes[train.steps[seen] - 1, train.indices[seen]] = 1.0
    return result, np.round(np.cumsum(spikes, axis=0)) * 0.5


def predict(inputs):
    return inputs.mean(axis=0) @ READ_OUT.T


def expected(count=3):
    return np.random.default_rng(1).random((count, 2))


def harness_values(name):
    """What NeuroBench computes of a network, one sample after the other and in one batch."""
    import torch
    from neurobench.benchmarks import Benchmark
    from neurobench.metrics import static, workload
    from torch.utils.data import DataLoader, TensorDataset

    from pygenn_lite.exchange.neurobench import Answer, neurobench_model

    net = NETWORKS[name]()
    sim = net.compile(threads=1, progress=False)

    def run(sim, sample):
        result, inputs = advance(sim, sample)
        potentials = {p: np.asarray(sim[p]["V"]) for p in result.traces}
        return Answer(result, predict(inputs), potentials, {"read-out": inputs})

    features = net.populations["input"].size
    data = torch.as_tensor(samples(features)), torch.as_tensor(expected(), dtype=torch.float32)
    metrics = [
        [static.Footprint, static.ParameterCount, static.ConnectionSparsity],
        [
            workload.ActivationSparsity, workload.SynapticOperations, workload.MembraneUpdates,
            workload.MSE, workload.SMAPE, workload.R2,
        ],
    ]  # fmt: skip
    found = {}
    for batch in (1, 3):
        model = neurobench_model(sim, run, read_outs={"read-out": READ_OUT})
        loader = DataLoader(TensorDataset(*data), batch_size=batch)
        found[str(batch)] = Benchmark(model, loader, [], [], metrics).run(quiet=True)
    return found


if __name__ == "__main__":
    values = {name: harness_values(name) for name in NETWORKS}
    VALUES.write_text(json.dumps(values, indent=2) + "\n")
    print(VALUES.read_text())
