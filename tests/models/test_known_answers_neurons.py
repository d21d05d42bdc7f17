"""Spike counts and periods of the library's neurons."""

import numpy as np
import pytest
from helpers_models import EXACT

import pygenn_lite as pg
from pygenn_lite import models

pytestmark = pytest.mark.usefixtures("backend")

# Published count, and the counts of 2,000 runs that differ by 1e-6 mV at the start: the scheme is
# chaotic at its step of 1 ms, so another order of additions gives another count within this range.
COUNTS = {
    "regular_spiking": (20, range(19, 22)),
    "intrinsically_bursting": (27, range(25, 30)),
    "chattering": (43, range(39, 46)),
    "fast_spiking": (63, range(58, 73)),
    "low_threshold": (44, range(38, 54)),
}


def _spikes(model, current, duration, dt, size=1, **compile_options):
    net = pg.Network(dt=dt)
    population = net.population("p", size, model)
    net.current(population, current)
    net.record(population.spikes)
    return net.compile(**{**EXACT, **compile_options}).run(duration).spikes["p"]


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("regime", COUNTS)
def test_izhikevich_published_scheme_has_the_published_counts(regime, precision):
    # The paper's program looks for spikes at the beginning of a step: it sees 999 steps.
    spikes = _spikes(models.Izhikevich(regime), 10.0, 999.0, 1.0, precision=precision)
    a, b, c, d = models.IZHIKEVICH_REGIMES[regime]
    v, u, steps = -65.0, -65.0 * b, []
    for step in range(1, 1000):
        for _ in range(2):
            v = v + 0.5 * (0.04 * v * v + 5 * v + 140 - u + 10)
        u = u + a * (b * v - u)
        if v >= 30:
            steps.append(step)
            v, u = c, u + d
    known, possible = COUNTS[regime]
    assert len(steps) == known
    assert len(spikes.steps) in possible
    agreeing = 10 if precision == "float64" else 3
    np.testing.assert_array_equal(spikes.steps[:agreeing], steps[:agreeing])
    if regime == "regular_spiking":
        np.testing.assert_array_equal(spikes.steps[:5] + 1, [5, 32, 80, 142, 196])


@pytest.mark.long("60,000 steps")
def test_izhikevich_equations_agree_with_an_integration_of_high_order():
    from scipy.integrate import solve_ivp

    model = models.Izhikevich("regular_spiking", scheme="equations", integrator="rk4")
    spikes = _spikes(model, 10.0, 300.0, 0.005)

    def peak(t, y):
        return y[0] - 30

    peak.terminal, peak.direction = True, 1
    expected, start, state = [], 0.0, [-65.0, -13.0]
    while True:
        solution = solve_ivp(
            lambda t, y: [0.04 * y[0] ** 2 + 5 * y[0] + 150 - y[1], 0.02 * (0.2 * y[0] - y[1])],
            (start, 300.0),
            state,
            events=peak,
            rtol=1e-10,
            atol=1e-10,
        )
        if not solution.t_events[0].size:
            break
        start = solution.t_events[0][0]
        state = [-65.0, solution.y_events[0][0][1] + 8]
        expected.append(start)
    assert len(spikes.times) == len(expected) >= 6
    # Each spike is late by at most a step; a later interval inherits its forerunners' lateness.
    np.testing.assert_allclose(spikes.times, expected, atol=0.1)


@pytest.mark.long("100,000 steps")
def test_hodgkin_huxley_squid_axon_has_the_known_intervals():
    currents = np.array([6.0, 6.5, 10.0, 20.0])
    spikes = _spikes(models.HodgkinHuxleySquid(integrator="rk4"), currents, 1000.0, 0.01, size=4)
    times = [spikes.times[spikes.indices == k] for k in range(4)]
    assert len(times[0]) == 2
    assert len(times[2]) == 69
    for k, interval in ((1, 1000 / 55.06), (2, 14.6362), (3, 1000 / 86.47)):
        last = np.diff(times[k])[-30:].mean()
        assert last == pytest.approx(interval, rel=2e-4, abs=1e-3)


@pytest.mark.long("5,000 steps")
def test_hodgkin_huxley_rests_where_its_gates_say():
    net = pg.Network(dt=0.01)
    net.population("p", 1, models.HodgkinHuxleySquid())
    sim = net.compile(**EXACT)
    sim.run(50.0)
    assert float(sim["p"]["V"][0]) == pytest.approx(-65.0, abs=0.01)


def test_rates_of_hodgkin_huxley_type_are_finite_where_their_published_form_is_not():
    # The squid's alpha_m at -40 mV and alpha_n at -55 mV; Traub-Miles' at V_T + 13, 15, 40.
    for model, potentials in (
        (models.HodgkinHuxleySquid(), [-40.0, -55.0, -40 + 1e-6]),
        (models.TraubMilesHH(), [-50.0, -48.0, -23.0]),
    ):
        net = pg.Network(dt=0.01)
        net.population("p", 3, model, initial=dict(V=np.array(potentials)))
        for precision in ("float64", "float32"):
            sim = net.compile(precision=precision, threads=1)
            sim.run(1.0)
            assert np.isfinite(np.asarray(sim["p"]["V"])).all()


