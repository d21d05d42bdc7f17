"""What depends on one neuron is computed once for it, not once for each of its synapses."""

from __future__ import annotations

import re

import pytest
import sympy

import pygenn_lite as pg
from pygenn_lite.codegen import generate, network_structure
from pygenn_lite.codegen.passes.per_neuron import NeuronParts
from pygenn_lite.codegen.program.kernel import Add, Assign
from pygenn_lite.codegen.systems.rules import Next
from pygenn_lite.declaration.language.equations import parse_expression


def parts() -> NeuronParts:
    return NeuronParts("x__", {"V_pre", "r_pre"}, {"V_post"}, {"weight"})


def expression(text: str) -> sympy.Expr:
    return parse_expression(text).sympy()


@pytest.mark.parametrize(
    "text",
    [
        "weight*exp(V_pre)*(E - V_post)",
        "weight*(V_pre - V_post)",
        "weight*V_pre - weight*V_post",
        "tanh(weight*V_pre + g*V_post + 1) + exp(V_post)",
        "where(V_pre > V_post, weight, exp(r_pre)*V_post)",
        "g*V_pre*r_pre",
        "V_post*g",
        "3",
    ],
)
def test_factor_and_parts_together_are_the_expression(text: str) -> None:
    found = parts()
    (total,) = found.sums([Add("I_post", expression(text))])
    named = {name: value for value, name in {**found.of_source, **found.of_target}.items()}
    whole = total.factor * (total.first * total.second).xreplace(named)
    assert sympy.simplify(whole - expression(text)) == 0
    for side, of_side in (
        ({"V_post", "weight"}, found.of_source),
        ({"V_pre", "r_pre"}, found.of_target),
    ):
        assert not any({s.name for s in value.free_symbols} & side for value in of_side)


def test_functions_of_one_neuron_are_named_and_factors_of_the_target_are_left_to_the_end() -> None:
    found = parts()
    (total,) = found.sums([Add("I_post", expression("weight*exp(V_pre)*(E - V_post)"))])
    assert list(found.of_source) == [expression("exp(V_pre)")]
    assert total.factor == expression("E - V_post")
    assert total.second == expression("weight")


def test_temporaries_of_one_side_become_parts() -> None:
    found = parts()
    code = [
        Assign("s0__", expression("exp(V_post)")),
        Assign("s1__", expression("eta*r_pre")),
    ]
    change = Next("weight", sympy.sympify(expression("weight + dt*a*b*weight")).xreplace(
        {sympy.Symbol("a", real=True): sympy.Symbol("s0__", real=True),
         sympy.Symbol("b", real=True): sympy.Symbol("s1__", real=True)}))  # fmt: skip
    (left,) = found.rules([*code, change])
    assert left.target == "weight" and isinstance(left, Next)
    assert not {"s0__", "s1__"} & {s.name for s in left.value.free_symbols}
    assert any(value.has(sympy.exp) for value in found.of_target)


def test_generated_code_calls_the_function_once_per_neuron() -> None:
    net = pg.Network(dt=0.1)
    unit = pg.RateNeuron()
    a, b = net.population("a", 5, unit), net.population("b", 6, unit)
    model = pg.SynapseModel(continuous="I_post += weight*exp(r_pre)*(1 - tanh(r_post))")
    net.connect(a, b, model, pg.AllToAll())
    source = generate(network_structure(net)).source
    kernel = source[source.index("synapse0_step_matrix(") :]
    inner = re.search(r"column < width; \+\+column\) \{(.*?)\n      \}", kernel, re.S)
    assert inner is not None
    assert "weight" in inner[1]
    assert "exp(" not in inner[1]
    assert "tanh(" not in inner[1]
    assert kernel.count("pgl::exp(") == 1
