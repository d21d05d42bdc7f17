"""Rows of reals as training programs read them: each begins at a multiple of 64 bytes."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.runtime.cpp.arrays import ALIGNMENT, aligned_array

Array = npt.NDArray[Any]
PANEL_BYTES = 128  # of a column, in a panel


def stride_of(size: int, dtype: np.dtype[Any]) -> int:
    """Numbers from one row to the next.

    Examples
    --------
    >>> stride_of(20, np.dtype(np.float32)), stride_of(16, np.dtype(np.float32))
    (32, 16)
    """
    bytes_of_row = -(-max(size, 1) * dtype.itemsize // ALIGNMENT) * ALIGNMENT
    return bytes_of_row // dtype.itemsize


class Rows:
    """So many rows, 0 at first.

    Parameters
    ----------
    count, size : int
        Rows, and numbers of each.
    dtype : dtype
    stride : int, optional
        From one row to the next; by default whole lines of memory.

    Attributes
    ----------
    whole : ndarray, [count, stride]
        With what lies behind the rows.
    """

    def __init__(
        self, count: int, size: int, dtype: np.dtype[Any], stride: int | None = None
    ) -> None:
        self.size = size
        self.stride = stride_of(size, dtype) if stride is None else stride
        self.whole: Array = aligned_array((count, self.stride), dtype)

    @property
    def values(self) -> Array:
        """The rows themselves, [count, size]: a view."""
        return self.whole[:, : self.size]

    @property
    def address(self) -> int:
        """Where the first begins; 0 where there is none."""
        return int(self.whole.ctypes.data) if self.whole.size else 0

    def row(self, number: int) -> Rows:
        """One of them, in the same memory."""
        made = copy.copy(self)
        made.whole = self.whole[number : number + 1]
        return made

    @property
    def nbytes(self) -> int:
        """Bytes, padding included."""
        return self.whole.nbytes

    def fill(self, row: int, values: npt.ArrayLike) -> None:
        """Set a row: one number, or all of them. Behind it the last is repeated, so that formulas
        of neurons that do not exist stay finite."""
        self.values[row] = values
        if self.size:
            self.whole[row, self.size :] = self.whole[row, self.size - 1]


def panels_of(count: int, columns: int, dtype: np.dtype[Any]) -> Rows:
    """Room for a matrix in panels (templates/training/panels.hpp): so many of its rows as have 128
    bytes in a column, column by column.

    Examples
    --------
    >>> panels_of(33, 20, np.dtype(np.float32)).whole.shape
    (40, 32)
    """
    rows = PANEL_BYTES // dtype.itemsize
    return Rows(-(-count // rows) * columns, rows, dtype)
