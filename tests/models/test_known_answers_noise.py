"""Noise: Ornstein-Uhlenbeck statistics, shot noise, first-passage rates, Poisson neurons.

Every test has a fixed seed; tolerances are four to five standard errors.
"""

import numpy as np
import pytest
from helpers_models import silent_lif
from scipy.integrate import quad
from scipy.special import erfcx

import pygenn_lite as pg
from pygenn_lite import models

pytestmark = pytest.mark.usefixtures("backend")


STEPS_OF_MANY = pytest.mark.long("4,000 steps of 20,000 neurons")


@pytest.mark.parametrize("dt", [pytest.param(0.1, marks=STEPS_OF_MANY), 1.0, 4.0])
def test_ornstein_uhlenbeck_has_its_own_deviation_under_euler_maruyama(dt):
    tau, sigma, count = 10.0, 3.0, 20_000
    net = pg.Network(dt=dt, seed=5)
    model = pg.NeuronModel(
        "dV/dt = (mu - V)/tau + sigma*sqrt(2/tau)*xi",
        parameters=dict(tau=tau, sigma=sigma, mu=-2.0),
        initial=dict(V=pg.Normal(-2.0, sigma)),
    )
    population = net.population("p", count, model)
    net.record(population["V"], interval=40.0)
    values = net.compile().run(400.0).traces["p"]["V"].values[1:]
    samples = values.size  # 40 ms = 4 tau apart: all but independent
    assert values.mean() == pytest.approx(-2.0, abs=5 * sigma / np.sqrt(samples))
    deviation = sigma / np.sqrt(1 - dt / (2 * tau))
    assert values.std() == pytest.approx(deviation, rel=5 / np.sqrt(2 * samples))
    left, right = values[:-1].ravel() + 2, values[1:].ravel() + 2
    correlation = (left * right).mean() / (left.std() * right.std())
    assert correlation == pytest.approx((1 - dt / tau) ** round(40 / dt), abs=5 / samples**0.5)


def test_noise_of_different_names_is_independent_and_of_one_name_shared():
    net = pg.Network(dt=0.5, seed=2)
    model = pg.NeuronModel(
        "dA/dt = xi_one; dB/dt = xi_one; dC/dt = xi_two", initial=dict(A=0.0, B=0.0, C=0.0)
    )
    net.population("p", 20_000, model)
    sim = net.compile(threads=1)
    sim.run(10.0)
    a, b, c = (np.asarray(sim["p"][name], dtype=float) for name in "ABC")
    np.testing.assert_array_equal(a, b)
    assert a.var() == pytest.approx(10.0, rel=5 * np.sqrt(2 / 20_000))
    assert c.var() == pytest.approx(10.0, rel=5 * np.sqrt(2 / 20_000))
    assert abs(np.corrcoef(a, c)[0, 1]) < 5 / np.sqrt(20_000)


@pytest.mark.long("10,000 steps of 2,000 neurons")
def test_shot_noise_has_campbells_mean_and_deviation():
    count, weight, rate = 2000, 20.0, 8.0  # rate per ms
    net = pg.Network(dt=0.1, seed=9)
    population = net.population("p", count, silent_lif())
    net.poisson(population, rate=8000.0, weight=weight, synapse=models.ExponentialCurrent(tau=0.5))
    net.record(population["V"], interval=20.0)
    values = net.compile().run(1000.0).traces["p"]["V"].values[5:]
    assert values.shape[0] == 45
    # Campbell on the grid: spikes come at the steps, their potentials are seen at the steps.
    t = 0.1 * np.arange(3000)
    psp = weight / 250 * (np.exp(-t / 10) - np.exp(-t / 0.5)) / (1 / 0.5 - 1 / 10)
    mean, deviation = 0.1 * rate * psp.sum(), np.sqrt(0.1 * rate * (psp**2).sum())
    assert mean == pytest.approx(3.2, rel=2e-3)
    assert deviation == pytest.approx(0.24689, rel=2e-3)
    samples = 0.7 * values.size  # 20 ms apart, correlation exp(-2)
    assert values.mean() == pytest.approx(mean, abs=5 * deviation / np.sqrt(samples))
    assert values.std() == pytest.approx(deviation, rel=5 / np.sqrt(2 * samples))


def siegert(mu, sigma, tau=20.0, t_ref=2.0, theta=20.0, V_r=10.0):
    """Rate in Hz of a LIF neuron driven by white noise."""
    area = quad(lambda x: erfcx(-x), (V_r - mu) / sigma, (theta - mu) / sigma)[0]
    return 1000 / (t_ref + tau * np.sqrt(np.pi) * area)


