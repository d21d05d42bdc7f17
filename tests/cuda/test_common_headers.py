"""templates/common compiles for devices, too, and its branches for them give the same bits."""

from __future__ import annotations

import ctypes as c
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from device_compiler import TEMPLATES, compile_for_device

from pygenn_lite.runtime.cpp import abi
from pygenn_lite.runtime.cpp.toolchain import COMMON_FLAGS
from pygenn_lite.runtime.cuda.drivers.nvrtc import Target
from pygenn_lite.runtime.values.poisson import poisson_table

HERE = Path(__file__).parent
COMMON = TEMPLATES / "common"
SOURCE = HERE / "common_functions.cu"
HEADERS = sorted(path.name for path in COMMON.iterdir())
# What every device and the host share; device.hpp is for kernels on a card (test_primitives.py).
SHARED = [name for name in HEADERS if name != "device.hpp"]
KINDS = {"float": np.float32, "double": np.float64}
PTX = Target(75, as_ptx=True)
ROWS = 30  # of `functions` in common_functions.cu


# ------------------------------------------------------------------ with NVRTC
@pytest.mark.nvrtc
@pytest.mark.parametrize("header", HEADERS)
def test_every_header_compiles_by_itself(header: str) -> None:
    compile_for_device(f'#include "common/{header}"\n', PTX)


@pytest.mark.nvrtc
@pytest.mark.parametrize("architecture", [75, 80, 90, 100, 120])
def test_a_kernel_that_uses_everything_compiles(architecture: int) -> None:
    compile_for_device(SOURCE.read_text(), Target(architecture))


@pytest.mark.nvrtc
def test_nothing_is_approximate_or_fused_by_the_compiler() -> None:
    kernel = SOURCE.read_text()
    ptx = compile_for_device(kernel, PTX)
    assert ptx.count(".entry") == kernel.count("PGL_ENTRY void")
    assert not re.findall(r"\bapprox\b", ptx)
    assert {"sqrt.rn.f32", "sqrt.rn.f64", "div.rn.f32", "div.rn.f64", "fma.rn.f64"} <= set(
        re.findall(r"(?:sqrt|div|fma)\.rn\.f(?:32|64)", ptx)
    )
    plain = 'extern "C" __global__ void f(float* x) { x[0] = x[1] * x[2] + x[3]; }'
    assert "fma" not in compile_for_device(plain, PTX)


# ------------------------------------------------------------------ without
@pytest.mark.parametrize("header", SHARED)
def test_headers_include_each_other_only(header: str) -> None:
    text = (COMMON / header).read_text()
    for name in re.findall(r"#include (\S+)", text):
        allowed = {"<stddef.h>", "<stdint.h>"} if header == "integers.h" else set()
        assert name in allowed or name.strip('"') in HEADERS, name
    code = re.sub(r"//.*", "", text)
    assert not re.search(r"\b(throw|try|catch|malloc|printf|memcpy|std::)\b", code)


def test_the_kernel_includes_every_header() -> None:
    assert set(re.findall(r'#include "common/(\S+)"', SOURCE.read_text())) == set(SHARED)


def test_every_function_says_where_it_may_be_called() -> None:
    """A function of a host only would be found late: when a device's kernel calls it."""
    lacking = []
    for header in HEADERS:
        text = (COMMON / header).read_text()
        lacking += [
            f"{header}: {line}"
            for line in text.splitlines()
            if re.match(r"(\[\[.*\]\] )?(inline|static) (?!constexpr)", line)
            and "fma_at_the_edge" not in line  # of processors without the instruction
        ]
    assert not lacking


