"""Reductions in plain NumPy, to the bits of the compiled ones: the order of additions is part of
what they are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 64
SUMS = 4  # interleaved within a block


def reduced(how: str, values: NDArray[Any], begin: int, end: int) -> tuple[float, float]:
    """A number of the neurons ``begin`` to ``end``, and which neuron it is of (or -1).

    Parameters
    ----------
    how : {"sum", "mean", "max"}
    values : array
        Of the whole population.
    """
    if how == "max":
        index = begin + int(np.argmax(values[begin:end]))
        return float(values[index]), float(index)
    total = 0.0
    for block in range(begin // BLOCK, (end - 1) // BLOCK + 1):
        sums = [0.0] * SUMS
        for i in range(max(begin, block * BLOCK), min(end, (block + 1) * BLOCK)):
            sums[i % SUMS] += float(values[i])
        total += (sums[0] + sums[1]) + (sums[2] + sums[3])
    return (total / (end - begin) if how == "mean" else total), -1.0


def winners(values: NDArray[Any], count: int, least: float, radius: int) -> list[int]:
    """Again and again the largest value above `least` that no winner before inhibits: a winner
    inhibits its whole channel, and all channels within `radius` of its place (below 0: none).

    Parameters
    ----------
    values : array, [channels, height, width]
    """
    free, chosen = np.array(values, np.float64), list[int]()
    rows, columns = np.indices(values.shape[1:])
    while len(chosen) < count and np.any(free > least):
        channel, row, column = np.unravel_index(np.argmax(free), values.shape)
        chosen.append(int(np.ravel_multi_index((channel, row, column), values.shape)))
        free[channel] = -np.inf
        if radius >= 0:
            free[:, (abs(rows - row) <= radius) & (abs(columns - column) <= radius)] = -np.inf
    return chosen
