"""Equation text becomes checked data; what is not arithmetic never gets further."""

from __future__ import annotations

import pickle
import time

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from pygenn_lite.declaration import parse_equations, parse_expression
from pygenn_lite.errors import EquationError, Location

V, E, tau = sympy.symbols("V E_L tau", real=True)


def test_lines_definitions_comments_and_continuations_are_read():
    equations = parse_equations(
        """
        dV/dt = (E_L - V + I_K) / tau   # membrane
        I_K = g * (E_K -
                   V); a = 2
        """
    )
    assert [(e.kind, e.name) for e in equations] == [
        ("derivative", "V"),
        ("definition", "I_K"),
        ("definition", "a"),
    ]
    assert equations[0].symbols == {"E_L", "V", "I_K", "tau"}


def test_text_and_sympy_give_equal_equations():
    text = parse_equations({"V": "(E_L - V)/tau"})
    symbolic = parse_equations({V: (E - V) / tau})
    assert text[0].sympy() - symbolic[0].sympy() == 0
    assert pickle.loads(pickle.dumps(text)) == text
    assert hash(text) == hash(pickle.loads(pickle.dumps(text)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2*V**2 - 1/3", 2 * V**2 - sympy.Rational(1, 3)),
        ("min(V, 2)", sympy.Min(V, 2)),
        ("clip(V, 0, 1)", sympy.Min(sympy.Max(V, 0), 1)),
        ("abs(V)", sympy.Abs(V)),
        ("where(V > 0, V, -V)", sympy.Piecewise((V, V > 0), (-V, True))),
        ("Piecewise((1, V > 0), (2, True))", sympy.Piecewise((1, V > 0), (2, True))),
        ("V > 1 and V < 2", sympy.And(V > 1, V < 2)),
        ("(V > 1) | (V < 0)", sympy.Or(V > 1, V < 0)),
        ("not V > 1", sympy.Not(V > 1)),
        ("1 < V < 2", sympy.And(sympy.Lt(1, V), V < 2)),
        ("sin(2*pi*V)", sympy.sin(2 * sympy.pi * V)),
    ],
)
def test_functions_mean_what_they_say(text, expected):
    assert parse_expression(text).sympy() == expected


def test_assignments_keep_their_operator():
    equations = parse_equations("V = V_r; w += b; x *= 0.5", assignments=True)
    assert [(e.name, e.operator) for e in equations] == [("V", "="), ("w", "+="), ("x", "*=")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("V^2", ["^", "**"]),
        ("V +", ["cannot read"]),
        ("(V", ["cannot read"]),
        ("sine(V)", ["sine", "sin"]),
        ("exp(V, 2)", ["exp", "1 arguments"]),
        ("V ? 1", ["'?'"]),
        ("", ["empty"]),
        ("1e999", ["number"]),
        ("V & 1", ["conditions"]),
        ("V.real", ["attribute"]),
        ("V[0]", ["["]),
        ("__import__('os')", ["'"]),
        ("lambda: 1", [":"]),
        ("eval(V)", ["unknown function 'eval'"]),
        ("V if V else 1 for V in V", ["for"]),
        ("9**9**9**9", ["power"]),
        ("(" * 1000 + "V" + ")" * 1000, ["nested"]),
        ("V" * 10**6, ["long"]),
        ("V\x00", ["\\x00"]),
        ("\u0405 + 1", ["\u0405"]),
        ("print(V)", ["unknown function"]),
        ("f(*V)", ["f"]),
        ("exp(V=1)", ["not allowed"]),
        ("(V, 1)", ["tuple"]),
        ("V @ V", ["@"]),
        ("V << 2", ["lshift"]),
        ("-" * 5000 + "V", ["nested too deeply"]),
    ],
)
def test_what_is_not_arithmetic_is_refused_quickly(text, words):
    begin = time.process_time()
    with pytest.raises(EquationError) as caught:
        parse_expression(text, Location("here")).sympy()
    assert time.process_time() - begin < 2.0
    assert "here" in str(caught.value) or "sense" in str(caught.value)
    for word in words:
        assert word in str(caught.value)


def test_an_error_names_the_line():
    with pytest.raises(EquationError, match="line 2"):
        parse_equations("dV/dt = -V\ndw/dt = 3 +* w", Location.of("model m"))


CHARACTERS = st.sampled_from(
    "VEIxdt0129.+-*/()<>=&|~,^ exp sin where and or not if else lambda _[]{}'\"\\;:#\n"
)


@settings(max_examples=300, deadline=None)
@given(st.lists(CHARACTERS, max_size=40).map("".join))
def test_random_text_is_an_expression_or_a_named_error(text):
    try:
        parse_expression(text).sympy()
    except EquationError as error:
        assert str(error)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_random_equations_are_read_or_refused_by_name(text):
    try:
        parse_equations(text, Location("fuzz"))
    except EquationError as error:
        assert str(error)


def test_a_keyword_of_python_is_named_as_reserved():
    with pytest.raises(EquationError, match="'lambda' in '-V/lambda' is reserved"):
        parse_equations("dV/dt = -V/lambda")