@pytest.mark.long("60,000 steps")
def test_siegert_rates():
    cases = [(14.0, 5.0, 6.770), (18.0, 5.0, 19.620), (22.0, 2.0, 28.850)]
    dt, each = 0.05, 400
    net = pg.Network(dt=dt, seed=21)
    model = pg.NeuronModel(
        "dV/dt = (mu - V)/tau + sigma*xi/sqrt(tau)",
        threshold="V > theta",
        reset="V = V_r",
        refractory="t_ref",
        parameters=dict(
            mu=np.repeat([c[0] for c in cases], each),
            sigma=np.repeat([c[1] for c in cases], each),
            tau=20.0,
            theta=20.0,
            V_r=10.0,
            t_ref=2.0,
        ),
        initial=dict(V=10.0),
    )
    population = net.population("p", 3 * each, model)
    net.record(population.spikes)
    spikes = net.compile().run(3000.0).spikes["p"]
    settled = spikes.times > 200
    counts = np.bincount(spikes.indices[settled] // each, minlength=3)
    for count, (mu, sigma, known) in zip(counts, cases, strict=True):
        assert siegert(mu, sigma) == pytest.approx(known, abs=1e-3)
        # Watched at steps only, a path crosses unseen: as if the threshold were higher by
        # 0.5826 sigma sqrt(dt/tau) (Broadie, Glasserman and Kou 1997).
        expected = siegert(mu, sigma, theta=20 + 0.5826 * sigma * np.sqrt(dt / 20))
        error = 4 / np.sqrt(count)  # intervals vary less than a Poisson train's
        assert count / each / 2.8 == pytest.approx(expected, rel=error + 0.005)


def test_poisson_neurons_have_their_rates_and_a_binomial_spread():
    rates = np.repeat([0.0, 5.0, 80.0], 1000)
    net = pg.Network(dt=1.0, seed=4)
    population = net.population("p", 3000, models.PoissonNeuron(rate=rates))
    net.record(population.spikes)
    spikes = net.compile(threads=1).run(2000.0).spikes["p"]
    counts = np.bincount(spikes.indices, minlength=3000)
    assert counts[:1000].sum() == 0
    for group, p in ((counts[1000:2000], 0.005), (counts[2000:], 0.08)):
        mean, variance = 2000 * p, 2000 * p * (1 - p)
        assert group.mean() == pytest.approx(mean, abs=5 * np.sqrt(variance / 1000))
        assert group.var() == pytest.approx(variance, rel=5 * np.sqrt(2 / 1000))


def test_escape_noise_has_the_rate_of_its_hazard():
    # Held 1 mV below threshold, without adaptation: hazard = escape_rate exp(-1).
    net = pg.Network(dt=0.1, seed=8)
    model = models.GIF(E_L=-51.0, V_r=-51.0, d_eta=0.0, d_gamma=0.0, escape_rate=100.0, t_ref=0.0)
    population = net.population("p", 2000, model)
    net.record(population.spikes)
    count = len(net.compile(threads=1).run(500.0).spikes["p"].times)
    expected = 2000 * 5000 * -np.expm1(-0.1 * np.exp(-1) * 0.1)
    assert count == pytest.approx(expected, abs=5 * np.sqrt(expected))


FOR_THE_SECOND_TIME = pytest.mark.long("3,000 steps of 1,500 neurons for the second time")


@pytest.mark.parametrize(
    "precision", ["float64", pytest.param("float32", marks=FOR_THE_SECOND_TIME)]
)
def test_escape_noise_with_adaptation_fires_as_often_as_a_plain_loop_of_its_equations(precision):
    currents, each, dt, duration = np.array([60.0, 150.0, 400.0]), 500, 0.1, 300.0
    net = pg.Network(dt=dt, seed=5)
    cells = net.population("cells", 3 * each, models.GIF())
    net.current(cells, np.repeat(currents, each))
    sim = net.compile(precision=precision, threads=1)
    sim.run(duration)
    counts = sim["cells"].spike_counts().reshape(3, each)

    rng = np.random.default_rng(1)
    V, eta, gamma = np.full((3, each), -65.0), np.zeros((3, each)), np.zeros((3, each))
    left, expected = np.zeros((3, each)), np.zeros((3, each))
    for _ in range(round(duration / dt)):
        # Two steps of Euler for each of dt; a refractory potential is clamped.
        for _ in range(2):
            h = dt / 2
            slope = (-65.0 - V) / 20 + (currents[:, None] - eta) / 100
            V = np.where(left > 0, V, V + h * slope)
            eta, gamma = eta * np.exp(-h / 50), gamma * np.exp(-h / 100)
        left = np.maximum(left - 1, 0)
        hazard = np.exp((V + 50 - gamma) / 1.0)
        spikes = (rng.random((3, each)) < -np.expm1(-hazard * dt)) & (left == 0)
        expected += spikes
        V, eta, gamma = np.where(spikes, -55.0, V), eta + 20 * spikes, gamma + 2 * spikes
        left = np.where(spikes, 40, left)
    for got, want in zip(counts, expected, strict=True):
        error = np.hypot(got.std(), want.std()) / np.sqrt(each)
        assert abs(got.mean() - want.mean()) < 4 * error + 0.005 * want.mean()
    assert expected.mean(axis=1).min() > 0.3
