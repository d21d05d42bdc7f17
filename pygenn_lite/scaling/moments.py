"""Mean and spread of weights: what they are, and weights in which both are multiplied."""

from __future__ import annotations

import math
from functools import singledispatch
from typing import Any

import numpy as np

from pygenn_lite.declaration import Distribution, FrozenArray, LogNormal, Normal, Uniform
from pygenn_lite.declaration.distribution_base import Affine
from pygenn_lite.declaration.distributions import Binomial, Exponential, Gamma, TruncatedNormal
from pygenn_lite.declaration.language.equations import Expression, parse_expression
from pygenn_lite.errors import Location, NetworkError


def cannot(where: Location, message: str, hint: str = "") -> NetworkError:
    """What cannot be scaled, by name."""
    return NetworkError(f"cannot be scaled: {message}", where=where, hint=hint)


def mean_of(value: Any, where: Location) -> float:
    """Mean of a weight: of a number, an array or a distribution.

    Raises
    ------
    NetworkError
        It is a formula, whose mean is not known before the synapses are.
    """
    if isinstance(value, Expression):
        raise cannot(where, f"the mean of the formula {value.text} is not known")
    if isinstance(value, FrozenArray):
        return float(value.array.mean()) if value.array.size else 0.0
    return value.mean_value() if isinstance(value, Distribution) else float(value)


def std_of(value: Any, where: Location) -> float:
    """Standard deviation of a weight; raises as :func:`mean_of` does."""
    mean_of(value, where)
    if isinstance(value, FrozenArray):
        return float(value.array.std()) if value.array.size else 0.0
    return _std(value)


def multiplied(value: Any, factor: float, where: Location) -> Any:
    """A weight, all of whose values are multiplied by one positive factor.

    A distribution of the library stays what it is, with other numbers.
    """
    if isinstance(value, Expression):
        return parse_expression(f"{factor!r}*({value.text})", where)
    if isinstance(value, FrozenArray):
        return FrozenArray(value.array * factor)
    if isinstance(value, LogNormal):
        return LogNormal(value.mu + math.log(factor), value.sigma)
    if isinstance(value, Gamma):
        return Gamma(value.shape, value.scale * factor)
    if isinstance(value, Uniform):
        return Uniform(value.low * factor, value.high * factor)
    if isinstance(value, Normal):
        return Normal(value.mean * factor, value.std * factor)
    if isinstance(value, TruncatedNormal):
        ends = (each * factor for each in (value.mean, value.std, value.low, value.high))
        return TruncatedNormal(*ends)
    if isinstance(value, Exponential):
        return Exponential(value.mean * factor)
    return value * factor


def rescaled(value: Any, of_mean: float, of_std: float, where: Location) -> Any:
    """A weight whose mean and whose standard deviation are multiplied by positive factors.

    Normal and uniform values stay so; log-normal, gamma and exponential ones become log-normal or
    gamma ones of the new mean and standard deviation; truncated normal ones keep a limit at 0;
    others are stretched about their mean. A formula has no spread: it is multiplied.

    Raises
    ------
    NetworkError
        Some weights would change their sign.
    """
    if of_mean == of_std or isinstance(value, (int, float, Expression)):
        return multiplied(value, of_mean, where)
    new = _spread(value, of_mean, of_std, where)
    if _signs(new) != _signs(value) and len(_signs(value)) == 1:
        wider = of_std / of_mean
        raise cannot(
            where,
            f"with a spread {wider:.3g} times as large beside the mean some of the weights {value} "
            "would change their sign",
            "declare them as Gamma or LogNormal, or scale with spread='proportional' or "
            "keep='variance'",
        )
    return new


def _signs(value: Any) -> set[int]:
    """Signs of the values, as far as more than one in a million has them."""
    if isinstance(value, FrozenArray):
        ends = value.array.min(initial=0.0), value.array.max(initial=0.0)
    else:
        ends = value.reach()
    slack = 1e-9 * (abs(ends[0]) + abs(ends[1]))
    return {int(math.copysign(1, end)) for end in ends if abs(end) > slack}


@singledispatch
def _spread(value: Any, of_mean: float, of_std: float, where: Location) -> Any:
    """The same shape, stretched about its mean."""
    offset = (of_mean - of_std) * mean_of(value, where)
    if isinstance(value, FrozenArray):
        return FrozenArray(value.array * of_std + offset)
    return value * of_std + offset


