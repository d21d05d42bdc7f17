"""Continuous transmission against closed forms: gap junctions, graded synapses, rate units, two
compartments; and the warning of coupling that is too strong for the time step."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.linalg import expm

import pygenn_lite as pg
from pygenn_lite.errors import PygennLiteWarning

pytestmark = pytest.mark.usefixtures("backend")


def difference_of_two_neurons(dt: float) -> float:
    """V_0 - V_1 of two coupled passive neurons after 8 ms."""
    net = pg.Network(dt=dt)
    cell = pg.LIF(tau=10.0, C=250.0, E_L=-65.0, V_th=1e3)
    pair = net.population("pair", 2, cell, initial=dict(V=[-60.0, -70.0]))
    net.connect(pair, pair, pg.GapJunction(), pg.AllToAll(autapses=False), weight=5.0)
    sim = net.compile(precision="float64")
    sim.run(8.0)
    return float(np.diff(sim["pair"]["V"][::-1])[0])


def test_a_gap_junction_converges_to_the_closed_form_with_first_order() -> None:
    exact = 10.0 * np.exp(-(1 / 10.0 + 2 * 5.0 / 250.0) * 8.0)
    steps = np.array([0.4, 0.2, 0.1, 0.05])
    errors = np.array([abs(difference_of_two_neurons(dt) - exact) for dt in steps])
    order = np.diff(np.log(errors)) / np.diff(np.log(steps))
    assert errors[-1] < 4e-3
    np.testing.assert_allclose(order, 1.0, atol=0.02)


def test_gap_junctions_let_no_current_out() -> None:
    """What one neuron loses others gain: the mean relaxes as that of a single neuron."""
    net = pg.Network(dt=0.1, seed=2)
    start = np.linspace(-60.0, -50.0, 70)
    cells = net.population(
        "cells", 70, pg.LIF(tau=10.0, E_L=-65.0, V_th=1e3), initial=dict(V=start)
    )
    ring = np.arange(70)
    pre, post = np.concatenate([ring, (ring + 1) % 70]), np.concatenate([(ring + 1) % 70, ring])
    net.connect(cells, cells, pg.GapJunction(), pg.PairList(pre, post), weight=20.0)
    sim = net.compile(precision="float64")
    sim.run(5.0)
    mean = -65.0 + (start.mean() + 65.0) * np.exp(-0.5)
    np.testing.assert_allclose(sim["cells"]["V"][:].mean(), mean, rtol=1e-12)
    assert np.ptp(sim["cells"]["V"][:]) < 0.6 * np.ptp(start)


def test_a_graded_synapse_drives_its_target_to_the_potential_of_its_conductances() -> None:
    net = pg.Network(dt=0.05)
    clamp = pg.NeuronModel("dV/dt = 0", initial=dict(V=[-70.0, -50.0, -35.0]))
    source = net.population("source", 3, clamp)
    cell = pg.LIF(tau=10.0, C=100.0, E_L=-60.0, V_th=1e3)
    target = net.population("target", 3, cell)
    model = pg.Graded(E_rev=0.0, V_half=-50.0, slope=5.0)
    net.connect(source, target, model, pg.OneToOne(), weight=10.0)
    sim = net.compile(precision="float64")
    sim.run(300.0)
    conductance = 10.0 / (1 + np.exp((-50.0 - np.array([-70.0, -50.0, -35.0])) / 5.0))
    leak = 100.0 / 10.0
    expected = leak * -60.0 / (leak + conductance)
    np.testing.assert_allclose(sim["target"]["V"][:], expected, rtol=1e-9)


def test_linear_rate_units_follow_the_matrix_exponential() -> None:
    weights = np.random.default_rng(3).normal(0.0, 0.4, (6, 6))
    start = np.linspace(-1.0, 1.0, 6)

    def run(dt: float) -> np.ndarray:
        net = pg.Network(dt=dt)
        unit = pg.RateNeuron(tau=10.0, transfer="I")
        units = net.population("units", 6, unit, initial=dict(r=start))
        net.connect(units, units, pg.RateSynapse(), pg.AllToAll(), weight=weights)
        sim = net.compile(precision="float64")
        sim.run(20.0)
        return np.array(sim["units"]["r"])

    exact = expm((weights.T - np.eye(6)) * 2.0) @ start
    errors = [np.max(np.abs(run(dt) - exact)) for dt in (0.2, 0.1, 0.05)]
    assert errors[-1] < 0.02
    np.testing.assert_allclose(np.log2(np.array(errors[:-1]) / errors[1:]), 1.0, atol=0.1)


def test_a_value_acts_on_the_state_one_delay_later() -> None:
    """A ramp that is transmitted: the target adds up what left the source a delay before."""
    net = pg.Network(dt=0.5)
    ramp = net.population("ramp", 1, pg.NeuronModel(update="k = k + 1", initial=dict(k=0.0)))
    sink = net.population("sink", 3, pg.NeuronModel(update="x = I", initial=dict(x=-1.0)))
    model = pg.SynapseModel(continuous="I_post += k_pre")
    net.connect(ramp, sink, model, pg.AllToAll(), delay="0.5 + 0.5*i_post")
    net.record(sink["x"])
    values = net.compile().run(4.0).traces["sink"]["x"].values
    # Row n is t_n = n dt. The source is n at t_n, and was 0 before it began.
    for post, delay in enumerate((1, 2, 3)):
        expected = [-1.0, *(max(n - delay, 0) for n in range(1, 8))]
        assert values[:, post].tolist() == expected


def test_what_is_added_to_a_variable_is_seen_by_the_threshold_at_the_end_of_the_step() -> None:
    net = pg.Network(dt=0.1)
    one = net.population("one", 1, pg.NeuronModel("da/dt = 0", initial=dict(a=0.25)))
    cell = pg.NeuronModel("dV/dt = 0", threshold="V > 0.9", reset="V = 0", refractory=0.3)
    target = net.population("target", 1, cell)
    net.connect(one, target, pg.SynapseModel(continuous="V_post += weight*a_pre"), pg.AllToAll())
    net.record(target.spikes, target["V"])
    result = net.compile().run(1.5)
    # 0.25 a step: above 0.9 after four; refractory for three steps, the last addition acts.
    assert result.spikes["target"].times.round(1).tolist() == [0.4, 1.0]
    assert result.traces["target"]["V"].values[:8, 0].tolist() == [
        0.0, 0.25, 0.5, 0.75, 0.0, 0.0, 0.0, 0.25,
    ]  # fmt: skip


def test_soma_and_dendrite_relax_as_a_linear_system() -> None:
    net = pg.Network(dt=0.1)
    cell = pg.TwoCompartment(C=200.0, C_d=100.0, g_L=10.0, g_d=5.0, g_c=10.0, V_th=1e3)
    cells = net.population("cells", 1, cell)
    net.current(cells, 100.0, "I_d")
    sim = net.compile(precision="float64")
    sim.run(7.0)
    matrix = np.array([[-20.0 / 200.0, 10.0 / 200.0], [10.0 / 100.0, -15.0 / 100.0]])
    rest = np.linalg.solve(matrix, [0.0, -100.0 / 100.0])
    expected = -70.0 + rest - expm(7.0 * matrix) @ rest
    found = [sim["cells"]["V"][0], sim["cells"]["U"][0]]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_synapses_of_a_two_compartment_neuron_choose_where_they_end() -> None:
    net = pg.Network(dt=0.1)
    source = net.spike_source("source", 1, [1.0], [0])
    cells = net.population("cells", 2, pg.TwoCompartment())
    for number, where in enumerate(("I", "I_d")):
        net.connect(
            source, cells, pg.ExponentialCurrent(5.0, input=where), pg.PairList([0], [number]),
            weight=100.0,
        )  # fmt: skip
    sim = net.compile(precision="float64")
    sim.run(2.0)
    soma, dendrite = np.array(sim["cells"]["V"]), np.array(sim["cells"]["U"])
    assert soma[0] > soma[1] > -70.0
    assert dendrite[1] > dendrite[0] > -70.0


def coupled(weight: float, dt: float, model: pg.SynapseModel) -> pg.Network:
    net = pg.Network(dt=dt)
    cell = pg.LIF(tau=10.0, C=250.0, E_L=-65.0, V_th=1e9)
    cells = net.population("cells", 2, cell, initial=dict(V=[-60.0, -70.0]))
    net.connect(cells, cells, model, pg.AllToAll(autapses=False), weight=weight)
    return net


def test_coupling_too_strong_for_the_step_is_told_with_the_step_that_would_do() -> None:
    # The eigenvalue of the difference is 2 w/C: dt <= 2 C/(2 w) = 0.25 ms.
    with pytest.warns(PygennLiteWarning, match=r"'V' is too strong for dt = 0.5.*\n.*dt <= 0.25"):
        net = coupled(1000.0, 0.5, pg.GapJunction())
        sim = net.compile(precision="float64")
    sim.run(5.0)
    assert np.ptp(sim["cells"]["V"][:]) > 1e3  # and it does grow
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sim = coupled(1000.0, 0.25, pg.GapJunction()).compile(precision="float64")
    sim.run(50.0)
    assert np.ptp(sim["cells"]["V"][:]) <= 10.0


def test_nonlinear_coupling_is_not_judged() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        coupled(1e5, 0.5, pg.Graded()).compile()
