"""Fewer points that look the same: curves as minima and maxima, spikes of every k-th neuron."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def envelope(times: Array, values: Array, most: int) -> tuple[Array, Array]:
    """A curve of at most ``most`` points: the smallest and largest value of each stretch.

    Peaks stay, however narrow.

    Parameters
    ----------
    times, values : ndarray, [samples]
    most : int
        Even, at least 2.

    Returns
    -------
    times, values : ndarray

    Examples
    --------
    >>> from pygenn_lite.reports.thinning import envelope
    >>> times, values = envelope(np.arange(1000.0), np.eye(1, 1000, 700)[0], 10)
    >>> len(times) <= 10, float(times[values.argmax()])
    (True, 700.0)
    """
    number = len(times)
    if number <= most:
        return times, values
    width = -(-number // (most // 2))
    padded = np.full(-(-number // width) * width, np.nan)
    padded[:number] = values
    blocks = padded.reshape(-1, width)
    missing = np.isnan(blocks)
    starts = np.arange(len(blocks)) * width
    low = starts + np.where(missing, np.inf, blocks).argmin(axis=1)
    high = starts + np.where(missing, -np.inf, blocks).argmax(axis=1)
    kept = np.unique(np.concatenate([low, high]))
    return times[kept], values[kept]
