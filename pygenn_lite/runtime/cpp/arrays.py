"""Memory of neurons: arenas of receptor variables (one per shard, what static synapses address),
and arrays for everything else."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.plan.partition import BLOCK, Partition

Array = npt.NDArray[Any]
ALIGNMENT = 64
SMALL_ALIGNMENT = 16  # of what kernels read one by one, and of arrays smaller than a cache line
PAGE = 4096
CHUNK = 16 * PAGE


def aligned_zeros(count: int, dtype: npt.DTypeLike) -> Array:
    """A zeroed array that begins at a multiple of 64 bytes and is never empty."""
    size = max(count, 1) * np.dtype(dtype).itemsize
    raw = np.zeros(size + ALIGNMENT, dtype=np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    return raw[start : start + size].view(dtype)[: max(count, 1)]


def aligned_array(shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
    """Zeros of a shape, which may be empty, in memory that begins at a multiple of 64 bytes."""
    size = math.prod(shape)
    return aligned_zeros(size, dtype)[:size].reshape(shape)


def aligned_copy(values: Array, dtype: npt.DTypeLike) -> Array:
    """A copy in memory that begins at a multiple of 64 bytes."""
    made = aligned_array(values.shape, dtype)
    made[...] = values
    return made


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
            self._rest[piece] = _pages(-(-max(size, CHUNK) // PAGE) * PAGE)
        array, self._rest[piece] = self._rest[piece][:size], self._rest[piece][size:]
        return array.view(dtype)[:count]


COMMON = -1  # where arrays lie that no shard owns: only read, or read by all


class InstanceArrays:
    """Arrays of which every instance of a device has its own, laid out alike: the places of the
    first instance are those of all others, one after another in one allocation.

    So an instance is a number; what it needs of Python's is made when it is asked for.

    Parameters
    ----------
    shards : int
    instances : int
    """

    def __init__(self, shards: int, instances: int) -> None:
        self.shards, self.instances = shards, instances
        self._shard_memory = ShardMemory(shards)
        self._first: list[Array] = []  # of the first instance, in the order in which it asked
        self._places: list[tuple[int, int]] = []  # the shard or COMMON, and the offset there
        self._ends = dict.fromkeys((COMMON, *range(shards)), 0)
        self._widest = dict.fromkeys(self._ends, SMALL_ALIGNMENT)  # alignment of an array there
        self._others: dict[int, Array] = {}  # [instances - 1, bytes]

    def of(self, index: int) -> ArraysOfOne:
        """The arrays of an instance, from the first on."""
        return ArraysOfOne(self, index)

    @property
    def nbytes(self) -> int:
        """Bytes of one instance."""
        return sum(map(self._stride, self._ends))

    def place(self, index: int, number: int, of: int, size: int, alignment: int) -> Array:
        """The ``number``-th array of an instance, as bytes."""
        if index == 0 and number == len(self._first):
            self._lay_out(of, size, alignment)
        if self._places[number][0] != of or self._first[number].nbytes != size:
            raise AssertionError("instances ask for different arrays")
        if index == 0:
            return self._first[number]
        if of not in self._others:
            others, stride = self.instances - 1, self._stride(of)
            self._others[of] = _pages(others * stride).reshape(others, stride)
        offset = self._places[number][1]
        whole: Array = self._others[of][index - 1, offset : offset + size]
        return whole

    def _lay_out(self, of: int, size: int, alignment: int) -> None:
        """Memory for the next array of the first instance."""
        if of == COMMON:
            self._first.append(aligned_zeros(size, np.uint8)[:size])
        else:
            self._first.append(self._shard_memory.zeros(of, size, np.uint8))
        apart = alignment if size >= ALIGNMENT else SMALL_ALIGNMENT
        self._widest[of] = max(self._widest[of], apart)
        offset = -(-self._ends[of] // apart) * apart
        self._places.append((of, offset))
        self._ends[of] = offset + size

    def _stride(self, of: int) -> int:
        """Bytes from one instance to the next."""
        return -(-self._ends[of] // self._widest[of]) * self._widest[of]


class ArraysOfOne:
    """The arrays of one instance, given out in the order in which the first one was built."""

    def __init__(self, arrays: InstanceArrays, index: int) -> None:
        self._arrays, self._index, self._next = arrays, index, 0

    def zeros(self, of: int, count: int, dtype: npt.DTypeLike, alignment: int = ALIGNMENT) -> Array:
        """The next array: of a shard, or COMMON. Zeros before anything is written to it."""
        size = count * np.dtype(dtype).itemsize
        found = self._arrays.place(self._index, self._next, of, size, alignment)
        self._next += 1
        return found.view(dtype)


def _pages(size: int) -> Array:
    """So many zeroed bytes that begin where a page does."""
    raw = np.zeros(size + PAGE, dtype=np.uint8)
    start = -raw.ctypes.data % PAGE
    return raw[start : start + size]


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
        memory: ArraysOfOne,
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
    def contiguous(
        cls, partition: Partition, population: str, dtype: npt.DTypeLike, memory: ArraysOfOne
    ) -> NeuronArray:
        """Memory that no shard owns: values that are only read, or read by all."""
        size = int(partition.begin[population][-1])
        padded = -(-size // BLOCK) * BLOCK
        return cls([memory.zeros(COMMON, padded, dtype)], partition, population)

    @classmethod
    def in_shards(
        cls, partition: Partition, population: str, dtype: npt.DTypeLike, memory: ArraysOfOne
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
