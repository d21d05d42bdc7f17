"""Arrays of the host, and where their copies lie on a card: records that point to the ones are
translated into records that point to the others."""

from __future__ import annotations

import ctypes as c
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.runtime.cuda.drivers.base import Driver, Memory
from pygenn_lite.runtime.training.padded_rows import Rows

Array = npt.NDArray[Any]


def arrays_in(*owners: object) -> Iterator[Array]:
    """All arrays that objects hold, in rows, mappings and lists, too."""
    for owner in owners:
        if isinstance(owner, np.ndarray):
            yield owner
        elif isinstance(owner, Rows):
            yield owner.whole
        elif isinstance(owner, Mapping):
            yield from arrays_in(*owner.values())
        elif isinstance(owner, (list, tuple)):
            yield from arrays_in(*owner)


class CardMirror:
    """Copies of arrays on a card.

    Parameters
    ----------
    driver : Driver
    """

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self._arrays: list[Array] = []
        self._memory: list[Memory] = []
        self._begins: list[int] = []  # of the arrays, ascending
        self._order: list[int] = []

    def add(self, arrays: Iterable[Array]) -> None:
        """Copy arrays of the host to the card; parts of others that are there already stay parts of
        these."""
        for array in sorted(arrays, key=lambda a: -a.nbytes):
            if not array.nbytes or self._find(array.ctypes.data) is not None:
                continue
            flat = array.reshape(-1)
            memory = self.driver.allocate(flat.nbytes)
            self.driver.upload(memory.address, flat)
            self._arrays.append(flat)
            self._memory.append(memory)
            self._sort()

    def _sort(self) -> None:
        self._order = sorted(range(len(self._arrays)), key=lambda k: self._arrays[k].ctypes.data)
        self._begins = [int(self._arrays[k].ctypes.data) for k in self._order]

    def _find(self, pointer: int) -> tuple[int, int] | None:
        """Which array an address lies in, and how far from its beginning."""
        place = bisect_right(self._begins, pointer) - 1
        if place < 0:
            return None
        number, offset = self._order[place], pointer - self._begins[place]
        return (number, offset) if offset < self._arrays[number].nbytes else None

    def address(self, pointer: int | None) -> int | None:
        """Where on the card the copy of an address of the host is.

        Raises
        ------
        KeyError
            Nothing of it is on the card.
        """
        if not pointer:
            return None
        found = self._find(pointer)
        if found is None:
            raise KeyError(pointer)
        return self._memory[found[0]].address + found[1]

    def translated(self, record: Any, **given: int | None) -> Any:
        """A record, or an array of records, with addresses of the card; `given`: those that are
        known."""
        made = type(record).from_buffer_copy(record)
        for one in made if isinstance(made, c.Array) else [made]:
            for name, kind, *_ in one._fields_:
                if kind is c.c_void_p and name not in given:
                    setattr(one, name, self.address(getattr(one, name)))
            for name, pointer in given.items():
                setattr(one, name, pointer)
        return made

    def push(self, arrays: Iterable[Array] | None = None) -> None:
        """Copy arrays to the card again; by default all."""
        for array, address in self._pairs(arrays):
            self.driver.upload(address, array)

    def pull(self, arrays: Iterable[Array] | None = None) -> None:
        """Copy arrays back; by default all."""
        for array, address in self._pairs(arrays):
            if array.flags.writeable:
                self.driver.download(address, array)

    def _pairs(self, arrays: Iterable[Array] | None) -> Iterator[tuple[Array, int]]:
        if arrays is None:
            for array, memory in zip(self._arrays, self._memory, strict=True):
                yield array, memory.address
            return
        for array in arrays:
            address = self.address(array.ctypes.data) if array.nbytes else None
            if address is not None:
                yield array, address

    @property
    def nbytes(self) -> int:
        """On the card."""
        return sum(memory.bytes for memory in self._memory)


class CardRecord:
    """Bytes on a card that are written anew now and then: records, results."""

    def __init__(self, driver: Driver, size: int) -> None:
        self._driver, self.size = driver, size
        self._memory = driver.allocate(max(size, 1))
        self.address = self._memory.address

    def write(self, record: Any) -> None:
        """Put a record, or an array of records, there."""
        self._driver.upload(self.address, np.frombuffer(bytes(record), np.uint8).copy())

    def read(self, out: Array) -> None:
        """Fill an array from there."""
        if out.nbytes:
            self._driver.download(self.address, out)

    def clear(self) -> None:
        """All bytes 0."""
        self._driver.fill(self.address, max(self.size, 1))
