"""Single quantiles in plain Python: what plans and checks want to know of a distribution, without
importing SciPy, which takes as long as all else that a start does. (Values that are drawn, by the
thousand, come from ``Distribution.ppf``.)"""

from __future__ import annotations

import math

ROOT_2, ROOT_2PI = math.sqrt(2.0), math.sqrt(2.0 * math.pi)
ENOUGH = 1e-15  # relative change at which series and searches end
MOST_TERMS = 10_000
TINY = 1e-300  # stands for 0 in continued fractions


def normal_quantile(below: float, above: float) -> float:
    """Where a standard normal distribution has so much below and above it.

    Parameters
    ----------
    below, above : float
        The two probabilities, which add up to 1: the smaller one counts, as it has more digits.
    """
    tail = min(below, above)
    if tail <= 0.0:
        return math.inf if above <= 0.0 else -math.inf
    # Abramowitz and Stegun 26.2.23, to 4.5e-4; then Halley's method on the tail.
    t = math.sqrt(-2.0 * math.log(tail))
    z = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (
        1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308))
    )
    for _ in range(3):
        density = math.exp(-z * z / 2.0) / ROOT_2PI
        if density == 0.0:
            break
        step = (math.erfc(z / ROOT_2) / 2.0 - tail) / density
        z += step / (1.0 - z * step / 2.0)
    return z if above < below else -z


def gamma_quantile(p: float, shape: float) -> float:
    """Where a gamma distribution of scale 1 has `p` below it: bisection of its logarithm."""
    low, high = -700.0, math.log(shape + 40.0 * math.sqrt(shape) + 800.0)
    while high - low > ENOUGH * max(1.0, abs(low)):
        middle = (low + high) / 2.0
        if middle in (low, high):
            break
        below, above = gamma_parts(math.exp(middle), shape)
        if below < p if below < above else above > 1.0 - p:
            low = middle
        else:
            high = middle
    return math.exp((low + high) / 2.0)


def gamma_parts(x: float, shape: float) -> tuple[float, float]:
    """Which parts of a gamma distribution of scale 1 lie below and above x: by the series of the
    one, or, from the mean on, Lentz's continued fraction of the other."""
    scale = math.exp(shape * math.log(x) - x - math.lgamma(shape)) if x > 0.0 else 0.0
    if scale == 0.0:
        return (0.0, 1.0) if x < shape else (1.0, 0.0)
    if x < shape + 1.0:
        term = total = 1.0 / shape
        for n in range(1, MOST_TERMS):
            term *= x / (shape + n)
            total += term
            if term < total * ENOUGH:
                break
        return scale * total, 1.0 - scale * total
    b, c = x + 1.0 - shape, 1.0 / TINY
    d = rest = 1.0 / b
    for n in range(1, MOST_TERMS):
        a = -n * (n - shape)
        b += 2.0
        d, c = 1.0 / (a * d + b or TINY), b + a / c or TINY
        rest *= d * c
        if abs(d * c - 1.0) < ENOUGH:
            break
    return 1.0 - scale * rest, scale * rest


def binomial_quantile(p: float, n: int, chance: float) -> float:
    """The least number of successes in n trials that is not exceeded with probability `p`."""
    if chance in (0.0, 1.0) or n == 0:
        return n * chance
    # From the mean on, as far as it takes: probabilities far below it do not count.
    spread = 40.0 * math.sqrt(n * chance * (1.0 - chance)) + 40.0
    first, last = max(0, int(n * chance - spread)), min(n, int(n * chance + spread))
    odds = math.log(chance) - math.log1p(-chance)
    whole = math.lgamma(n + 1.0) + n * math.log1p(-chance)
    total = 0.0
    for k in range(first, last + 1):
        ways = math.lgamma(k + 1.0) + math.lgamma(n - k + 1.0)
        total += math.exp(whole - ways + k * odds)
        if total >= p:
            return float(k)
    return float(last)
