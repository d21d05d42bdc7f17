"""Neuron and synapse models say what is wrong with them, where, and what to write instead."""

from __future__ import annotations

import pickle

import pytest

import pygenn_lite as pg
from pygenn_lite.errors import DeclarationError, EquationError, ModelError

LIF = {
    "derivatives": "dV/dt = (E_L - V + I)/tau",
    "threshold": "V > V_th",
    "reset": "V = E_L",
    "refractory": 2.0,
    "parameters": {"E_L": -65.0, "tau": 10.0, "V_th": -50.0},
    "initial": {"V": -65.0},
    "name": "lif",
}


def neuron(**changes):
    return pg.NeuronModel(**{**LIF, **changes})


def test_equal_models_hash_and_pickle_alike():
    first, second = neuron(), neuron()
    assert first == second
    assert hash(first) == hash(second)
    assert pickle.loads(pickle.dumps(first)) == first
    assert neuron(refractory=3.0) != first


def test_models_cannot_be_changed():
    with pytest.raises(AttributeError):
        neuron().integrator = "rk4"


def test_clamped_variables_are_those_of_the_threshold():
    assert neuron().clamp == ("V",)
    assert neuron(refractory="V > -40").clamp == ()
    assert neuron(clamp=()).clamp == ()


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"derivatives": "dV/dt = (E_l - V + I)/tau"}, EquationError, ["E_l", "dV/dt", "'E_L'"]),
        ({"threshold": "V > V_thr"}, EquationError, ["V_thr", "threshold", "'V_th'"]),
        ({"threshold": "V"}, EquationError, ["not a condition", "V > V_th"]),
        ({"reset": "w = 1"}, ModelError, ["'w'", "without an equation", "reset"]),
        ({"reset": "tau = 1"}, ModelError, ["assignment to the parameter 'tau'"]),
        ({"reset": "I = 1"}, ModelError, ["assignment to 'I'"]),
        (
            {"parameters": {**LIF["parameters"], "I": 5.0}, "inputs": ["I"]},
            ModelError,
            ["'I' is used twice", "input"],
        ),
        (
            {"derivatives": "dV/dt = -V + I; I = 5", "inputs": ["I"]},
            ModelError,
            ["'I' is used twice"],
        ),
        ({"initial": {"U": 1.0}}, ModelError, ["'U'", "without an equation"]),
        ({"parameters": {**LIF["parameters"], "V": 1.0}}, ModelError, ["'V'", "twice"]),
        ({"derivatives": "dV/dt = -V; dV/dt = V"}, ModelError, ["'V'", "twice"]),
        ({"parameters": {**LIF["parameters"], "for": 1.0}}, EquationError, ["'for'", "reserved"]),
        ({"parameters": {**LIF["parameters"], "t": 1.0}}, EquationError, ["'t'", "reserved"]),
        ({"parameters": {**LIF["parameters"], "double": 1}}, EquationError, ["reserved"]),
        ({"parameters": {**LIF["parameters"], "a__b": 1}}, EquationError, ["__"]),
        ({"parameters": {**LIF["parameters"], "x_pre": 1}}, EquationError, ["_pre"]),
        ({"parameters": {**LIF["parameters"], "2a": 1}}, EquationError, ["'2a'"]),
        ({"parameters": {**LIF["parameters"], "tau": float("nan")}}, DeclarationError, ["tau"]),
        ({"parameters": {**LIF["parameters"], "tau": "ten"}}, DeclarationError, ["tau"]),
        ({"integrator": "rk5"}, ModelError, ["'rk5'", "rk4"]),
        ({"clamp": ["W"]}, ModelError, ["'W'", "clamp"]),
        ({"update": "V = 1"}, ModelError, ["either derivatives or"]),
        ({"threshold": "V > xi"}, EquationError, ["xi", "randn"]),
        ({"derivatives": "dV/dt = rand()"}, EquationError, ["rand", "xi"]),
    ],
)
def test_a_wrong_neuron_model_is_named(changes, error, words):
    with pytest.raises(error) as caught:
        model = neuron(**changes)
        pg.Network().population("p", 3, model)
    for word in words:
        assert word in str(caught.value)


