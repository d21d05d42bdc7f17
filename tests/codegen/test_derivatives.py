"""Derivatives of equations, which Jacobians and adjoints are made of, are numbers everywhere."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import sympy
from helpers_codegen import system_of

from pygenn_lite.codegen.render.cpp_printer import CppPrinter
from pygenn_lite.codegen.systems.system import symbol
from pygenn_lite.declaration import parse_expression
from pygenn_lite.declaration.language.functions import exprel, exprel_slope
from pygenn_lite.models import HodgkinHuxleySquid, TraubMilesHH
from pygenn_lite.runtime.reference.evaluation import evaluate

X = symbol("x")
POINTS = [
    s * size for size in (0.0, 1e-300, 1e-9, 1e-3, 0.3, 0.999, 1.0, 1.5, 30.0) for s in (1, -1)
]


def test_the_slope_of_exprel_in_the_interpreter_is_that_of_mpmath():
    found = evaluate(exprel_slope(X), {"x": np.array([*POINTS, 700.0, -1e3, -np.inf, np.inf])})
    expected = [float(mpmath.hyp1f1(2, 3, x) / 2) for x in (*POINTS, 700.0, -1e3)]
    assert found == pytest.approx(np.array([*expected, 0.0, np.inf]), rel=2e-15)
    assert np.isnan(evaluate(exprel_slope(X), {"x": np.array([np.nan])})).all()


def test_the_slope_of_exprel_is_a_function_of_its_own():
    slope = sympy.diff(parse_expression("exprel(2*x)").sympy(), X)
    assert slope == 2 * exprel_slope(2 * X)
    assert slope.xreplace({X: sympy.S.Zero}) == 1
    assert CppPrinter().doprint(slope) == "real(2.0)*pgl::exprel_slope(real(2.0)*x)"
    assert float(exprel_slope(sympy.Float(1e-9)).evalf()) == pytest.approx(0.5)
    with pytest.raises(NotImplementedError, match="second derivative of exprel"):
        sympy.diff(slope, X)


@pytest.mark.parametrize("model", [TraubMilesHH(), HodgkinHuxleySquid()])
def test_jacobians_of_hodgkin_and_huxleys_equations_are_finite_where_rates_are_0_over_0(model):
    system = system_of(model)
    values = {n: v for n, v in model.parameters if isinstance(v, float)}
    values |= dict.fromkeys(system.states, 0.3)
    slopes = {n: sympy.diff(d, symbol("V")) for n, d in system.derivatives.items()}
    arguments = {e.args[0] for d in system.derivatives.values() for e in d.atoms(exprel)}
    assert arguments
    for argument in arguments:
        numbers = {symbol(n): v for n, v in values.items() if n != "V"}
        (zero,) = sympy.solve(argument.xreplace(numbers), symbol("V"))
        for name, slope in slopes.items():
            here = float(evaluate(slope, {**values, "V": float(zero)}))
            beside = [
                float(evaluate(system.derivatives[name], {**values, "V": float(zero) + step}))
                for step in (1e-4, -1e-4)
            ]
            assert here == pytest.approx((beside[0] - beside[1]) / 2e-4, rel=1e-5, abs=1e-7)
            near = float(evaluate(slope, {**values, "V": float(zero) + 1e-7}))
            assert near == pytest.approx(here, rel=1e-5, abs=1e-9), "it does not jump"
