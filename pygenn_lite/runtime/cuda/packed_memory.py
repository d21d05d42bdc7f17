"""Arrays on a card, many in one piece of memory: asking a card for memory takes longer than filling
a small array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cuda.drivers.base import Driver, Memory

ALIGNMENT = 256  # bytes: of the arrays' addresses
Sizes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class CardPart:
    """A part of a piece of memory, which stays as long as one of its parts does.

    Attributes
    ----------
    memory : Memory
        The whole.
    address, bytes : int
    """

    memory: Memory
    address: int
    bytes: int


class PackedMemory:
    """Plans arrays, then asks for all of them at once; all bytes are zero.

    Examples
    --------
    >>> packed = PackedMemory()
    >>> packed.plan([10, 0, 300]).tolist()
    [0, -1, 256]
    >>> packed.bytes
    768
    """

    def __init__(self) -> None:
        self.bytes = 0
        self._memory: Memory | None = None

    def plan(self, bytes: npt.ArrayLike) -> Sizes:
        """Make room for some arrays; returns where each begins, -1 where it has no bytes."""
        sizes = np.asarray(bytes, np.int64)
        rounded = -(-sizes // ALIGNMENT) * ALIGNMENT
        begins = self.bytes + np.cumsum(rounded) - rounded
        self.bytes += int(rounded.sum())
        return np.where(sizes > 0, begins, -1)

    def allocate(self, driver: Driver) -> None:
        """Ask the card for it.

        Raises
        ------
        InsufficientMemoryError
            There is not so much.
        """
        self._memory = driver.allocate(max(self.bytes, 1))

    def addresses(self, begins: Sizes) -> npt.NDArray[np.uint64]:
        """Of what was planned; 0 where there is nothing."""
        assert self._memory is not None
        return np.where(begins < 0, 0, begins + self._memory.address).astype(np.uint64)

    @property
    def address(self) -> int:
        """Where it begins."""
        assert self._memory is not None
        return self._memory.address

    def part(self, address: int, bytes: int) -> CardPart:
        """An array in it."""
        assert self._memory is not None
        return CardPart(self._memory, int(address), int(bytes))


def uploaded(driver: Driver, arrays: Sequence[npt.NDArray[Any]]) -> list[CardPart]:
    """Copies of arrays on the card, brought there at once."""
    given = [np.ascontiguousarray(array) for array in arrays]
    packed = PackedMemory()
    begins = packed.plan([max(array.nbytes, 1) for array in given])
    packed.allocate(driver)
    whole = np.zeros(max(packed.bytes, 1), np.uint8)
    for begin, array in zip(begins, given, strict=True):
        whole[begin : begin + array.nbytes] = array.reshape(-1).view(np.uint8)
    addresses = packed.addresses(begins)
    driver.upload(packed.address, whole)
    return [
        packed.part(address, array.nbytes) for address, array in zip(addresses, given, strict=True)
    ]


def downloaded(driver: Driver, part: CardPart, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """A copy of an array from the card."""
    out = np.empty(part.bytes // np.dtype(dtype).itemsize, dtype)
    if out.nbytes:
        driver.download(part.address, out)
    return out
