"""Puts spikes in the order of their neurons, once, so that measures need no loop over neurons."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

_WORD = 1 << 16
_BLOCK = 1 << 16  # spikes whose intermediate arrays stay in the cache


def order_by_neuron(columns: npt.NDArray[Any], neurons: int) -> npt.NDArray[np.intp]:
    """The order that sorts by neuron and keeps what was before within each neuron.

    NumPy sorts 16 bits by counting, 7 times faster than it compares 32 bits: larger numbers are
    sorted by their lower half, then by their upper half.

    Parameters
    ----------
    columns : ndarray of integers, [spikes]
        From 0 to ``neurons`` - 1.
    neurons : int

    Returns
    -------
    ndarray of intp, [spikes]
    """
    order = np.argsort(columns.astype(np.uint16), kind="stable")
    if neurons > _WORD:
        upper = (columns[order] >> 16).astype(np.uint16)
        order = order[np.argsort(upper, kind="stable")]
    return order


def run_starts(values: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Where each run of equal values begins."""
    changes = np.ones(len(values), np.bool_)
    np.not_equal(values[1:], values[:-1], out=changes[1:])
    return np.flatnonzero(changes)


def bounds_of(columns: npt.NDArray[np.integer], neurons: int) -> IntArray:
    """Where the spikes of each neuron begin, and the last end: [neurons + 1]."""
    bounds = np.zeros(neurons + 1, np.int64)
    np.cumsum(np.bincount(columns, minlength=neurons), out=bounds[1:])
    return bounds


def sums_by_neuron(values: npt.NDArray[Any], bounds: IntArray) -> npt.NDArray[Any]:
    """Sum of each neuron's values, 0 where it has none.

    Parameters
    ----------
    values : ndarray, [values]
        By neuron.
    bounds : ndarray of int64, [neurons + 1]
        Neuron ``k`` has ``values[bounds[k]:bounds[k + 1]]``.
    """
    sums = np.zeros(len(bounds) - 1, values.dtype)
    some = bounds[1:] > bounds[:-1]
    if some.any():
        sums[some] = np.add.reduceat(values, bounds[:-1][some])
    return sums


def blocks_of_neurons(bounds: IntArray, size: int = _BLOCK) -> Iterator[tuple[slice, slice]]:
    """Whole neurons whose spikes are few enough to be computed on within the cache.

    Parameters
    ----------
    bounds : ndarray of int64, [neurons + 1]
        Neuron ``k`` has the spikes from ``bounds[k]`` up to ``bounds[k + 1]``.
    size : int
        About as many spikes; more where a single neuron has more.

    Yields
    ------
    (slice, slice)
        Neurons, and their spikes: at least one.
    """
    neurons = len(bounds) - 1
    low = 0
    while low < neurons:
        found = int(np.searchsorted(bounds, bounds[low] + size, side="right"))
        high = max(found - 1, low + 1)
        if bounds[high] > bounds[low]:
            yield slice(low, high), slice(int(bounds[low]), int(bounds[high]))
        low = high


def mean_of_known(values: npt.NDArray[Any]) -> float:
    """Mean over the neurons of which a value is known (is not NaN); NaN where there are none."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
