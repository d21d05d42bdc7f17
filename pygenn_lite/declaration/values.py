"""Values of parameters, initial states, weights and delays."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pygenn_lite.declaration.language.constants import as_float, constant_value
from pygenn_lite.declaration.language.equations import (
    Expression,
    Symbolic,
    is_sympy,
    parse_expression,
)
from pygenn_lite.declaration.language.habits import UNITS, units_hint
from pygenn_lite.declaration.language.parser import parse_tree
from pygenn_lite.declaration.numeric import is_masked_array, plain_array, plain_number
from pygenn_lite.errors import DeclarationError, EquationError, ShapeError

Floats: TypeAlias = NDArray[np.float64]
_LARGEST_LOGARITHM = 709.0  # of a double
_FAR = 4.7534  # standard deviations: beyond lies less than one value in a million


class FrozenArray:
    """A read-only array that is equal, and hashes equal, to another with the same values."""

    def __init__(self, array: Any) -> None:
        masked = is_masked_array(array)
        copy = plain_array(array, "an array") if masked else np.array(array)
        copy.flags.writeable = False
        self.array: NDArray[Any] = copy

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of type, shape and values."""
        head = f"{self.array.dtype.str}{self.array.shape}".encode()
        return hashlib.sha256(head + np.ascontiguousarray(self.array).tobytes()).digest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FrozenArray) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __reduce__(self) -> tuple[object, ...]:
        return FrozenArray, (np.array(self.array),)

    def __len__(self) -> int:
        return len(self.array)

    def __repr__(self) -> str:
        return f"FrozenArray(shape={self.array.shape}, dtype={self.array.dtype})"


@dataclass(frozen=True)
class Distribution:
    """Base of random values; drawn by inverse distribution function from counter-based uniforms, so
    that every backend draws the same."""

    def __post_init__(self) -> None:
        for f in fields(self):
            number = plain_number(getattr(self, f.name))
            value = None if number is None else as_float(number)
            may_be_infinite = f.default in (math.inf, -math.inf)
            if value is None or math.isnan(value) or (math.isinf(value) and not may_be_infinite):
                raise DeclarationError(
                    f"{f.name} = {getattr(self, f.name)!r} is not a finite number",
                    where=type(self).__name__,
                )
            object.__setattr__(self, f.name, value)
        self._validate()

    def _validate(self) -> None:
        """Check relations between the parameters."""

    def _require(self, condition: bool, message: str, hint: str = "") -> None:
        if not condition:
            raise DeclarationError(message, where=repr(self), hint=hint)

    def ppf(self, u: Floats) -> Floats:
        """Inverse distribution function.

        Parameters
        ----------
        u : ndarray of float64
            Uniform numbers in (0, 1).
        """
        raise NotImplementedError

    def mean_value(self) -> float:
        """Expected value (for the memory plan and for scaling)."""
        raise NotImplementedError

    def reach(self) -> tuple[float, float]:
        """Between which numbers its values lie: less than one in a million is below, or above."""
        low, high = self.ppf(np.array([1e-6, 1 - 1e-6]))
        return float(low), float(high)


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

    def kept(self) -> float:
        """Which part of the Gaussian (sd > 0) lies within the limits."""
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


Value: TypeAlias = float | FrozenArray | Distribution | Expression
ValueLike: TypeAlias = Value | str | ArrayLike | Symbolic
"""What users may write where a :data:`Value` is meant: a number, an array or list, a formula (text
or SymPy), a distribution."""
ValuesLike: TypeAlias = Mapping[str, ValueLike] | Sequence[tuple[str, ValueLike]] | None
"""Values by name."""


def as_value(source: object, where: str = "") -> Value:
    """Normalise what a user may give as a value.

    Raises
    ------
    DeclarationError
        Not a number, array, distribution or expression; or not finite.
    """
    if isinstance(source, Distribution):
        return source
    if isinstance(source, (str, Expression)) or is_sympy(source):
        return _as_expression(source, where)
    if isinstance(source, FrozenArray):
        if source.array.dtype == np.float64 and np.all(np.isfinite(source.array)):
            return source  # with its digest
        source = source.array
    if isinstance(source, (bool, np.bool_)) or source is None:
        raise DeclarationError(f"{source!r} is not a number", where=where)
    array = plain_array(source, "a value", where)
    if not np.all(np.isfinite(array)):
        raise DeclarationError(
            "a value is NaN or infinite", where=where, hint="give finite numbers"
        )
    return float(array) if array.ndim == 0 else FrozenArray(array)


def _as_expression(source: object, where: str) -> Value:
    expression = source if isinstance(source, Expression) else parse_expression(source, where)
    if expression.is_condition:
        raise DeclarationError(
            f"{expression.text!r} is true or false, not a number",
            where=where,
            hint=f"write where({expression.text}, 1, 0)",
        )
    for unit in sorted(expression.symbols & UNITS.keys()):
        raise EquationError(
            f"unknown symbol {unit!r} in {expression.text}",
            where=where,
            hint=units_hint(expression.text),
        )
    constant = constant_value(parse_tree(expression.text, where), where)
    return expression if constant is None else float(constant)


def as_values(source: object, what: str, where: str = "") -> tuple[tuple[str, Value], ...]:
    """A mapping of names to values, as pairs."""
    if source is None:
        return ()
    if isinstance(source, Mapping):
        pairs: Iterable[Any] = source.items()
    elif isinstance(source, (tuple, list)) and all(
        isinstance(p, (tuple, list)) and len(p) == 2 for p in source
    ):
        pairs = source
    else:
        raise DeclarationError(f"{what} must be a mapping of names to values", where=where)
    return tuple((str(name), as_value(value, f"{where}: {name}")) for name, value in pairs)


def check_length(value: Value, size: int, what: str, where: str = "") -> None:
    """An array must have one entry per element.

    Raises
    ------
    ShapeError
        It has another shape.
    """
    if isinstance(value, FrozenArray) and value.array.shape != (size,):
        raise ShapeError(
            f"{what} has shape {value.array.shape}, but needs ({size},)",
            where=where,
            hint="give one value, or one per element",
        )
