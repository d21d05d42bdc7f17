"""Constraints: what trained values keep to while they are learnt.

>>> constraints = {"groups.*.weight": [pg.constraints.Dale(), pg.constraints.Norm(2.0)]}

They are given by path (``*`` stands for any characters), and hold after every update. Delays stay
between a step and the longest that there is room for, and time constants above 0, without being
asked.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.numeric import (
    check_not_negative,
    plain_array,
    plain_number,
    whole_number,
)
from pygenn_lite.errors import ArgumentError, Location, ShapeError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.training.limits import Constraint, Limits, PathValues

__all__ = ["Bounds", "Constraint", "Dale", "Frozen", "Norm", "Quantised", "Sign"]


@dataclass(frozen=True)
class Bounds:
    """Values between two bounds.

    Attributes
    ----------
    low, high : float

    Examples
    --------
    >>> bounds = pg.constraints.Bounds(0.0, 1.0)
    """

    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self) -> None:
        low, high = plain_number(self.low), plain_number(self.high)
        if low is None or high is None or not low <= high:
            raise ArgumentError(
                f"low = {self.low!r}, high = {self.high!r}",
                where=Location.of("constraint", "Bounds"),
                hint="give two numbers, the lower one first",
            )

    def limits(self, values: PathValues) -> Limits:
        return Limits(float(self.low), float(self.high))


@dataclass(frozen=True)
class Sign:
    """Values of one sign: at 0 they stop.

    Attributes
    ----------
    sign : {1, -1} or None
        None: that of each value as it is at first; values that are 0 are free.
    """

    sign: int | None = None

    def __post_init__(self) -> None:
        if self.sign not in (1, -1, None):
            raise ArgumentError(
                f"sign = {self.sign!r}",
                where=Location.of("constraint", "Sign"),
                hint="write 1, -1, or nothing for the sign that each value has",
            )

    def limits(self, values: PathValues) -> Limits:
        if self.sign is not None:
            return Limits(0.0, math.inf) if self.sign > 0 else Limits(-math.inf, 0.0)
        return _of_signs(np.sign(values.values))


@dataclass(frozen=True)
class Dale:
    """Dale's principle: all weights of a source neuron have the sign that they have at first.

    Attributes
    ----------
    by_majority : bool
        Where a neuron has weights of both signs, that of their sum counts, and the others become 0
        with the first update; otherwise such a neuron is refused.
    """

    by_majority: bool = False

    def limits(self, values: PathValues) -> Limits:
        sources = values.sources
        if sources is None:
            raise ArgumentError(
                "Dale's principle is about weights",
                where=values.where,
                hint='give it for paths such as "groups.NAME.weight"',
            )
        weights, neurons = np.asarray(values.values, float).ravel(), np.ravel(sources)
        count = int(neurons.max(initial=-1)) + 1
        signs = np.sign(np.bincount(neurons, weights, count))
        wrong = neurons[np.sign(weights) * signs[neurons] < 0]
        if wrong.size and not self.by_majority:
            raise ArgumentError(
                f"source neuron {wrong.min()} has weights of both signs",
                where=values.where,
                hint="initialise weights with one sign per source neuron, or write "
                "Dale(by_majority=True)",
            )
        return _of_signs(signs[neurons].reshape(values.values.shape))


@dataclass(frozen=True)
class Norm:
    """The Euclidean norm of the weights of each neuron is at most so large; longer ones are
    shortened.

    Attributes
    ----------
    most : float
    of : {"target", "source"}
        Weights that a target neuron receives (a column), or that a source neuron has (a row).
    """

    most: float
    of: str = "target"

    def __post_init__(self) -> None:
        where = Location.of("constraint", "Norm")
        check_not_negative("most", self.most, where, above_0=True)
        if self.of not in ("target", "source"):
            raise ArgumentError(f"of = {self.of!r}", where=where, hint='write "target" or "source"')

    def limits(self, values: PathValues) -> Limits:
        if not values.is_matrix:
            raise ArgumentError(
                "a norm per neuron needs a weight between every source and every target",
                where=values.where,
                hint="use pg.AllToAll, or Bounds for single weights",
            )
        most = float(self.most)
        return Limits(most_column=most) if self.of == "target" else Limits(most_row=most)


@dataclass(frozen=True, eq=False)
class Frozen:
    """Values that are not trained, though others of their path are.

    Attributes
    ----------
    mask : array_like of bool, or None
        True where a value stays, alike in shape to the values; None: those that are 0 at first.
    """

    mask: npt.ArrayLike | None = None

    def limits(self, values: PathValues) -> Limits:
        if self.mask is None:
            return Limits(frozen=values.values == 0)
        mask = np.asarray(self.mask)
        if mask.dtype != np.bool_:
            mask = plain_array(self.mask, "the mask", values.where, ArgumentError) != 0
        if mask.shape != values.values.shape:
            raise ShapeError(
                f"a mask of shape {mask.shape}",
                where=values.where,
                hint=f"the values have shape {values.values.shape}",
            )
        return Limits(frozen=mask)


@dataclass(frozen=True)
class Quantised:
    """Values that are rounded wherever the network reads them, to whole multiples of a scale.

    The scale follows the largest value. What is trained are values in full precision behind those
    that are read; the gradient of what is read is applied to them as it is (straight through,
    Bengio et al. 2013; Courbariaux et al. 2015). :func:`pygenn_lite.quantise` gives the integers.

    Attributes
    ----------
    bits : int
        2 to 16: of n bits, integers from -(2**(n-1) - 1) to 2**(n-1) - 1.
    per : {"array", "row"}
        Whether all values have one scale, or those of each source neuron.
    """

    bits: int = 8
    per: str = "array"

    def __post_init__(self) -> None:
        check_quantisation(self.bits, self.per, Location.of("constraint", "Quantised"))

    @property
    def levels(self) -> int:
        """The largest integer."""
        return int(2 ** (self.bits - 1) - 1)

    def limits(self, values: PathValues) -> Limits:
        if self.per == "row" and not values.is_matrix:
            raise ArgumentError(
                "a scale per row needs a weight between every source and every target",
                where=values.where,
                hint='write Quantised(per="array")',
            )
        return Limits(levels=self.levels, per_row=self.per == "row")


def check_quantisation(bits: object, per: object, where: Location) -> None:
    """Refuses what is not a quantisation.

    Raises
    ------
    ArgumentError
    """
    number = whole_number(bits)
    if number is None or not 2 <= number <= 16:
        raise ArgumentError(f"bits = {bits!r}", where=where, hint="give a whole number, 2 to 16")
    if per not in ("array", "row"):
        raise ArgumentError(f"per = {per!r}", where=where, hint='write "array" or "row"')


def _of_signs(signs: npt.NDArray[np.float64]) -> Limits:
    low = np.where(signs > 0, 0.0, -math.inf)
    high = np.where(signs < 0, 0.0, math.inf)
    return Limits(low, high)
