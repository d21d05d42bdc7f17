"""Memory of neurons: arenas of receptor variables (one per shard, what static synapses address),
and arrays for everything else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.plan.partition import BLOCK, Partition

Array = npt.NDArray[Any]
ALIGNMENT = 64
PAGE = 4096
CHUNK = 16 * PAGE


def aligned_zeros(count: int, dtype: npt.DTypeLike) -> Array:
    """A zeroed array that begins at a multiple of 64 bytes and is never empty."""
    size = max(count, 1) * np.dtype(dtype).itemsize
    raw = np.zeros(size + ALIGNMENT, dtype=np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    return raw[start : start + size].view(dtype)[: max(count, 1)]


class ShardMemory:
    """Memory of each shard in pages of its own.

    A core that walks through an array fetches the lines behind it ahead of time, up to the end of
    the page. Where these belong to another worker, who is writing them, both wait (1.2 of 4 us per
    step with 16,000 neurons on two cores).
    """

    def __init__(self, shards: int) -> None:
        self._rest = [np.zeros(0, dtype=np.uint8)] * shards

    def zeros(self, piece: int, count: int, dtype: npt.DTypeLike) -> Array:
        """A zeroed array in the memory of a shard, beginning at a multiple of 64 bytes."""
        size = -(-count * np.dtype(dtype).itemsize // ALIGNMENT) * ALIGNMENT
        if size > len(self._rest[piece]):
            whole = -(-max(size, CHUNK) // PAGE) * PAGE
            raw = np.zeros(whole + PAGE, dtype=np.uint8)
            start = -raw.ctypes.data % PAGE
            self._rest[piece] = raw[start : start + whole]
        array, self._rest[piece] = self._rest[piece][:size], self._rest[piece][size:]
        return array.view(dtype)[:count]


class Arenas:
    """For every shard, one array that holds all receptor variables of the shard's neurons.

    A variable of one population occupies, in each shard, as many whole blocks of 64 as the shard
    has neurons of it. Static synapses store the position in the shard's arena.
    """

    def __init__(
        self,
        partition: Partition,
        variables: Iterable[tuple[str, str]],
        dtype: npt.DTypeLike,
        memory: ShardMemory,
    ) -> None:
        self.partition = partition
        self.dtype = np.dtype(dtype)
        self.offset: dict[tuple[str, str], npt.NDArray[np.uint32]] = {}
        end = np.zeros(partition.shards, dtype=np.int64)
        for population, variable in variables:
            self.offset[population, variable] = end.astype(np.uint32)
            end += [partition.padded(population, s) for s in range(partition.shards)]
        self.data = [memory.zeros(s, int(n), dtype) for s, n in enumerate(end)]

    def piece(self, population: str, variable: str, piece: int) -> Array:
        """A variable of one population in one shard, padding included."""
        start = int(self.offset[population, variable][piece])
        return self.data[piece][start : start + self.partition.padded(population, piece)]

    @property
    def nbytes(self) -> int:
        """Bytes in all shards."""
        return sum(a.nbytes for a in self.data)


class NeuronArray:
    """One variable of a whole population: a contiguous array, or one piece for each shard."""

    def __init__(self, pieces: Sequence[Array], partition: Partition, population: str) -> None:
        self.pieces = tuple(pieces)  # with padding; one for all shards, or one for each
        self.cuts = partition.begin[population]
        self.size = int(self.cuts[-1])

    @classmethod
    def contiguous(cls, partition: Partition, population: str, dtype: npt.DTypeLike) -> NeuronArray:
        """Memory that no shard owns: values that are only read, or read by all."""
        size = int(partition.begin[population][-1])
        padded = -(-size // BLOCK) * BLOCK
        return cls([aligned_zeros(padded, dtype)], partition, population)

    @classmethod
    def in_shards(
        cls, partition: Partition, population: str, dtype: npt.DTypeLike, memory: ShardMemory
    ) -> NeuronArray:
        """Memory of the workers that write it, outside the arenas."""
        pieces = [
            memory.zeros(s, partition.padded(population, s), dtype) for s in range(partition.shards)
        ]
        return cls(pieces, partition, population)

    @classmethod
    def in_arenas(cls, arenas: Arenas, population: str, variable: str) -> NeuronArray:
        """Memory inside the arenas."""
        pieces = [arenas.piece(population, variable, s) for s in range(arenas.partition.shards)]
        return cls(pieces, arenas.partition, population)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values."""
        return self.pieces[0].dtype

    @property
    def nbytes(self) -> int:
        """Bytes, padding included."""
        return sum(p.nbytes for p in self.pieces)

    def address(self, piece: int) -> int:
        """Where a shard's part begins."""
        if len(self.pieces) > 1:
            return self.pieces[piece].ctypes.data
        return self.pieces[0].ctypes.data + int(self.cuts[piece]) * self.dtype.itemsize

    def whole(self) -> Array:
        """The whole population's memory; the population must not be cut where it lies in arenas."""
        filled = [p for p in self.pieces if len(p) >= self.size]
        return filled[0][: self.size]

    def read(self) -> Array:
        """A copy of all neurons' values."""
        if len(self.pieces) == 1:
            return self.pieces[0][: self.size].copy()
        counts = np.diff(self.cuts.astype(np.int64))
        return np.concatenate([p[:n] for p, n in zip(self.pieces, counts, strict=True)])

    def write(self, values: npt.ArrayLike) -> None:
        """Set all neurons' values (one value or one per neuron); padding repeats the last ones,
        so that the formulas of neurons that do not exist stay harmless."""
        self.write_part(0, np.broadcast_to(np.asarray(values, dtype=self.dtype), (self.size,)))

    def write_part(self, first: int, values: Array) -> None:
        """Set the values of the neurons from ``first`` on; padding repeats the last ones."""
        end = first + len(values)
        for piece, start, stop in self._ranges():
            here = slice(max(first, start), min(end, stop))
            if here.start < here.stop:
                piece[here.start - start : here.stop - start] = values[
                    here.start - first : here.stop - first
                ]
            if stop > start:
                piece[stop - start :] = piece[stop - start - 1]

    def _ranges(self) -> list[tuple[Array, int, int]]:
        """Pieces with the first neuron of each and the end."""
        if len(self.pieces) == 1:
            return [(self.pieces[0], 0, self.size)]
        cuts = [int(cut) for cut in self.cuts]
        return list(zip(self.pieces, cuts[:-1], cuts[1:], strict=True))
