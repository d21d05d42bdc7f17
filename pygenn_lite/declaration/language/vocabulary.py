"""The words of expressions: functions, constants, and what values may depend on.

One table each, which the parser, the evaluation in double precision, NumPy, SymPy, the printer of
C++, the reference interpreter, the checks and the file format all read. A function is added by one
row here and by its C++ form in `templates/common/math.hpp`; where SymPy does not know it, it is
told by the row (`language/functions.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from pygenn_lite.records import dataclass

CONSTANTS = {"pi": math.pi}
AXES = ("x", "y", "z")
NEURON_SYMBOLS = ("i", "n")  # of values per neuron; and the axes that positions have
SYNAPSE_SYMBOLS = ("i_pre", "i_post", "n_pre", "n_post")  # of values per synapse; and axes
DISTANCE = "distance"  # where both populations have positions
OFFSETS = tuple(f"d{axis}" for axis in AXES)  # from source to target, where both have positions
VALUE_SYMBOLS = frozenset(
    [*NEURON_SYMBOLS, *AXES, *SYNAPSE_SYMBOLS, DISTANCE, *OFFSETS]
    + [f"{axis}_{side}" for axis in AXES for side in ("pre", "post")]
)


@dataclass(frozen=True)
class Function:
    """A function of expressions.

    Attributes
    ----------
    least, most : int
        How many arguments it takes.
    number : callable or None
        Its value for doubles; may raise ValueError, ZeroDivisionError, OverflowError. None if it
        takes conditions, or is random.
    array : callable or None
        The same for arrays that broadcast; None if values cannot use it.
    symbolic : str
        Its name in `language.functions`, or else in SymPy, or else a new name: SymPy then gets a
        function that is known from this row alone.
    cpp : str
        Its name in C++; empty where SymPy writes it with other functions or operators.
    derivative : tuple of str
        By argument, over the arguments ``a0``, ``a1``, ...; only where SymPy does not know it.
    """

    least: int
    most: int
    number: Callable[..., float] | None
    array: Callable[..., Any] | None
    symbolic: str
    cpp: str = ""
    derivative: tuple[str, ...] = ()


def _exprel(x: Any) -> Any:
    safe = np.where(x == 0, 1.0, x)
    return np.where(x == 0, 1.0, np.expm1(safe) / safe)


_SLOPE_SERIES = [1 / (math.factorial(k) * (k + 2)) for k in range(20)]


def _exprel_slope(x: Any) -> Any:
    near = np.abs(x) < 1
    small, series = np.where(near, x, 0.0), np.zeros(())
    for coefficient in reversed(_SLOPE_SERIES):
        series = series * small + coefficient
    far = np.clip(np.where(near, 1.0, x), -1e150, 1e150)  # infinity over infinity is not a number
    return np.where(near, series, (np.exp(far) * (far - 1) + 1) / far**2)


def _piecewise(*pairs: tuple[Any, Any]) -> Any:
    return np.select([p[1] for p in pairs], [p[0] for p in pairs], default=np.nan)


def folded(function: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """The function of two arguments as one of many."""

    def of_many(first: Any, *others: Any) -> Any:
        for other in others:
            first = function(first, other)
        return first

    return of_many


_ABS = Function(1, 1, abs, np.abs, "Abs", "abs")
_MIN = Function(2, 16, min, folded(np.minimum), "Min")
_MAX = Function(2, 16, max, folded(np.maximum), "Max")

FUNCTIONS: dict[str, Function] = {
    "exp": Function(1, 1, math.exp, np.exp, "exp", "exp"),
    "log": Function(1, 1, math.log, np.log, "log", "log"),
    "log10": Function(1, 1, math.log10, np.log10, "log10"),
    "sqrt": Function(1, 1, math.sqrt, np.sqrt, "sqrt"),
    "sin": Function(1, 1, math.sin, np.sin, "sin", "sin"),
    "cos": Function(1, 1, math.cos, np.cos, "cos", "cos"),
    "tan": Function(1, 1, math.tan, np.tan, "tan", "tan"),
    "sinh": Function(1, 1, math.sinh, np.sinh, "sinh", "sinh"),
    "cosh": Function(1, 1, math.cosh, np.cosh, "cosh", "cosh"),
    "tanh": Function(1, 1, math.tanh, np.tanh, "tanh", "tanh"),
    "abs": _ABS,
    "Abs": _ABS,
    "sign": Function(1, 1, lambda x: float((x > 0) - (x < 0)), np.sign, "sign", "sign"),
    "floor": Function(1, 1, lambda x: float(math.floor(x)), np.floor, "floor", "floor"),
    "ceil": Function(1, 1, lambda x: float(math.ceil(x)), np.ceil, "ceiling", "ceil"),
    "heaviside": Function(
        1, 1, lambda x: float(x >= 0), lambda x: np.heaviside(x, 1.0), "heaviside"
    ),
    "exprel": Function(
        1, 1, lambda x: math.expm1(x) / x if x else 1.0, _exprel, "exprel", "exprel"
    ),
    "min": _MIN,
    "Min": _MIN,
    "max": _MAX,
    "Max": _MAX,
    "clip": Function(3, 3, lambda x, low, high: min(max(x, low), high), np.clip, "clip"),
    "where": Function(3, 3, None, np.where, "where"),
    "Piecewise": Function(1, 32, None, _piecewise, "Piecewise"),
    "rand": Function(0, 0, None, None, "rand"),
    "randn": Function(0, 0, None, None, "randn"),
}
# What derivatives of these need, and equations of users do not know.
HELPERS: dict[str, Function] = {
    "exprel_slope": Function(1, 1, None, _exprel_slope, "exprel_slope", "exprel_slope"),
}
RANDOM = frozenset({"rand", "randn"})
