"""The search for factors, on functions whose answers are known."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pygenn_lite.errors import FitError
from pygenn_lite.scaling.coordinate_search import CoordinateSearch, Limits
from pygenn_lite.scaling.fit_result import FitStep, Target

LIMITS = Limits(1 / 32, 32.0, 1.3)


def search(rates, aims, tolerance=0.01, limits=LIMITS):
    def evaluate(factors):
        return [FitStep(dict(f), r := rates(f), dict.fromkeys(r, 0.0), 1) for f in factors]

    targets = {
        name: Target(aim * (1 - tolerance), aim * (1 + tolerance), aim)
        for name, aim in aims.items()
    }
    return CoordinateSearch(evaluate, targets, limits, tolerance)


@settings(deadline=None)
@given(st.floats(0.2, 5.0), st.floats(0.1, 3.0), st.sampled_from([-1, 1]))
def test_a_rising_or_falling_rate_is_found_in_few_steps(factor, power, sign):
    def rates(factors):
        return {"p": 10.0 * (factors["p"] / factor) ** (sign * power)}

    looked = search(rates, {"p": 10.0})
    found = looked.run({"p": 1.0})
    assert found.rates["p"] == pytest.approx(10.0, rel=0.011)
    assert found.factors["p"] == pytest.approx(factor, rel=0.011 / power + 1e-3)
    assert len(looked.steps) < 30


@settings(deadline=None)
@given(st.floats(-0.45, 0.45), st.floats(0.3, 3.0), st.floats(0.3, 3.0))
def test_populations_that_move_each_other_come_to_rest(coupling, a, b):
    def rates(factors):
        x, y = math.log(factors["a"] / a), math.log(factors["b"] / b)
        return {"a": 5.0 * math.exp(x + coupling * y), "b": 20.0 * math.exp(y + coupling * x)}

    found = search(rates, {"a": 5.0, "b": 20.0}).run({"a": 1.0, "b": 1.0})
    assert found.factors == pytest.approx({"a": a, "b": b}, rel=0.05)


def test_what_is_right_already_is_left():
    looked = search(lambda factors: {"p": 10.0}, {"p": 10.0})
    assert looked.run({"p": 1.0}).factors == {"p": 1.0}
    assert len(looked.steps) == 1


def test_a_rate_that_saturates_below_its_target_is_told():
    looked = search(lambda f: {"p": 8.0 * f["p"] / (1 + f["p"])}, {"p": 10.0})
    with pytest.raises(
        FitError, match=r"to be 10 Hz \(9.9 to 10.1\), but goes from 0.24"
    ) as caught:
        looked.run({"p": 1.0})
    assert "to 7.758 Hz (factor 32)" in str(caught.value)
    assert looked.best.factors == {"p": 32.0}


def test_a_rate_that_rises_and_falls_is_noted():
    looked = search(
        lambda f: {"p": 10.0 * math.sin(min(f["p"], 3.0))}, {"p": 4.0}, limits=Limits(0.1, 3.1, 2.5)
    )
    assert looked.run({"p": 1.0}).rates["p"] == pytest.approx(4.0, rel=0.011)
    assert "rate of 'p' both rises and falls with its factor" in looked.notes["p"]


def test_populations_that_cannot_both_be_right_end_the_search():
    def rates(factors):
        product = factors["a"] * factors["b"]
        return {"a": product, "b": product}

    looked = search(rates, {"a": 2.0, "b": 3.0})
    with pytest.raises(FitError, match=r"the rate of '[ab]' is to be [23] Hz .*, but goes from"):
        looked.run({"a": 1.0, "b": 1.0})


def test_populations_that_chase_each_other_end_the_search():
    def rates(factors):
        x, y = math.log(factors["a"] / 2), math.log(factors["b"] / 3)
        return {"a": 5.0 * math.exp(x + y), "b": 5.0 * math.exp(y - x)}

    looked = search(rates, {"a": 5.0, "b": 5.0})
    with pytest.raises(FitError, match="the rates of a, b do not come to rest"):
        looked.run({"a": 1.0, "b": 1.0})
