"""A measure that is not one number: values over time, lags, lengths or frequencies."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt


class Curve(NamedTuple):
    """Values ``y`` at places ``x``: ``x, y = measure(...)``; ``np.array(curve)`` has two rows.

    Attributes
    ----------
    x : ndarray of float64, [k]
    y : ndarray, [k]
    """

    x: npt.NDArray[np.float64]
    y: npt.NDArray[Any]
