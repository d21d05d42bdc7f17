"""Distributions of random values, and their arithmetic: ``-4 * LogNormal(0, 1) + 3``."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.declaration.language.constants import as_float
from pygenn_lite.declaration.numeric import plain_number
from pygenn_lite.errors import DeclarationError, Location

Floats: TypeAlias = NDArray[np.float64]
_LARGEST_LOGARITHM = 709.0  # of a double
_FAR = 4.7534  # standard deviations: beyond lies less than one value in a million


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

    def mean_value(self) -> float:
        """Expected value (for the memory plan and for scaling)."""
        raise NotImplementedError

    def reach(self) -> tuple[float, float]:
        """Between which numbers its values lie: less than one in a million is below, or above."""
        low, high = self.ppf(np.array([1e-6, 1 - 1e-6]))
        return float(low), float(high)

    def ends(self) -> tuple[float, float] | None:
        """Least and greatest value, where all values between them are equally likely."""
        return None

    def native(self) -> NativeDistribution | None:
        """The distribution as the builder draws it; None: the host draws its values."""
        return None

    def only_value(self) -> float | None:
        """The value that it always has, where it is none by the builder's rules: this knows no
        limits of constants."""
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


@dataclass(frozen=True)
class Uniform(Distribution):
    """Uniform in [low, high).

    Examples
    --------
    >>> start = pg.Uniform(-65.0, -50.0)  # as an initial value, parameter, weight or delay
    >>> start.mean_value()
    -57.5
    """

    low: float = 0.0
    high: float = 1.0

    def _validate(self) -> None:
        self._require(self.low <= self.high, "low must not exceed high")

    def ppf(self, u: Floats) -> Floats:
        """Inverse distribution function."""
        return self.low + (self.high - self.low) * u

    def native(self) -> NativeDistribution:
        """As the builder draws it."""
        return NativeDistribution("uniform", self.low, self.high)

    def least(self) -> float:
        """The lower end."""
        return self.low

    def ends(self) -> tuple[float, float]:
        """`low` and `high`."""
        return self.low, self.high

    def mean_value(self) -> float:
        """(low + high) / 2."""
        return (self.low + self.high) / 2


@dataclass(frozen=True)
class Normal(Distribution):
    """Gaussian."""

    mean: float = 0.0
    sd: float = 1.0

    def _validate(self) -> None:
        self._require(self.sd >= 0, "sd must not be negative")

    def ppf(self, u: Floats) -> Floats:
        """Inverse distribution function."""
        from scipy.special import ndtri

        return cast(Floats, self.mean + self.sd * ndtri(u))

    def native(self) -> NativeDistribution:
        """As the builder draws it."""
        return NativeDistribution("normal", self.mean, self.sd)

    def reach(self) -> tuple[float, float]:
        """So many standard deviations from the mean (SciPy is not needed)."""
        return self.mean - _FAR * self.sd, self.mean + _FAR * self.sd

    def mean_value(self) -> float:
        """The mean."""
        return self.mean


@dataclass(frozen=True)
class TruncatedNormal(Distribution):
    """Gaussian restricted to [low, high]; `mean` and `sd` are those before truncation."""

    mean: float = 0.0
    sd: float = 1.0
    low: float = -math.inf
    high: float = math.inf

    def _validate(self) -> None:
        self._require(self.sd >= 0, "sd must not be negative")
        self._require(self.low < self.high, "low must be below high")

    def ppf(self, u: Floats) -> Floats:
        """Inverse distribution function."""
        from scipy.special import log_ndtr, ndtri_exp

        if self.sd == 0:
            return np.full_like(u, min(max(self.mean, self.low), self.high))
        a, b = (self.low - self.mean) / self.sd, (self.high - self.mean) / self.sd
        sign, below = 1.0, np.asarray(u)
        if a > 0:  # the upper tail mirrored, where probabilities keep their digits
            a, b, sign, below = -b, -a, -1.0, 1 - below
        # In logarithms: far out the probabilities themselves are beyond double precision.
        log_a, log_b = log_ndtr(a), log_ndtr(b)
        drawn = ndtri_exp(log_b + np.log1p((below - 1) * -np.expm1(log_a - log_b)))
        return cast(Floats, np.clip(self.mean + sign * self.sd * drawn, self.low, self.high))

    def reach(self) -> tuple[float, float]:
        """Its limits, or so many standard deviations from where most of it lies."""
        low, high = min(self.mean, self.high), max(self.mean, self.low)
        return max(low - _FAR * self.sd, self.low), min(high + _FAR * self.sd, self.high)

    def native(self) -> NativeDistribution:
        """As the builder draws it."""
        return NativeDistribution("truncated_normal", self.mean, self.sd, self.low, self.high)

    def only_value(self) -> float | None:
        """Its mean within the limits, where the Gaussian has no width."""
        return self.mean_value() if self.sd == 0 else None

    def least(self) -> float:
        """The lower limit."""
        return self.low

    def kept(self) -> float:
        """Which part of the Gaussian lies within the limits."""
        if self.sd == 0:
            return 1.0
        low, high = ((end - self.mean) / self.sd / math.sqrt(2) for end in (self.low, self.high))
        if low > 0:  # the upper tail as the lower one, where differences are exact
            low, high = -high, -low
        return (math.erfc(-high) - math.erfc(-low)) / 2

    def mean_value(self) -> float:
        """Mean after truncation."""
        if self.sd == 0:
            return min(max(self.mean, self.low), self.high)
        a, b = (self.low - self.mean) / self.sd, (self.high - self.mean) / self.sd
        if a > 0:  # the upper tail mirrored, where erfc keeps its digits
            a, b, sign = -b, -a, -1.0
        else:
            sign = 1.0
        mass = (math.erfc(-b / math.sqrt(2)) - math.erfc(-a / math.sqrt(2))) / 2
        if mass < 1e-290:  # so far out that the nearer limit is all there is
            return min(max(self.mean, self.low), self.high)
        density = (math.exp(-a * a / 2) - math.exp(-b * b / 2)) / math.sqrt(2 * math.pi)
        return self.mean + sign * self.sd * density / mass


@dataclass(frozen=True)
class LogNormal(Distribution):
    """exp of a Gaussian with mean `mu` and standard deviation `sigma`."""

    mu: float = 0.0
    sigma: float = 1.0

    def _validate(self) -> None:
        self._require(self.sigma >= 0, "sigma must not be negative")
        self._require(
            self.mu + self.sigma * self.sigma / 2 < _LARGEST_LOGARITHM,
            "the mean exp(mu + sigma^2/2) is too large",
            hint="mu and sigma are those of the logarithm: mean and sd of ln(x), not of x",
        )

    def ppf(self, u: Floats) -> Floats:
        """Inverse distribution function."""
        from scipy.special import ndtri

        return cast(Floats, np.exp(self.mu + self.sigma * ndtri(u)))

    def native(self) -> NativeDistribution:
        """As the builder draws it."""
        return NativeDistribution("log_normal", self.mu, self.sigma)

    def reach(self) -> tuple[float, float]:
        """The exponential of the logarithm's reach."""
        low, high = Normal(self.mu, self.sigma).reach()
        return math.exp(low), math.exp(min(high, _LARGEST_LOGARITHM))

    def mean_value(self) -> float:
        """exp(mu + sigma^2 / 2)."""
        return math.exp(self.mu + self.sigma * self.sigma / 2)


