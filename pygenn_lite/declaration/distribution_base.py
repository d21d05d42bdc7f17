"""What all distributions have in common, and their arithmetic: ``-4 * LogNormal(0, 1) + 3``."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.declaration.language.constants import as_float
from pygenn_lite.declaration.numeric import plain_number
from pygenn_lite.errors import DeclarationError, Location
from pygenn_lite.records import dataclass

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class NativeDistribution:
    """A distribution as the compiled builder draws it (templates/cpp/engine/distributions.hpp) and,
    to the same bits, runtime/values/sampling.py.

    Attributes
    ----------
    kind : str
        "uniform", "normal", "truncated_normal", "log_normal", "exponential".
    a, b : float
        Its two parameters, in the order of the class.
    low, high : float
        Limits of a truncated one.
    affine : bool
        Whether values are multiplied by `factor`, then added to `offset`.
    """

    kind: str
    a: float
    b: float = 0.0
    low: float = 0.0
    high: float = 0.0
    affine: bool = False
    factor: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True)
class Distribution:
    """Base of random values; drawn by inverse distribution function from counter-based uniforms, so
    that every backend draws the same.

    Numbers can be added to it, subtracted from it, and multiply or divide it.

    Examples
    --------
    >>> inhibitory = -4 * pg.LogNormal(0.0, 0.5)
    >>> inhibitory
    -4.0 * LogNormal(mu=0.0, sigma=0.5)
    >>> (pg.Normal(1.0, 0.5) + 3).mean_value()
    4.0
    """

    __array_ufunc__ = None  # NumPy's numbers leave arithmetic to us

    def __post_init__(self) -> None:
        for f in fields(self):
            number = plain_number(getattr(self, f.name))
            value = None if number is None else as_float(number)
            may_be_infinite = f.default in (math.inf, -math.inf)
            if value is None or math.isnan(value) or (math.isinf(value) and not may_be_infinite):
                raise DeclarationError(
                    f"{f.name} = {getattr(self, f.name)!r} is not a finite number",
                    where=Location.of(type(self).__name__),
                )
            object.__setattr__(self, f.name, value)
        self._validate()

    def _validate(self) -> None:
        """Check relations between the parameters."""

    def _require(self, condition: bool, message: str, hint: str = "") -> None:
        if not condition:
            raise DeclarationError(message, where=Location(repr(self)), hint=hint)

    def ppf(self, u: Floats) -> Floats:
        """Inverse distribution function.

        Parameters
        ----------
        u : ndarray of float64
            Uniform numbers in (0, 1).
        """
        raise NotImplementedError

    def draw(self, u: Floats) -> Floats:
        """The value that each uniform number in (0, 1) stands for."""
        return self.ppf(u)

    def quantile(self, p: float) -> float:
        """One value of the inverse distribution function, for plans and checks; those of the
        library do without SciPy."""
        return float(self.ppf(np.array(p)))

    def mean_value(self) -> float:
        """Expected value (for the memory plan and for scaling)."""
        raise NotImplementedError

    def reach(self) -> tuple[float, float]:
        """Between which numbers its values lie: less than one in a million is below, or above."""
        return self.quantile(1e-6), self.quantile(1 - 1e-6)

    def ends(self) -> tuple[float, float] | None:
        """Least and greatest value, where all values between them are equally likely."""
        return None

    def native(self) -> NativeDistribution | None:
        """The distribution as the builder draws it; None: the host draws its values."""
        return None

    def only_value(self) -> float | None:
        """The value that it always has, if it has one although the builder would draw it; the
        builder does not support limits of constants."""
        return None

    def least(self) -> float:
        """No value is smaller."""
        return -math.inf

    def kept(self) -> float:
        """Which part of its values the limits of a truncated distribution leave."""
        return 1.0

    def numbers(self) -> tuple[float, ...]:
        """The finite numbers that it is computed with."""
        given = (getattr(self, f.name) for f in fields(self))
        return tuple(number for number in given if math.isfinite(number))

    @property
    def base(self) -> Distribution:
        """The distribution without factor and offset."""
        return self

    def __mul__(self, factor: object) -> Distribution:
        return _affine(self, _operand(self, factor, "*"), 0.0)

    __rmul__ = __mul__

    def __truediv__(self, divisor: object) -> Distribution:
        number = _operand(self, divisor, "/")
        self._require(number != 0, "a distribution cannot be divided by 0")
        return _affine(self, 1.0 / number, 0.0)

    def __rtruediv__(self, dividend: object) -> Distribution:
        raise _no_arithmetic(self, "dividing by a distribution")

    def __neg__(self) -> Distribution:
        return _affine(self, -1.0, 0.0)

    def __pos__(self) -> Distribution:
        return self

    def __add__(self, offset: object) -> Distribution:
        return _affine(self, 1.0, _operand(self, offset, "+"))

    __radd__ = __add__

    def __sub__(self, offset: object) -> Distribution:
        return _affine(self, 1.0, -_operand(self, offset, "-"))

    def __rsub__(self, minuend: object) -> Distribution:
        return _affine(self, -1.0, _operand(self, minuend, "-"))


@dataclass(frozen=True, repr=False)
class Affine(Distribution):
    """``factor * of + offset``: made by arithmetic, ``-4 * LogNormal(0, 1) + 3``.

    Each value is the other distribution's, multiplied and added to: the same seed draws
    ``-4 * X`` as -4 times what it draws of ``X``.
    """

    of: Distribution
    factor: float = 1.0
    offset: float = 0.0

    def __post_init__(self) -> None:
        for what, number in (("factor", self.factor), ("offset", self.offset)):
            if not math.isfinite(number):
                raise DeclarationError(
                    f"the {what} {number} is not a finite number", where=Location(repr(self.of))
                )

    def __repr__(self) -> str:
        text = repr(self.of) if self.factor == 1 else f"{self.factor!r} * {self.of!r}"
        if self.offset:
            text += f" {'-' if self.offset < 0 else '+'} {abs(self.offset)!r}"
        return text

    __str__ = __repr__

    @property
    def base(self) -> Distribution:
        """The distribution without factor and offset."""
        return self.of

    def ppf(self, u: Floats) -> Floats:
        """Inverse distribution function: the other's from its other end where the factor is
        negative."""
        return self.draw(u if self.factor >= 0 else 1.0 - u)

    def draw(self, u: Floats) -> Floats:
        """The value that each uniform number in (0, 1) stands for."""
        return self.factor * self.of.draw(u) + self.offset

    def quantile(self, p: float) -> float:
        """The other's, from its other end where the factor is negative."""
        return self.factor * self.of.quantile(p if self.factor >= 0 else 1.0 - p) + self.offset

    def mean_value(self) -> float:
        """factor * mean + offset."""
        return self.factor * self.of.mean_value() + self.offset

    def reach(self) -> tuple[float, float]:
        """The other's, multiplied and added to."""
        return self._mapped(self.of.reach())

    def native(self) -> NativeDistribution | None:
        """The other as the builder draws it, with factor and offset."""
        native = self.of.native()
        if native is None:
            return None
        return replace(native, affine=True, factor=self.factor, offset=self.offset)

    def only_value(self) -> float | None:
        """The offset where the factor is 0, or that of the other's only value."""
        if self.factor == 0:
            return self.offset
        return None if self.of.only_value() is None else self.mean_value()

    def kept(self) -> float:
        """As of the other."""
        return self.of.kept()

    def ends(self) -> tuple[float, float] | None:
        """The other's, multiplied and added to."""
        ends = self.of.ends()
        return None if ends is None else self._mapped(ends)

    def numbers(self) -> tuple[float, ...]:
        """The other's, its own, and how far its values reach."""
        return (*self.of.numbers(), self.factor, self.offset, *self.reach())

    def _mapped(self, ends: tuple[float, float]) -> tuple[float, float]:
        low, high = sorted(self.factor * end + self.offset for end in ends)
        return low, high


def _affine(of: Distribution, factor: float, offset: float) -> Distribution:
    """``factor * of + offset``; of a result of arithmetic, one factor and one offset remain."""
    if isinstance(of, Affine):
        return _affine(of.of, factor * of.factor, factor * of.offset + offset)
    return of if (factor, offset) == (1.0, 0.0) else Affine(of, factor, offset)


def _operand(distribution: Distribution, given: object, sign: str) -> float:
    if isinstance(given, Distribution):
        raise _no_arithmetic(distribution, f"{sign} of two distributions")
    number = plain_number(given)
    value = math.nan if number is None else as_float(number)
    if not math.isfinite(value):
        shown = type(given).__name__ if hasattr(given, "shape") else repr(given)
        raise _no_arithmetic(distribution, f"{sign} {shown:.60}")
    return value


def _no_arithmetic(distribution: Distribution, what: str) -> DeclarationError:
    return DeclarationError(
        f"{what} is not offered",
        where=Location(repr(distribution)),
        hint="multiply or divide a distribution by a finite number, or add one",
    )
