"""Images and labels from files: MNIST's IDX format, gzipped or not, and rows of CSV."""

from __future__ import annotations

import gzip
import math
import warnings
import zlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.training.data.missing_files import broken_file

Bytes = NDArray[np.uint8]
PIXELS = 28 * 28
BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # some programs begin texts with it


def read_idx(path: Path, axes: int) -> Bytes:
    """An IDX file of bytes with so many axes.

    The format: two zeros, 8 (unsigned bytes), the number of axes, the lengths (32 bits each, the
    most significant byte first), the bytes.

    Raises
    ------
    FileFormatError
        It is another file, or cut short; the message names it.
    """
    content = read_bytes(path)
    head = 4 + 4 * axes
    if content[:4] != bytes([0, 0, 8, axes]) or len(content) < head:
        raise broken_file(path, f"it does not begin like an IDX file with {axes} axes")
    shape = tuple(np.frombuffer(content[4:head], ">u4").astype(int).tolist())
    if len(content) - head != math.prod(shape):
        raise broken_file(
            path, f"it should hold {math.prod(shape):,} bytes of data, and has "
            f"{len(content) - head:,}",
        )  # fmt: skip
    return np.frombuffer(content, np.uint8, offset=head).reshape(shape)


def read_image_csv(path: Path, label_first: bool) -> tuple[Bytes, Bytes]:
    """Images and labels from lines of 785 whole numbers, the label the first or the last; a line of
    names at the beginning is skipped.

    Raises
    ------
    FileFormatError
        A line of another length, or no numbers; the message names the file.
    """
    content = read_bytes(path).removeprefix(BYTE_ORDER_MARK)
    first, _, rest = content.partition(b"\n")
    if first.lstrip(b' "')[:1].isalpha():
        content = rest
    numbers = content.replace(b"\n", b",").rstrip(b",\r\n ")
    try:  # np.loadtxt is 20 times as slow
        with warnings.catch_warnings():  # older NumPy warns, and stops there
            warnings.simplefilter("error", DeprecationWarning)
            flat = np.fromstring(numbers, np.int64, sep=",")
    except (ValueError, DeprecationWarning):
        raise broken_file(path, "something in it is not a whole number") from None
    if not len(flat) or len(flat) % (PIXELS + 1):
        raise broken_file(path, f"its lines are not {PIXELS + 1} whole numbers each")
    table = flat.reshape(-1, PIXELS + 1)
    if table.min() < 0 or table.max() > 255:
        raise broken_file(path, "a number in it is not between 0 and 255")
    rows = table.astype(np.uint8)
    labels, pixels = (rows[:, 0], rows[:, 1:]) if label_first else (rows[:, -1], rows[:, :-1])
    check_labels(labels, path)
    return pixels.reshape(-1, 28, 28), labels


def check_labels(labels: Bytes, path: Path) -> None:
    """Refuse labels beyond ten classes.

    Raises
    ------
    FileFormatError
    """
    if labels.max() > 9:
        k = int(np.argmax(labels > 9))
        raise broken_file(path, f"the label of image {k} is {labels[k]}, not between 0 and 9")


def read_bytes(path: Path) -> bytes:
    """The content of a file, unpacked where it is gzipped.

    Raises
    ------
    FileFormatError
        It is cut short or damaged.
    """
    content = path.read_bytes()
    if content[:2] != b"\x1f\x8b":
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise broken_file(path, f"it cannot be unpacked: {error}") from error


def first_that_exists(folder: Path, names: Iterable[str]) -> Path | None:
    """The first of these files that there is, itself or gzipped."""
    for name in names:
        for path in (folder / name, folder / f"{name}.gz"):
            if path.is_file():
                return path
    return None
