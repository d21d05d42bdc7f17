"""One table of functions, constants, rules, distributions and options, known to every stage."""

import dataclasses
import inspect
import math
import re
import typing
from pathlib import Path

import numpy as np
import pytest
import sympy

import pygenn_lite as pg
from pygenn_lite.codegen.render.cpp_printer import CppPrinter
from pygenn_lite.declaration.connectivity import RULES
from pygenn_lite.declaration.distribution_base import Affine
from pygenn_lite.declaration.inputs import Input
from pygenn_lite.declaration.language.constants import constant_value
from pygenn_lite.declaration.language.evaluation import evaluate
from pygenn_lite.declaration.language.parser import parse_tree
from pygenn_lite.declaration.language.vocabulary import (
    CONSTANTS,
    FUNCTIONS,
    HELPERS,
    RANDOM,
    VALUE_SYMBOLS,
    Function,
)
from pygenn_lite.runtime.reference.interpreter import run_reference
from pygenn_lite.yaml_format import schema
from pygenn_lite.yaml_format.dump import INPUT_KINDS
from pygenn_lite.yaml_format.rule_forms import _RULES
from pygenn_lite.yaml_format.value_forms import DISTRIBUTIONS

POINTS = [(0.3, -0.7, 0.9), (2.5, 1.0, 2.0), (1.0, 1.0, 1.0)]
CALLS = {"where": "where(a > b, a, c)", "Piecewise": "Piecewise((a, a > b), (b, c > 1), (c, True))"}


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - RANDOM))
def test_every_stage_gives_a_function_the_same_value(name):
    text = CALLS.get(name) or f"{name}({', '.join('abc'[: FUNCTIONS[name].least])})"
    expression = pg.parse_expression(text)
    a, b, c = sympy.symbols("a b c", real=True)
    for point in POINTS:
        names = dict(zip("abc", point, strict=True))
        number = constant_value(parse_tree(text), known=names)
        array = evaluate(expression, {k: np.full(3, v) for k, v in names.items()})
        exact = float(expression.sympy().subs({a: point[0], b: point[1], c: point[2]}))
        assert array.shape == (3,)
        assert number == pytest.approx(array[0], rel=4e-16)
        assert number == pytest.approx(exact, rel=1e-12)
    assert CppPrinter().doprint(expression.sympy())


@pytest.mark.parametrize("name", CONSTANTS)
def test_every_stage_knows_a_constant(name):
    number = float(getattr(sympy, name))
    assert (
        constant_value(parse_tree(name)) == number == float(evaluate(pg.parse_expression(name), {}))
    )
    assert float(pg.parse_expression(name).sympy()) == number
    assert pg.parse_expression(f"2*{name} + a").symbols == {"a"}
    with pytest.raises(pg.errors.EquationError, match="reserved"):
        pg.NeuronModel("dV/dt = -V", parameters={name: 1.0})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("where(2 > 1, 3, 4)", 3.0),
        ("5 if 1 < 2 <= 2 and not 3 == 4 else 6", 5.0),
        ("Piecewise((1, 2 < 1), (7, (1 > 2) | (2 != 3)), (8, True))", 7.0),
        ("-where(False, 1, 2)**2", -4.0),
    ],
)
def test_a_choice_among_constants_is_a_constant(text, value):
    net = pg.Network(dt=0.1)
    assert dict(net.population("p", 2, pg.LIF(), initial={"V": text}).initial) == {"V": value}


def test_a_choice_of_constants_without_a_case_is_refused():
    with pytest.raises(pg.errors.EquationError, match="no condition of 'Piecewise") as caught:
        pg.parse_expression("Piecewise((1, 2 < 1))")
    assert "(value, True)" in caught.value.hint


def test_a_formula_is_refused_by_its_length_as_it_is_kept():
    text = "+".join(["a" * 60] * 160)
    assert len(text) < 10_000 < len(text) + 2 * text.count("+")
    with pytest.raises(pg.errors.EquationError, match="characters is too long"):
        pg.parse_expression(text)


