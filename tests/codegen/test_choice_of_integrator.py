"""Which integrator a system gets, and what is said when one does not fit."""

from __future__ import annotations

import pytest
from helpers_codegen import (
    ADEX,
    ALPHA,
    CONDUCTANCE,
    CURRENT,
    LIF,
    STDP,
    kernel_of,
    one_population,
    program_of,
    system_of,
)

from pygenn_lite.codegen.systems.integrators import components
from pygenn_lite.codegen.systems.linear import linear_variables
from pygenn_lite.declaration import NeuronModel, SynapseModel
from pygenn_lite.errors import EquationError


def methods(model: NeuronModel, *synapses) -> dict[str, str]:
    return dict(kernel_of(model, *synapses).integrators)


def test_a_linear_system_gets_its_exact_propagator():
    assert methods(LIF, CURRENT, ALPHA) == dict.fromkeys(
        ["V", "I_syn__r0", "I_syn__r1", "z__r1"], "exact"
    )


def test_conductances_leave_the_membrane_conditionally_linear():
    assert methods(LIF, CONDUCTANCE) == {"g__r0": "exact", "V": "exponential_euler"}


def test_a_nonlinear_membrane_gets_runge_kutta():
    assert methods(ADEX, CURRENT) == dict.fromkeys(["V", "w", "I_syn__r0"], "rk4")


def test_white_noise_gets_euler_maruyama_and_the_rest_stays_exact():
    model = NeuronModel(
        "dV/dt = (I + a - V)/tau + s*xi; da/dt = -a/tau", parameters={"tau": 10.0, "s": 1.0}
    )
    assert methods(model, CURRENT) == {
        "V": "euler_maruyama", "a": "exact", "I_syn__r0": "exact",
    }  # fmt: skip


def test_noise_that_multiplies_a_variable_is_not_taken_for_a_coefficient():
    model = NeuronModel("dx/dt = -x + s*x*xi", parameters={"s": 0.1})
    assert methods(model) == {"x": "euler_maruyama"}


@pytest.mark.parametrize(
    "text",
    ["where(x > 0, 1, 0) - x", "max(x, 0) - x", "abs(x)", "sign(x) - x", "heaviside(x)",
     "floor(x) - x", "where(x > 0 and y < 1, 1, 2)", "x*y", "x**2", "1/x", "exp(x)"],
)  # fmt: skip
def test_what_depends_on_a_variable_in_cases_is_not_linear_in_it(text):
    system = system_of(NeuronModel(f"dx/dt = {text}; dy/dt = -y + x"))
    assert "x" not in linear_variables(system, ("x", "y"))
    assert kernel_of(NeuronModel(f"dx/dt = {text}; dy/dt = -y + x")).integrators


def test_products_are_expanded_before_linearity_is_judged():
    model = NeuronModel("dx/dt = (x + a)**2 - x**2", parameters={"a": 1.0})
    assert methods(model) == {"x": "exact"}


def test_a_quotient_that_cancels_is_linear():
    """Term by term it would be 0/0 at 0."""
    assert methods(NeuronModel("dx/dt = -(x**2 + x)/x")) == {"x": "exact"}
    flow = kernel_of(NeuronModel("dx/dt = -(x**2 + x)/x")).flows[0]
    assert [float(value) for _, _, value in flow.matrix] == [-1.0, -1.0]


@pytest.mark.parametrize(
    "text", ["(x + y + a + b + c)**100", "*".join(f"(x + a*b*c + {k}*y)" for k in range(30))]
)
def test_huge_products_are_taken_as_they_are_written(text):
    """Multiplied out they would have millions of terms."""
    parameters = dict.fromkeys("abc", 1.0)
    model = NeuronModel(f"dx/dt = {text}; dy/dt = -y", parameters=parameters)
    assert methods(model)["x"] == "rk4"


def test_time_in_a_coefficient_is_not_constant():
    assert methods(NeuronModel("dx/dt = -x*sin(t)")) == {"x": "exponential_euler"}
    assert methods(NeuronModel("dx/dt = sin(t) - x")) == {"x": "exponential_euler"}