@pytest.fixture(scope="module")
def sides(made_once: Callable[[str, Callable[[Path], Any]], Path]) -> tuple[c.CDLL, c.CDLL]:
    """The functions as a host compiles them, and through the branches for devices."""
    compiler = os.environ.get("CXX") or shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        pytest.skip("no C++ compiler on this machine")
    flags = [*COMMON_FLAGS, "-march=native", "-O1", "-fvisibility=default", f"-I{TEMPLATES}"]

    def compiled(name: str, *more: str) -> c.CDLL:
        def make(out: Path) -> None:
            command = [*compiler.split(), *flags, *more, "-x", "c++", str(SOURCE), "-o", str(out)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr

        return c.CDLL(str(made_once(name, make)))

    stubs = HERE / "device_stubs.hpp"
    return compiled("common_host.so"), compiled("common_stubbed.so", "-include", str(stubs))


def address(array: np.ndarray) -> c.c_void_p:
    return c.c_void_p(array.ctypes.data)


def assert_same_bits(one: np.ndarray, other: np.ndarray) -> None:
    """NaN need only be NaN."""
    if one.dtype.kind == "f":
        assert (np.isnan(one) == np.isnan(other)).all()
        one, other = (
            np.nan_to_num(a, nan=0.0, posinf=np.inf, neginf=-np.inf) for a in (one, other)
        )
    assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("kind", KINDS)
def test_functions_have_the_same_bits(sides: tuple[c.CDLL, c.CDLL], kind: str) -> None:
    rng = np.random.default_rng(1)
    wide = 80 if kind == "float" else 700
    special = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0]
    x = np.concatenate([
        rng.uniform(-wide, wide, 4000), rng.normal(0, 1, 4000), 10.0 ** rng.uniform(-35, 30, 2000),
        special,
    ]).astype(KINDS[kind])  # fmt: skip
    y = rng.uniform(-5, 5, x.size).astype(KINDS[kind])
    results = []
    for side in sides:
        out = np.empty((ROWS + 1, x.size), KINDS[kind])
        out[-1] = 7  # behind the end
        getattr(side, f"functions_{kind}")(address(x), address(y), address(out), c.c_int64(x.size))
        results.append(out)
    assert_same_bits(*results)
    assert (results[0][-1] == 7).all()
    np.testing.assert_allclose(results[0][0, 4000:8000], np.exp(x[4000:8000]), rtol=1e-6)
    whole = np.where(abs(x[:-7]) < 70000, x[:-7], 0)
    np.testing.assert_array_equal(results[0][28, :-7], np.rint(whole))
    codes = np.rint(whole).astype(np.int64).astype(np.uint16)
    finite = codes & 0x7C00 != 0x7C00
    halves = codes.view(np.float16).astype(KINDS[kind])
    np.testing.assert_array_equal(results[0][29, :-7][finite], halves[finite])


@pytest.mark.parametrize("kind", KINDS)
def test_random_numbers_have_the_same_bits(sides: tuple[c.CDLL, c.CDLL], kind: str) -> None:
    table = poisson_table(0.8)
    assert table is not None
    rates = np.resize([0.0, 0.3, 4.0, 9.99, 10.0, 12.0, 80.0], 192)
    inputs = (abi.Poisson * 4)()
    for k, (given, rate) in enumerate(((0, 0.8), (1, 5.0), (1, 60.0), (2, 0.0))):
        inputs[k] = abi.Poisson(given, 11 + k, rate, rates.ctypes.data, *map(_pointer, table))
    results = []
    for side in sides:
        out = np.empty(256, KINDS[kind])
        words, counts = np.empty((2, 64), np.uint32), np.empty((8, 64), np.int32)
        getattr(side, f"numbers_{kind}")(
            inputs, c.c_uint64(2**40 + 9), c.c_int64(2**33 + 1), *map(address, (out, words, counts))
        )
        results.append((out, words, counts[:, :50]))
    for one, other in zip(*results, strict=True):
        assert_same_bits(one, other)
    _, words, counts = results[0]
    assert (words[0] == words[1]).all()
    assert 0.4 < counts[0].mean() < 1.2 and 40 < counts[2].mean() < 80


