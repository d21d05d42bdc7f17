"""Weights of 16 bits in stores: half precision and fixed point, rounded as NumPy rounds."""

from __future__ import annotations

import ctypes as c
from typing import Any

import numpy as np
import pytest
from builder_library import Spec, Store, address, constant, rule, values

from pygenn_lite.runtime.cpp import abi

N = 4096


def stored(builder: c.CDLL, weight: dict[str, Any], flag: int, **options: Any) -> Store:
    given = Spec(N, rule(abi.ONE_TO_ONE), weight, constant(1.0))
    return Store(builder, N, [given], flags=abi.STORE_WEIGHTS | flag, **options)


def rounding(store: Store) -> tuple[float, float]:
    scale, loss = c.c_double(), c.c_double()
    store.library.pgl_store_rounding(store.pointer, c.byref(scale), c.byref(loss))
    return scale.value, loss.value


@pytest.mark.parametrize("real_bytes", [4, 8])
def test_half_precision_rounds_as_numpy_does(builder: c.CDLL, real_bytes: int) -> None:
    random = np.random.default_rng(1)
    every_half = np.arange(0x7C00, dtype=np.uint16).view(np.float16).astype(float)
    between = (every_half[:-1] + every_half[1:]) / 2  # ties
    given = np.concatenate([
        random.choice(every_half, 1000), -random.choice(between, 1000),
        random.normal(0, 1, 1000) * 10.0 ** random.integers(-9, 4, 1000),
        [0.0, -0.0, 65504.0, -65504.0, 2.0**-24, 2.0**-25, 2.0**-26, 6.1e-5],
    ])  # fmt: skip
    given = np.resize(given, N).astype(np.float32 if real_bytes == 4 else np.float64).astype(float)
    store = stored(builder, values(given), abi.STORE_HALF, real_bytes=real_bytes)
    expected = given.astype(np.float16).astype(float)
    np.testing.assert_array_equal(store.read()[3], expected)
    loss = np.abs(expected - given).sum() / np.abs(given).sum()
    assert rounding(store)[1] == pytest.approx(loss, rel=1e-9)


@pytest.mark.parametrize("real_bytes", [4, 8])
def test_fixed_point_spreads_to_the_largest_weight(builder: c.CDLL, real_bytes: int) -> None:
    given = np.random.default_rng(2).normal(0, 3, N).astype(np.float32).astype(float)
    store = stored(builder, values(given), abi.STORE_FIXED, real_bytes=real_bytes)
    scale, loss = rounding(store)
    assert scale == np.abs(given).max() / 32767
    expected = scale * np.round(given / scale)
    np.testing.assert_allclose(store.read()[3], expected, rtol=0, atol=1e-12)
    assert loss == pytest.approx(np.abs(expected - given).sum() / np.abs(given).sum(), rel=1e-9)
    more = np.ascontiguousarray(5 * given)  # another scale where the new weights ask for it
    assert builder.pgl_store_write_weights(store.pointer, 0, address(more)) == 0
    np.testing.assert_allclose(store.read()[3], 5 * expected, rtol=1e-9, atol=1e-9)


def test_drawn_weights_are_those_of_full_precision_rounded(builder: c.CDLL) -> None:
    drawn = {"kind": abi.LOG_NORMAL, "a": 0.0, "b": 1.0}
    full = Store(builder, N, [Spec(N, rule(abi.FIXED_PROBABILITY, p=0.01), drawn)]).read()
    for threads, shards in ((1, 1), (2, 3)):
        half = Store(
            builder, N, [Spec(N, rule(abi.FIXED_PROBABILITY, p=0.01), drawn)],
            flags=abi.STORE_WEIGHTS | abi.STORE_HALF, threads=threads, shards=shards,
        ).read()  # fmt: skip
        for k in range(3):
            np.testing.assert_array_equal(half[k], full[k])
        np.testing.assert_array_equal(half[3], full[3].astype(np.float16))


def test_what_16_bits_do_not_hold_is_refused(builder: c.CDLL) -> None:
    with pytest.raises(ValueError, match="65504"):
        stored(builder, values(np.full(N, 7e4)), abi.STORE_HALF)
    store = stored(builder, values(np.ones(N)), abi.STORE_HALF)
    large = np.full(N, 1e5)
    assert builder.pgl_store_write_weights(store.pointer, 0, address(large)) == -1
    assert b"65504" in builder.pgl_last_error()
    np.testing.assert_array_equal(store.read()[3], 1.0)
    for flags in (abi.STORE_DENSE, abi.STORE_TRANSPOSED, abi.STORE_PROCEDURAL):
        with pytest.raises(ValueError, match="sparse stores of one static group"):
            stored(builder, constant(1.0), abi.STORE_HALF | flags)
