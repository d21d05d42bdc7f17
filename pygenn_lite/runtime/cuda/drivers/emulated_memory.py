"""Memory of the emulated card: the host's, with a gap behind each array, so that a kernel that
writes there is found; and what addresses of it are known."""

from __future__ import annotations

import ctypes as c
import mmap
import weakref
from bisect import bisect_right, insort

import numpy as np

from pygenn_lite.errors import DeviceError

ALIGNMENT = 16  # of addresses: a message's. A card's are multiples of 256
_NO_ACCESS = 0


class EmulatedMemory:
    """Memory of the host, all zero, given back when nothing refers to it any longer.

    It ends (but for the rest of 16 bytes) where a page begins that cannot be read or written.

    Attributes
    ----------
    address : int
    bytes : int
    """

    def __init__(self, bytes: int) -> None:
        page = mmap.PAGESIZE
        room = -(-max(bytes, 1) // page) * page
        self._pages = mmap.mmap(-1, room + page, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        end = np.frombuffer(self._pages, np.uint8).ctypes.data + room
        _protect(end, page, _NO_ACCESS)
        self.bytes = max(bytes, 1)
        self.address: int = end - -(-self.bytes // ALIGNMENT) * ALIGNMENT


class Ranges:
    """What has been allocated and is still there."""

    def __init__(self) -> None:
        self._begins: list[int] = []
        self._bytes: dict[int, int] = {}

    def allocate(self, bytes: int) -> EmulatedMemory:
        """A new one."""
        memory = EmulatedMemory(bytes)
        insort(self._begins, memory.address)
        self._bytes[memory.address] = memory.bytes
        weakref.finalize(memory, self._forget, memory.address)
        return memory

    def check(self, address: int, bytes: int, what: str) -> None:
        """Raise DeviceError for bytes that are not inside of one of them."""
        at = bisect_right(self._begins, address) - 1
        begin = self._begins[at] if at >= 0 else 0
        room = self._bytes.get(begin, 0) - (address - begin)
        if bytes > room:
            where = f"where {room:,} are left of an array" if room > 0 else "where there is none"
            raise DeviceError(
                f"{what} of {bytes:,} bytes at address {address:#x}, {where}",
                hint="keep the object that `allocate` gave for as long as its address is in use",
            )

    def _forget(self, begin: int) -> None:
        del self._begins[bisect_right(self._begins, begin) - 1]
        del self._bytes[begin]


def _protect(address: int, bytes: int, access: int) -> None:
    """Change what may be done with pages."""
    function = c.CDLL(None, use_errno=True).mprotect
    function.argtypes = (c.c_void_p, c.c_size_t, c.c_int)
    if function(address, bytes, access) != 0:
        raise OSError(c.get_errno(), "mprotect")