def test_components_do_not_act_on_each_other():
    model = NeuronModel("da/dt = -a + b; db/dt = -b; dc/dt = -c; dd/dt = c*d")
    assert components(system_of(model)) == [("a", "b"), ("c", "d")]


def test_traces_are_a_component_of_their_own():
    found = components(system_of(LIF, STDP))
    assert found == [("V", "I_syn__r0"), ("x__pre0",), ("y__post0",)]


@pytest.mark.parametrize("method", ["rk4", "heun", "rk2", "euler"])
def test_a_method_asked_for_is_used_for_the_neurons_component(method):
    model = NeuronModel("dV/dt = (I - V)/tau", parameters={"tau": 10.0}, integrator=method)
    assert methods(model, CURRENT, STDP) == {
        "V": method, "I_syn__r0": method, "x__pre0": "exact", "y__post0": "exact",
    }  # fmt: skip


def test_exponential_euler_asked_for_is_used_though_exact_would_fit():
    model = NeuronModel(
        "dV/dt = (I - V)/tau", parameters={"tau": 10.0}, integrator="exponential_euler"
    )
    assert methods(model, CURRENT) == {"V": "exponential_euler", "I_syn__r0": "exact"}


@pytest.mark.parametrize(
    ("text", "method", "message", "hint"),
    [
        ("dx/dt = x**2", "exact", "integrator 'exact' needs linear equations", "rk4"),
        ("dx/dt = x**2", "exponential_euler", "needs dx/dt to be linear in x", "rk4"),
        ("dx/dt = -x + xi", "rk4", "cannot integrate white noise in dx/dt", "euler_maruyama"),
        ("dx/dt = -x + xi", "exact", "cannot integrate white noise in dx/dt", "euler_maruyama"),
        ("dx/dt = -x + xi**2", "auto", "must be linear in xi", "multiplied"),
        ("dx/dt = -x + xi_a*xi_b", "auto", "must be linear in xi_a", "multiplied"),
    ],
)
def test_an_integrator_that_does_not_fit_is_refused_with_a_cure(text, method, message, hint):
    with pytest.raises(EquationError) as caught:
        kernel_of(NeuronModel(text, integrator=method))
    assert message in str(caught.value)
    assert hint in caught.value.hint
    assert "population 'p'" in caught.value.where


def test_a_refractory_time_must_be_made_of_parameters():
    model = NeuronModel("dV/dt = -V", threshold="V > 1", refractory="V*2")
    with pytest.raises(EquationError, match="refractory period depends on"):
        kernel_of(model)


def test_definitions_in_a_circle_are_refused():
    with pytest.raises(EquationError, match="circle"):
        NeuronModel("dV/dt = a - V; a = b + 1; b = a")


@pytest.mark.parametrize("event_driven", [True, False])
def test_definitions_of_synapses_may_stand_anywhere_as_those_of_neurons(event_driven):
    def kernel(equations):
        model = SynapseModel(
            on_pre="weight += c",
            synapse_derivatives=equations,
            parameters={"tau": 5.0},
            variables={"c": 1.0},
            event_driven=event_driven,
        )
        return program_of(one_population(LIF, model)).synapses[0]

    assert kernel("dc/dt = -c*twice; twice = 2*rate; rate = 1/tau") == kernel("dc/dt = -c*2/tau")


@pytest.mark.parametrize(
    "text",
    ["dV/dt = -V/0", "dV/dt = V*sqrt(-1)", "dV/dt = V*log(-2)", "dV/dt = V + 1/(2 - 2)"],
)
def test_what_has_no_real_value_is_refused(text):
    with pytest.raises(EquationError, match="no real value") as caught:
        kernel_of(NeuronModel(text))
    assert "division by zero" in caught.value.hint


def test_noise_inside_a_condition_is_refused():
    with pytest.raises(EquationError, match="must be linear in xi"):
        kernel_of(NeuronModel("dV/dt = where(xi > 0, 1, 0)"))


def test_a_refractory_time_may_be_counted_in_steps():
    model = NeuronModel("dV/dt = -V", threshold="V > 1", refractory="3*dt")
    scalars = kernel_of(model).scalars
    assert "refractory_steps" in {v.symbol for v in scalars}