@dataclass(frozen=True)
class Exponential(Distribution):
    """Exponential with the given mean."""

    mean: float = 1.0

    def _validate(self) -> None:
        self._require(self.mean > 0, "mean must be positive")

    def ppf(self, u: Floats) -> Floats:
        """Inverse distribution function."""
        return -self.mean * np.log1p(-u)

    def native(self) -> NativeDistribution:
        """As the builder draws it."""
        return NativeDistribution("exponential", self.mean)

    def mean_value(self) -> float:
        """The mean."""
        return self.mean


@dataclass(frozen=True)
class Gamma(Distribution):
    """Gamma with mean shape * scale."""

    shape: float = 1.0
    scale: float = 1.0

    def _validate(self) -> None:
        self._require(self.shape > 0 and self.scale > 0, "shape and scale must be positive")

    def ppf(self, u: Floats) -> Floats:
        """Inverse distribution function."""
        from scipy.special import gammaincinv

        return cast(Floats, self.scale * gammaincinv(self.shape, u))

    def mean_value(self) -> float:
        """shape * scale."""
        return self.shape * self.scale


@dataclass(frozen=True)
class Binomial(Distribution):
    """Number of successes in n trials."""

    n: float = 1
    p: float = 0.5

    def _validate(self) -> None:
        self._require(self.n >= 0 and float(self.n).is_integer(), "n must be a whole number >= 0")
        self._require(0 <= self.p <= 1, "p must lie in [0, 1]")

    def ppf(self, u: Floats) -> Floats:
        """Inverse distribution function."""
        from scipy.stats import binom

        return cast(Floats, binom.ppf(u, int(self.n), self.p))

    def mean_value(self) -> float:
        """n p."""
        return self.n * self.p


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
