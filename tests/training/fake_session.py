"""A session that learns without any spikes: softmax regression of spike counts, by NumPy, with the
interface of the real one. For tests of what stands above it."""

import os
import signal
from types import SimpleNamespace

import numpy as np

from pygenn_lite.runtime.interrupts import InterruptWatch

WEIGHT = "groups.w.weight"


class FakeSession:
    """See :class:`pygenn_lite.runtime.training.session.TrainingSession`."""

    explode_at = None  # number of an update whose loss is not finite
    interrupt_at = None  # number of a batch, of all that are run, in which Ctrl-C is pressed
    made = ()

    def __init__(self, network, *, loss, steps, batch, optimiser, seed, input, gradient, **options):
        group = network.groups["w"]
        sizes = tuple(network.populations[end].size for end in (group.source, group.target))
        rng = np.random.default_rng(network.seed)
        self.network, self.batch, self.steps = network, batch, steps
        self.weight, self.slot = rng.normal(0.0, 0.01, sizes), np.zeros(sizes)
        self.updates, self.options, self.rates = 0, options, []
        self.batches = 0
        type(self).made = (*type(self).made, self)

    @property
    def parameters(self):
        return {WEIGHT: self.weight.copy()}

    def stage(self, data):
        counts = np.zeros((len(data), data.channels))
        np.add.at(counts, (data.sample_of_spikes(), data.indices), np.asarray(data.times) / 10.0)
        return SimpleNamespace(counts=counts, labels=data.labels)

    def run(self, staged, order=None, train=True, rates=None, epoch=0):
        order = np.arange(len(staged.counts)) if order is None else np.asarray(order)
        pieces = [order[k : k + self.batch] for k in range(0, len(order), self.batch)]
        if train:
            assert len(rates) == len(pieces)
        found = []
        with InterruptWatch(patient=True) as watch:  # as the real one hears it
            for k, piece in enumerate(pieces):
                found.append(self._batch(staged, piece, train, 0.0 if rates is None else rates[k]))
                if watch.seen:
                    break
        losses, outputs = (np.concatenate(each) for each in zip(*found, strict=True))
        inputs, classes = self.weight.shape
        order = order[: len(losses)]
        return SimpleNamespace(
            losses=losses,
            outputs=outputs,
            predictions=outputs.argmax(axis=1),
            tangential=2,
            spikes={"in": np.full(inputs, len(order)), "out": np.arange(classes) * len(order)},
            metrics={"margin": np.full(len(order), 0.5)},
            interrupted=watch.seen,
        )

    def _batch(self, staged, order, train, rate):
        self.batches += 1
        if self.batches == self.interrupt_at:
            os.kill(os.getpid(), signal.SIGINT)
        x, y = staged.counts[order], staged.labels[order]
        u = x @ self.weight
        p = np.exp(u - u.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        losses = -np.log(p[np.arange(len(y)), y])
        if train:
            p[np.arange(len(y)), y] -= 1.0
            self.slot = 0.9 * self.slot + x.T @ p / len(y)
            self.weight = self.weight - rate * self.slot
            self.updates += 1
            self.rates.append(rate)
            if self.updates == self.explode_at:
                self.weight[0, 0] = np.nan
                losses[0] = np.inf
        return losses, u

    def state(self):
        return {"weight": self.weight, "slot": self.slot, "updates": np.asarray(self.updates)}

    def restore(self, state):
        self.weight, self.slot = state["weight"].copy(), state["slot"].copy()
        self.updates = int(state["updates"])

    def trained_network(self):
        return self.network.with_values({WEIGHT: self.weight})
