"""The synapses of a group drawn by the host alone: those that the compiled builder lays down."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.connectivity import Ends, Indices
from pygenn_lite.declaration.distribution_base import Distribution, NativeDistribution
from pygenn_lite.declaration.language.equations import Expression
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.population import SynapseGroup, ends_of
from pygenn_lite.declaration.steps import delay_steps, times_of
from pygenn_lite.declaration.values import Value
from pygenn_lite.runtime.values.connections import Connections
from pygenn_lite.runtime.values.delays import check_least_delay, check_longest_delay
from pygenn_lite.runtime.values.drawing import (
    draw_pairs,
    listed_pairs,
    row_words,
    sorted_by_source,
)
from pygenn_lite.runtime.values.known_synapses import KnownSynapses
from pygenn_lite.runtime.values.philox import PURPOSE_DELAY, PURPOSE_WEIGHT, GroupRandom
from pygenn_lite.runtime.values.sampling import delays_of_words, weights_of_words
from pygenn_lite.runtime.values.value_arrays import place_in_row

Floats = npt.NDArray[np.float64]


def draw_group(network: Network, group: SynapseGroup, seed: int) -> Connections:
    """All synapses of a group in canonical order (source, target, delay), with weights of full
    precision.

    Parameters
    ----------
    network : Network
    group : SynapseGroup
        One of its groups.
    seed : int
        Of the connectivity.

    Raises
    ------
    NetworkError
        A delay is too long, or an expression gives one below a step.

    Notes
    -----
    A value that is drawn belongs to a place in its row. The rows stand as the rule draws them;
    where a value can only be computed by the host, they stand in canonical order for it and for all
    values after it, as they do where the builder lays them down.
    """
    source, target = network.populations[group.source], network.populations[group.target]
    return _Drawing(group, ends_of(group, source, target), seed, network.dt).connections()


class _Drawing:
    """One group on its way."""

    def __init__(self, group: SynapseGroup, ends: Ends, seed: int, dt: float) -> None:
        self.group, self.ends, self.dt = group, ends, dt
        self.random = GroupRandom(seed, f"group:{group.name}")
        self.pre: Indices
        self.post: Indices
        self.given: Indices | None = None

    def connections(self) -> Connections:
        group, rule = self.group, self.group.connectivity
        host_delay, host_weight = _by_host(group.delay), _by_host(group.weight)
        listed = rule.by_python and (not rule.by_builder or host_delay or host_weight)
        if listed:
            pairs = listed_pairs(rule, self.ends, self.random)
            self.pre, self.post, self.given = sorted_by_source(*pairs)
        else:
            self.pre, self.post = draw_pairs(rule, self.ends, self.random)
            if host_delay:
                self._order(self.post)
        delay = self._delays(host_delay)
        check_longest_delay(int(delay.max(initial=1)), group.name, self.dt)
        if host_weight and not (listed or host_delay):
            (delay,) = self._order(self.post, delay)
        weight = self._weights(host_weight)
        delay, weight = self._order(self.post, delay, weight)
        return Connections(self.pre, self.post, times_of(delay, self.dt), weight)

    def _order(self, *arrays: Any) -> tuple[Any, ...]:
        """Canonical order for the pairs and for arrays beside them (all but the first, targets)."""
        order = np.lexsort((*arrays[1:2], self.post, self.pre))
        self.pre, self.post = self.pre[order], self.post[order]
        return tuple(array[order] for array in arrays[1:])

    def _delays(self, by_host: bool) -> npt.NDArray[np.int64]:
        value = _without_spread(self.group.delay)
        if by_host or not isinstance(value, Distribution):
            delays = self._values(value, PURPOSE_DELAY, "delay")
            if isinstance(value, Expression):
                check_least_delay(delays, self.group, self.dt)
            return delay_steps(delays, self.dt)
        return delays_of_words(_native(value), self._words(PURPOSE_DELAY), self.dt)

    def _weights(self, by_host: bool) -> Floats:
        value = _without_spread(self.group.weight)
        if by_host or not isinstance(value, Distribution):
            return self._values(value, PURPOSE_WEIGHT, "weight")
        return weights_of_words(_native(value), self._words(PURPOSE_WEIGHT))

    def _values(self, value: Value, purpose: int, what: str) -> Floats:
        """Values that the host computes, in the order of the pairs as they stand."""
        synapses = KnownSynapses(self.pre, self.post, self.given, self.ends, self.random)
        return synapses.values(value, purpose, what)

    def _words(self, purpose: int) -> npt.NDArray[np.uint32]:
        """The word of each synapse: that of its place in its row."""
        if not len(self.pre):
            return np.zeros(0, np.uint32)
        place = place_in_row(self.pre)
        rows, first = np.unique(self.pre, return_index=True)
        number = np.repeat(np.arange(len(rows)), np.diff(np.append(first, len(self.pre))))
        longest = int(place.max()) + 1
        at_once = max(1, (1 << 22) // longest)
        words = np.empty(len(self.pre), np.uint32)
        for begin in range(0, len(rows), at_once):
            some = slice(
                first[begin], first[begin + at_once] if begin + at_once < len(rows) else None
            )
            block = row_words(self.random, rows[begin : begin + at_once], longest, purpose)
            words[some] = block[number[some] - begin, place[some]]
        return words


def _by_host(value: Value) -> bool:
    """Whether only the host can compute a value."""
    if isinstance(value, Distribution):
        return value.native() is None
    return not isinstance(value, (int, float))


def _without_spread(value: Value) -> Value:
    only = value.only_value() if isinstance(value, Distribution) else None
    return value if only is None else only


def _native(value: Distribution) -> NativeDistribution:
    native = value.native()
    assert native is not None, value
    return native