@_spread.register
def _(value: Normal, of_mean: float, of_std: float, where: Location) -> Normal:
    return Normal(value.mean * of_mean, value.std * of_std)


@_spread.register
def _(value: Uniform, of_mean: float, of_std: float, where: Location) -> Uniform:
    middle, half = value.mean_value() * of_mean, (value.high - value.low) / 2 * of_std
    return Uniform(middle - half, middle + half)


@_spread.register
def _(value: LogNormal, of_mean: float, of_std: float, where: Location) -> LogNormal:
    variation = math.expm1(value.sigma**2) * (of_std / of_mean) ** 2
    sigma = math.sqrt(math.log1p(variation))
    return LogNormal(math.log(value.mean_value() * of_mean) - sigma * sigma / 2, sigma)


@_spread.register
def _(value: Gamma, of_mean: float, of_std: float, where: Location) -> Gamma:
    wider = (of_std / of_mean) ** 2
    return Gamma(value.shape / wider, value.scale * of_mean * wider)


@_spread.register
def _(value: Exponential, of_mean: float, of_std: float, where: Location) -> Gamma:
    return _spread(Gamma(1.0, value.mean), of_mean, of_std, where)  # type: ignore[no-any-return]


@_spread.register
def _(value: Affine, of_mean: float, of_std: float, where: Location) -> Any:
    if value.offset == 0.0:
        return value.factor * _spread(value.of, of_mean, of_std, where)
    return value * of_std + (of_mean - of_std) * value.mean_value()


@_spread.register
def _(value: TruncatedNormal, of_mean: float, of_std: float, where: Location) -> TruncatedNormal:
    """Limits that are 0 or infinite stay, others move with the weights; the numbers before
    truncation are found so that those after it are the wanted ones."""
    from scipy.optimize import root

    mean, std = value.mean_value() * of_mean, _std(value) * of_std
    middle = value.mean_value()
    low, high = (
        end if end == 0 or math.isinf(end) else mean + (end - middle) * of_std
        for end in (value.low, value.high)
    )

    def distance(logarithms: Any) -> Any:
        tried = TruncatedNormal(logarithms[0] * std, std * math.exp(logarithms[1]), low, high)
        return [(tried.mean_value() - mean) / std, _std(tried) / std - 1.0]

    if not low < mean < high:
        raise cannot(where, f"no truncated normal has the mean {mean:.6g} within {low:g}, {high:g}")
    found = root(distance, [mean / std, 0.0], tol=1e-12)
    if not found.success or max(map(abs, distance(found.x))) > 1e-6:
        raise cannot(
            where,
            f"no normal values between {low:g} and {high:g} have the mean {mean:.6g} and the "
            f"standard deviation {std:.6g}",
            "declare the weights as Gamma or LogNormal",
        )
    return TruncatedNormal(found.x[0] * std, std * math.exp(found.x[1]), low, high)


@singledispatch
def _std(value: Any) -> float:
    """By quadrature over the quantiles, for distributions that are not of the library."""
    if not isinstance(value, Distribution):
        return 0.0
    if value.only_value() is not None:
        return 0.0
    from scipy.integrate import quad

    mean = value.mean_value()
    parts = (quad(lambda u: (value.quantile(u) - mean) ** 2, *ends)[0] for ends in _HALVES)
    return math.sqrt(sum(parts))


_HALVES = ((0.0, 0.5), (0.5, 1.0))


@_std.register
def _(value: Normal) -> float:
    return value.std


@_std.register
def _(value: Uniform) -> float:
    return (value.high - value.low) / math.sqrt(12)


@_std.register
def _(value: LogNormal) -> float:
    return value.mean_value() * math.sqrt(math.expm1(value.sigma**2))


@_std.register
def _(value: Gamma) -> float:
    return math.sqrt(value.shape) * value.scale


@_std.register
def _(value: Exponential) -> float:
    return value.mean


@_std.register
def _(value: Binomial) -> float:
    return math.sqrt(value.n * value.p * (1 - value.p))


@_std.register
def _(value: Affine) -> float:
    return abs(value.factor) * _std(value.of)


@_std.register
def _(value: TruncatedNormal) -> float:
    if value.std == 0:
        return 0.0
    from scipy.stats import truncnorm

    a, b = (value.low - value.mean) / value.std, (value.high - value.mean) / value.std
    return float(np.nan_to_num(truncnorm.std(a, b, value.mean, value.std)))