@pytest.mark.long("10,000 steps")
def test_traub_miles_cell_agrees_with_scipy():
    from scipy.integrate import solve_ivp

    def gate(a, b, q):
        return a * (1 - q) - b * q

    def derivative(t, y):
        V, m, n, h = y
        u = V + 63
        am, bm = 0.32 * (13 - u) / np.expm1((13 - u) / 4), 0.28 * (u - 40) / np.expm1((u - 40) / 5)
        an, bn = 0.032 * (15 - u) / np.expm1((15 - u) / 5), 0.5 * np.exp((10 - u) / 40)
        ah, bh = 0.128 * np.exp((17 - u) / 18), 4 / (1 + np.exp((40 - u) / 5))
        current = 10 * (-60 - V) + 2e4 * m**3 * h * (50 - V) + 6e3 * n**4 * (-90 - V) + 500
        return [current / 200, gate(am, bm, m), gate(an, bn, n), gate(ah, bh, h)]

    initial = dict(V=-60.0, m=0.05, n=0.1, h=0.9)
    net = pg.Network(dt=0.002)
    population = net.population("p", 1, models.TraubMilesHH(integrator="rk4", initial=initial))
    net.current(population, 500.0)
    sim = net.compile(**EXACT)
    sim.run(20.0)
    expected = solve_ivp(
        derivative, (0, 20), list(initial.values()), method="LSODA", rtol=1e-10, atol=1e-12
    ).y[:, -1]
    got = [float(sim["p"][name][0]) for name in initial]
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.long("20,000 steps")
def test_qif_period_is_pi_tau_over_the_root_of_the_current():
    exact = np.pi * 10 / np.sqrt(4.0)
    assert exact == pytest.approx(15.70796, abs=1e-5)
    spikes = _spikes(models.QIF(integrator="rk4"), 4.0, 200.0, 0.01)
    assert np.diff(spikes.times).mean() == pytest.approx(exact, abs=0.015)


@pytest.mark.long("20,000 steps")
def test_fitzhugh_nagumo_has_the_period_of_its_limit_cycle_and_rests_without_current():
    from scipy.integrate import solve_ivp

    def crossing(t, y):
        return y[0] - 1.0

    crossing.direction = 1
    events = solve_ivp(
        lambda t, y: [y[0] - y[0] ** 3 / 3 - y[1] + 0.5, (y[0] + 0.7 - 0.8 * y[1]) / 12.5],
        (0, 400),
        [-1.199408, -0.62426],
        events=crossing,
        rtol=1e-10,
        atol=1e-10,
    ).t_events[0]
    spikes = _spikes(
        models.FitzHughNagumo(integrator="rk4"), np.array([0.5, 0.0]), 400.0, 0.02, size=2
    )
    assert set(spikes.indices.tolist()) == {0}
    np.testing.assert_allclose(spikes.times, events, atol=0.025)


@pytest.mark.long("24,000 steps")
def test_adex_agrees_with_scipy_over_several_spikes():
    from scipy.integrate import solve_ivp

    def derivative(t, y):
        V, w = y
        exponential = 30 * 2 * np.exp((min(V, -30.4) + 50.4) / 2)
        return [(30 * (-70.6 - V) + exponential - w + 800) / 281, (4 * (V + 70.6) - w) / 144]

    def peak(t, y):
        return y[0] + 30.4

    peak.terminal, peak.direction = True, 1
    expected, start, state = [], 0.0, [-70.6, 0.0]
    while True:
        solution = solve_ivp(derivative, (start, 120.0), state, events=peak, rtol=1e-10, atol=1e-10)
        if not solution.t_events[0].size:
            break
        start = solution.t_events[0][0]
        state = [-70.6, solution.y_events[0][0][1] + 80.5]
        expected.append(start)
    spikes = _spikes(models.AdEx(integrator="rk4"), 800.0, 120.0, 0.005)
    assert len(expected) >= 3
    np.testing.assert_allclose(spikes.times, expected, atol=0.05)


@pytest.mark.long("8,000 steps")
def test_adex_without_adaptation_fires_regularly_and_with_it_slows_down():
    current = 800.0
    plain = _spikes(models.AdEx(a=0.0, b=0.0), current, 400.0, 0.1)
    adapting = _spikes(models.AdEx(), current, 400.0, 0.1)
    assert len(set(np.diff(plain.steps)[1:].tolist())) <= 2
    intervals = np.diff(adapting.times)
    assert len(plain.times) > len(adapting.times) > 5
    assert intervals[-1] > 1.5 * intervals[0]


def test_adex_stays_finite_at_a_coarse_step():
    net = pg.Network(dt=1.0)
    population = net.population("p", 50, models.AdEx())
    net.current(population, np.linspace(0.0, 5000.0, 50))
    sim = net.compile(precision="float32", threads=1)
    sim.run(500.0)
    assert np.isfinite(np.asarray(sim["p"]["V"])).all()
    assert np.abs(np.asarray(sim["p"]["w"])).max() < 1e5


@pytest.mark.long("300,000 steps")
def test_an_adaptive_threshold_lengthens_intervals_to_their_fixed_point():
    model = models.AdaptiveThresholdLIF(t_ref=0.0)
    intervals = np.diff(_spikes(model, 400.0, 3000.0, 0.01).times)
    # With theta before a spike theta*: the drive is R I = 40 mV, the interval T solves
    # 40 (1 - exp(-T/20)) = 20 + theta*, theta* = 2/(exp(T/100) - 1).
    from scipy.optimize import brentq

    fixed = brentq(lambda T: 40 * (1 - np.exp(-T / 20)) - 20 - 2 / np.expm1(T / 100), 10.0, 200.0)
    assert (np.diff(intervals[:5]) > 0).all()
    assert intervals[-1] == pytest.approx(fixed, abs=0.03)
