"""Values for some neurons of a population as values of all: 0 for the others."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pygenn_lite.declaration.distribution_base import Distribution
from pygenn_lite.declaration.language.equations import Expression
from pygenn_lite.declaration.numeric import plain_array
from pygenn_lite.declaration.selection import Part
from pygenn_lite.declaration.values import FrozenArray, Value, ValueLike, as_value
from pygenn_lite.errors import Location, NetworkError, ShapeError

HARMLESS = ("weight", "sources")  # without a rate they do nothing


def spread(value: ValueLike, part: Part | None, where: Location) -> ValueLike:
    """One number, or one for each neuron of the part, as one for each of the population.

    Raises
    ------
    NetworkError
        A formula or a distribution, which are those of whole populations.
    ShapeError
        An array of another length.
    """
    if part is None:
        return value
    given: Value = as_value(value, where)
    if isinstance(given, (Distribution, Expression)):
        raise NetworkError(
            "a part of a population takes numbers, not a formula or a distribution",
            where=where,
            hint="give one number, or one for each of its neurons",
        )
    return _columns(given.array if isinstance(given, FrozenArray) else given, part, where)


def spread_array(value: ValueLike, part: Part | None, where: Location) -> ValueLike:
    """The same for values that do no harm to the others: all but arrays stay as they are."""
    if part is None:
        return value
    given = as_value(value, where)
    return spread(given, part, where) if isinstance(given, FrozenArray) else given


def spread_columns(values: ArrayLike, part: Part | None, where: Location) -> ArrayLike:
    """Values over time, shape (times,) or (times, neurons of the part), as (times, size)."""
    if part is None:
        return values
    array = plain_array(values, "values", where, ShapeError)
    return _columns(array[:, None] if array.ndim == 1 else array, part, where)


def spread_again(field: str, value: Any, part: Part | None, where: Location) -> Any:
    """A new value for a field of an input; one for each neuron of the population stays as it is."""
    if part is None or field == "times":
        return value
    if field == "values":
        plain = value.array if isinstance(value, FrozenArray) else value
        array = plain_array(plain, field, where, ShapeError)
        whole = array.ndim == 2 and array.shape[1] == part.size
        return array if whole else spread_columns(array, part, where)
    given = as_value(value, where)
    if isinstance(given, FrozenArray) and given.array.shape == (part.size,):
        return given
    return (spread_array if field in HARMLESS else spread)(given, part, where)


def _columns(values: Any, part: Part, where: Location) -> NDArray[np.float64]:
    array = np.asarray(values, np.float64)
    spread_out = np.zeros((*array.shape[:-1], part.size))
    if array.ndim and array.shape[-1] not in (1, len(part)):
        raise ShapeError(
            f"{array.shape[-1]} values for a part of {len(part)} neurons",
            where=where,
            hint="give one value, or one for each neuron of the part",
        )
    spread_out[..., part.indices] = array
    return spread_out
