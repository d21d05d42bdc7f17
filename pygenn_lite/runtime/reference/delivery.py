"""Runs deliveries, one synapse after another: a queue of arrivals, and what happens at each.

What is delivered is decided in codegen/program/delivery.py; the schedule says when.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.codegen.plan.accumulators import LARGEST_SUM, WholeSum
from pygenn_lite.codegen.program.delivery import Delivery

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
        """Spikes of the source at ``t_step`` are sent; several of one neuron one after another."""
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


class WholeSums:
    """What arrives in a step through static synapses, summed in whole numbers.

    Parameters
    ----------
    sizes : mapping of str to int
        Neurons of each population.
    """

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.sizes = sizes
        self.planned: tuple[WholeSum, ...] = ()
        self._sums: dict[tuple[str, str], NDArray[np.int64]] = {}
        self._units: dict[tuple[str, str], float] = {}

    def fit(self, planned: tuple[WholeSum, ...]) -> None:
        """Take units for the weights there are now."""
        self.planned = planned
        for one in planned:
            self._units[one.population, one.variable] = one.unit
            self._sums[one.population, one.variable] = np.zeros(
                self.sizes[one.population], np.int64
            )

    def add(
        self,
        arrivals: Iterable[Arrival],
        delivery: Delivery,
        post: NDArray[np.int64],
        weight: NDArray[np.float64],
    ) -> None:
        """Each arrival adds the whole number nearest to its weight (halves: the even one)."""
        target = delivery.target, delivery.adds_to
        sums, unit = self._sums[target], self._units[target]
        for k, _ in arrivals:
            sums[post[k]] += int(np.rint(weight[k] / unit))

    def collect(
        self, variables: Mapping[str, Mapping[str, Any]]
    ) -> tuple[WholeSum, int, float] | None:
        """Add the sums to the variables of each population; the first that 32 bits do not hold,
        with its neuron and value."""
        found = None
        for one in self.planned:
            sums = self._sums[one.population, one.variable]
            values = sums * one.unit
            variables[one.population][one.variable][:] += values
            beyond = np.flatnonzero(np.abs(sums) > LARGEST_SUM)
            if beyond.size and found is None:
                found = one, int(beyond[0]), float(values[beyond[0]])
            sums[:] = 0
        return found


def run_on_pre(arrivals: Iterable[Arrival], event: Callable[[int, int], None]) -> None:
    """Synapses with kernels: each arrival is an event at its synapse."""
    for k, nth in arrivals:
        event(k, nth)
