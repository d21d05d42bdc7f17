"""Values that encoders take: numbers from 0 to 1, one row for each sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.declaration.numeric import plain_array, plain_number
from pygenn_lite.errors import ArgumentError, Location, ShapeError

Values = NDArray[np.float64]


def checked_values(values: Any, where: Location) -> Values:
    """Numbers of shape (samples, features, ...), finite.

    Raises
    ------
    ShapeError
        They are not in rows.
    ArgumentError
        One is not finite; the message names the sample.
    """
    array = plain_array(values, "values", where, ShapeError)
    if array.ndim < 2 or not array.size:
        raise ShapeError(
            f"values of shape {array.shape}", where=where, hint="give (samples, features, ...)"
        )
    _refuse(array, ~np.isfinite(array), "is not finite", "leave such samples out", where)
    return array


def checked_fractions(values: Any, where: Location) -> Values:
    """The same, from 0 to 1.

    Raises
    ------
    ArgumentError
        One is not.
    """
    array = checked_values(values, where)
    most = float(array.max())
    hint = "divide by 255" if 1 < most <= 255 else "scale them: (x - x.min())/(x.max() - x.min())"
    _refuse(array, (array < 0) | (array > 1), "is not between 0 and 1", hint, where)
    return array


def check_setting(
    value: Any, what: str, where: Location, fits: Callable[[float], bool], hint: str
) -> None:
    """Refuse a setting that is not a number, or one that does not fit.

    Raises
    ------
    ArgumentError
    """
    number = plain_number(value)
    if number is None or not fits(number):
        raise ArgumentError(f"{what} = {value!r}", where=where, hint=hint)


def _refuse(array: Values, wrong: NDArray[np.bool_], what: str, hint: str, where: Location) -> None:
    if wrong.any():
        at = np.unravel_index(int(np.argmax(wrong)), array.shape)
        raise ArgumentError(
            f"the value {array[at]:g} of sample {at[0]} {what}", where=where, hint=hint
        )
