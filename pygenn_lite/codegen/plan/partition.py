"""Cuts populations into shards. A shard is what one worker owns: some neurons of every large
population, all neurons of some small ones. Results do not depend on the cut; speed does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from pygenn_lite.records import dataclass

BLOCK = 64  # neurons are updated in blocks of this many (PGL_BLOCK)
ARENA_LIMIT = 61440  # receptor variables of a shard that 16-bit targets reach, with some to spare


@dataclass(frozen=True)
class Partition:
    """Where every population is cut: the ownership of workers whose neurons stand side by side.

    Attributes
    ----------
    shards : int
    begin : dict
        By population: neuron indices, ``shards + 1`` of them; shard ``s`` owns neurons
        ``begin[s]`` to ``begin[s + 1]``. All but the last are multiples of 64.
    """

    shards: int
    begin: dict[str, npt.NDArray[np.uint32]]

    def count(self, population: str, piece: int) -> int:
        """Neurons of a population in a shard."""
        cuts = self.begin[population]
        return int(cuts[piece + 1]) - int(cuts[piece])

    def owner(self, population: str, neurons: npt.ArrayLike) -> npt.NDArray[np.integer]:
        """The shard that each of some neurons is in."""
        inner = self.begin[population][1:-1]
        found: npt.NDArray[np.integer] = np.searchsorted(inner, neurons, side="right")
        return found

    def place(self, population: str, neurons: npt.ArrayLike) -> npt.NDArray[np.integer]:
        """The place of each of some neurons in its shard."""
        begin = self.begin[population].astype(np.int64)
        places: npt.NDArray[np.integer] = np.asarray(neurons, np.int64)
        return np.asarray(places - begin[self.owner(population, neurons)])

    def neurons(self, population: str, piece: int) -> npt.NDArray[np.integer]:
        """The neurons of a population in a shard, in the order of their places."""
        begin, end = self.begin[population][piece : piece + 2]
        return np.arange(int(begin), int(end))

    def padded(self, population: str, piece: int) -> int:
        """The same, rounded up to whole blocks."""
        return -(-self.count(population, piece) // BLOCK) * BLOCK


def make_partition(
    sizes: Mapping[str, int],
    arena_variables: Mapping[str, int],
    threads: int,
    whole: Sequence[str] = (),
) -> Partition:
    """Cut populations for a number of threads.

    Parameters
    ----------
    sizes : mapping of str to int
        Neurons by population.
    arena_variables : mapping of str to int
        Number of receptor variables by population (those that static synapses address).
    threads : int
    whole : sequence of str
        Populations that must not be cut.
    """
    entries = sum(blocks_of(size) * BLOCK * arena_variables[n] for n, size in sizes.items())
    shards = max(threads, -(-entries // ARENA_LIMIT))
    shards = -(-shards // threads) * threads  # every worker the same number of shards
    begin: dict[str, npt.NDArray[np.uint32]] = {}
    load = np.zeros(shards, dtype=np.int64)
    large = [n for n, size in sizes.items() if blocks_of(size) >= 2 * shards and n not in whole]
    for name in large:
        # Cuts fall where all shards so far have their share of all neurons so far, to half a block.
        share = (load.sum() + sizes[name]) / shards * np.arange(1, shards) - np.cumsum(load)[:-1]
        inner = np.maximum.accumulate(np.rint(share / BLOCK).clip(0)) * BLOCK
        cuts = np.concatenate([[0], inner, [sizes[name]]])
        begin[name] = np.minimum(cuts, sizes[name]).astype(np.uint32)
        load = np.add(load, np.diff(begin[name].astype(np.int64)))
    for name in sorted(sizes.keys() - begin.keys(), key=lambda n: (-sizes[n], n)):
        owner = int(np.argmin(load))
        load[owner] += max(sizes[name], 1)
        begin[name] = np.where(np.arange(shards + 1) > owner, sizes[name], 0).astype(np.uint32)
    return Partition(shards, {name: begin[name] for name in sizes})


def blocks_of(size: int) -> int:
    """Blocks that hold so many neurons."""
    return -(-size // BLOCK)
