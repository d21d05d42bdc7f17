"""Counter-based random numbers in plain NumPy, for the reference interpreter.

Written from the definition of Philox 4x32-10 and of how the simulator counts (key: seed; counter:
element, step, purpose, stream), not from the compiled code, so that each checks the other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from pygenn_lite.runtime.values.poisson import poisson_table

Words = NDArray[np.uint32]
Reals = NDArray[np.float64]
Integers = NDArray[np.int64]

BLOCK = 64
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10
LARGE_RATE = 10.0
LOW = 0xFFFFFFFF


def philox(seed: int, element: ArrayLike, step: int, purpose: int, stream: int) -> Words:
    """Four 32-bit words for each element, shape ``(4, elements)``."""
    elements = np.atleast_1d(np.asarray(element, np.uint64))
    low, high = step & LOW, ((step >> 32) & 0xFFFF) | (purpose << 16)
    counter = [elements, *(np.full_like(elements, word) for word in (low, high, stream))]
    key = [seed & LOW, (seed >> 32) & LOW]
    for _ in range(ROUNDS):
        first, second = (np.uint64(m) * c for m, c in zip(MULTIPLIERS, counter[::2], strict=True))
        counter = [
            (second >> np.uint64(32)) ^ counter[1] ^ np.uint64(key[0]),
            second & np.uint64(LOW),
            (first >> np.uint64(32)) ^ counter[3] ^ np.uint64(key[1]),
            first & np.uint64(LOW),
        ]
        key = [(k + w) & LOW for k, w in zip(key, KEY_STEPS, strict=True)]
    return np.array(counter).astype(np.uint32)


def lane_words(size: int, seed: int, stream: int, purpose: int, step: int) -> Words:
    """The four words that the call for each quarter of a block gives, shape ``(blocks, 4, 16)``:
    word ``k`` of call ``c`` belongs to neuron ``64 block + 16 k + c``."""
    blocks = -(-size // BLOCK)
    words = philox(seed, np.arange(16 * blocks), step, purpose, stream)
    return words.reshape(4, blocks, 16).transpose(1, 0, 2)


def to_uniform(words: NDArray[np.unsignedinteger]) -> Reals:
    """Uniform numbers in (0, 1) with 32 bits."""
    return np.asarray((words.astype(np.float64) + 0.5) * 2.0**-32)


def neuron_uniforms(size: int, seed: int, stream: int, purpose: int, step: int) -> Reals:
    """One uniform number for each neuron of a population."""
    return to_uniform(lane_words(size, seed, stream, purpose, step)).reshape(-1)[:size]


def neuron_normals(size: int, seed: int, stream: int, purpose: int, step: int) -> Reals:
    """One standard normal number for each neuron, by Box and Muller on word pairs."""
    uniforms = to_uniform(lane_words(size, seed, stream, purpose, step))
    radius = np.sqrt(-2.0 * np.log(uniforms[:, 0::2]))
    angle = 2.0 * np.pi * uniforms[:, 1::2]
    normals = np.empty_like(uniforms)
    normals[:, 0::2], normals[:, 1::2] = radius * np.cos(angle), radius * np.sin(angle)
    return normals.reshape(-1)[:size]


def element_uniforms(size: int, seed: int, stream: int) -> Reals:
    """Uniform numbers for initial values and parameters: four to a call."""
    words = philox(seed, np.arange(-(-size // 4)), 0, 0, stream)
    return to_uniform(words.T.reshape(-1)[:size])


def poisson_counts(rate: Any, size: int, seed: int, stream: int, step: int) -> Integers:
    """One Poisson count per neuron; `rate` is the expected count, one for all or one per neuron.

    One small rate goes through the alias table. All others: inversion of the distribution function
    below 10, transformed rejection (Hoermann 1993) from there on.
    """
    words = lane_words(size, seed, stream, 0, step).reshape(-1)[:size]
    table = poisson_table(float(rate)) if np.ndim(rate) == 0 else None
    if table is not None:
        threshold, alias = table
        entry = words >> np.uint32(27)
        keep = (words & np.uint32(0x7FFFFFF)) < threshold[entry]
        return np.where(keep, entry, alias[entry]).astype(np.int64)
    rates = np.broadcast_to(np.asarray(rate, np.float64), size)
    counts = _inverted(np.minimum(rates, LARGE_RATE), to_uniform(words))
    large = np.flatnonzero(rates >= LARGE_RATE)
    counts[large] = _rejected(rates[large], seed, stream, step, large)
    return counts


def _inverted(rates: Reals, uniforms: Reals) -> Integers:
    term = np.exp(-rates)
    below, count = term.copy(), np.zeros(rates.shape, np.int64)
    for k in range(1, 64):
        higher = uniforms > below
        if not higher.any():
            break
        count += higher
        term *= rates / k
        below += term  # where it is not higher, it stays so
    return count


def _rejected(rates: Reals, seed: int, stream: int, step: int, neurons: Integers) -> Integers:
    """Transformed rejection: each neuron proposes until one of its proposals is taken."""
    counts = np.zeros(rates.shape, np.int64)
    waiting, attempt = np.arange(len(rates)), 0
    while len(waiting):
        words = philox(seed, neurons[waiting], step, 1 + attempt // 2, stream)
        u, v = to_uniform(words).reshape(2, 2, -1)[attempt % 2]
        k, taken = _proposed(rates[waiting], u - 0.5, v)
        counts[waiting[taken]] = k[taken]
        waiting, attempt = waiting[~taken], attempt + 1
    return counts


def _proposed(rates: Reals, u: Reals, v: Reals) -> tuple[Reals, NDArray[np.bool_]]:
    """Counts for two uniform numbers each, the first around 0, and which of them are taken."""
    b = 0.931 + 2.53 * np.sqrt(rates)
    a = -0.059 + 0.02483 * b
    inverse_alpha, v_r = 1.1239 + 1.1328 / (b - 3.4), 0.9277 - 3.6224 / (b - 2)
    us = 0.5 - np.abs(u)
    k = np.floor((2 * a / us + b) * u + rates + 0.43)
    at_once = (us >= 0.07) & (v <= v_r)
    possible = (k >= 0) & ~((us < 0.013) & (v > us))
    likelihood = k * np.log(rates) - rates - gammaln(np.maximum(k, 0) + 1)
    return k, at_once | possible & (np.log(v * inverse_alpha / (a / us**2 + b)) <= likelihood)