@pytest.mark.parametrize("kind", KINDS)
def test_a_neuron_alone_gets_what_it_gets_in_its_block(
    sides: tuple[c.CDLL, c.CDLL], kind: str
) -> None:
    table = poisson_table(0.8)
    assert table is not None
    rates = np.concatenate([[0.0, -1.0, np.nan, 1e-9], np.linspace(0.01, 30.0, 188)])
    inputs = (abi.Poisson * 4)()
    for step in range(400):
        large = 0.05 * step
        for k, (given, rate) in enumerate(((0, 0.8), (1, large), (1, 9.5 + large), (2, 0.0))):
            inputs[k] = abi.Poisson(given, 7 + k, rate, rates.ctypes.data, *map(_pointer, table))
        out, words = np.full(256, 7, KINDS[kind]), np.empty((2, 64), np.uint32)
        counts = np.full((8, 64), -1, np.int32)
        at = step * (2**32 // 100 + 1)
        getattr(sides[step % 2], f"numbers_{kind}")(
            inputs, c.c_uint64(5 + step * 2**50), c.c_int64(at), *map(address, (out, words, counts))
        )
        assert_same_bits(out[:128], out[128:])
        assert (counts[:4, :50] == counts[4:, :50]).all() and counts[:, :50].min() >= 0


def _pointer(array: np.ndarray) -> int:
    return array.ctypes.data


class DelayLaw(c.Structure):
    """pgl_delay_law"""

    _fields_ = [
        ("thresholds", c.c_void_p),
        ("cells", c.c_void_p),
        ("n_thresholds", c.c_uint32),
        ("turn", c.c_uint32),
        ("first", c.c_uint32),
        ("reserved", c.c_uint32),
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_synapses_have_the_same_bits(sides: tuple[c.CDLL, c.CDLL], kind: str) -> None:
    ends = [0, 1, 2**31 - 1, 2**31, 2**32 - 1]
    words = np.concatenate([np.random.default_rng(3).integers(0, 2**32, 5000), ends])
    words = words.astype(np.uint32)
    cells = np.zeros(256, [("steps", "u2"), ("several", "u2"), ("next", "u4")])
    cells["steps"], cells["next"] = 3 + (np.arange(256) > 127), 1 << 24
    cells[127] = (3, 1, 0)  # searched
    thresholds = np.array([0x7F000100, 0x7F000200], np.uint32)
    law = DelayLaw(thresholds.ctypes.data, cells.ctypes.data, 2, 0, 3, 0)
    results = []
    for side in sides:
        drawn, numbers = (np.empty((6, words.size), dtype) for dtype in (KINDS[kind], np.uint32))
        getattr(side, f"synapses_{kind}")(
            c.byref(law), address(words), c.c_int64(words.size), address(drawn), address(numbers)
        )
        results.append((drawn, numbers))
    for one, other in zip(*results, strict=True):
        assert_same_bits(one, other)
    drawn, numbers = results[0]
    np.testing.assert_allclose(drawn[2, :5000].mean(), 2.0, atol=0.05)
    assert abs(numbers[0, :5000].mean() - 10) < 1  # 1 / probability
    assert set(numbers[1]) <= set(range(1001)) - {500}
    searched = words >> 24 == 127
    assert (numbers[2, searched] == 3 + np.searchsorted(thresholds, words[searched], "right")).all()


@pytest.mark.parametrize("kind", KINDS)
def test_all_else_has_the_same_bits(sides: tuple[c.CDLL, c.CDLL], kind: str) -> None:
    begin, values = np.array([1, 4], np.int64), np.arange(6, dtype=KINDS[kind])
    timed = abi.Timed(2, begin.ctypes.data, values.ctypes.data, 3)
    step, source = np.array([1, 3, 3, 5], np.int64), np.array([0, 1, 2, 0], np.uint32)
    repeats = abi.Repeats(4, step.ctypes.data, source.ctypes.data)
    results = []
    for side in sides:
        matrix = np.array([[-1.0, 2.0, 0.0], [-2.0, -1.0, 0.5], [0.0, 0.0, -30.0]])
        out, entry = np.empty(8, KINDS[kind]), np.empty(1, np.uint64)
        arguments = (c.byref(timed), c.byref(repeats), *map(address, (matrix, out, entry)))
        getattr(side, f"others_{kind}")(*arguments)
        results.append((matrix, out, entry))
    for one, other in zip(*results, strict=True):
        assert_same_bits(one, other)
    _, out, entry = results[0]
    assert out.tolist() == [-1, 1, 1, 1, 4, 4, 4, 4] and entry[0] == 2
