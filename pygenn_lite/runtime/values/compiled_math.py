"""Functions of templates/common/math.hpp in NumPy, to the same bits: what the builder draws can
then be drawn without it. Slow (a fused operation takes forty), and for float64 only.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_SPLIT = 134217729.0  # 2^27 + 1
_SHIFTER = 6755399441055744.0  # 1.5 * 2^52: adding it leaves the nearest integer in the low bits
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_LOG_TAIL = (
    0.66666666666667353921, 0.39999999999407433634, 0.28571428744151629681,
    0.22222198377549854214, 0.18183575209124707233, 0.15313754730738580163,
    0.14799075717940619572,
)  # fmt: skip
_EXP_TAIL = (
    0.50000000000000141938, 0.16666666666666695472, 0.041666666666502188489,
    0.0083333333333090245557, 0.0013888888950729969631, 0.00019841269914177162614,
    0.000024801485876193047028, 2.7557218668903015791e-6, 2.7632799944270506187e-7,
    2.5117236466833564993e-8,
)  # fmt: skip


def fma(a: npt.ArrayLike, b: npt.ArrayLike, c: npt.ArrayLike) -> Floats:
    """a b + c with one rounding, of numbers whose products are far from overflow and underflow
    (as in templates/common/fused.hpp, after Boldo and Melquiond 2008)."""
    a, b, c = (np.asarray(x, np.float64) for x in (a, b, c))
    high = a * b
    low = _product_error(a, b, high)
    tail, rest = _two_sum(c, low)
    total, error = _two_sum(high, tail)
    return np.asarray(total + _sum_to_odd(rest, error))


def _two_sum(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def _product_error(a: Floats, b: Floats, product: Floats) -> Floats:
    x, y = _SPLIT * a, _SPLIT * b
    a1, b1 = x - (x - a), y - (y - b)
    a2, b2 = a - a1, b - b1
    return a2 * b2 - (((product - a1 * b1) - a2 * b1) - a1 * b2)


def _sum_to_odd(a: Floats, b: Floats) -> Floats:
    """a + b; where that is not a double, the neighbour whose last bit is set."""
    total, error = _two_sum(a, b)
    bits = np.asarray(total).view(np.int64)
    inexact, even = error != 0.0, (bits & 1) == 0
    towards = np.where(np.signbit(total) == np.signbit(error), 1, -1)
    return np.asarray(bits + np.where(inexact & even, towards, 0)).view(np.float64)


def polynomial(x: Floats, *coefficients: float) -> Floats:
    """c[0] + c[1] x + ... by Horner's rule, with fused operations."""
    result = np.full_like(x, coefficients[-1])
    for c in reversed(coefficients[:-1]):
        result = fma(result, x, c)
    return result


def log(x: npt.ArrayLike) -> Floats:
    """Logarithm of positive, finite, normal numbers."""
    one = np.float64(1.0).view(np.int64)
    root = np.float64(0.70710678118654752440).view(np.int64)
    moved = np.asarray(x, np.float64).view(np.int64) + (one - root)
    f = ((moved & ((1 << 52) - 1)) + root).view(np.float64) - 1.0
    e = ((moved >> 52) - (one >> 52)).astype(np.float64)
    h = 0.5 * f * f
    s = f / (2.0 + f)
    z = s * s
    tail = s * (h + z * polynomial(z, *_LOG_TAIL)) + e * _LN2_LOW
    return fma(e, _LN2_HIGH, f - (h - tail))


def exp(x: npt.ArrayLike) -> Floats:
    """Exponential, 0 where it would not be a normal number."""
    x = np.asarray(x, np.float64)
    bounded = np.clip(x, -708.3964185322641, 709.782712893384)
    shifted = fma(bounded, 1.4426950408889634074, _SHIFTER)
    n = shifted - _SHIFTER
    r = fma(n, -_LN2_LOW, fma(n, -_LN2_HIGH, bounded))
    mantissa = fma(r * r, polynomial(r, *_EXP_TAIL), r) + 1.0
    scaled = (mantissa.view(np.int64) + (shifted.view(np.int64) << 52)).view(np.float64)
    low = np.where(x < -708.3964185322641, 0.0, scaled)
    return np.asarray(np.where(x <= 709.782712893384, low, np.inf))


def unit(words: npt.NDArray[np.uint32]) -> Floats:
    """(word + 1/2) / 2^32."""
    return (words.astype(np.float64) + 0.5) * 2.3283064365386963e-10