def test_a_constant_of_a_file_can_be_no_symbol_of_values():
    for name in (*VALUE_SYMBOLS, *CONSTANTS):
        with pytest.raises(pg.errors.FileFormatError, match="has a meaning in formulas"):
            pg.load_network(
                f"constants: {{{name}: 3}}\npopulations: {{p: {{size: 4, model: LIF}}}}"
            )


def test_every_rule_distribution_and_input_has_a_form_in_files():
    assert [kind for kind, _ in _RULES.values()] == list(RULES)
    ours = {d for d in pg.Distribution.__subclasses__() if d.__module__.startswith("pygenn_lite.")}
    assert {*DISTRIBUTIONS.values(), Affine} == ours
    assert set(INPUT_KINDS) == set(typing.get_args(Input))
    assert set(INPUT_KINDS.values()) == set(schema.InputSection.model_fields)


@pytest.mark.parametrize(
    ("section", "declare", "only_in_files"),
    [
        (schema.NeuronSection, pg.NeuronModel, {"use", "with_variables"}),
        (schema.SynapseSection, pg.SynapseModel, {"use", "receptor"}),
        (schema.TraceSection, pg.SynapticTrace, set()),
        (schema.PopulationSection, pg.Network.population, {"spike_source"}),
        (schema.ConnectionSection, pg.Network.connect, set()),
        (schema.PoissonSection, pg.Network.poisson, set()),
        (schema.CurrentSection, pg.Network.current, set()),
        (schema.StepCurrentSection, pg.Network.step_current, set()),
        (schema.NoiseCurrentSection, pg.Network.noise_current, set()),
    ],
)
def test_files_take_the_options_that_python_takes(section, declare, only_in_files):
    options = set(inspect.signature(declare).parameters) - {"self"}
    if declare is pg.Network.population:
        options -= {"name"}  # the key of its section
    assert set(section.model_fields) - only_in_files == options


def test_files_take_the_options_of_every_rule():
    for kind, form in _RULES.values():
        options = {f.name for f in dataclasses.fields(kind)}
        assert set(form.known) - {"file"} == options


def test_a_function_is_added_by_one_row_and_its_form_in_cpp(monkeypatch):
    """Every stage finds it: parser, constants, values, SymPy with derivative, oracle, C++."""
    row = Function(1, 1, math.expm1, np.expm1, "grown", cpp="expm1", derivative=("exp(a0)",))
    monkeypatch.setitem(FUNCTIONS, "grown", row)
    x = sympy.Symbol("x", real=True)
    form = pg.parse_expression("grown(2*x)").sympy()
    assert sympy.diff(form, x) == 2 * sympy.exp(2 * x)
    assert float(form.subs(x, 0.25)) == math.expm1(0.5)
    assert CppPrinter().doprint(form) == "pgl::expm1(real(2.0)*x)"
    net = pg.Network(dt=0.5)
    model = pg.NeuronModel(
        "dx/dt = grown(-x)/tau", parameters={"tau": "1 + grown(0.5)"}, initial={"x": "grown(i)"},
        integrator="euler",
    )  # fmt: skip
    net.population("p", 3, model)
    sim = net.compile(precision="float64", threads=1)
    sim.run(0.5)
    x0 = np.expm1(np.arange(3.0))
    expected = x0 + 0.5 * np.expm1(-x0) / (1 + math.expm1(0.5))
    np.testing.assert_allclose(sim["p"]["x"], expected, rtol=1e-14)
    np.testing.assert_allclose(run_reference(net, 1).states["p"]["x"], expected, rtol=1e-14)


def test_functions_that_call_cpp_by_name_are_there():
    header = Path(pg.__file__).parent / "templates" / "common" / "math.hpp"
    text = header.read_text() + (header.parent / "machine.hpp").read_text()
    for name, row in {**FUNCTIONS, **HELPERS}.items():
        assert not row.cpp or re.search(rf"\b{row.cpp}\((T|double) x", text), name
