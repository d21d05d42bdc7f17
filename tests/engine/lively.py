"""A random recurrent network that keeps itself busy, on hand-written kernels."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from engine_harness import Net, Population


class Lively:
    """Delays of 2 to 9 steps.

    Parameters
    ----------
    seed : int
        Of what drives the neurons; synapses are always the same.
    share : Lively, optional
        Use the stores of this one.
    """

    def __init__(
        self,
        library: ctypes.CDLL,
        wide: bool = False,
        seed: int = 11,
        share: Lively | None = None,
        **options: Any,
    ) -> None:
        rng = np.random.default_rng(seed)
        self.net = net = Net(library, min_delay=2, max_delay=9, **options)
        a = net.population(300, drive=rng.uniform(0.01, 0.1, 300), threshold=1.0, after="")
        b = net.population(200, drive=rng.uniform(0.01, 0.05, 200), threshold=1.0)
        steps = np.sort(rng.integers(0, 400, 300))
        c = net.source(70, steps, np.zeros(300))  # in order of step, and there is one neuron only
        self.populations: list[Population] = [a, b, c]
        self.stores: list[ctypes.c_void_p] = []
        self.synapses: list[tuple[np.ndarray, ...]] = []  # pre, post, delay, weight as stored
        rng = np.random.default_rng(12)
        for k, (source, target, scale, lead, general) in enumerate(
            (
                (a, b, 0.05, 0, False),
                (a, a, -0.02, 1, False),
                (b, a, 0.04, 0, True),
                (c, b, 0.2, 0, False),
            )
        ):
            n = source.size * 40
            pre, post = rng.integers(0, source.size, n), rng.integers(0, target.size, n)
            delay, weight = rng.integers(2, 10, n), scale * rng.normal(1.0, 0.5, n)
            order = np.lexsort((post, delay, pre))
            self.synapses.append(tuple(x[order] for x in (pre, post, delay, weight)))
            if share is None:
                store = net.store(source, target, pre, post, delay, weight, wide=wide)
            else:
                store = share.stores[k]
                net.wide[store.value or 0] = wide
            self.stores.append(store)
            if general:
                net.general(source, target, store)
            else:
                net.static(source, target, store, lead=lead)
        self.recorders = [net.record_spikes(p) for p in self.populations]
        self.trace = net.record(a, "V", np.arange(0, 300, 7), every=3)

    def harvest(self) -> list[np.ndarray]:
        out: list[np.ndarray] = []
        for recorder in self.recorders:
            out += self.net.spikes(recorder)
        return out + list(self.net.samples(self.trace, 43))

    def state(self) -> list[np.ndarray]:
        return [p.read(name) for p in self.populations for name in Net.VARIABLES]


def same(left: list[np.ndarray], right: list[np.ndarray]) -> None:
    assert len(left) == len(right)
    for one, other in zip(left, right, strict=True):
        np.testing.assert_array_equal(one, other)
