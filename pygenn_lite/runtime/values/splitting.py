"""How a fixed total number of synapses is shared out among the rows, to the same bits as in
templates/cpp/engine/splitting.hpp: the range of rows is halved again and again, each time with one
draw (binomial with multapses, hypergeometric without). All cuts of one depth are drawn together.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from pygenn_lite.runtime.values.compiled_math import exp, fma, log, polynomial
from pygenn_lite.runtime.values.philox import PURPOSE_STRUCTURE, philox

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

SPLIT_STEP = 1 << 40  # cuts use steps beyond every row number
_STIRLING = (1.0 / 12, -1.0 / 360, 1.0 / 1260, -1.0 / 1680, 1.0 / 1188)
_HALF_LOG_TWO_PI = 0.91893853320467274178


def shared_out(seed: int, stream: int, n: int, rows: int, room: int) -> Integers:
    """Synapses of each row.

    Parameters
    ----------
    seed, stream : int
    n : int
        Of all rows.
    rows : int
    room : int
        Pairs of one row, of which each may be taken once; 0 where they may be taken repeatedly.
    """
    degree = np.zeros(rows, np.int64)
    begin, end = np.array([0]), np.array([rows])
    number = np.array([n], np.int64)
    while len(begin):
        leaf = end - begin == 1
        degree[begin[leaf]] = number[leaf]
        begin, end, number = begin[~leaf], end[~leaf], number[~leaf]
        if not len(begin):
            break
        middle = begin + (end - begin) // 2
        left = np.zeros_like(number)
        some = number > 0
        left[some] = _left(seed, stream, room, (begin[some], middle[some], end[some]), number[some])
        begin, end = np.stack([begin, middle], 1).ravel(), np.stack([middle, end], 1).ravel()
        number = np.stack([left, number - left], 1).ravel()
    return degree


def _left(
    seed: int, stream: int, room: int, cuts: tuple[Integers, Integers, Integers], n: Integers
) -> Integers:
    begin, middle, end = cuts
    words = philox(seed, middle, SPLIT_STEP, PURPOSE_STRUCTURE, stream).astype(np.uint64)
    high, low = (words[:, 0] >> np.uint64(5)), (words[:, 1] >> np.uint64(6))
    u = (high.astype(np.float64) * 67108864.0 + low.astype(np.float64) + 0.5) * 2.0**-53
    left, whole, count = (x.astype(np.float64) for x in (middle - begin, end - begin, n))
    if room == 0:
        drawn = _draw_binomial(u, count, left / whole)
    else:
        drawn = _draw_hypergeometric(u, count, left * room, whole * room)
    return drawn.astype(np.int64)


def _draw_binomial(u: Floats, n: Floats, p: Floats) -> Floats:
    mode, odds = np.minimum(np.floor((n + 1.0) * p), n), p / (1.0 - p)
    at_mode = _binomial_probability(mode, n, p)

    def ratio(k: Floats, chosen: npt.NDArray[np.intp]) -> Floats:
        return (n[chosen] - k) / (k + 1.0) * odds[chosen]

    return _draw_from_mode(u, mode, at_mode, (np.zeros_like(n), n), ratio)


def _draw_hypergeometric(u: Floats, n: Floats, good: Floats, total: Floats) -> Floats:
    """Successes among n draws without replacement from `total` of which `good` count."""
    bad = total - good
    low, high = np.maximum(0.0, n - bad), np.minimum(n, good)
    result = low.copy()
    free = np.flatnonzero(low != high)
    u, n, good, total, bad, low, high = (x[free] for x in (u, n, good, total, bad, low, high))
    mode = np.clip(np.floor((n + 1.0) * ((good + 1.0) / (total + 2.0))), low, high)
    p = n / total
    at_mode = (
        _binomial_probability(mode, good, p)
        * _binomial_probability(n - mode, bad, p)
        / _binomial_probability(n, total, p)
    )

    def ratio(k: Floats, chosen: npt.NDArray[np.intp]) -> Floats:
        a, b, c = good[chosen], n[chosen], bad[chosen]
        return (a - k) / (k + 1.0) * ((b - k) / (c - b + k + 1.0))

    result[free] = _draw_from_mode(u, mode, at_mode, (low, high), ratio)
    return result


def _draw_from_mode(
    u: Floats,
    mode: Floats,
    at_mode: Floats,
    limits: tuple[Floats, Floats],
    ratio: Callable[[Floats, npt.NDArray[np.intp]], Floats],
) -> Floats:
    """Inversion from the mode outwards; ratio(k, which) = P(k + 1) / P(k)."""
    result, rest = mode.copy(), u - at_mode
    up, down, p_up, p_down = mode.copy(), mode.copy(), at_mode.copy(), at_mode.copy()
    active = np.flatnonzero(rest >= 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        while len(active):
            a = active
            p_up[a] = np.where(up[a] < limits[1][a], p_up[a] * ratio(up[a], a), 0.0)
            moves = a[p_up[a] > 0.0]
            up[moves] += 1.0
            rest[moves] -= p_up[moves]
            ended = moves[rest[moves] < 0.0]
            result[ended] = up[ended]
            a = active[~np.isin(active, ended)]
            p_down[a] = np.where(down[a] > limits[0][a], p_down[a] / ratio(down[a] - 1.0, a), 0.0)
            moves = a[p_down[a] > 0.0]
            down[moves] -= 1.0
            rest[moves] -= p_down[moves]
            ended = moves[rest[moves] < 0.0]
            result[ended] = down[ended]
            a = a[~np.isin(a, ended)]
            active = a[p_up[a] + p_down[a] >= 1e-30]  # else all is spent, but for rounding
    return result


def _binomial_probability(x: Floats, n: Floats, p: Floats) -> Floats:
    """Probability of x successes in n trials."""
    q = 1.0 - p
    result = np.empty_like(x)
    none, every = x == 0.0, (x == n) & (x != 0.0)
    rest = ~(none | every)
    result[none] = _all_alike(n[none], p[none], q[none])
    result[every] = _all_alike(n[every], q[every], p[every])
    x, n, p, q = x[rest], n[rest], p[rest], q[rest]
    exponent = (
        _stirling_error(n)
        - _stirling_error(x)
        - _stirling_error(n - x)
        - _deviance(x, n * p)
        - _deviance(n - x, n * q)
    )
    result[rest] = exp(exponent) * np.sqrt(n / (6.283185307179586477 * x * (n - x)))
    return result


def _all_alike(n: Floats, p: Floats, q: Floats) -> Floats:
    """q^n."""
    result, rare, some = np.ones_like(n), p < 0.1, n != 0.0
    near, far = rare & some, ~rare & some
    result[near] = exp(-_deviance(n[near], n[near] * q[near]) - n[near] * p[near])
    result[far] = exp(n[far] * log(q[far]))
    return result


def _stirling_error(n: Floats) -> Floats:
    """log(n!) minus Stirling's formula."""
    result = np.zeros_like(n)
    small, large = (n >= 0.5) & (n < 16.0), n >= 16.0
    k = n[small]
    result[small] = (_log_factorial(k) + k) - fma(k + 0.5, log(k), _HALF_LOG_TWO_PI)
    r = 1.0 / n[large]
    result[large] = r * polynomial(r * r, *_STIRLING)
    return result


def _log_factorial(k: Floats) -> Floats:
    result = np.empty_like(k)
    small = k < 10.0
    product = np.ones_like(k[small])
    for i in range(2, 10):
        product = np.where(i <= k[small], product * i, product)
    result[small] = log(product)
    large = k[~small]
    r = 1.0 / large
    series = r * polynomial(r * r, *_STIRLING)
    result[~small] = fma(large + 0.5, log(large), _HALF_LOG_TWO_PI - large) + series
    return result


def _deviance(x: Floats, m: Floats) -> Floats:
    """x log(x / m) + m - x without cancellation where x is close to m (Loader 2000)."""
    v = (x - m) / (x + m)
    near = np.abs(v) < 0.1
    result = np.empty_like(x)
    a, b = x[~near], m[~near]
    result[~near] = a * log(a / b) + (b - a)
    total, term = (x[near] - m[near]) * v[near], 2.0 * x[near] * v[near]
    square = v[near] * v[near]
    active = np.ones(total.shape, bool)
    for k in range(1, 100):
        term = np.where(active, term * square, term)
        following = total + term / (2 * k + 1)
        active &= following != total
        total = np.where(active, following, total)
        if not active.any():
            break
    result[near] = total
    return result
