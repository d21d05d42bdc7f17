"""Weights and delays from random words, to the same bits as the compiled builder draws them in
float64 (templates/cpp/engine/distributions.hpp and delays.hpp)."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.distribution_base import NativeDistribution
from pygenn_lite.declaration.steps import LONGEST_DELAY, delay_steps
from pygenn_lite.runtime.values.compiled_math import exp, fma, log, polynomial, unit

Floats = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint32]

_ROOT_HALF = 0.70710678118654752440
_ALL_WORDS = 4294967296.0
_NORMAL_SHAPE = (
    3.9269380326507745618, 1.77687801199690624, -0.11446563135566295257,
    0.030061644420098710728, 0.0038943318635872209001, -0.015536268356163095066,
    0.014336872815294080594, -0.0073778970720881919021, 0.00097464086532751802939,
    0.001615080197484513674, -0.0015669718858146095765, 0.0011806516422374392792,
    -0.00044109854417949189938, -0.00056324502297046720941, 0.00056646284957405280975,
    0.000068625883111509412033, -0.00019660558141040824091, 7.0073566058326083219e-6,
    0.000032996296283706820892, -1.7583438166717501619e-6, -2.3177257039658332321e-6,
)  # fmt: skip


def weights_of_words(native: NativeDistribution, words: Words) -> Floats:
    """The value that each word stands for."""
    values = _plain(native, words)
    return fma(values, native.factor, native.offset) if native.affine else values


def _plain(native: NativeDistribution, words: Words) -> Floats:
    if native.kind == "uniform":
        return fma(unit(words), native.b - native.a, native.a)
    if native.kind == "exponential":
        return -native.a * log(unit(words))
    if native.kind == "truncated_normal":
        inside = fma(normals_of_words(_truncated(native, words)), native.b, native.a)
        return np.clip(inside, native.low, native.high)
    normal = fma(normals_of_words(words), native.b, native.a)
    return exp(normal) if native.kind == "log_normal" else normal


def normals_of_words(words: Words) -> Floats:
    """Standard normal numbers: x p(sqrt(w + 5)) with x = 2u - 1, w = -log(1 - x^2)."""
    centred = (words ^ np.uint32(0x80000000)).view(np.int32).astype(np.int64)
    edge = 0x7FFFFFFF - (centred ^ (centred >> 31))
    x = (centred.astype(np.float64) + 0.5) * 4.656612873077392578125e-10
    q = (edge.astype(np.float64) + 0.5) * 2.3283064365386962890625e-10
    w = -log(4.0 * q * (1.0 - q))
    return x * polynomial(np.sqrt(w + 5.0) - 3.69679, *_NORMAL_SHAPE)


def truncated_words(native: NativeDistribution) -> tuple[int, int]:
    """The first of the words that stand for values within the limits, and how many there are, less
    1: all words are squeezed into those."""

    def below(x: float) -> float:
        return 0.5 * math.erfc((native.a - x) / native.b * _ROOT_HALF)

    first, last = (math.floor(below(end) * _ALL_WORDS + 0.5) for end in (native.low, native.high))
    return min(first, 2**32 - 1), last - first - 1


def _truncated(native: NativeDistribution, words: Words) -> Words:
    """All words squeezed into those that stand for values within the limits."""
    first, span = (np.uint64(number) for number in truncated_words(native))
    wide = words.astype(np.uint64)
    within = first + ((wide * span + wide) >> np.uint64(32))
    return within.astype(np.uint32)


def delay_thresholds(
    native: NativeDistribution, dt: float, longest: int
) -> tuple[int, npt.NDArray[np.uint32]]:
    """The shortest delay that may be drawn, in steps, and the words from which one step more, two
    steps more and so on are drawn; at most `longest`.

    Parameters
    ----------
    native : NativeDistribution
        Of more than one value.
    dt : float
        ms.
    longest : int
    """
    first, thresholds = 1, []
    for steps in range(1, longest):
        share = min(max(_below(native, (steps + 0.5) * dt), 0.0), 1.0)
        word = math.floor(share * _ALL_WORDS + 0.5)
        if word >= _ALL_WORDS:
            break
        if word > 0:
            thresholds.append(word)
        else:
            first = steps + 1
    return first, np.array(thresholds, np.uint32)


def delays_of_words(native: NativeDistribution, words: Words, dt: float) -> npt.NDArray[np.int64]:
    """The delay in steps that each word stands for: rounded, at least 1;
    `LONGEST_DELAY` + 1 stands for all that are too long."""
    if is_one_value(native):
        value = native.a * native.factor + native.offset if native.affine else native.a
        return np.full(words.shape, delay_steps(value, dt), np.int64)
    first, thresholds = delay_thresholds(native, dt, LONGEST_DELAY + 1)
    return first + np.searchsorted(thresholds, turned_words(native, words), side="right")


def turned_words(native: NativeDistribution, words: Words) -> Words:
    """Words as delays are looked up with them: from their other end where a factor is negative."""
    turned = native.affine and native.factor < 0
    return words ^ np.uint32(0xFFFFFFFF) if turned else words


def is_one_value(native: NativeDistribution) -> bool:
    """Whether a distribution of delays has no spread."""
    spread = native.kind in ("log_normal", "exponential") or (
        native.b > native.a if native.kind == "uniform" else native.b > 0.0
    )
    return not spread or (native.affine and native.factor == 0.0)


def _below(native: NativeDistribution, x: float) -> float:
    """Probability of less than x."""
    if not native.affine:
        return _plain_below(native, x)
    inside = _plain_below(native, (x - native.offset) / native.factor)
    return inside if native.factor > 0.0 else 1.0 - inside


def _plain_below(native: NativeDistribution, x: float) -> float:
    a, b = native.a, native.b
    if native.kind == "uniform":
        return (x - a) / (b - a)
    if native.kind == "normal":
        return 0.5 * math.erfc((a - x) / b * _ROOT_HALF)
    if native.kind == "truncated_normal":
        sign = 1.0 if native.low > a else -1.0
        low, high, here = (
            0.5 * math.erfc(sign * (y - a) / b * _ROOT_HALF)
            for y in (native.low, native.high, min(max(x, native.low), native.high))
        )
        return (low - here) / (low - high)
    if x <= 0.0:
        return 0.0
    if native.kind == "log_normal":
        return 0.5 * math.erfc((a - math.log(x)) / b * _ROOT_HALF) if b > 0.0 else math.log(x) > a
    return -math.expm1(-x / a)
