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
