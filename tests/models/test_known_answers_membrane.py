"""The membrane equation against closed forms: relaxation, f-I, synaptic potentials, delays."""

import numpy as np
import pytest
from helpers_models import EXACT, silent_lif

import pygenn_lite as pg
from pygenn_lite import models

pytestmark = pytest.mark.usefixtures("backend")

RELAXED = -49 + (-60 + 49) * np.exp(-10 / 20)  # -55.67183725683897


@pytest.mark.parametrize(
    ("integrator", "error", "tolerance"),
    [
        ("exact", 0.0, 1e-12),
        ("exponential_euler", 0.0, 1e-12),  # linear in V, so exact here
        ("euler", 8.4e-3, 1e-4),
        ("rk2", -1.4e-5, 1e-6),
        ("heun", -1.4e-5, 1e-6),
        ("rk4", -1.7e-11, 2e-12),
    ],
)
def test_relaxation_has_the_error_of_its_integrator(integrator, error, tolerance):
    model = models.LIF(tau=20.0, E_L=-49.0, V_th=0.0, initial=dict(V=-60.0), integrator=integrator)
    net = pg.Network(dt=0.1)
    net.population("p", 1, model)
    sim = net.compile(**EXACT)
    sim.run(10.0)
    assert pytest.approx(-55.67183725683897, abs=1e-13) == RELAXED
    assert float(sim["p"]["V"][0]) - RELAXED == pytest.approx(error, abs=tolerance)


def test_f_i_curve_with_refractoriness_on_the_grid():
    currents = np.array([376.0, 400.0, 500.0, 1000.0])
    net = pg.Network(dt=0.1)
    population = net.population("p", 4, models.LIF())
    net.current(population, currents)
    net.record(population.spikes)
    spikes = net.compile(**EXACT).run(700.0).spikes["p"]
    intervals = [np.diff(spikes.steps[spikes.indices == k]) for k in range(4)]
    assert [set(i.tolist()) for i in intervals] == [{613}, {298}, {159}, {68}]


@pytest.mark.long("125,000 steps")
def test_f_i_curve_tends_to_the_closed_form():
    currents = np.array([376.0, 400.0, 500.0, 1000.0])
    exact = 2 - 10 * np.log(1 - 15 / (currents * 10 / 250))
    np.testing.assert_allclose(exact, [61.2959, 29.7259, 15.8629, 6.7000], atol=1e-4)
    net = pg.Network(dt=0.001)
    population = net.population("p", 4, models.LIF())
    net.current(population, currents)
    net.record(population.spikes)
    spikes = net.compile(**EXACT).run(125.0).spikes["p"]
    for k in range(4):
        interval = np.diff(spikes.times[spikes.indices == k])[0]
        assert 0 <= interval - exact[k] + 1e-9 <= 0.001 + 1e-9


def test_a_neuron_always_above_threshold_fires_every_refractory_period():
    net = pg.Network(dt=0.1)
    population = net.population("p", 1, models.LIF(V_r=-40.0, t_ref=5.0, initial=dict(V=-40.0)))
    net.record(population.spikes)
    spikes = net.compile(**EXACT).run(100.0).spikes["p"]
    assert len(spikes.steps) == 20
    assert set(np.diff(spikes.steps).tolist()) == {50}


def test_refractory_time_holds_the_potential_but_not_the_synaptic_current():
    net = pg.Network(dt=0.1)
    source = net.spike_source("s", 1, [0.9, 2.0], [0, 0])
    population = net.population("p", 1, models.LIF(C=1.0, t_ref=3.0))
    net.connect(
        source, population, models.ExponentialCurrent(tau=5.0), pg.OneToOne(), weight=1000.0
    )
    net.record(population.spikes, population["V"])
    result = net.compile(**EXACT).run(8.0)
    first = result.spikes["p"].steps[0]
    assert first == 11
    values = result.traces["p"]["V"].values[:, 0]
    np.testing.assert_array_equal(values[first : first + 31], -65.0)
    # After 30 refractory steps the current of both spikes, decayed, moves V on at once.
    current = 1000 * (np.exp(-(first + 30 - 10) / 50) + np.exp(-(first + 30 - 21) / 50))
    assert result.spikes["p"].steps[1] == first + 31
    assert current * 0.1 > 15


