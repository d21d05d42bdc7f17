"""Numbers and arrays as users give them, made plain Python numbers and float64 arrays.

Everything that the package takes as a number or an array goes through here, so that NumPy's
scalars, 0-d arrays, lists, ranges and Series work everywhere, and what would lose a meaning without
a word (masks, imaginary parts, units, text) is refused everywhere.
"""

from __future__ import annotations

import math
import numbers
import sys
from collections.abc import Iterator, Mapping, Set
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.declaration.language.constants import as_float
from pygenn_lite.errors import (
    NOWHERE,
    ArgumentError,
    DeclarationError,
    Location,
    PygennLiteError,
)

Number: TypeAlias = float | np.floating[Any] | np.integer[Any]
"""A number as users may give it; arrays of shape () are taken, too."""
Whole: TypeAlias = int | np.integer[Any]
"""The same for whole numbers; 3.0 is taken, too."""
_KINDS = {
    "b": ("is true or false, not numbers", "write values.astype(float) if 0 and 1 are meant"),
    "c": ("is complex", "give real numbers, e.g. its real part: values.real"),
    "S": ("is text, not numbers", "convert it: values.astype(float)"),
    "U": ("is text, not numbers", "convert it: values.astype(float)"),
    "M": ("holds dates, not numbers", "give times in ms as plain numbers"),
    "m": ("holds time spans, not numbers", "give times in ms: values / numpy.timedelta64(1, 'ms')"),
}


def is_masked_array(value: object) -> bool:
    """Whether this is an array of numpy.ma. That module takes long to load: where nobody has loaded
    it, there are none."""
    module = sys.modules.get("numpy.ma")
    return module is not None and isinstance(value, module.MaskedArray)


def plain_number(value: object) -> int | float | None:
    """The number that a user gave, as int or float; None if it is none.

    Taken are Python's and NumPy's real numbers, SymPy's, and arrays of shape (). Not taken are
    truth values, complex numbers, masked entries, text, and numbers with a unit.
    """
    if getattr(value, "ndim", None) == 0 and hasattr(value, "__array__"):
        if has_unit(value):
            return None
        value = (value if is_masked_array(value) else np.asarray(value))[()]  # type: ignore[index]
    if isinstance(value, (bool, np.bool_, np.timedelta64)) or is_masked_array(value):
        return None
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        try:
            return float(value)
        except OverflowError:
            return None
    return None


def whole_number(value: object) -> int | None:
    """The whole number that a user gave (3, 3.0, numpy.int64(3)); None if it is none."""
    number = plain_number(value)
    if isinstance(number, float):
        return int(number) if number.is_integer() and abs(number) < 2**53 else None
    return number


def plain_array(
    values: Any,
    what: str,
    where: Location = NOWHERE,
    error: type[PygennLiteError] = DeclarationError,
) -> NDArray[np.float64]:
    """The numbers that a user gave, as a float64 array of the same shape (NaN and infinity may be
    among them).

    Parameters
    ----------
    values : array_like
        A number, a list, a range, an array of any layout, a Series, ...
    what, where : str
        For messages.

    Raises
    ------
    DeclarationError
        Or the type given: no numbers, truth values, complex, masked, or with a unit.
    """

    def refuse(message: str, hint: str) -> PygennLiteError:
        return error(f"{what} {message}", where=where, hint=hint)

    if has_unit(values):
        raise refuse(
            "has a unit", "give the number alone, in ms, mV, pA, pF, nS or Hz: quantity / unit"
        )

    def shown() -> str:  # written only for an error: as text, an array takes long
        return (repr(values) if isinstance(values, str) else str(values))[:60]

    nothing = (str, bytes, Mapping, Set, Iterator, type(None), type)
    if isinstance(values, nothing):
        raise refuse(
            f"{shown()} is not a number or an array of numbers",
            "give a number or a list, e.g. list(...)" if isinstance(values, (Iterator, Set))
            else "give a number or a list of numbers",
        )  # fmt: skip
    if _masked(values):
        raise refuse(
            "has masked entries",
            "leave these out, or fill them: values.filled(...)",
        )
    try:
        array = np.asarray(values)
    except (TypeError, ValueError, RuntimeError):  # rows of different lengths, tensors, ...
        raise refuse(
            f"{shown()} is not an array of numbers", "give numbers, e.g. [0.0, 10.0]"
        ) from None
    if array.dtype.kind in _KINDS:
        raise refuse(*_KINDS[array.dtype.kind])
    if array.dtype.kind == "O":
        items = [plain_number(item) for item in array.ravel()]
        if None in items:
            raise refuse(f"{shown()} is not an array of numbers", "give numbers, e.g. [0.0, 10.0]")
        numbers_only = [as_float(item) for item in items if item is not None]
        array = np.array(numbers_only, dtype=np.float64).reshape(array.shape)
    if array.dtype.kind not in "iuf":
        raise refuse(f"of type {array.dtype} is not an array of numbers", "give numbers")
    with np.errstate(over="ignore"):
        return np.asarray(array, dtype=np.float64)


