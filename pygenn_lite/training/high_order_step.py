"""One step of an explicit Runge-Kutta method of eighth order, for many copies of a system at once.

The coefficients are those of Dormand and Prince's method as SciPy has them (Hairer, Norsett and
Wanner, "Solving Ordinary Differential Equations I", section II.5).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.integrate import DOP853

from pygenn_lite.records import dataclass

Array: TypeAlias = npt.NDArray[np.float64]
Rates: TypeAlias = Callable[[Any, Array], list[Any]]  # of time and states, a value per state

_A, _B, _C = DOP853.A, DOP853.B, DOP853.C
_E3, _E5 = DOP853.E3, DOP853.E5
STAGES = len(_B)
_A_ROWS = [np.ascontiguousarray(_A[s, :s]) for s in range(STAGES)]


def step(rates: Rates, t: Any, x: Array, h: Any) -> Array:
    """States after a step.

    Parameters
    ----------
    rates : callable
    t, h : float or ndarray
        Time and length of the step, ms; each copy may have its own.
    x : ndarray
        [states, copies].
    """
    slopes = _stages(rates, t, x, h)
    after: Array = x + h * (_B @ slopes).reshape(x.shape)
    return after


def _stages(rates: Rates, t: Any, x: Array, h: Any) -> Array:
    """Slopes of all stages, each in a row."""
    slopes = np.empty((STAGES, x.size))
    rows = slopes.reshape(STAGES, *x.shape)
    for s in range(STAGES):
        at = x + h * (_A_ROWS[s] @ slopes[:s]).reshape(x.shape) if s else x
        row = rows[s]
        for k, value in enumerate(rates(t + _C[s] * h, at)):
            row[k] = value
    return slopes


class NoStepError(ArithmeticError):
    """A system that no step is short enough for: it becomes infinite."""


@dataclass
class Stepper:
    """Steps of a length that keeps an error below a tolerance.

    Attributes
    ----------
    rtol : float
        Error of a step, relative to the largest value that each state has had.
    h : float
        Length of the next step, ms.
    longest : float
        ms.
    """

    rtol: float = 1e-10
    h: float = 0.02
    longest: float = 1.0

    def advance(
        self, rates: Rates, t: float, x: Array, until: float, size: Array
    ) -> tuple[float, Array]:
        """Time and states after a step that was accepted; no later than `until`.

        Parameters
        ----------
        size : ndarray
            Per state, [states, 1]: what errors are relative to.
        """
        while True:
            h = min(self.h, self.longest)
            last = t + h >= until - 1e-12 * max(1.0, abs(until))
            h = until - t if last else h
            new, error = self._attempt(rates, t, x, h, size)
            accepted = error <= 1.0
            factor = 5.0 if error == 0 else float(np.clip(0.9 * error**-0.125, 0.2, 5.0))
            if not (last and accepted and factor * h < self.h):
                self.h = h * (factor if accepted else min(factor, 0.9))
            if accepted:
                return (until if last else t + h), new
            if h < 1e-12:
                raise NoStepError(f"no step is short enough at {t:g} ms")

    def _attempt(
        self, rates: Rates, t: float, x: Array, h: float, size: Array
    ) -> tuple[Array, float]:
        with np.errstate(all="ignore"):
            slopes = _stages(rates, t, x, h)
            new = x + h * (_B @ slopes).reshape(x.shape)
            end = np.empty(x.shape)
            for k, value in enumerate(rates(t + h, new)):
                end[k] = value
            slopes = np.vstack([slopes, end.reshape(1, -1)])
            scale = self.rtol * np.maximum(size, np.maximum(np.abs(x), np.abs(new))).ravel()
            fifth = float(np.sum((_E5 @ slopes / scale) ** 2))
            third = float(np.sum((_E3 @ slopes / scale) ** 2))
            if not np.isfinite(fifth + third):
                return new, 1e8
            if fifth == 0 and third == 0:
                return new, 0.0
            return new, abs(h) * fifth / float(np.sqrt((fifth + 0.01 * third) * x.size))