@pytest.mark.parametrize("delay", [0.1, 0.2, 2.0, 7.3, 25.6, 300.0])
def test_a_delay_is_exact_to_the_step(delay):
    net = pg.Network(dt=0.1)
    source = net.spike_source("s", 1, [1.0], [0])
    jumping = net.population("jumping", 1, silent_lif())
    driven = net.population("driven", 1, silent_lif())
    net.connect(source, jumping, models.Delta(), pg.OneToOne(), weight=1.0, delay=delay)
    net.connect(
        source, driven, models.ExponentialCurrent(2.0), pg.OneToOne(), weight=1.0, delay=delay
    )
    net.record(jumping["V"], driven["V"])
    result = net.compile(**EXACT).run(1.0 + delay + 2.0)
    arrival = round((1.0 + delay) / 0.1)
    assert np.flatnonzero(result.traces["jumping"]["V"].values[:, 0])[0] == arrival
    assert np.flatnonzero(result.traces["driven"]["V"].values[:, 0])[0] == arrival + 1


def test_delays_of_each_synapse_are_exact_to_the_step():
    delays = np.random.default_rng(3).integers(1, 120, 200) * 0.1
    net = pg.Network(dt=0.1)
    source = net.spike_source("s", 1, [1.0], [0])
    population = net.population("p", 200, silent_lif())
    net.connect(
        source,
        population,
        models.Delta(),
        pg.PairList(np.zeros(200, dtype=int), np.arange(200)),
        weight=np.arange(1.0, 201.0),
        delay=delays,
    )
    net.record(population["V"])
    values = net.compile(**EXACT).run(15.0).traces["p"]["V"].values
    first = (values != 0).argmax(axis=0)
    np.testing.assert_array_equal(first, 10 + np.rint(delays / 0.1))
    np.testing.assert_allclose(values[first, np.arange(200)], np.arange(1.0, 201.0))


def _response(synapse, duration, *, weight=1.0, tau=10.0, C=250.0, precision="float64"):
    """Potential after one spike that arrives at 1 ms; returned from the arrival on."""
    net = pg.Network(dt=0.1)
    source = net.spike_source("s", 1, [0.9], [0])
    population = net.population("p", 1, silent_lif(tau=tau, C=C))
    net.connect(source, population, synapse, pg.OneToOne(), weight=weight, delay=0.1)
    net.record(population["V"])
    result = net.compile(precision=precision, threads=1).run(1.0 + duration + 0.1)
    return result.traces["p"]["V"].values[10:, 0]


def exponential_psp(t, tau_m, tau_s, scale):
    return scale * (np.exp(-t / tau_m) - np.exp(-t / tau_s)) / (1 / tau_s - 1 / tau_m)


def test_alpha_synapse_gives_the_closed_form_and_its_peak():
    values = _response(models.AlphaCurrent(2.0), 40.0)
    t = 0.1 * np.arange(len(values))
    k = 1 / 2 - 1 / 10
    exact = np.e / (2 * 250) * (np.exp(-t / 10) / k**2 - np.exp(-t / 2) * (t / k + 1 / k**2))
    np.testing.assert_allclose(values, exact, atol=1e-15)
    assert values.max() == pytest.approx(0.0130001, abs=1e-7)
    assert values.argmax() == 67


def test_exponential_current_gives_the_closed_form_and_its_peak():
    values = _response(models.ExponentialCurrent(0.5), 20.0, weight=87.8085)
    t = 0.1 * np.arange(len(values))
    np.testing.assert_allclose(values, exponential_psp(t, 10, 0.5, 87.8085 / 250), atol=1e-13)
    peak = np.log(10 / 0.5) / (1 / 0.5 - 1 / 10)
    assert peak == pytest.approx(1.5767, abs=1e-4)
    assert exponential_psp(peak, 10, 0.5, 87.8085 / 250) == pytest.approx(0.15, abs=1e-6)
    assert values.argmax() == 16


@pytest.mark.parametrize(
    ("weight", "tau", "peak", "at"), [(1.62, 5.0, 0.25513, 9.242), (-9.0, 10.0, -2.25, 13.863)]
)
def test_cuba_potentials_have_the_known_peaks(weight, tau, peak, at):
    values = _response(models.ExponentialCurrent(tau), 30.0, weight=weight, tau=20.0, C=20.0)
    assert values[np.abs(values).argmax()] == pytest.approx(peak, abs=2e-5)
    assert np.abs(values).argmax() == round(at / 0.1)


