"""Surrogate derivatives: the published formulas, and what is refused."""

import numpy as np
import pytest
import sympy

import pygenn_lite as pg
from pygenn_lite.codegen.trial.surrogate import U

SHAPES = pg.surrogates

# Spyx 1.0, axn.py, restated.
FORMULAS = {
    "superspike": lambda u: 1 / (1 + 25 * np.abs(u)) ** 2,
    "arctan": lambda u: 1 / (np.pi * (1 + (2 * np.pi * u) ** 2)),
    "tanh": lambda u: 4 / (np.exp(-u) + np.exp(u)) ** 2,
    "triangular": lambda u: np.maximum(0, 1 - np.abs(2 * u)),
    "boxcar": lambda u: np.where(np.abs(u) < 1, 0.5, 0.0),
    "straight_through": np.ones_like,
    "linear": lambda u: u,
}
POINTS = np.array([-40.0, -2.0, -1.0, -0.6, -0.5, -0.03, 0.0, 0.01, 0.4, 0.99, 1.0, 3.0, 40.0])


def values(surrogate, points):
    function = sympy.lambdify(U, surrogate.derivative, "math")
    return np.array([function(u) for u in points.tolist()], float)


@pytest.mark.parametrize("name", FORMULAS)
def test_a_shape_is_its_published_formula(name):
    made = SHAPES.as_surrogate(name)
    np.testing.assert_allclose(values(made, POINTS), FORMULAS[name](POINTS), rtol=1e-13, atol=1e-32)


def test_steepness_width_and_height_are_those_given():
    np.testing.assert_allclose(values(SHAPES.superspike(10), POINTS), (1 + 10 * abs(POINTS)) ** -2)
    np.testing.assert_allclose(
        values(SHAPES.triangular(0.5), POINTS), np.maximum(0, 1 - 0.5 * abs(POINTS))
    )
    np.testing.assert_allclose(
        values(SHAPES.tanh(3), POINTS), np.cosh(3 * POINTS) ** -2, atol=1e-30
    )
    np.testing.assert_allclose(
        values(SHAPES.boxcar(1, 2), POINTS), np.where(abs(POINTS) < 0.5, 2, 0)
    )


def test_a_steep_shape_far_from_the_threshold_is_a_number_in_single_precision():
    far = np.float32(500)
    function = sympy.lambdify(U, SHAPES.tanh(25).derivative, "numpy")
    assert function(far) == 0 and function(-far) == 0


def test_a_scaled_shape_keeps_its_area():
    fine = np.linspace(-150, 150, 300_001)
    for shape in (SHAPES.triangular(), SHAPES.boxcar(), SHAPES.tanh()):
        plain, scaled = values(shape, fine), values(shape.scaled(15.0), fine)
        assert np.trapezoid(scaled, fine) == pytest.approx(np.trapezoid(plain, fine), rel=1e-3)
    assert values(SHAPES.triangular().scaled(15.0), np.array([0.0]))[0] == pytest.approx(1 / 15)


def test_the_derivative_is_taken_at_the_signed_threshold():
    V, theta = sympy.symbols("V theta", real=True)
    assert SHAPES.superspike(25).of(V - theta) == 1 / (1 + 25 * sympy.Abs(V - theta)) ** 2


def test_a_function_of_u_is_taken_as_text_and_as_sympy():
    u = sympy.Symbol("u")
    expected = 1 / (1 + U**2)
    for given in ("1/(1 + u**2)", 1 / (1 + u**2)):
        assert SHAPES.as_surrogate(given).derivative == expected
        assert SHAPES.custom(given).derivative == expected
    assert SHAPES.custom(0.5).derivative == 0.5
    assert SHAPES.as_surrogate(u).derivative == U == SHAPES.as_surrogate("u").derivative


def test_nothing_given_is_superspike():
    assert SHAPES.as_surrogate() == SHAPES.superspike(25) == SHAPES.as_surrogate("superspike")
    assert repr(SHAPES.as_surrogate()) == "<surrogate superspike(k=25): (25*Abs(u) + 1)**(-2)>"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("superspik", "did you mean 'superspike'"),
        ("1/u", "not finite at u = 0"),
        ("log(u)", "not finite at u = -1"),
        ("1/(1 + V**2)", "reads V"),
        ("rand()*u", "is random"),
        ("u > 0", "is a condition"),
        (3, "3 is not a surrogate"),
        (abs, "is not a surrogate"),
    ],
)
def test_what_is_not_a_function_of_u_is_refused(given, message):
    with pytest.raises(pg.errors.ArgumentError, match=message) as caught:
        SHAPES.as_surrogate(given)
    assert caught.value.hint and "surrogate" in caught.value.where


@pytest.mark.parametrize("value", [0, -1.0, float("nan"), float("inf"), "25", True, None])
def test_a_steepness_that_is_not_a_positive_number_is_refused(value):
    with pytest.raises(pg.errors.ArgumentError, match="not a positive number"):
        SHAPES.superspike(value)
    with pytest.raises(pg.errors.ArgumentError, match="not a positive number"):
        SHAPES.tanh().scaled(value)


def test_a_formula_that_cannot_be_read_is_refused():
    with pytest.raises(pg.errors.EquationError):
        SHAPES.custom("1/(1 + u")
