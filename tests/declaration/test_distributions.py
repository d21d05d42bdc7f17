"""Distributions: tails that keep their digits, limits of delays, values that no double holds."""

import math

import mpmath
import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.errors import DeclarationError, NetworkError

UNIFORMS = np.array([1e-9, 0.25, 0.5, 0.75, 1 - 1e-9])


def truncated_quantile(u, low, high):
    """Quantile of the standard normal distribution between two limits above its mean."""
    with mpmath.workdps(60):
        below = [mpmath.erfc(mpmath.mpf(x) / mpmath.sqrt(2)) for x in (low, high)]
        kept = below[0] + mpmath.mpf(u) * (below[1] - below[0])
        start = mpmath.mpf(low) + mpmath.mpf(u) / low
        return float(
            mpmath.findroot(lambda x: mpmath.log(mpmath.erfc(x / mpmath.sqrt(2)) / kept), start)
        )


@pytest.mark.parametrize(
    ("low", "high"), [(2.0, math.inf), (9.0, math.inf), (9.0, 9.5), (20.0, 50.0), (60.0, math.inf)]
)
def test_a_truncated_normal_distribution_keeps_its_digits_in_far_tails(low, high):
    expected = [truncated_quantile(u, low, high) for u in UNIFORMS]
    upper = pg.TruncatedNormal(5.0, 2.0, low=5 + 2 * low, high=5 + 2 * high)
    lower = pg.TruncatedNormal(5.0, 2.0, low=5 - 2 * high, high=5 - 2 * low)
    distance = (upper.ppf(UNIFORMS) - upper.low) / 2
    assert distance == pytest.approx(np.array(expected) - low, rel=1e-4, abs=1e-14)
    assert upper.ppf(UNIFORMS) == pytest.approx(10 - lower.ppf(1 - UNIFORMS)), "mirrored"


def test_a_truncated_normal_distribution_around_its_mean_is_that_of_scipy():
    from scipy.stats import truncnorm

    drawn = pg.TruncatedNormal(1.5, 0.75, low=0.1, high=3.0).ppf(UNIFORMS)
    a, b = (0.1 - 1.5) / 0.75, (3.0 - 1.5) / 0.75
    assert drawn == pytest.approx(truncnorm.ppf(UNIFORMS, a, b, loc=1.5, scale=0.75))


def connected(delay, dt):
    net = pg.Network(dt=dt, seed=1)
    a = net.population("a", 3, pg.LIF())
    net.connect(a, a, pg.Delta(), pg.AllToAll(), delay=delay, name="long")


@pytest.mark.parametrize(
    ("delay", "dt"),
    [
        (pg.Exponential(5000.0), 0.01),
        (pg.Normal(700.0, 1.0), 0.01),
        (pg.LogNormal(7.0, 0.1), 0.01),
        (pg.Gamma(700.0, 1.0), 0.01),
        (pg.Uniform(1.0, 700.0), 0.01),
        (651.0, 0.01),
        ([1.0, 651.0, 2.0], 0.01),
    ],
)
def test_delays_are_limited_in_steps_not_in_milliseconds(delay, dt):
    if isinstance(delay, list):
        delay = np.array([delay] * 3)
    with pytest.raises(NetworkError, match=r"synapse group 'long'.*\n.*hint") as caught:
        connected(delay, dt)
    assert "65,000 steps" in str(caught.value)
    connected(delay, 1.0)


def test_a_mean_that_no_double_holds_is_refused_by_name():
    with pytest.raises(DeclarationError, match=r"LogNormal.*\n.*hint.*logarithm"):
        pg.LogNormal(800.0, 1.0)
    with pytest.raises(DeclarationError, match="LogNormal"):
        pg.LogNormal(0.0, 1e200)
    pg.LogNormal(700.0, 1.0)


# ------------------------------------------------------------------------------------ arithmetic

BASES = [
    pg.Uniform(0.5, 2.0),
    pg.Normal(1.0, 0.25),
    pg.TruncatedNormal(1.0, 0.5, low=0.2),
    pg.LogNormal(0.0, 0.5),
    pg.Exponential(1.5),
    pg.Gamma(2.0, 0.5),
    pg.Binomial(10, 0.3),
]


@pytest.mark.parametrize("base", BASES, ids=lambda base: type(base).__name__)
def test_arithmetic_of_a_distribution_is_that_of_its_values(base):
    changed = (3 - 4 * base) / 2 + 1
    assert changed.draw(UNIFORMS) == pytest.approx(2.5 - 2 * base.ppf(UNIFORMS))
    assert changed.mean_value() == pytest.approx(2.5 - 2 * base.mean_value())
    assert np.all(np.diff(changed.ppf(UNIFORMS)) >= 0), "a distribution function rises"
    assert changed.ppf(UNIFORMS) == pytest.approx(2.5 - 2 * base.ppf(1 - UNIFORMS))
    low, high = base.reach()
    assert changed.reach() == pytest.approx((2.5 - 2 * high, 2.5 - 2 * low))


@pytest.mark.parametrize("base", BASES, ids=lambda base: type(base).__name__)
def test_one_factor_and_one_offset_remain_and_are_shown_as_they_are_written(base):
    changed = -4 * base - 3
    assert eval(repr(changed), {**vars(pg), "inf": math.inf}) == changed
    assert repr(changed) == f"-4.0 * {base!r} - 3.0"
    assert -(-1 * base) == base and base * 1 == base and (base + 2) - 2 == base
    assert 2 * (base + 1) == 2 * base + 2
    assert hash(np.float64(2) * base) == hash(base * 2), "a number of NumPy is a number"


@pytest.mark.parametrize(
    "wrong",
    [
        lambda d: d * d,
        lambda d: d + d,
        lambda d: d / 0,
        lambda d: 1 / d,
        lambda d: d * np.arange(3),
        lambda d: np.arange(3) * d,
        lambda d: d * math.inf,
        lambda d: d + "1",
        lambda d: True * d,
    ],
)
def test_arithmetic_that_is_not_offered_is_refused_by_name(wrong):
    with pytest.raises(DeclarationError, match="Normal"):
        wrong(pg.Normal(1.0, 0.25))


def test_delays_and_rates_see_factor_and_offset():
    connected(3.0 - pg.Uniform(0.0, 2.0), 1.0)
    with pytest.raises(NetworkError, match=r"lowest delay of 0.5 ms is below"):
        connected(3.0 - pg.Uniform(0.0, 2.5), 1.0)
    with pytest.raises(NetworkError, match=r"mean delay of -1.0 ms is negative"):
        connected(-pg.Normal(1.0, 0.1), 0.1)
    net = pg.Network()
    cells = net.population("cells", 3, pg.LIF())
    with pytest.raises(NetworkError, match="negative"):
        net.poisson(cells, -1 * pg.Uniform(0.0, 1.0), weight=1.0, variable="V")
