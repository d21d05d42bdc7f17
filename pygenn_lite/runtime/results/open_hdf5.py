"""Opens HDF5 files that were never closed, since their writer was killed.

Such a file says in its head that it is open, and HDF5 refuses it, or takes it in SWMR mode only,
where it waits for damaged parts to become whole: for ever. Here the head is shown to HDF5 as if
the file had been closed; the file itself is not touched.
"""

from __future__ import annotations

import contextlib
import io
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import h5py

# The head (superblock, version 3): signature, version, two widths, flags, base, extension, end of
# the file, root, checksum of all that. The flags are 0 in a closed file.
HEAD = struct.Struct("<8sBBBBQQQQI")
SIGNATURE, VERSION = b"\x89HDF\r\n\x1a\n", 3
MASK = 0xFFFFFFFF


@contextlib.contextmanager
def open_hdf5(path: Path) -> Iterator[h5py.File]:
    """A file to read from, also one that was never closed."""
    import h5py

    if _is_closed(path):
        with h5py.File(path, "r") as file:
            yield file
    else:
        with _AsIfClosed(path) as view, h5py.File(view, "r") as file:
            yield file


def _is_closed(path: Path) -> bool:
    """Whether the file does not say that it is open: also if it is not an HDF5 file at all."""
    with path.open("rb") as file:
        head = file.read(HEAD.size)
    if len(head) < HEAD.size:
        return True
    signature, version, _, _, flags, *_ = HEAD.unpack(head)
    return bool(signature != SIGNATURE or version != VERSION or flags == 0)


class _AsIfClosed(io.FileIO):
    """The bytes of a file, with the head that it would have if it had been closed."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "rb")
        head = super().read(HEAD.size)
        fields: list[Any] = list(HEAD.unpack(head))
        if _checksum(head[:-4]) != fields[9]:
            raise ValueError("its head is damaged")
        fields[4], fields[7] = 0, os.fstat(self.fileno()).st_size
        fields[9] = _checksum(HEAD.pack(*fields)[:-4])
        self._head = HEAD.pack(*fields)
        self.seek(0)

    def readinto(self, buffer: Any) -> int:
        """Read from the current place on."""
        place = self.tell()
        number = int(super().readinto(buffer))
        if place < HEAD.size:
            shown = self._head[place : place + number]
            memoryview(buffer).cast("B")[: len(shown)] = shown
        return number


def _checksum(data: bytes) -> int:
    """Jenkins' lookup3 of the 44 bytes of a head, as HDF5 has it."""
    words: tuple[int, ...] = struct.unpack("<11I", data)
    a = b = c = (0xDEADBEEF + len(data)) & MASK
    for k in (0, 3, 6):
        a, b, c = (a + words[k]) & MASK, (b + words[k + 1]) & MASK, (c + words[k + 2]) & MASK
        a, c = _mix(a, c, 4), (c + b) & MASK
        b, a = _mix(b, a, 6), (a + c) & MASK
        c, b = _mix(c, b, 8), (b + a) & MASK
        a, c = _mix(a, c, 16), (c + b) & MASK
        b, a = _mix(b, a, 19), (a + c) & MASK
        c, b = _mix(c, b, 4), (b + a) & MASK
    a, b = (a + words[9]) & MASK, (b + words[10]) & MASK
    c = ((c ^ b) - _turned(b, 14)) & MASK
    a = ((a ^ c) - _turned(c, 11)) & MASK
    b = ((b ^ a) - _turned(a, 25)) & MASK
    c = ((c ^ b) - _turned(b, 16)) & MASK
    a = ((a ^ c) - _turned(c, 4)) & MASK
    b = ((b ^ a) - _turned(a, 14)) & MASK
    return ((c ^ b) - _turned(b, 24)) & MASK


def _mix(one: int, other: int, bits: int) -> int:
    return ((one - other) & MASK) ^ _turned(other, bits)


def _turned(word: int, bits: int) -> int:
    return ((word << bits) | (word >> (32 - bits))) & MASK
