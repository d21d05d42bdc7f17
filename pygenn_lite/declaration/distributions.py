"""Distributions of random values: uniform, Gaussian, log-normal, ..."""

from __future__ import annotations

import math
from typing import cast

import numpy as np

from pygenn_lite.declaration.distribution_base import Distribution, Floats, NativeDistribution
from pygenn_lite.declaration.quantiles import binomial_quantile, gamma_quantile, normal_quantile
from pygenn_lite.old_names import with_old_names
from pygenn_lite.records import dataclass

_LARGEST_LOGARITHM = 709.0  # of a double
_FAR = 4.7534  # standard deviations: beyond lies less than one value in a million


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

    def quantile(self, p: float) -> float:
        """In closed form."""
        return self.low + (self.high - self.low) * p

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


@with_old_names
@dataclass(frozen=True)
class Normal(Distribution):
    """Gaussian."""

    mean: float = 0.0
    std: float = 1.0

    def _validate(self) -> None:
        self._require(self.std >= 0, "std must not be negative")

    def ppf(self, u: Floats) -> Floats:
        """Inverse distribution function."""
        from scipy.special import ndtri

        return cast(Floats, self.mean + self.std * ndtri(u))

    def quantile(self, p: float) -> float:
        """By Newton's method."""
        return self.mean + self.std * normal_quantile(p, 1.0 - p)

    def native(self) -> NativeDistribution:
        """As the builder draws it."""
        return NativeDistribution("normal", self.mean, self.std)

    def reach(self) -> tuple[float, float]:
        """So many standard deviations from the mean (SciPy is not needed)."""
        return self.mean - _FAR * self.std, self.mean + _FAR * self.std

    def mean_value(self) -> float:
        """The mean."""
        return self.mean


@with_old_names
@dataclass(frozen=True)
class TruncatedNormal(Distribution):
    """Gaussian restricted to [low, high]; `mean` and `std` are those before truncation."""

    mean: float = 0.0
    std: float = 1.0
    low: float = -math.inf
    high: float = math.inf

    def _validate(self) -> None:
        self._require(self.std >= 0, "std must not be negative")
        self._require(self.low < self.high, "low must be below high")

    def ppf(self, u: Floats) -> Floats:
        """Inverse distribution function."""
        from scipy.special import log_ndtr, ndtri_exp

        if self.std == 0:
            return np.full_like(u, min(max(self.mean, self.low), self.high))
        a, b = (self.low - self.mean) / self.std, (self.high - self.mean) / self.std
        sign, below = 1.0, np.asarray(u)
        if a > 0:  # the upper tail mirrored, where probabilities keep their digits
            a, b, sign, below = -b, -a, -1.0, 1 - below
        # In logarithms: far out the probabilities themselves are beyond double precision.
        log_a, log_b = log_ndtr(a), log_ndtr(b)
        drawn = ndtri_exp(log_b + np.log1p((below - 1) * -np.expm1(log_a - log_b)))
        return cast(Floats, np.clip(self.mean + sign * self.std * drawn, self.low, self.high))

    def quantile(self, p: float) -> float:
        """By Newton's method, from the tail that is shorter."""
        if self.std == 0:
            return self.mean_value()
        a, b = (self.low - self.mean) / self.std, (self.high - self.mean) / self.std
        below, beyond = (math.erfc(end / math.sqrt(2)) / 2 for end in (-a, b))
        inside = self.kept()
        if inside < 1e-290:  # so far out that the nearer limit is all there is
            return self.mean_value()
        z = normal_quantile(below + p * inside, beyond + (1.0 - p) * inside)
        return min(max(self.mean + self.std * z, self.low), self.high)

    def reach(self) -> tuple[float, float]:
        """Its limits, or so many standard deviations from where most of it lies."""
        low, high = min(self.mean, self.high), max(self.mean, self.low)
        return max(low - _FAR * self.std, self.low), min(high + _FAR * self.std, self.high)

    def native(self) -> NativeDistribution:
        """As the builder draws it."""
        return NativeDistribution("truncated_normal", self.mean, self.std, self.low, self.high)

    def only_value(self) -> float | None:
        """Its mean within the limits, where the Gaussian has no width."""
        return self.mean_value() if self.std == 0 else None

    def least(self) -> float:
        """The lower limit."""
        return self.low

    def kept(self) -> float:
        """Which part of the Gaussian lies within the limits."""
        if self.std == 0:
            return 1.0
        low, high = ((end - self.mean) / self.std / math.sqrt(2) for end in (self.low, self.high))
        if low > 0:  # the upper tail as the lower one, where differences are exact
            low, high = -high, -low
        return (math.erfc(-high) - math.erfc(-low)) / 2

    def mean_value(self) -> float:
        """Mean after truncation."""
        if self.std == 0:
            return min(max(self.mean, self.low), self.high)
        a, b = (self.low - self.mean) / self.std, (self.high - self.mean) / self.std
        if a > 0:  # the upper tail mirrored, where erfc keeps its digits
            a, b, sign = -b, -a, -1.0
        else:
            sign = 1.0
        mass = (math.erfc(-b / math.sqrt(2)) - math.erfc(-a / math.sqrt(2))) / 2
        if mass < 1e-290:  # so far out that the nearer limit is all there is
            return min(max(self.mean, self.low), self.high)
        density = (math.exp(-a * a / 2) - math.exp(-b * b / 2)) / math.sqrt(2 * math.pi)
        return self.mean + sign * self.std * density / mass


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
            hint="mu and sigma are those of the logarithm: mean and standard deviation of ln(x), "
            "not of x",
        )

    def ppf(self, u: Floats) -> Floats:
        """Inverse distribution function."""
        from scipy.special import ndtri

        return cast(Floats, np.exp(self.mu + self.sigma * ndtri(u)))

    def quantile(self, p: float) -> float:
        """The exponential of the normal one."""
        return math.exp(self.mu + self.sigma * normal_quantile(p, 1.0 - p))

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

    def quantile(self, p: float) -> float:
        """In closed form."""
        return -self.mean * math.log1p(-p)

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

    def quantile(self, p: float) -> float:
        """By bisection."""
        return self.scale * gamma_quantile(p, self.shape)

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

    def quantile(self, p: float) -> float:
        """By adding up probabilities."""
        return binomial_quantile(p, int(self.n), self.p)

    def mean_value(self) -> float:
        """n p."""
        return self.n * self.p
