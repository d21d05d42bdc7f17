"""Weights whose mean and spread are multiplied."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pygenn_lite as pg
from pygenn_lite.declaration.distributions import Binomial, Exponential, Gamma
from pygenn_lite.errors import Location, NetworkError
from pygenn_lite.scaling.moments import mean_of, multiplied, rescaled, std_of

HERE = Location("here")
UNIFORM = (np.arange(200_000) + 0.5) / 200_000
WEIGHTS = [
    pg.Normal(10.0, 1.0),
    pg.Uniform(4.0, 6.0),
    pg.LogNormal(1.0, 0.3),
    Gamma(9.0, 0.5),
    Exponential(2.0),
    Binomial(40, 0.5),
    -3.0 * pg.LogNormal(1.0, 0.3),
    pg.Normal(10.0, 1.0) + 2.0,
    pg.TruncatedNormal(1.0, 0.5, 0.0),
    pg.TruncatedNormal(5.0, 1.0, 3.0, 6.0),
]


@pytest.mark.parametrize("weight", WEIGHTS, ids=str)
def test_mean_and_spread_are_those_of_the_values(weight):
    values = weight.draw(UNIFORM)
    assert mean_of(weight, HERE) == pytest.approx(values.mean(), rel=2e-4)
    assert std_of(weight, HERE) == pytest.approx(values.std(), rel=2e-3)


@pytest.mark.parametrize("weight", WEIGHTS, ids=str)
@pytest.mark.parametrize("factors", [(0.5, 0.5), (0.5, 0.6), (2.0, 1.5)])
def test_both_are_multiplied(weight, factors):
    new = rescaled(weight, *factors, HERE)
    assert mean_of(new, HERE) == pytest.approx(factors[0] * mean_of(weight, HERE), rel=1e-6)
    assert std_of(new, HERE) == pytest.approx(factors[1] * std_of(weight, HERE), rel=1e-6)


@given(st.floats(0.01, 100.0), st.floats(0.1, 10.0))
def test_log_normal_weights_keep_their_sign_at_any_factors(of_mean, wider):
    new = rescaled(pg.LogNormal(0.5, 0.8), of_mean, of_mean * wider, HERE)
    assert new.reach()[0] >= 0
    assert std_of(new, HERE) / std_of(pg.LogNormal(0.5, 0.8), HERE) == pytest.approx(
        of_mean * wider
    )


class Coin(pg.declaration.Distribution):
    """0 or 2: a distribution of a user's."""

    def ppf(self, u):
        return np.where(u < 0.5, 0.0, 2.0)

    def mean_value(self):
        return 1.0


def test_a_distribution_of_a_users_is_stretched():
    new = rescaled(Coin(), 3.0, 2.0, HERE)
    assert std_of(Coin(), HERE) == pytest.approx(1.0)
    assert sorted(set(new.draw(np.array([0.1, 0.9])))) == [1.0, 5.0]


def test_arrays_are_stretched_and_formulas_multiplied():
    net = pg.Network()
    a = net.population("a", 3, pg.LIF())
    rule, synapse = pg.OneToOne(), pg.Delta()
    array = net.connect(a, a, synapse, rule, weight=[1.0, 2.0, 3.0]).weight
    assert rescaled(array, 2.0, 1.0, HERE).array.tolist() == [3.0, 4.0, 5.0]
    formula = net.connect(a, a, synapse, rule, weight="1 + i_pre").weight
    assert multiplied(formula, 0.5, HERE).text == "0.5 * (1 + i_pre)"
    assert rescaled(formula, 0.5, 0.7, HERE).text == "0.5 * (1 + i_pre)"
    with pytest.raises(NetworkError, match=r"here: cannot be scaled: the mean of the formula 1 \+"):
        mean_of(formula, HERE)


@pytest.mark.parametrize(
    "weight", [pg.Uniform(0.0, 0.5), pg.Uniform(-1.0, 0.0), pg.Normal(15.0, 3.0), Binomial(3, 0.5)]
)
def test_weights_that_would_change_their_sign_are_refused(weight):
    with pytest.raises(NetworkError, match=r"would change their sign\n.*spread='proportional'"):
        rescaled(weight, 0.25, 0.5, HERE)


def test_a_spread_that_normal_values_above_0_cannot_have_is_refused():
    with pytest.raises(NetworkError, match=r"no normal values between 0 and inf have"):
        rescaled(pg.TruncatedNormal(1.0, 0.5, 0.0), 0.1, 0.5, HERE)
