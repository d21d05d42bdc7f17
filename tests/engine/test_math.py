"""Accuracy, special values and vectorisation of templates/common/math.hpp."""

from __future__ import annotations

import ctypes as c
import math
import platform
from pathlib import Path

import mpmath
import numpy as np
import pytest
from builder_library import address, compiler, run_compiler

KINDS = {"float": np.float32, "double": np.float64}


def call(library: c.CDLL, name: str, kind: str, *arguments: np.ndarray) -> np.ndarray:
    given = [np.ascontiguousarray(a, KINDS[kind]) for a in arguments]
    out = np.empty_like(given[0])
    function = getattr(library, f"{name}_{kind}")
    function(*(address(a) for a in given), address(out), c.c_int64(out.size))
    return out


def units_off(result: np.ndarray, exact: np.ndarray) -> float:
    """Largest distance in units of the last place (of normal numbers)."""
    kind = result.dtype.type
    unit = np.maximum(np.spacing(np.abs(exact).astype(kind)), np.finfo(kind).tiny)
    return float(np.max(np.abs(result - exact) / unit))


def exprel(x: np.ndarray) -> np.ndarray:
    return np.where(x == 0, 1, np.expm1(x) / np.where(x == 0, 1, x))


def exprel_slope(x: np.ndarray) -> np.ndarray:
    near = np.abs(x) < 2
    terms = [1 / np.longdouble(math.factorial(k) * (k + 2)) for k in range(30)]
    series = np.polynomial.polynomial.polyval(np.where(near, x, 0), terms)
    far = np.where(near, 2, x)
    return np.where(near, series, (np.exp(far) * (far - 1) + 1) / far**2)


UNARY = {
    "exp": (np.exp, 1.1), "expm1": (np.expm1, 2), "exprel": (exprel, 2.2),
    "exprel_slope": (exprel_slope, 6), "log": (np.log, 1),
    "sin": (np.sin, 1.7), "cos": (np.cos, 1.7), "tan": (np.tan, 3.6),
    "sinh": (np.sinh, 2.6), "cosh": (np.cosh, 1.7), "tanh": (np.tanh, 2.8), "sqrt": (np.sqrt, 0.51),
    "abs": (np.abs, 0), "floor": (np.floor, 0), "ceil": (np.ceil, 0), "sign": (np.sign, 0),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", UNARY)
def test_accuracy(builder: c.CDLL, name: str, kind: str) -> None:
    exact, bound = UNARY[name]
    rng = np.random.default_rng(1)
    wide = 80 if kind == "float" else 700
    x = np.concatenate(
        [rng.uniform(-wide, wide, 40000), rng.normal(0, 1, 40000), rng.normal(0, 1e-3, 20000),
         10.0 ** rng.uniform(-30, 1.5, 20000)]
    ).astype(KINDS[kind])  # fmt: skip
    if name in ("log", "sqrt"):
        x = np.abs(x)
        x = x[x > 0]
    assert units_off(call(builder, name, kind, x), exact(x.astype(np.longdouble))) <= bound


@pytest.mark.parametrize("kind", KINDS)
def test_power_accuracy(builder: c.CDLL, kind: str) -> None:
    rng = np.random.default_rng(2)
    x = np.exp(rng.uniform(-5, 5, 40000)).astype(KINDS[kind])
    y = rng.uniform(-15, 15, 40000).astype(KINDS[kind])
    exact = x.astype(np.longdouble) ** y.astype(np.longdouble)
    assert units_off(call(builder, "pow", kind, x, y), exact) <= 2


@pytest.mark.parametrize("kind", KINDS)
def test_the_slope_of_exprel_is_that_of_mpmath(builder: c.CDLL, kind: str) -> None:
    sizes = [0.0, 1e-30, 1e-8, 1e-3, 0.5, 0.9999, 1.0, 1.0001, 2.0, 20.0, 80.0]
    x = np.array([s * size for size in sizes for s in (1, -1)], KINDS[kind])
    exact = [float(mpmath.hyp1f1(2, 3, float(value)) / 2) for value in x]
    assert units_off(call(builder, "exprel_slope", kind, x), np.array(exact)) <= 6


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_special_values(builder: c.CDLL, kind: str) -> None:
    inf, nan = np.inf, np.nan
    huge = 200.0 if kind == "float" else 2000.0
    x = np.array([0.0, inf, -inf, nan, huge, -huge], KINDS[kind])
    expected = {
        "exp": [1, inf, 0, nan, inf, 0],
        "expm1": [0, inf, -1, nan, inf, -1],
        "exprel": [1, inf, 0, nan, inf, 1 / huge],
        "exprel_slope": [0.5, inf, 0, nan, inf, 1 / huge**2],
        "log": [-inf, inf, nan, nan, np.log(huge), nan],
        "tanh": [0, 1, -1, nan, 1, -1],
        "sinh": [0, inf, -inf, nan, inf, -inf],
        "cosh": [1, inf, inf, nan, inf, inf],
        "sign": [0, 1, -1, nan, 1, -1],
    }
    for name, values in expected.items():
        np.testing.assert_allclose(call(builder, name, kind, x), values, rtol=1e-6, err_msg=name)
    for name in ("sin", "cos", "tan"):
        assert np.isnan(call(builder, name, kind, x[1:4])).all()
    # NaN passes from either side.
    for name in ("min", "max"):
        assert np.isnan(call(builder, name, kind, [nan, 1.0], [1.0, nan])).all()
    base = [0, 1, -1, -2, 2, inf, nan, 0.5, -0.5]
    exponent = [0, 1, 2, 3, -1, -2, -3, inf, -inf, 1000, 1e30]
    a, b = (part.ravel() for part in np.meshgrid(base, exponent))
    np.testing.assert_allclose(
        call(builder, "pow", kind, a, b), np.power(a.astype(KINDS[kind]), b.astype(KINDS[kind])),
        rtol=1e-6,
    )  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_loops_become_vector_code(kind: str, tmp_path: Path) -> None:
    if platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("looks at x86 assembly")
    names = ["exp", "log", "exprel", "exprel_slope", "tanh", "sinh", "cosh", "sin", "cos"]
    source = '#include "common/math.hpp"\n' + "".join(
        f'extern "C" void f_{name}(const {kind}* __restrict x, {kind}* __restrict out)'
        f"{{ for (int i = 0; i < 64; ++i) out[i] = pgl::{name}(x[i]); }}\n"
        for name in names
    )
    (tmp_path / "loops.cpp").write_text(source)
    output = tmp_path / "loops.s"
    run_compiler(["-O3", "-S", str(tmp_path / "loops.cpp"), "-o", str(output)])
    if "zig" in " ".join(compiler()):
        pytest.skip("this compiler writes no assembly text")
    text = output.read_text()
    letter = "s" if kind == "float" else "d"
    for name in names:
        body = text.split(f"f_{name}:")[1].split(".cfi_endproc")[0]
        assert "call" not in body, name
        assert f"vmulp{letter}" in body or "mulp" + letter in body or f"p{letter}\t" in body, name
        # No arithmetic on single values: the loop is vector code throughout.
        assert f"vmuls{letter}" not in body and f"fmadd213s{letter}" not in body, name
