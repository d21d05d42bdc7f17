"""Single precision swallows small increments: values are right, or the variable is named."""

import warnings

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.errors import PygennLiteWarning

pytestmark = pytest.mark.usefixtures("backend")

INTEGRATORS = ("exact", "euler", "rk2", "heun", "rk4", "exponential_euler", "euler_maruyama")


def warned(make):
    """What is warned of, as text."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        make()
    return [str(w.message) for w in caught if issubclass(w.category, PygennLiteWarning)]


def relaxing(tau, target=0.0, precision="float32", **compile_options):
    """One population for each integrator, that relaxes from 1 to its target."""
    net = pg.Network(dt=0.1)
    for integrator in INTEGRATORS:
        model = pg.NeuronModel(
            "dx/dt = (target - x)/tau",
            parameters=dict(tau=tau, target=target),
            initial=dict(x=1.0),
            integrator=integrator,
        )
        net.population(integrator, 2, model)
    return net.compile(precision=precision, threads=1, **compile_options)


def test_variables_too_slow_for_single_precision_are_named_for_every_integrator():
    messages = warned(lambda: relaxing(1e6))
    assert len(messages) == len(INTEGRATORS)
    for integrator, message in zip(INTEGRATORS, messages, strict=True):
        assert message.startswith(f"population {integrator!r}: 'x' changes so slowly (by 1e-07 of")
        assert f"(integrator {integrator})" in message
        assert "hint: compile with precision='float64'" in message
    assert warned(lambda: relaxing([1.0, 1e6])) != []
    assert warned(lambda: relaxing(1e6, precision="float64")) == []


@pytest.mark.parametrize(("tau", "precision"), [(1.5e4, "float32"), (1e6, "float64")])
@pytest.mark.parametrize("target", [0.0, 3.0])
def test_what_is_not_warned_of_keeps_its_rate_within_a_percent(tau, precision, target):
    def make():
        sim = relaxing(tau, target, precision)
        sim.run(1000.0)
        exact = target + (1 - target) * np.exp(-1000.0 / tau)
        for integrator in INTEGRATORS:
            change = np.asarray(sim[integrator]["x"]) - 1
            np.testing.assert_allclose(change, exact - 1, rtol=0.01, err_msg=integrator)

    assert warned(make) == []


def test_the_rate_of_what_is_warned_of_is_lost_indeed():
    with pytest.warns(PygennLiteWarning):
        sim = relaxing(1e6)
    sim.run(1000.0)
    wrong = [abs(float(sim[name]["x"][0]) - np.exp(-1e-3)) > 1e-4 for name in INTEGRATORS]
    assert sum(wrong) > len(INTEGRATORS) / 2


def test_a_parameter_made_slow_between_runs_is_named_once():
    sim = relaxing(10.0)

    def change():
        for _ in range(2):
            sim["rk4"]["tau"] = 1e7
            sim.run(0.2)

    (message,) = warned(change)
    assert message.startswith("population 'rk4': 'x'")


def test_slow_variables_beside_fast_nonlinear_ones_are_named():
    def make(tau_w):
        net = pg.Network(dt=0.1)
        net.population("cells", 3, pg.AdEx(tau_w=tau_w))
        return net.compile(threads=1)

    (message,) = warned(lambda: make(1e6))
    assert message.startswith("population 'cells': 'w' changes so slowly")
    assert "(integrator rk4)" in message
    assert warned(lambda: make(144.0)) == []


def test_no_model_of_the_library_is_warned_of_with_its_own_values():
    def make():
        net = pg.Network(dt=0.01)
        for name, model in pg.models.NEURONS.items():
            net.population(name, 2, model())
        cells = net.population("cells", 2, pg.LIFConductance())
        for name, rule in pg.models.PLASTICITY.items():
            net.connect(cells, cells, rule(), pg.AllToAll(), weight=0.5, name=f"group_{name}")
        net.compile(threads=1).run(1.0)

    assert warned(make) == []


def counting(start):
    net = pg.Network(dt=0.1)
    model = pg.NeuronModel("dx/dt = speed", parameters=dict(speed=1.0), initial=dict(x=start))
    net.population("clock", 2, model)
    return net.compile(threads=1)


def test_what_grows_steadily_is_named_once_it_is_too_large_for_its_increments():
    (message,) = warned(lambda: counting(1e6))
    assert message.startswith(
        "population 'clock': 'x' grows by 0.1 in a step, where float32 rounds"
    )
    sim = counting(0.0)
    assert warned(lambda: sim.run(100.0)) == []
    sim["clock"]["x"] = np.array([0.0, 2e4])
    assert len(warned(lambda: (sim.run(0.1), sim.run(0.1)))) == 1


def plastic(**given):
    """Two neurons with a slow receptor, rule or variable."""
    net = pg.Network(dt=0.1)
    cells = net.population("cells", 2, pg.LIF())
    receptor = pg.ExponentialCurrent(given.pop("tau", 5.0))
    weight = given.pop("weight", 0.5)
    rule = pg.PairSTDP(receptor, w_max=1e4, **given)
    net.connect(cells, cells, rule, pg.AllToAll(), weight=weight, name="learning")
    return net.compile(threads=1)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (dict(tau=1e7), "synapse group 'learning': 'I_syn' changes so slowly"),
        (dict(tau_plus=1e7), "synapse group 'learning': 'x' changes so slowly"),
        (dict(tau_minus=1e7), "synapse group 'learning': 'y' changes so slowly"),
        (
            dict(A_plus=1e-7, weight=5000.0),
            "synapse group 'learning': 'weight' changes by about 0.001 at a spike, where float32 "
            "rounds 5e+03 to multiples of 0.0006",
        ),
    ],
)
def test_variables_of_synapses_are_named_by_their_group(given, message):
    (found,) = warned(lambda: plastic(**given))
    assert found.startswith(message)


def test_changes_that_single_precision_keeps_are_not_warned_of():
    assert warned(lambda: plastic(A_plus=1e-5, A_minus=1e-5, weight=5000.0)) == []


def test_a_variable_of_synapses_that_is_stepped_too_slowly_is_named():
    model = pg.SynapseModel(
        on_pre="V_post += weight*c",
        synapse_derivatives="dc/dt = -c/tau_c",
        event_driven=False,
        variables=dict(c=1.0),
        parameters=dict(tau_c=1e6),
    )

    def make():
        net = pg.Network(dt=0.1)
        cells = net.population("cells", 2, pg.LIF())
        net.connect(cells, cells, model, pg.AllToAll(), weight=0.5, name="eligible")
        net.compile(threads=1)

    (message,) = warned(make)
    assert message.startswith("synapse group 'eligible': 'c' changes so slowly (by 1e-07")


@pytest.mark.long("1.7 million steps")
def test_a_time_kept_in_single_precision_is_told_before_a_long_run():
    net = pg.Network(dt=1.0)
    model = pg.NeuronModel(
        "dV/dt = 1", threshold="V > 10", reset="V = 0; last = t", initial=dict(last=0.0)
    )
    net.population("cells", 2, model)
    sim = net.compile(threads=1)
    assert warned(lambda: sim.run(100.0)) == []
    (message,) = warned(lambda: sim.run(2**24 / 10))
    assert message.startswith(
        "population 'cells': 'last = t' reads t in float32, which from 1.68e+06"
    )


@pytest.mark.parametrize(
    ("rate", "precision", "words"),
    [
        ([5.0, 2e4], "float64", "holds in every step: the probability would be 2"),
        ([5.0, 2e4], "float32", "holds in every step: the probability would be 2"),
        ([5.0, 1e-3], "float32", "a probability of 1e-07 in a step, which float32 draws in mult"),
        ([5.0, 1e-3], "float64", ""),
        ([0.0, 1e4], "float32", ""),
    ],
)
def test_a_probability_that_cannot_be_drawn_is_named(rate, precision, words):
    net = pg.Network(dt=0.1)
    net.population("noise", 2, pg.PoissonNeuron(rate=rate))
    messages = warned(lambda: net.compile(threads=1, precision=precision))
    assert len(messages) == bool(words)
    for message in messages:
        assert message.startswith("population 'noise': 'rand() < rate * dt / 1000' ")
        assert words in message


LATE = 2.0e6 + 0.1  # ms; there the neighbours of float32 are an eighth of a millisecond apart


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_the_clock_is_right_late_in_a_run_where_it_meets_values_of_single_neurons(precision):
    frequency = np.array([0.25, 0.5, 0.75])  # numbers that float32 holds
    phase = np.array([0.0, 1.0, 2.0])
    onset = 2.0e6 + np.array([0.5, 0.75, 1.0])
    net = pg.Network(dt=0.1)
    model = pg.NeuronModel(
        update="""
        wave = sin(frequency*t + phase)
        on = where(t > onset, 1, 0)
        since = t - onset
        bump = exp(-(t - onset)**2)
        """,
        parameters=dict(frequency=frequency, phase=phase, onset=onset),
    )
    cells = net.population("cells", 3, model)
    net.record(*(cells[name] for name in ("wave", "on", "since", "bump")), interval=0.1)
    sim = net.compile(precision=precision, threads=1)
    sim._device.set_step(round(LATE / net.dt), [0])
    traces = sim.run(2.0).traces["cells"]
    times = traces["wave"].times[1:, None] - net.dt  # computed at the step's beginning
    expected = {
        "wave": np.sin(frequency * times + phase),
        "on": times > onset,
        "since": times - onset,
        "bump": np.exp(-((times - onset) ** 2)),
    }
    for name, values in expected.items():
        np.testing.assert_allclose(traces[name].values[1:], values, atol=2e-6, err_msg=name)
