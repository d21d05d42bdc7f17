"""Ownership: which worker (a shard of the network) has which neurons, as a function. Nobody but a
backend that needs it assumes that a shard's neurons stand side by side."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt

from pygenn_lite.records import dataclass

Indices = npt.NDArray[np.integer]


class Ownership(Protocol):
    """Each neuron has one owner, and a place among those that its owner has of its population."""

    @property
    def shards(self) -> int:
        """Number of owners."""
        ...

    def count(self, population: str, piece: int) -> int:
        """Neurons of a population in a shard."""
        ...

    def owner(self, population: str, neurons: npt.ArrayLike) -> Indices:
        """The shard that each of some neurons is in."""
        ...

    def place(self, population: str, neurons: npt.ArrayLike) -> Indices:
        """The place of each of some neurons in its shard."""
        ...

    def neurons(self, population: str, piece: int) -> Indices:
        """The neurons of a population in a shard, in the order of their places."""
        ...


@dataclass(frozen=True)
class RoundRobin:
    """Neurons dealt out one by one, population after population: every shard has as many of each as
    any other, give or take one, and as many of all. So work is spread evenly whatever a population
    does; what neighbours share (a cache line, a row of a matrix) is not.

    Attributes
    ----------
    shards : int
    sizes : dict of str to int
        Neurons by population.
    """

    shards: int
    sizes: Mapping[str, int]

    @cached_property
    def _first(self) -> dict[str, int]:
        """The shard that gets a population's first neuron: the one after the last that was dealt
        one."""
        first, dealt = {}, 0
        for name, size in self.sizes.items():
            first[name] = dealt % self.shards
            dealt += size
        return first

    def count(self, population: str, piece: int) -> int:
        """Neurons of a population in a shard."""
        return len(range(self._begin(population, piece), self.sizes[population], self.shards))

    def owner(self, population: str, neurons: npt.ArrayLike) -> Indices:
        """The shard that each of some neurons is in."""
        return (np.asarray(neurons, np.int64) + self._first[population]) % self.shards

    def place(self, population: str, neurons: npt.ArrayLike) -> Indices:
        """The place of each of some neurons in its shard."""
        return np.asarray(neurons, np.int64) // self.shards

    def neurons(self, population: str, piece: int) -> Indices:
        """The neurons of a population in a shard, in the order of their places."""
        return np.arange(self._begin(population, piece), self.sizes[population], self.shards)

    def _begin(self, population: str, piece: int) -> int:
        return (piece - self._first[population]) % self.shards
