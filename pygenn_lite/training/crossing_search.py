"""Finds where a signed quantity passes zero upwards within a step."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from pygenn_lite.training.high_order_step import Rates, step

Array = npt.NDArray[np.float64]
Signed: TypeAlias = Callable[[float, Array], tuple[float, float]]  # value and speed
Point: TypeAlias = tuple[float, Array]


def first_crossing(rates: Rates, signed: Signed, begin: Point, end: Point) -> Point | None:
    """Time and states of the first crossing between two ends of a step; None: there is none.

    A quantity that is negative at both ends may have been positive between: where its tangents
    leave room for that, its maximum is looked at.
    """
    t, x = begin
    h = end[0] - t
    low, rise = signed(t, x)
    high, fall = signed(*end)

    def at(theta: float) -> Point:
        return t + theta, step(rates, t, x, theta)

    if high > 0 and low <= 0:
        return at(_root(at, lambda p: signed(*p), 0.0, h))
    if low <= 0 and high <= 0 and rise > 0 > fall:
        meet = (high - low - fall * h) / (rise - fall)
        if low + rise * meet > 0:
            top = _root(at, lambda p: (-signed(*p)[1], np.nan), 0.0, h)
            if signed(*at(top))[0] > 0:
                return at(_root(at, lambda p: signed(*p), 0.0, top))
    return None


def _root(
    at: Callable[[float], Point],
    value: Callable[[Point], tuple[float, float]],
    low: float,
    high: float,
) -> float:
    """Newton's method, kept between ends where the value is negative and positive."""
    ends = [(low, value(at(low))[0]), (high, value(at(high))[0])]
    theta = 0.5 * (low + high)
    for _ in range(80):
        g, speed = value(at(theta))
        ends[g > 0] = (theta, g)
        (a, ga), (b, gb) = ends
        new = theta - g / speed if speed > 0 else a - ga * (b - a) / (gb - ga)
        if not a < new < b:
            new = 0.5 * (a + b)
        if abs(new - theta) <= 1e-15 * max(1.0, abs(high)) or b - a <= 1e-15:
            return new
        theta = new
    return theta
