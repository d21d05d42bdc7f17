"""The rate of a leaky integrate-and-fire neuron in noise: limits in closed form, and quadrature."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pygenn_lite as pg
from pygenn_lite.errors import ArgumentError
from pygenn_lite.scaling import siegert_rate
from pygenn_lite.scaling.siegert import ALPHA

CELL = dict(tau=20.0, V_th=20.0, V_r=10.0, t_ref=2.0)


def test_the_shift_is_that_of_fourcaud_and_brunel():
    assert pytest.approx(float(mpmath.sqrt(2) * abs(mpmath.zeta(0.5))), rel=1e-15) == ALPHA


@pytest.mark.parametrize(
    ("mu", "sigma"),
    [(20, 5), (15, 5), (15, 2), (30, 0.5), (19.99, 0.2), (15, 50)],
)
def test_it_is_siegerts_integral(mu, sigma):
    mpmath.mp.dps = 25
    ends = mpmath.linspace((mpmath.mpf(10) - mu) / sigma, (mpmath.mpf(20) - mu) / sigma, 8)
    integral = mpmath.quad(lambda u: mpmath.exp(u * u) * mpmath.erfc(-u), ends)
    expected = 1e3 / (2 + 20 * mpmath.sqrt(mpmath.pi) * integral)
    assert float(siegert_rate(mu, sigma, **CELL)) == pytest.approx(float(expected), rel=1e-12)


@pytest.mark.parametrize("mu", [20.5, 25.0, 100.0])
def test_without_noise_it_is_the_closed_form(mu):
    expected = 1e3 / (2.0 + 20.0 * math.log((mu - 10.0) / (mu - 20.0)))
    for sigma in (0.0, 1e-300, 1e-9):
        assert float(siegert_rate(mu, sigma, **CELL)) == pytest.approx(expected, rel=1e-9)
    assert siegert_rate(20.0, 0.0, **CELL) == siegert_rate(5.0, 0.0, **CELL) == 0.0


def test_far_below_the_threshold_it_is_the_escape_rate():
    """Brunel and Hakim, Neural Comput. 11 (1999): y exp(-y^2) / (tau sqrt(pi))."""
    y = (20.0 - 0.0) / 1.0
    expected = 1e3 * y / (20.0 * math.sqrt(math.pi)) * math.exp(-y * y)
    assert float(siegert_rate(0.0, 1.0, **CELL)) == pytest.approx(expected, rel=2e-3)


def test_the_refractory_period_bounds_it():
    assert float(siegert_rate(1e9, 1.0, **CELL)) == pytest.approx(500.0, rel=1e-3)


@given(
    st.floats(-1e6, 1e6), st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0.01, 1e4),
    st.floats(0, 5),
)  # fmt: skip
def test_it_is_finite_and_rises_with_the_mean_everywhere(mu, more, sigma, tau, tau_syn):
    cell = {**CELL, "tau": tau, "tau_syn": tau_syn}
    low, high = siegert_rate([mu, mu + more], sigma, **cell)
    assert 0 <= low <= high * (1 + 1e-9) <= 500.0 * (1 + 1e-9)


def test_arguments_broadcast():
    rates = siegert_rate([[15.0], [25.0]], [1.0, 5.0, 0.0], **CELL)
    assert rates.shape == (2, 3)
    assert rates[1, 0] == siegert_rate(25.0, 1.0, **CELL)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mu": float("nan")}, "mu = nan"),
        ({"sigma": -1.0}, "sigma = -1\n  hint: give finite numbers >= 0"),
        ({"tau": 0.0}, "tau = 0\n  hint: give a time above 0"),
        ({"V_r": 20.0}, "V_r = 20 is not below V_th = 20"),
        ({"t_ref": -1.0}, "t_ref = -1"),
    ],
)
def test_bad_arguments_are_named(change, message):
    arguments = {"mu": 15.0, "sigma": 1.0, **CELL, **change}
    with pytest.raises(ArgumentError) as caught:
        siegert_rate(arguments.pop("mu"), arguments.pop("sigma"), **arguments)
    assert message in str(caught.value)


@pytest.mark.usefixtures("backend")
@pytest.mark.long("20,000 steps of 200 neurons")
@pytest.mark.parametrize("tau_syn", [0.0, 1.0])
def test_a_simulated_neuron_fires_at_this_rate(tau_syn):
    """5,000 weak inputs: white noise, and noise filtered by an exponential current."""
    net = pg.Network(dt=0.05, seed=1)
    model = pg.LIF(tau=20.0, C=20.0, E_L=0.0, V_th=20.0, V_r=10.0, t_ref=2.0)
    cells = net.population("cells", 200, model, initial={"V": pg.Uniform(0.0, 20.0)})
    weight, rate = 0.2, 4400.0  # mu = 17.6, sigma = 1.88
    synapse = pg.ExponentialCurrent(tau_syn) if tau_syn else pg.Delta()
    # gain 1/C = 1/20 per ms, charge tau_syn: V jumps by weight in total
    scale = 20.0 / tau_syn if tau_syn else 1.0
    net.poisson(cells, rate, weight=weight * scale, synapse=synapse)
    net.record(cells.spikes)
    measured = net.compile().run(1000.0).rates(warmup=200.0)["cells"]
    predicted = pg.scaling.mean_field_rates(net)["cells"]
    mu, sigma = 20 * weight * rate * 1e-3, weight * np.sqrt(20 * rate * 1e-3)
    by_hand = siegert_rate(mu, sigma, **CELL, tau_syn=tau_syn)
    assert predicted == pytest.approx(float(by_hand))
    assert measured == pytest.approx(predicted, rel=0.08)
