"""Updates by rendered C++ against the published algorithms in NumPy."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from optimiser_harness import RULES, Harness

import pygenn_lite as pg
from pygenn_lite.codegen.trial.optimiser_code import shared_rule
from pygenn_lite.errors import ArgumentError, EquationError
from pygenn_lite.training import optimisers

WEIGHT, DELAY = "groups.a.weight", "groups.a.delay"
UPDATES = 50


def gradients(shape: tuple[int, ...], seed: int = 1) -> Iterator[np.ndarray]:
    random = np.random.default_rng(seed)
    for _ in range(UPDATES):
        yield random.normal(0.0, 1.0, shape) * random.lognormal(0.0, 2.0)


def sgd(w, g, s, t):
    return w - 0.1 * g


def decaying_sgd(w, g, s, t):
    return w - 0.1 * (g + 0.3 * w)


def momentum(w, g, s, t):
    s["v"] = 0.9 * s["v"] + g
    return w - 0.01 * s["v"]


def nesterov(w, g, s, t):
    s["v"] = 0.8 * s["v"] + g
    return w - 0.01 * (g + 0.8 * s["v"])


def adam(w, g, s, t):
    s["m"] = 0.9 * s["m"] + 0.1 * g
    s["v"] = 0.999 * s["v"] + (1 - 0.999) * g**2
    m_hat, v_hat = s["m"] / (1 - 0.9**t), s["v"] / (1 - 0.999**t)
    return w - 1e-3 * m_hat / (np.sqrt(v_hat) + 1e-8)


def adamw(w, g, s, t):
    return adam(w, g, s, t) - 1e-3 * 0.05 * w


def lion(w, g, s, t):
    c = 0.9 * s["m"] + 0.1 * g
    s["m"] = 0.99 * s["m"] + 0.01 * g
    return w - 1e-2 * (np.sign(c) + 0.1 * w)


def rmsprop(w, g, s, t):
    s["v"] = 0.95 * s["v"] + 0.05 * g**2
    return w - 1e-3 * g / (np.sqrt(s["v"]) + 1e-7)


CASES = {
    "SGD": (optimisers.SGD(0.1), sgd),
    "SGD with decay": (optimisers.SGD(0.1, weight_decay=0.3), decaying_sgd),
    "Momentum": (optimisers.Momentum(0.01), momentum),
    "Nesterov": (optimisers.Momentum(0.01, mu=0.8, nesterov=True), nesterov),
    "Adam": (optimisers.Adam(), adam),
    "AdamW": (optimisers.AdamW(weight_decay=0.05), adamw),
    "Lion": (optimisers.Lion(1e-2, weight_decay=0.1), lion),
    "RMSprop": (optimisers.RMSprop(1e-3, rho=0.95, epsilon=1e-7), rmsprop),
}
OWN = pg.optimisers.Custom(
    """
    m = mu*m + (1 - mu)*gradient
    ahead = mu*m + (1 - mu)*gradient
    value -= rate*ahead/number
    """,
    0.5,
    {"mu": 0.75},
)
RULES += OWN.rule, *dict.fromkeys(optimiser.rule for optimiser, _ in CASES.values())


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("real", [np.float64, np.float32])
def test_updates_are_those_of_the_published_algorithm(name: str, real: type) -> None:
    optimiser, restated = CASES[name]
    start = np.random.default_rng(0).normal(0, 0.5, (3, 41))
    made = Harness(optimiser, {WEIGHT: start}, real)
    value, slots = start.astype(real).astype(np.float64), {"m": 0.0, "v": 0.0}
    for t, g in enumerate(gradients(start.shape), 1):
        made.update({WEIGHT: g})
        value = restated(value, g.astype(real).astype(np.float64), slots, t)
    error = np.abs(made.values[WEIGHT] - value).max() / np.abs(value).max()
    assert error < (1e-14 if real is np.float64 else 2e-6)


def test_the_bits_do_not_depend_on_the_number_of_blocks() -> None:
    start = np.random.default_rng(0).normal(0, 0.5, (90, 150))  # four chunks
    made = [
        Harness(
            optimisers.Adam(clip_norm=1.0), {WEIGHT: start, DELAY: start + 3}, np.float32, blocks=n
        )
        for n in (1, 3)
    ]
    for g in list(gradients(start.shape))[:5]:
        for one in made:
            one.update({WEIGHT: g, DELAY: g**2})
    assert (made[0].values[WEIGHT] == made[1].values[WEIGHT]).all()
    assert (made[0].values[DELAY] == made[1].values[DELAY]).all()
    assert (made[0].norms == made[1].norms).all()


def test_columns_are_limited_when_all_rows_are() -> None:
    """Also those of blocks that come before others which have rows of the array."""
    start = np.random.default_rng(0).normal(0, 0.5, (20, 700))
    limits = {"most_row": 12.0, "most_column": 2.0}
    made = [
        Harness(optimisers.SGD(0.1), {WEIGHT: start}, np.float64, blocks=n, weight=limits)
        for n in (1, 3)
    ]
    for one in made:
        one.update({WEIGHT: np.zeros_like(start)})
    rows = start * np.minimum(12.0 / np.linalg.norm(start, axis=1), 1.0)[:, None]
    expected = rows * np.minimum(2.0 / np.linalg.norm(rows, axis=0), 1.0)
    assert np.abs(made[0].values[WEIGHT] - expected).max() < 1e-14
    assert (made[0].values[WEIGHT] == made[1].values[WEIGHT]).all()


def test_rates_by_path_take_the_last_that_fits() -> None:
    adam = pg.optimisers.Adam(rates={"groups.*": 2.0, "groups.*.delay": 100.0})
    assert [adam.rate_factor(p) for p in (WEIGHT, DELAY, "populations.a.initial.V")] == [2, 100, 1]
    made = Harness(optimisers.SGD(0.1, rates={"*.delay": 10.0}), {WEIGHT: [1.0], DELAY: [1.0]})
    made.update({WEIGHT: np.ones((1, 1)), DELAY: np.ones((1, 1))})
    assert made.values[WEIGHT][0, 0] == pytest.approx(0.9)
    assert made.values[DELAY][0, 0] == pytest.approx(0.0)


def test_only_weights_decay_unless_asked() -> None:
    for options, delay in (({}, 1.0), ({"decays": ("*",)}, 0.9)):
        sgd = optimisers.SGD(1.0, weight_decay=0.1, **options)
        made = Harness(sgd, {WEIGHT: [1.0], DELAY: [1.0]})
        made.update({})
        assert made.values[WEIGHT][0, 0] == pytest.approx(0.9)
        assert made.values[DELAY][0, 0] == pytest.approx(delay)


def clipped(**options: float | str) -> Harness:
    made = Harness(
        optimisers.SGD(1.0, **options), {WEIGHT: np.zeros((2, 1)), DELAY: np.zeros((1, 1))}
    )
    made.update({WEIGHT: np.array([[6.0], [8.0]]), DELAY: np.array([[-24.0]])}, samples=2)
    return made


def test_gradients_are_means_and_are_clipped_by_value() -> None:
    made = clipped(clip_value=3.5)
    assert (-made.values[WEIGHT]).ravel().tolist() == [3.0, 3.5]
    assert (-made.values[DELAY]).ravel().tolist() == [-3.5]


def test_gradients_are_clipped_by_their_norm() -> None:
    made = clipped(clip_norm=1.3)  # of (3, 4, -12): 13
    assert made.norms.tolist() == [5.0, 12.0, 13.0]
    assert np.allclose(-made.values[WEIGHT].ravel(), [0.3, 0.4], rtol=1e-15)
    assert np.allclose(-made.values[DELAY].ravel(), [-1.2], rtol=1e-15)
    assert np.allclose(-clipped(clip_norm=20.0).values[WEIGHT].ravel(), [3.0, 4.0], rtol=0)


def test_the_norm_of_all_counts_a_gradient_that_two_arrays_have_once() -> None:
    values = {WEIGHT: np.zeros((2, 1)), DELAY: np.zeros((2, 1))}
    made = Harness(optimisers.SGD(1.0, clip_norm=1.0), values, delay={"twin": 1})
    made.update(dict.fromkeys(values, np.array([[3.0], [4.0]])))
    assert made.norms.tolist() == [5.0, 5.0, 5.0]
    assert np.allclose(made.values[DELAY].ravel(), [-0.6, -0.8])


def test_gradients_are_clipped_by_the_norm_of_each_path() -> None:
    made = clipped(clip_norm=6.0, norm_of="each")
    assert (-made.values[WEIGHT]).ravel().tolist() == [3.0, 4.0]
    assert (-made.values[DELAY]).ravel().tolist() == [-6.0]


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_gradient_that_is_not_finite_changes_nothing_and_is_located(wrong: float) -> None:
    made = Harness(optimisers.Adam(), {WEIGHT: np.ones((2, 3)), DELAY: np.ones((2, 3))})
    made.update({WEIGHT: np.ones((2, 3)), DELAY: np.full((2, 3), wrong)})
    assert (made.values[WEIGHT] == 1).all()
    assert (made.values[DELAY] == 1).all()
    assert (made.slots[WEIGHT] == 0).all()
    assert np.isfinite(made.norms).tolist() == [True, False, False]


def test_penalties_pull_at_values() -> None:
    made = Harness(optimisers.SGD(0.1), {WEIGHT: [1.0, -2.0]}, weight={"l1": 0.5, "l2": 0.25})
    made.update({WEIGHT: np.zeros((1, 2))})
    assert np.allclose(made.values[WEIGHT], [[1 - 0.1 * (0.5 + 0.5), -2 + 0.1 * (0.5 + 1.0)]])


def test_frozen_numbers_stay_and_bounds_hold() -> None:
    frozen = np.array([[1, 0, 0, 0]], np.uint8)
    lower, upper = np.array([[-9.0, -9, 0, -9]]), np.array([[9.0, 9, 9, 0.5]])
    start = np.array([[1.0, 1.0, 1.0, 1.0]])
    fields = {"frozen": frozen, "lower": lower, "upper": upper}
    made = Harness(optimisers.SGD(1.0), {WEIGHT: start}, weight=fields)
    made.update({WEIGHT: np.array([[2.0, 2.0, 2.0, -2.0]])})
    assert made.values[WEIGHT].tolist() == [[1.0, -1.0, 0.0, 0.5]]
    bounded = Harness(optimisers.SGD(1.0), {WEIGHT: start}, weight={"low": 0.25, "high": 0.75})
    bounded.update({WEIGHT: np.array([[2.0, 0.5, 0.0, -2.0]])})
    assert bounded.values[WEIGHT].tolist() == [[0.25, 0.5, 0.75, 0.75]]


def test_an_optimiser_of_ones_own_is_a_few_equations() -> None:
    """Nadam's look ahead without bias correction, written by a user."""
    assert OWN.rule.slots == ("m",)
    made = Harness(OWN, {WEIGHT: [0.0]})
    value = m = 0.0
    for number in (1, 2, 3):
        made.update({WEIGHT: np.array([[2.0]])})
        m = 0.75 * m + 0.25 * 2.0
        value -= 0.5 * (0.75 * m + 0.25 * 2.0) / number
    assert made.values[WEIGHT][0, 0] == pytest.approx(value, rel=1e-15)


