"""Times in ms as numbers of steps, and back: the one rounding, which compiled code shares
(``floor(time / dt + 0.5)``)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

LONGEST_DELAY = 65_000  # steps; the engine counts them with 16 bits and cuts what it draws above


def nearest_steps(time: ArrayLike, dt: float) -> NDArray[np.float64]:
    """The nearest whole number of steps, rounded half up; as floats, since a time may exceed any
    integer.

    Examples
    --------
    >>> nearest_steps([0.1, 0.25, 0.35], 0.1).tolist()
    [1.0, 3.0, 3.0]
    """
    with np.errstate(over="ignore"):
        return np.asarray(np.floor(np.asarray(time, np.float64) / dt + 0.5))


def delay_steps(delay: ArrayLike, dt: float) -> NDArray[np.int64]:
    """Delays in steps: at least 1; `LONGEST_DELAY` + 1 stands for all that are too long."""
    return nearest_steps(delay, dt).clip(1, LONGEST_DELAY + 1).astype(np.int64)


def times_of(steps: ArrayLike, dt: float) -> NDArray[np.float64]:
    """Times in ms of step counts: the nearest float64 to the true time also after 10**9 steps.

    Where a millisecond is a whole number of steps this divides, since dt = 0.1 itself is rounded.
    """
    per_ms = round(1.0 / dt)
    whole = np.asarray(steps, dtype=np.float64)
    if per_ms >= 1 and abs(per_ms * dt - 1.0) < 1e-12:
        return np.asarray(whole / per_ms)
    return np.asarray(whole * dt)