@pytest.mark.parametrize("ratio", [1.0, 1 + 1e-12, 1 + 1e-7, 1 - 1e-5, 1.01])
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_equal_and_nearly_equal_time_constants(ratio, precision):
    tau_s = 10.0 * ratio
    values = _response(models.ExponentialCurrent(tau_s), 20.0, C=10.0, precision=precision)
    t = 0.1 * np.arange(len(values))
    rate, difference = 0.1, 1 / tau_s - 0.1
    # t exp(-t/tau_m) (1 - exp(-x))/x with x = t difference, without cancellation.
    x = t * difference
    factor = np.where(np.abs(x) < 1e-30, 1.0, -np.expm1(-x) / np.where(x == 0, 1.0, x))
    exact = t * np.exp(-t * rate) * factor / 10
    np.testing.assert_allclose(values, exact, atol=1e-13 if precision == "float64" else 2e-6)
    if ratio == 1.0:
        assert values[100] == pytest.approx(1 / np.e, abs=1e-13 if precision == "float64" else 1e-6)


def test_an_alpha_synapse_with_the_membrane_time_constant():
    values = _response(models.AlphaCurrent(10.0), 30.0, C=10.0)
    t = 0.1 * np.arange(len(values))
    np.testing.assert_allclose(values, np.e * t**2 / 200 * np.exp(-t / 10), atol=1e-13)


def test_conductances_reach_their_steady_state_with_the_effective_time_constant():
    net = pg.Network(dt=0.1)
    model = pg.NeuronModel(
        "dV/dt = (g_L*(E_L - V) + g_E*(0 - V) + g_I*(-80 - V))/C",
        parameters=dict(C=250.0, g_L=10.0, E_L=-70.0, g_E=5.0, g_I=20.0),
        initial=dict(V=-60.0),
    )
    population = net.population("p", 1, model)
    net.record(population["V"])
    values = net.compile(**EXACT).run(150.1).traces["p"]["V"].values[:, 0]
    t = 0.1 * np.arange(len(values))
    steady = (-700 - 1600) / 35
    assert steady == pytest.approx(-65.7143, abs=1e-4)
    exact = steady + (-60 - steady) * np.exp(-t / (250 / 35))
    np.testing.assert_allclose(values, exact, atol=1e-11)


def test_conductance_synapses_reach_the_same_steady_state():
    net = pg.Network(dt=0.1)
    source = net.spike_source("s", 1, [0.9], [0])
    model = models.LIFConductance(C=250.0, E_L=-70.0, V_th=1e9)
    population = net.population("p", 1, model)
    for name, E_rev, weight in (("exc", 0.0, 5.0), ("inh", -80.0, 20.0)):
        synapse = models.ExponentialConductance(tau=1e9, E_rev=E_rev)
        net.connect(source, population, synapse, pg.OneToOne(), weight=weight, name=name)
    sim = net.compile(**EXACT)
    sim.run(200.0)
    assert float(sim["p"]["V"][0]) == pytest.approx((-700 - 1600) / 35, abs=1e-4)


def test_an_alpha_conductance_follows_its_closed_form():
    net = pg.Network(dt=0.1)
    source = net.spike_source("s", 1, [0.9], [0])
    # A voltage clamp: V is clamped and Q gathers the charge.
    model = pg.NeuronModel("dQ/dt = I; dV/dt = 0*V", initial=dict(Q=0.0, V=-60.0), integrator="rk4")
    population = net.population("p", 1, model)
    synapse = models.AlphaConductance(tau=2.0, E_rev=-80.0)
    net.connect(source, population, synapse, pg.OneToOne(), weight=3.0)
    net.record(population["Q"])
    values = net.compile(**EXACT).run(21.1).traces["p"]["Q"].values[10:, 0]
    t = 0.1 * np.arange(len(values))
    exact = -20 * 3 * np.e * (2 - (2 + t) * np.exp(-t / 2))
    np.testing.assert_allclose(values, exact, atol=1e-4)
