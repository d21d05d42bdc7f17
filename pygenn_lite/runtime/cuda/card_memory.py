"""Arrays on a card, with copies on the host of those that somebody asks for."""

from __future__ import annotations

import math
import weakref
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.runtime.cuda.drivers.base import Driver, Memory

Array = npt.NDArray[Any]


class CardMemory:
    """The arrays of one device.

    Parameters
    ----------
    driver : Driver
    """

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        # Arrays of which the host has a copy. Held weakly: the memory of a card is to be given back
        # at once, not when circles of references are looked for.
        self._copied: weakref.WeakSet[CardArray] = weakref.WeakSet()

    def array(self, shape: int | tuple[int, ...], dtype: npt.DTypeLike) -> CardArray:
        """A new array, all zero.

        Raises
        ------
        InsufficientMemoryError
            The card has no room for it.
        """
        return CardArray(self, shape, dtype)

    def holding(self, values: npt.ArrayLike, dtype: npt.DTypeLike) -> CardArray:
        """A new array with these values."""
        given = np.ascontiguousarray(values, dtype)
        made = CardArray(self, given.shape, dtype)
        made.put(given)
        return made

    def send(self) -> None:
        """Bring what was changed on the host to the card, and forget the copies: what the card
        does next may change the arrays."""
        for array in list(self._copied):
            array.send()
        self._copied.clear()

    def note(self, array: CardArray) -> None:
        """The host has a copy of it."""
        self._copied.add(array)


class CardArray:
    """An array on a card.

    Attributes
    ----------
    address : int
        On the card.
    shape : tuple of int
    dtype : dtype

    Parameters
    ----------
    memory : CardMemory
    shape, dtype
    block : Memory, optional
        What it lies in, where that is there already.
    """

    def __init__(
        self,
        memory: CardMemory,
        shape: int | tuple[int, ...],
        dtype: npt.DTypeLike,
        block: Memory | None = None,
    ) -> None:
        self.shape = (shape,) if isinstance(shape, int) else shape
        self.dtype = np.dtype(dtype)
        self.nbytes = math.prod(self.shape) * self.dtype.itemsize
        self._memory, self._changed = memory, False
        self._copy: Array | None = None  # on the host
        self._block = block or memory.driver.allocate(max(self.nbytes, 1))

    @property
    def address(self) -> int:
        """Of its first element, on the card."""
        return self._block.address

    @property
    def stride(self) -> int:
        """Bytes from one entry of the first axis to the next."""
        return math.prod(self.shape[1:]) * self.dtype.itemsize

    def at(self, index: int) -> int:
        """The address of an entry of the first axis."""
        return self.address + index * self.stride

    def host(self) -> Array:
        """The values, to be read until the card works on. Not to be changed."""
        if self._copy is not None:
            return self._copy
        copy = np.empty(self.shape, self.dtype)
        if self.nbytes:
            self._memory.driver.download(self.address, copy)
        return self._hold(copy)

    def change(self) -> Array:
        """The values, to be changed until the card works on."""
        values = self.host()
        self._changed = True
        return values

    def put(self, values: Array) -> None:
        """Set all of them."""
        self._hold(np.array(np.broadcast_to(values, self.shape), self.dtype, order="C"))
        self._changed = True

    def fill_zero(self) -> None:
        """Set all of them to 0, without a copy on the host."""
        self._copy, self._changed = None, False
        if self.nbytes:
            self._memory.driver.fill(self.address, self.nbytes, 0)

    def copy_from(self, other: CardArray) -> None:
        """Take over the values of another array of the same shape, on the card."""
        other.send()
        self._copy, self._changed = None, False
        if self.nbytes:
            self._memory.driver.copy(self.address, other.address, self.nbytes)

    def send(self) -> None:
        """Bring what was changed on the host to the card, and forget the copy."""
        if self._changed and self._copy is not None and self.nbytes:
            self._memory.driver.upload(self.address, self._copy)
        self._copy, self._changed = None, False

    def _hold(self, copy: Array) -> Array:
        self._copy = copy
        self._memory.note(self)
        return copy
