"""The formulas that people see equal the numeric propagators that the runtime computes."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from helpers_codegen import ALPHA, CURRENT, LIF, kernel_of
from scipy.linalg import expm

from pygenn_lite.codegen.program.kernel import LinearFlow
from pygenn_lite.codegen.systems.closed_form import closed_form
from pygenn_lite.declaration import NeuronModel


def number(formula: sympy.Expr, values: dict[str, float]) -> float:
    """Value of a formula, in 30 digits: divided differences lose some."""
    exact = {s: sympy.Float(values[str(s)], 30) for s in formula.free_symbols}
    return float(formula.subs(exact).evalf(30))


def propagator(flow: LinearFlow, values: dict[str, float], step: float) -> dict[str, float]:
    """The coefficients by matrix exponential."""
    size = len(flow.variables) + len(flow.inputs)
    matrix = np.zeros((size, size))
    for i, j, entry in flow.matrix:
        matrix[i, j] = number(entry, values)
    result = expm(matrix * step)
    return {name: result[i, j] for i, j, name in flow.outputs}


@pytest.mark.parametrize("tau", [20.0, 7.0, 3.0, 5.0])  # 3 and 5 coincide with a synapse's
@pytest.mark.parametrize("step", [0.1, 1.0, 13.0])
def test_formulas_equal_matrix_exponentials_also_where_time_constants_coincide(tau, step):
    (flow,) = kernel_of(LIF, CURRENT, ALPHA).flows
    values = {"tau": tau, "E_L": -49.0, "tau__r0": 5.0, "tau__r1": 3.0}
    numeric = propagator(flow, values, step)
    formulas = closed_form(flow)
    assert {"P__V__V", "P__V__I_syn__r0", "P__I_syn__r1__z__r1"} <= formulas.keys()
    if tau == 3.0:  # three equal rates on one path: the formula is 0/0 in form
        formulas.pop("P__V__z__r1")
    for name, formula in formulas.items():
        assert number(formula, {**values, "dt": step}) == pytest.approx(numeric[name], rel=1e-9)


def test_the_membrane_decays_by_the_textbook_factor():
    (flow,) = kernel_of(LIF).flows
    tau, dt = sympy.symbols("tau dt", real=True)
    assert closed_form(flow)["P__V__V"] == sympy.exp(-dt / tau)


def test_structural_zeros_are_left_out():
    (flow,) = kernel_of(LIF, CURRENT).flows
    names = {name for _, _, name in flow.outputs}
    assert names == {"P__V__V", "P__V__I_syn__r0", "P__V__1", "P__I_syn__r0__I_syn__r0"}


def test_a_system_with_a_loop_has_no_closed_form_but_a_propagator():
    model = NeuronModel("dx/dt = -y*w; dy/dt = x*w", parameters={"w": 0.3}, initial={"x": 1.0})
    (flow,) = kernel_of(model).flows
    assert closed_form(flow) == {}
    numeric = propagator(flow, {"w": 0.3}, 2.0)
    assert numeric["P__x__x"] == pytest.approx(np.cos(0.6))
    assert numeric["P__y__x"] == pytest.approx(np.sin(0.6))


def test_coefficients_are_per_neuron_only_where_a_parameter_is():
    model = NeuronModel(
        "dV/dt = (I - V)/tau; dw/dt = -w/tau_w",
        parameters={"tau": [10.0, 20.0, 30.0], "tau_w": 5.0},
    )
    from helpers_codegen import one_population, program_of

    kernel = program_of(one_population(model, CURRENT, size=3)).neurons[0]
    per_neuron = {name for flow in kernel.flows for name in flow.per_neuron}
    assert per_neuron == {"P__V__V", "P__V__I_syn__r0"}