def test_kernels_of_rules_whose_settings_come_in_another_order_are_others() -> None:
    equations = "value = value - a*rate*gradient - b*value"
    one, other = (
        optimisers.Custom(equations, 1.0, dict.fromkeys(names, 0.5)) for names in ("ab", "ba")
    )
    assert one.rule.settings == other.rule.settings[::-1]
    assert one.rule.key != other.rule.key  # kernels are given settings by their numbers


def refused(make: Callable[[], object], error: type[Exception], *words: str) -> None:
    with pytest.raises(error) as caught:
        make()
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_wrong_settings_are_refused_with_the_name_of_the_optimiser() -> None:
    refused(lambda: optimisers.Adam(-1.0), ArgumentError, "optimiser 'Adam'", "rate = -1.0")
    refused(lambda: optimisers.Adam(beta_2=1.0), ArgumentError, "beta_2 = 1.0", "below 1")
    refused(lambda: optimisers.SGD(clip_norm=0.0), ArgumentError, "clip_norm = 0.0", "above 0")
    refused(lambda: optimisers.Lion(rates={"*": np.nan}), ArgumentError, "rates['*'] = nan")
    refused(lambda: optimisers.SGD(norm_of="row"), ArgumentError, "norm_of = 'row'", '"each"')
    refused(
        lambda: optimisers.Custom("v = value", 1.0), EquationError, "nothing is assigned to value"
    )
    refused(
        lambda: optimisers.Custom("value = value - nu*gradient", 1.0),
        EquationError,
        "nu",
        "known are",
    )
    refused(
        lambda: optimisers.Custom("rate = 2; value = value", 1.0), EquationError, "rate is assigned"
    )


def test_a_rule_that_is_never_a_number_is_refused_before_it_is_compiled() -> None:
    rule = optimisers.Custom("value = value - gradient/(rate - rate)", 0.1).rule
    refused(lambda: shared_rule(rule), EquationError, "optimiser", "value", "has no real value")
