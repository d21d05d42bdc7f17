"""Conditions are not numbers, nor numbers conditions: said with a hint for both, before any
code."""

import pytest

import pygenn_lite as pg
from pygenn_lite.declaration.language.equations import parse_expression
from pygenn_lite.errors import EquationError


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("where(V, 1, 2)", ["'V'", "not a condition", "V > 0"]),
        ("V and V > 1", ["'V'", "not a condition"]),
        ("not V", ["not a condition"]),
        ("Piecewise((1, V), (2, True))", ["not a condition"]),
        ("1 if V else 2", ["not a condition"]),
        ("(V > 1)*2", ["V > 1", "not a number", "where(V > 1, 1, 0)"]),
        ("-(V > 1)", ["not a number"]),
        ("exp(V > 1)", ["not a number"]),
        ("min(V, V > 1)", ["not a number"]),
        ("(V > 1) == (V < 2)", ["not a number"]),
        ("where(V > 1, V > 2, 0)", ["not a number"]),
        ("True + 1", ["'True'", "not a number"]),
    ],
)
def test_kinds_are_kept_apart(text, said):
    with pytest.raises(EquationError) as error:
        parse_expression(text, pg.errors.Location("here"))
    for part in ("here", *said):
        assert part in str(error.value)


@pytest.mark.parametrize(
    "text", ["where(True, V, 1)", "0 < V < 1 or not V > 2", "where(V > 1, 1, 0)*2"]
)
def test_proper_ones_pass(text):
    parse_expression(text)


@pytest.mark.usefixtures("backend")
def test_random_numbers_may_be_compared():
    """SymPy turned the sides of such a comparison around for ever."""
    model = pg.NeuronModel(
        update="V = where(0.5 >= rand(), max(rand(), 0.2), min(randn(), clip(V, rand(), 1)))",
        initial=dict(V=0.0),
    )
    assert model.update[0].sympy() == model.update[0].sympy()
    net = pg.Network()
    net.population("p", 3, model)
    net.compile().step(3)
