"""Weights as integers and scales: what a network trained with :class:`~.constraints.Quantised`
reads, for hardware that wants integers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.numeric import plain_array
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.records import dataclass
from pygenn_lite.training.constraints import check_quantisation


@dataclass(frozen=True, eq=False)
class QuantisedValues:
    """Integers with their scales.

    Attributes
    ----------
    integers : ndarray of int32
        In the shape of the values.
    scales : ndarray of float
        One, or one for each row.
    bits : int
    """

    integers: npt.NDArray[np.int32]
    scales: npt.NDArray[Any]
    bits: int

    @property
    def values(self) -> npt.NDArray[Any]:
        """Integers times scales: what the network reads."""
        scales = self.scales[:, None] if self.scales.size > 1 else self.scales
        return np.asarray(self.integers.astype(self.scales.dtype) * scales)


def quantise(values: npt.ArrayLike, bits: int = 8, per: str = "array") -> QuantisedValues:
    """Values as integers of so many bits: the rounding of training, bit for bit.

    Parameters
    ----------
    values : array_like
        float32 or float64 (in which it is computed).
    bits : int
        2 to 16.
    per : {"array", "row"}
        Whether there is one scale, or one for each row.

    Returns
    -------
    QuantisedValues

    Raises
    ------
    ArgumentError
        Bits or `per` do not make sense; the values have no rows, or are not finite.

    Examples
    --------
    >>> made = pg.quantise([0.5, -0.26, 0.0], bits=3)
    >>> made.integers.tolist(), made.scales.round(4).tolist()
    ([3, -2, 0], [0.1667])
    """
    where = Location("quantise")
    check_quantisation(bits, per, where)
    given = np.asarray(values)
    checked = plain_array(values, "values", where, ArgumentError)
    if not np.all(np.isfinite(checked)):
        raise ArgumentError(
            "a value is not finite", where=where, hint="quantise what a training came to"
        )
    array = checked.astype(given.dtype) if given.dtype == np.float32 else checked
    if per == "row" and array.ndim != 2:
        raise ArgumentError(
            f"values of shape {array.shape} have no rows", where=where, hint='write per="array"'
        )
    levels = array.dtype.type(2 ** (bits - 1) - 1)
    rows = array if per == "row" else array.reshape(1, -1)
    scales = np.abs(rows).max(axis=1, initial=0) / levels
    parts = rows / np.where(scales > 0, scales, array.dtype.type(1))[:, None]
    codes = np.copysign(np.floor(np.abs(parts) + array.dtype.type(0.5)), parts)
    return QuantisedValues(codes.astype(np.int32).reshape(array.shape), scales, bits)
