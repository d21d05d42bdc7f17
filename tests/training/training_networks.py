"""Networks and data that tests of training share: small, and of few structures, so that few
programs are compiled."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

import pygenn_lite as pg

STEPS = 40


class Samples:
    """Spikes from an array of zeros and ones [samples, steps, channels], with labels."""

    duration = float(STEPS)
    targets = None

    def __init__(self, array: npt.NDArray[Any], labels: npt.NDArray[Any] | None = None) -> None:
        self.array, self.labels, self.channels = array, labels, array.shape[2]

    def __len__(self) -> int:
        return len(self.array)

    def steps(self, dt: float) -> Any:
        sample, step, index = np.nonzero(self.array)
        begin = np.searchsorted(sample, np.arange(len(self.array) + 1))
        return SimpleNamespace(
            steps=step.astype(np.uint32), indices=index.astype(np.uint32), begin=begin
        )


def layers(**changes: Any) -> pg.Network:
    """9 sources, 12 neurons that spike, 3 that integrate."""
    net = pg.Network(dt=1.0, seed=3)
    source = net.spike_source("source", 9, [1.0], [0])
    hidden = net.population("hidden", 12, pg.LIF())
    out = net.population("out", 3, pg.LIF(V_th=1e6))
    psc = pg.ExponentialCurrent(5.0)
    given = {"weight": pg.Normal(250.0, 120.0), "delay": 1.0, **changes}
    net.connect(source, hidden, psc, pg.AllToAll(), name="w_in", **given)
    net.connect(hidden, out, psc, pg.AllToAll(), weight=pg.Normal(0.0, 60.0), name="w_out")
    return net


def samples(count: int = 60) -> Samples:
    """Three classes: which third of the channels is early."""
    random = np.random.default_rng(7)
    labels = np.arange(count) % 3
    array = np.zeros((count, STEPS, 9), np.uint8)
    early = np.arange(9)[None, :] // 3 == labels[:, None]
    step = np.where(early, random.integers(0, 15, (count, 9)), random.integers(15, 35, (count, 9)))
    array[np.arange(count)[:, None], step, np.arange(9)[None, :]] = 1
    return Samples(array, labels)
