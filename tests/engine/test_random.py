"""Philox, uniforms, normals, quantiles and Poisson counts of templates/common."""

from __future__ import annotations

import ctypes as c

import numpy as np
import pytest
from builder_library import address, agreement
from scipy import stats

from pygenn_lite.runtime.cpp import abi
from pygenn_lite.runtime.values.poisson import poisson_table

# Published with the generator (Random123, kat_vectors): counter, key, result.
KNOWN = [
    ([0, 0, 0, 0], 0, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
    ([0xFFFFFFFF] * 4, 2**64 - 1, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
    ([0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344], 0x299F31D0A4093822,
     [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]),
]  # fmt: skip


def philox(library: c.CDLL, seed: int, counter: list[int]) -> np.ndarray:
    out = np.empty(4, np.uint32)
    library.philox_call(c.c_uint64(seed), address(np.array(counter, np.uint32)), address(out))
    return out


@pytest.mark.parametrize("counter, seed, expected", KNOWN)
def test_published_vectors(
    builder: c.CDLL, counter: list[int], seed: int, expected: list[int]
) -> None:
    assert philox(builder, seed, counter).tolist() == expected


@pytest.mark.parametrize("first", [0, 160, 2**32 - 6])
def test_block_is_sixteen_calls(builder: c.CDLL, first: int) -> None:
    seed, stream, purpose, step = 123456789012345, 77, 3, (7 << 32) + 5
    out = np.empty(64, np.uint32)
    builder.words_block(
        c.c_uint64(seed), c.c_uint32(stream), c.c_uint32(purpose), c.c_int64(step),
        c.c_uint32(first), address(out),
    )  # fmt: skip
    for call in range(16):
        words = philox(builder, seed, [(first + call) % 2**32, 5, 7 | purpose << 16, stream])
        assert out[call::16].tolist() == words.tolist()


@pytest.mark.parametrize("kind, dtype", [("float", np.float32), ("double", np.float64)])
def test_uniforms_and_normals(builder: c.CDLL, kind: str, dtype: type) -> None:
    blocks = 4000
    uniform, normal = np.empty(64 * blocks, dtype), np.empty(64 * blocks, dtype)
    getattr(builder, f"uniforms_{kind}")(c.c_uint64(9), c.c_int64(blocks), address(uniform))
    getattr(builder, f"normals_{kind}")(c.c_uint64(9), c.c_int64(blocks), address(normal))
    assert uniform.min() > 0.0 and uniform.max() < 1.0
    assert stats.kstest(uniform.astype(float), "uniform").pvalue > 1e-3
    assert stats.kstest(normal.astype(float), "norm").pvalue > 1e-3
    assert abs(stats.skew(normal)) < 0.02 and abs(stats.kurtosis(normal)) < 0.04
    # The lanes of a pair are made from the same two words, and yet independent.
    pairs = normal.reshape(blocks, 4, 16)
    assert abs(np.corrcoef(pairs[:, 0].ravel() ** 2, pairs[:, 1].ravel() ** 2)[0, 1]) < 0.02


def test_uniform_stays_inside(builder: c.CDLL) -> None:
    builder.unit_float.restype = c.c_float
    assert 0.0 < builder.unit_float(c.c_uint32(0)) < 1e-7
    assert builder.unit_float(c.c_uint32(0xFFFFFFFF)) < 1.0


def test_normal_quantiles(builder: c.CDLL) -> None:
    rng = np.random.default_rng(3)
    ends = np.arange(2000)
    words = np.concatenate(
        [rng.integers(0, 2**32, 50000), ends, 2**32 - 1 - ends, 2**31 + np.arange(-500, 500)]
    ).astype(np.uint32)
    single, double = np.empty(words.size, np.float32), np.empty(words.size)
    builder.normal_quantiles(
        address(words), c.c_int64(words.size), address(single), address(double)
    )
    exact = stats.norm.ppf((words.astype(np.float64) + 0.5) / 2**32)
    np.testing.assert_allclose(double, exact, rtol=1e-8, atol=1e-16)
    np.testing.assert_allclose(single, exact, rtol=6e-7, atol=1e-9)


def counts(library: c.CDLL, blocks: int, *, rate: float = 0.0, rates: np.ndarray | None = None,
           table: bool = True) -> tuple[np.ndarray, int]:  # fmt: skip
    threshold, alias = np.zeros(32, np.uint32), np.zeros(32, np.uint32)
    kind = 2
    if rates is None:
        entries = poisson_table(rate) if table else None
        kind = 1 if entries is None else 0
        threshold, alias = (threshold, alias) if entries is None else entries
    padded = None if rates is None else np.ascontiguousarray(rates, np.float64)
    poisson = abi.Poisson(
        kind, 11, rate, None if padded is None else padded.ctypes.data, threshold.ctypes.data,
        alias.ctypes.data,
    )  # fmt: skip
    out = np.empty((blocks, 64), np.int32)
    for block in range(blocks):
        library.poisson_block(
            c.byref(poisson), c.c_uint64(4), c.c_int64(block // 4), c.c_uint32(block % 4),
            c.c_uint32(0), c.c_uint32(64), address(out[block]),
        )  # fmt: skip
    return out, kind


@pytest.mark.parametrize("rate, expected_kind", [
    (0.0, 0), (0.01, 0), (0.8, 0), (5.0, 0), (9.9, 1), (15.0, 1), (300.0, 1), (1e6, 1),
])  # fmt: skip
@pytest.mark.parametrize("table", [True, False])
def test_poisson(builder: c.CDLL, rate: float, expected_kind: int, table: bool) -> None:
    drawn, kind = counts(builder, 1500, rate=rate, table=table)
    assert kind == (expected_kind if table else 1)
    check_poisson(drawn.ravel(), rate)


def check_poisson(drawn: np.ndarray, rate: float) -> None:
    n = drawn.size
    if rate == 0.0:
        assert not drawn.any()
        return
    assert abs(drawn.mean() - rate) < 4 * np.sqrt(rate / n)
    assert abs(drawn.var() / rate - 1) < 4 * np.sqrt((2 + 1 / rate) / n)
    edges = np.unique(stats.poisson.ppf(np.linspace(0.02, 0.98, 40), rate).astype(int))
    edges = np.concatenate([[-1], edges, [2**31 - 1]])
    expected = np.diff(stats.poisson.cdf(edges, rate)) * n
    observed = np.histogram(drawn, edges + 0.5)[0]
    keep = expected > 5
    assert agreement(
        np.append(observed[keep], observed[~keep].sum()),
        np.append(expected[keep], expected[~keep].sum()),
    ) > 1e-4  # fmt: skip


def test_rate_per_neuron(builder: c.CDLL) -> None:
    rates = np.resize([0.0, 0.3, 4.0, 12.0, 80.0], 64)
    drawn, kind = counts(builder, 2000, rates=rates)
    assert kind == 2
    for rate in np.unique(rates):
        check_poisson(drawn[:, rates == rate].ravel(), float(rate))


@pytest.mark.parametrize("n, p", [(5, 0.5), (40, 0.25), (1000, 0.003), (10**9, 0.5)])
def test_binomial_splits(builder: c.CDLL, n: int, p: float) -> None:
    builder.binomial_draw.restype = c.c_double
    u = (np.arange(1000) + 0.5) / 1000
    drawn = [builder.binomial_draw(c.c_double(x), c.c_double(n), c.c_double(p)) for x in u]
    assert abs(np.mean(drawn) - n * p) < 0.1 * np.sqrt(n * p * (1 - p))
    assert abs(np.var(drawn) / (n * p * (1 - p)) - 1) < 0.05


@pytest.mark.parametrize("n, good, total", [(3, 4, 8), (50, 40, 60), (10**6, 5 * 10**6, 10**7)])
def test_hypergeometric_splits(builder: c.CDLL, n: int, good: int, total: int) -> None:
    builder.hypergeometric_draw.restype = c.c_double
    u = (np.arange(1000) + 0.5) / 1000
    drawn = np.array([
        builder.hypergeometric_draw(*(c.c_double(v) for v in (x, n, good, total))) for x in u
    ])  # fmt: skip
    mean = n * good / total
    variance = mean * (1 - good / total) * (total - n) / (total - 1)
    assert abs(drawn.mean() - mean) < 0.1 * np.sqrt(variance)
    assert abs(drawn.var() / variance - 1) < 0.05
    assert drawn.min() >= max(0, n - (total - good)) and drawn.max() <= min(n, good)
