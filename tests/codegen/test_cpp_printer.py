"""Printed C++ means what the SymPy expression means."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from pygenn_lite.codegen.render.cpp_printer import CppPrinter
from pygenn_lite.codegen.systems.system import symbol
from pygenn_lite.declaration import parse_expression
from pygenn_lite.errors import EquationError
from pygenn_lite.runtime.reference.evaluation import evaluate

VALUES = {"x": 0.7, "y": -1.3, "z": 2.5}


class CppFunctions:
    """The functions of namespace pgl."""

    exp, log, sqrt = np.exp, np.log, np.sqrt
    sin, cos, tan, tanh, sinh, cosh = np.sin, np.cos, np.tan, np.tanh, np.sinh, np.cosh
    abs, floor, ceil, sign = np.abs, np.floor, np.ceil, np.sign
    max, min, pow = np.maximum, np.minimum, np.power
    exprel = staticmethod(lambda x: np.expm1(x) / x if x else 1.0)
    select = staticmethod(lambda condition, a, b: a if condition else b)
    not_a_number = staticmethod(lambda: math.nan)
    infinity = staticmethod(lambda: math.inf)
    fma = staticmethod(lambda a, b, c: a * b + c)


def value_of_cpp(text: str) -> float:
    """Read printed C++ as Python: the two agree on arithmetic, calls, comparison, & and |."""
    text = re.sub(r"pgl::power<(\d+)>\(", r"(lambda base: base**\1)(", text)
    text = (
        re.sub(r"<(real|double|bool)>\(", "(", text).replace("pgl::", "pgl.").replace("!", "not ")
    )
    text = text.replace("not =", "!=")
    names = {**VALUES, "pgl": CppFunctions, "real": np.float64, "double": np.float64}
    names |= {"true": True, "false": False}
    with np.errstate(all="ignore"):
        return float(eval(text, {"__builtins__": {}}, names))


def agree(text: str) -> None:
    expression = parse_expression(text).sympy()
    printed = str(CppPrinter().doprint(expression))
    expected = float(evaluate(expression, VALUES))
    found = value_of_cpp(printed)
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-12, nan_ok=True), printed


@pytest.mark.parametrize(
    "text",
    [
        "x - (y - z)", "-x - y", "-(x + y)*z", "x/(y*z)", "x/y/z", "1/x", "-1/x", "x**-2", "x**0.5",
        "1/sqrt(x)", "z**1.5", "x**3*y**2", "z**y", "(x + y)**20", "-x**2", "2*x/3", "x*(y - 1)/2",
        "exp(-x/z)", "exp(1)", "exp(x)*exp(y)", "exp(-1)*x", "log(z)/log10(z)", "pi*x", "exprel(x)",
        "exprel(0*x)", "abs(y)", "sign(y)", "floor(y)", "ceil(y)", "tanh(x) + sinh(y)*cosh(z)",
        "min(x, y, z)", "max(x, y)*min(y, z)", "clip(z, x, 2)", "heaviside(x) + heaviside(0*x)",
        "heaviside(y)", "where(x > y, 1, 2)", "where(x > y and y > z or not (z >= 1), x, y)",
        "Piecewise((x, x > 1), (y, x > 0.5), (z, x < 2))", "Piecewise((x, x > 1))",
        "where(x == 0.7, 1, 2)", "where(x != 0.7, 1, 2)", "x - 1e-12", "1e300*x", "-(-x)",
        "-(x - y)*(y - z)/(x - z)", "x - y*(-z)", "(-x)**2", "-3*x**-1*y", "sqrt(x + z)**3",
        "where(x > where(y > x, x, y), y, x)",
        "where(where(x > y, y, z) > where(z > x, x, y), 1, 2)",
    ],
)  # fmt: skip
def test_printed_expressions_have_the_value_of_the_equation(text):
    agree(text)


LEAVES = st.sampled_from(["x", "y", "z", "2", "0.5", "3", "pi"])
TERMS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda a: f"(-{a})"),
        st.tuples(inner, st.sampled_from(["2", "3", "-1", "-2"])).map(lambda t: f"{t[0]}**{t[1]}"),
        st.tuples(st.sampled_from(["exp", "tanh", "abs", "exprel", "sin"]), inner).map(
            lambda t: f"{t[0]}({t[1]})"
        ),
        st.tuples(inner, inner, inner).map(lambda t: f"where({t[0]} > {t[1]}, {t[2]}, {t[0]})"),
        st.tuples(inner, inner).map(lambda t: f"max({t[0]}, {t[1]})"),
    ),
    max_leaves=7,
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(TERMS)
def test_random_expressions_have_the_value_of_the_equation(text):
    expression = parse_expression(text).sympy()
    if expression.has(sympy.zoo, sympy.nan, sympy.I, sympy.oo):
        return  # a division of constants by zero: the declaration sees to those
    expected = np.float64(evaluate(expression, VALUES))
    if not np.isfinite(expected) or abs(expected) > 1e12 or 0 < abs(expected) < 1e-9:
        return  # cancellation; rounding differs with the order of terms
    printed = str(CppPrinter().doprint(expression))
    assert value_of_cpp(printed) == pytest.approx(expected, rel=1e-6, abs=1e-6), printed


def test_numbers_become_literals_of_the_real_type():
    third = sympy.Rational(1, 3) * symbol("x")
    assert CppPrinter("float").doprint(third) == "float(0.3333333333333333)*x"
    assert CppPrinter("double", "args->{}".format).doprint(third).endswith("*args->x")


@pytest.mark.parametrize(
    "text, fused",
    [("x*y + z", 1), ("z - x*y", 1), ("x*y*z + x - 2", 1), ("x*y - z*x", 1), ("x*y + y*z + x", 2),
     ("x/y + z", 0), ("x + y - z", 0), ("x*y", 0)],
)  # fmt: skip
def test_products_in_sums_are_fused_by_us_and_not_by_the_compiler(text, fused):
    printed = str(CppPrinter().doprint(parse_expression(text).sympy()))
    assert printed.count("pgl::fma(") == fused, printed
    agree(text)


def test_small_powers_are_products():
    assert CppPrinter().doprint(symbol("x") ** 4) == "pgl::power<4>(x)"


@pytest.mark.parametrize("text", ["1e300*1e300*V", "V*10**300/(1/10**300)"])
def test_numbers_beyond_double_precision_are_named(text):
    with pytest.raises(EquationError, match=r"(?s)too large.*hint"):
        CppPrinter().doprint(parse_expression(text).sympy())