def real_array(
    values: Any, dtype: np.dtype[Any], what: str, where: Location = NOWHERE
) -> NDArray[Any]:
    """The numbers that a user gave, in a type of reals. What has that type is not copied.

    Raises
    ------
    ArgumentError
        See `plain_array`.
    """
    plain = type(values) is np.ndarray and values.dtype.kind == "f"
    array = values if plain else plain_array(values, what, where, ArgumentError)
    with np.errstate(over="ignore"):
        return np.asarray(array, dtype)


def plain_indices(
    values: Any,
    what: str,
    where: Location = NOWHERE,
    error: type[PygennLiteError] = DeclarationError,
) -> NDArray[np.int64]:
    """A list of indices as int64; masks are refused, since of two, or of one cut to its true
    entries, the meaning is unclear.

    Raises
    ------
    DeclarationError
        Or the type given: not one-dimensional, not whole, or true and false.
    """
    if not _masked(values) and not has_unit(values) and is_mask(values):
        raise error(
            f"{what} is a mask of true and false, not indices",
            where=where,
            hint="write numpy.flatnonzero(mask)",
        )
    if type(values) is np.ndarray and values.dtype.kind in "iu" and values.ndim == 1:
        return values.astype(np.int64)  # the common case, without a detour over doubles
    array = plain_array(values, what, where, error)
    if array.ndim != 1 or not np.all((array == np.floor(array)) & (abs(array) < 2**53)):
        raise error(
            f"{what} must be a one-dimensional array of whole numbers",
            where=where,
            hint="give indices, counted from 0",
        )
    return array.astype(np.int64)


def has_unit(value: object) -> bool:
    """Whether a number or array carries a physical unit (of Brian2, Pint, Astropy, ...), which
    converting it to plain numbers would drop."""
    kind = type(value)
    if kind in (int, float, str, list, tuple, np.ndarray):
        return False
    if getattr(getattr(value, "dim", None), "is_dimensionless", False):  # Brian2's 5*mV/mV
        return False
    if getattr(value, "dimensionless", False) is True:  # Pint's
        return False
    known = ("dim", "unit", "units", "dimensionality")
    array_like = isinstance(value, np.ndarray) or hasattr(value, "magnitude")
    return array_like and any(hasattr(value, name) for name in known)


def _masked(values: Any) -> bool:
    """Whether entries are masked out."""
    if is_masked_array(values):
        return bool(np.ma.is_masked(values))
    if isinstance(values, (list, tuple)):
        return any(is_masked_array(v) and np.ma.is_masked(v) for v in values)
    return False


def is_mask(values: Any) -> bool:
    """Whether this is a list or an array of true and false."""
    if isinstance(values, (list, tuple)):
        return len(values) > 0 and all(isinstance(v, (bool, np.bool_)) for v in values)
    return getattr(getattr(values, "dtype", None), "kind", "") == "b"


def check_not_negative(
    name: str, value: Any, where: Location, *, above_0: bool = False, infinite: bool = False
) -> float:
    """A number that is not negative.

    Raises
    ------
    ArgumentError
        It is none, or is negative, or not finite.
    """
    number = plain_number(value)
    low = number is not None and (number > 0 if above_0 else number >= 0)
    if number is None or not low or not (infinite or math.isfinite(number)):
        raise ArgumentError(
            f"{name} = {value!r}",
            where=where,
            hint=f"give a number {'above 0' if above_0 else 'of at least 0'}",
        )
    return float(number)
