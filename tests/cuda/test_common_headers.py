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

from pygenn_lite.runtime.cpp import abi
from pygenn_lite.runtime.cpp.toolchain import COMMON_FLAGS
from pygenn_lite.runtime.values.poisson import poisson_table

HERE = Path(__file__).parent
TEMPLATES = HERE.parents[1] / "pygenn_lite" / "templates"
COMMON = TEMPLATES / "common"
SOURCE = HERE / "common_functions.cu"
HEADERS = sorted(path.name for path in COMMON.iterdir())
KINDS = {"float": np.float32, "double": np.float64}
ROWS = 28  # of `functions` in common_functions.cu


# ------------------------------------------------------------------ with NVRTC
def compile_for_device(source: str, target: str) -> str:
    """The PTX for a target such as compute_75, or "" where it is a processor (sm_75)."""
    nvrtc = pytest.importorskip(
        "cuda.bindings.nvrtc", reason="NVRTC is not installed: pip install '.[cuda-test]'"
    )
    options = [f"-arch={target}", "-std=c++20", "-fmad=false", f"-I{TEMPLATES}"]
    _, program = nvrtc.nvrtcCreateProgram(source.encode(), b"common.cu", 0, [], [])
    (status,) = nvrtc.nvrtcCompileProgram(program, len(options), [o.encode() for o in options])
    log = _text(program, nvrtc.nvrtcGetProgramLogSize, nvrtc.nvrtcGetProgramLog)
    assert status == nvrtc.nvrtcResult.NVRTC_SUCCESS, log
    assert "warning" not in log, log
    if target.startswith("compute"):
        return _text(program, nvrtc.nvrtcGetPTXSize, nvrtc.nvrtcGetPTX)
    assert nvrtc.nvrtcGetCUBINSize(program)[1] > 1000
    return ""


def _text(program: Any, size: Callable[[Any], Any], get: Callable[[Any, bytes], Any]) -> str:
    room = b" " * size(program)[1]
    get(program, room)
    return room.decode().rstrip("\0 ")


@pytest.mark.nvrtc
@pytest.mark.parametrize("header", HEADERS)
def test_every_header_compiles_by_itself(header: str) -> None:
    compile_for_device(f'#include "common/{header}"\n', "compute_75")


@pytest.mark.nvrtc
@pytest.mark.parametrize("target", ["sm_75", "sm_80", "sm_90", "sm_120"])
def test_a_kernel_that_uses_everything_compiles(target: str) -> None:
    compile_for_device(SOURCE.read_text(), target)


@pytest.mark.nvrtc
def test_nothing_is_approximate_or_fused_by_the_compiler() -> None:
    kernel = SOURCE.read_text()
    ptx = compile_for_device(kernel, "compute_75")
    assert ptx.count(".entry") == kernel.count("PGL_ENTRY void")
    assert not re.findall(r"\bapprox\b", ptx)
    assert {"sqrt.rn.f32", "sqrt.rn.f64", "div.rn.f32", "div.rn.f64", "fma.rn.f64"} <= set(
        re.findall(r"(?:sqrt|div|fma)\.rn\.f(?:32|64)", ptx)
    )
    plain = 'extern "C" __global__ void f(float* x) { x[0] = x[1] * x[2] + x[3]; }'
    assert "fma" not in compile_for_device(plain, "compute_75")


# ------------------------------------------------------------------ without
@pytest.mark.parametrize("header", HEADERS)
def test_headers_include_each_other_only(header: str) -> None:
    text = (COMMON / header).read_text()
    for name in re.findall(r"#include (\S+)", text):
        allowed = {"<stddef.h>", "<stdint.h>"} if header == "integers.h" else set()
        assert name in allowed or name.strip('"') in HEADERS, name
    code = re.sub(r"//.*", "", text)
    assert not re.search(r"\b(throw|try|catch|malloc|printf|memcpy|std::)\b", code)


def test_the_kernel_includes_every_header() -> None:
    assert set(re.findall(r'#include "common/(\S+)"', SOURCE.read_text())) == set(HEADERS)


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


@pytest.mark.parametrize("kind", KINDS)
def test_random_numbers_have_the_same_bits(sides: tuple[c.CDLL, c.CDLL], kind: str) -> None:
    table = poisson_table(0.8)
    assert table is not None
    rates = np.resize([0.0, 0.3, 4.0, 12.0, 80.0], 64)
    inputs = (abi.Poisson * 4)()
    for k, (given, rate) in enumerate(((0, 0.8), (1, 5.0), (1, 60.0), (2, 0.0))):
        inputs[k] = abi.Poisson(given, 11 + k, rate, rates.ctypes.data, *map(_pointer, table))
    results = []
    for side in sides:
        out = np.empty(128, KINDS[kind])
        words, counts = np.empty((2, 64), np.uint32), np.empty((4, 64), np.int32)
        getattr(side, f"numbers_{kind}")(
            inputs, c.c_uint64(2**40 + 9), c.c_int64(2**33 + 1), *map(address, (out, words, counts))
        )
        results.append((out, words, counts))
    for one, other in zip(*results, strict=True):
        assert_same_bits(one, other)
    _, words, counts = results[0]
    assert (words[0] == words[1]).all()
    assert 0.4 < counts[0].mean() < 1.2 and 40 < counts[2].mean() < 80


def _pointer(array: np.ndarray) -> int:
    return array.ctypes.data


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
