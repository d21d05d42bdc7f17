"""Runs deliveries, one synapse after another: a queue of arrivals, and what happens at each.

What is delivered is decided in codegen/program/delivery.py; the schedule says when.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

Arrival = tuple[int, int]  # a synapse; of its source's spikes sent at one time, which one


class Arrivals:
    """Spikes on their way through the synapses of one group.

    Parameters
    ----------
    pre, post, delay : arrays
        Of each synapse; delays in steps.
    """

    def __init__(
        self, pre: NDArray[np.int64], post: NDArray[np.int64], delay: NDArray[np.int64]
    ) -> None:
        self.delay = delay
        self.outgoing: dict[int, list[int]] = defaultdict(list)
        for k in np.lexsort((delay, post, pre)):
            self.outgoing[int(pre[k])].append(int(k))
        self.queue: dict[int, list[Arrival]] = defaultdict(list)

    def send(self, step: int, spikes: NDArray[np.int64]) -> None:
        """Spikes of the source at ``t_step`` set out; several of one neuron one after another."""
        sent: dict[int, int] = defaultdict(int)
        for neuron in map(int, spikes):
            for k in self.outgoing[neuron]:
                self.queue[step + int(self.delay[k])].append((k, sent[neuron]))
            sent[neuron] += 1

    def take(self, step: int) -> list[Arrival]:
        """What arrives at ``t_step``, in the order in which it was sent."""
        return self.queue.pop(step, [])

    def put_back(self, spikes: Mapping[int, NDArray[np.int64]], first: int) -> None:
        """Let past spikes, by step, be on their way; arrivals before ``t_first`` are left out."""
        self.queue.clear()
        for step, neurons in spikes.items():
            self.send(step, neurons)
        for arrival in [k for k in self.queue if k < first]:
            del self.queue[arrival]


def add_weights(
    arrivals: Iterable[Arrival],
    total: NDArray[np.float64],
    post: NDArray[np.int64],
    weight: NDArray[np.float64],
) -> None:
    """Static synapses: each arrival adds its weight to the target's variable."""
    for k, _ in arrivals:
        total[post[k]] += weight[k]


def run_on_pre(arrivals: Iterable[Arrival], event: Callable[[int, int], None]) -> None:
    """Synapses with kernels: each arrival is an event at its synapse."""
    for k, nth in arrivals:
        event(k, nth)