def test_a_name_of_ones_own_takes_the_place_of_the_default_input():
    constant = neuron(parameters={**LIF["parameters"], "I": 5.0})
    assert constant.inputs == ()
    assert neuron().inputs == neuron(inputs=["I"]).inputs == ("I",)


def test_a_variable_of_the_default_input_s_name_may_be_reset():
    """It is the model's own, not computed by the equations."""
    own = pg.NeuronModel(
        "dI/dt = (2 - I)/tau", threshold="I > 1", reset="I = 0", parameters={"tau": 10.0}
    )
    assert (own.inputs, own.state_names) == ((), ("I",))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"derivatives": "dg/dt = -g/tua", "parameters": {"tau": 1}}, ["tua", "'tau'"]),
        ({"parameters": {"tau": [1.0, 2.0]}}, ["tau", "one number"]),
        ({"on_pre": "tau += weight", "parameters": {"tau": 1}}, ["assignment to the parameter"]),
        ({"initial": {"g": 1}}, ["'g'", "postsynaptic"]),
        ({"synapse_derivatives": "dc/dt = -c"}, ["'c'", "start value"]),
        (
            {"pre_trace": pg.SynapticTrace("dx/dt = -x/tau", "x += 1")},
            ["tau", "dx/dt"],
        ),
        (
            {"parameters": {"x": 1}, "pre_trace": pg.SynapticTrace("dx/dt = -x", "x += 1")},
            ["'x'", "twice"],
        ),
        ({"post_trace": pg.SynapticTrace("dx/dt = -x", "x += rand()")}, ["rand()", "x += rand()"]),
        ({"pre_trace": pg.SynapticTrace("dx/dt = -x*randn()", "x += 1")}, ["randn()", "dx/dt"]),
        ({"derivatives": "dg/dt = -g*rand()"}, ["rand()", "dg/dt", "neuron model"]),
        ({"inputs": "I = randn()"}, ["randn()", "I = randn()"]),
        ({"on_pre": "weight += rand()"}, ["rand()", "weight += rand()"]),
        ({"on_post": "weight = randn()"}, ["randn()"]),
        (
            {"synapse_derivatives": "dweight/dt = -rand()*weight", "event_driven": False},
            ["rand()", "dweight/dt"],
        ),
        (
            {"synapse_derivatives": "dc/dt = -c*s; s = 1/delay", "variables": {"c": 1.0}},
            ["delay", "s = 1 / delay", "event_driven=False"],
        ),
        (
            {"synapse_derivatives": "dweight/dt = -weight", "integrator": "rk5"},
            ["'rk5' is not a valid integrator", "'rk4'"],
        ),
        (
            {"synapse_derivatives": "dweight/dt = -weight", "integrator": "rk4"},
            ["'rk4'", "from step to step", "event_driven=False"],
        ),
        ({"integrator": "rk4", "event_driven": False}, ["nothing to integrate", "neuron model"]),
    ],
)
def test_a_wrong_synapse_model_is_named(arguments, words):
    with pytest.raises(DeclarationError) as caught:
        pg.SynapseModel(**arguments)
    for word in words:
        assert word in str(caught.value)


def test_the_delay_can_be_read_where_derivatives_are_integrated_in_every_step():
    pg.SynapseModel(synapse_derivatives="dweight/dt = -weight/delay", event_driven=False)


def test_static_synapses_are_recognised():
    assert pg.ExponentialCurrent(5.0).is_static
    assert not pg.PairSTDP(pg.ExponentialCurrent(5.0)).is_static


def test_a_state_without_its_derivative_is_told_to_write_one():
    with pytest.raises(EquationError, match=r"circle: V -> V(?s:.*)dV/dt = \.\.\."):
        pg.NeuronModel("V = -V/tau", parameters={"tau": 10.0})
