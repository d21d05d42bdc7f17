"""Gradients that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from pytest import approx

import pygenn_lite as pg

CLOSE = dict(rel=1e-9)


def neuron(**changes: float) -> pg.Network:
    """A LIF neuron under a constant current that spikes regularly."""
    values = dict(tau=10.0, C=10.0, E_L=0.0, V_th=1.0, V_r=-0.5, t_ref=2.0) | changes
    net = pg.Network(dt=0.1, seed=1)
    net.population("n", 1, pg.LIF(**values))
    net.current("n", 1.5, name="drive")
    return net


def test_times_of_two_spikes_of_a_constant_current():
    """t_1 = tau ln((RI - V_0)/(RI - V_th)), t_2 = t_1 + t_ref + tau ln((RI - V_r)/(RI - V_th))."""
    report = pg.check_gradient(neuron(), 60.0, loss=pg.spike_time("n", 0, 1))
    drive, first, second = 1.5, np.log(1.5 / 0.5), np.log(2.0 / 0.5)
    g = report.gradients
    assert report.loss == approx(10 * first + 2 + 10 * second, **CLOSE)
    assert g["populations.n.parameters.t_ref"] == approx(1.0, **CLOSE)
    assert g["populations.n.parameters.V_th"] == approx(2 * 10 / (drive - 1), **CLOSE)
    assert g["populations.n.parameters.V_r"] == approx(-10 / (drive + 0.5), **CLOSE)
    assert g["populations.n.initial.V"] == approx(-10 / drive, **CLOSE)
    by_drive = 10 * (1 / 1.5 - 2 / 0.5 + 1 / 2.0)
    assert g["inputs.drive.value"] == approx(by_drive, **CLOSE)
    assert g["populations.n.parameters.C"] == approx(-by_drive * 1.5 / 10, **CLOSE)
    by_tau = first + second + by_drive * 1.5 / 10
    assert g["populations.n.parameters.tau"] == approx(by_tau, **CLOSE)
    assert report.worst < 1e-8


def test_the_integral_of_a_read_out():
    """A spike of weight w at t_0 + d makes I = w exp(-t/tau_s): the integral over the rest of the
    trial, T, is w tau_s (1 - exp(-T/tau_s))."""
    net = pg.Network(dt=0.1)
    net.spike_source("in", 1, [3.0], [0])
    net.population("out", 1, pg.NeuronModel("dQ/dt = I", initial=dict(Q=0.0)))
    net.connect(
        "in", "out", pg.ExponentialCurrent(5.0), pg.OneToOne(), weight=2.0, delay=1.0, name="s"
    )
    report = pg.check_gradient(net, 20.0, loss=pg.state_variable("out.s.I_syn"))
    left = np.exp(-16.0 / 5.0)
    assert report.loss == approx(2.0 * 5.0 * (1 - left), **CLOSE)
    g = report.gradients
    assert g["groups.s.weight"] == approx(5.0 * (1 - left), **CLOSE)
    assert g["groups.s.delay"] == approx(-2.0 * left, **CLOSE)
    assert g["populations.in.spike_source.times"] == approx(-2.0 * left, **CLOSE)
    assert g["groups.s.synapse.parameters.tau"] == approx(
        2.0 * (1 - left) - 2.0 * 5.0 * left * 16.0 / 25.0, **CLOSE
    )
    assert g["groups.s.synapse.initial.I_syn"] == approx(5.0 * (1 - np.exp(-4.0)), **CLOSE)


def test_a_jump_that_makes_a_spike_hands_its_price_on():
    """A spike that an arrival forces is where that is: nothing of the neuron moves it."""
    net = pg.Network(dt=0.1)
    net.spike_source("in", 1, [3.0], [0])
    net.population("n", 1, pg.LIF(V_th=1.0, V_r=0.0, E_L=0.0))
    net.connect("in", "n", pg.Delta(), pg.OneToOne(), weight=2.0, delay=1.5, name="s")
    report = pg.check_gradient(net, 10.0, loss=pg.spike_time("n") ** 2)
    assert report.loss == approx(4.5**2)
    assert report.gradients["groups.s.delay"] == approx(9.0)
    assert report.gradients["populations.in.spike_source.times"] == approx(9.0)
    others = [v for p, v in report.gradients.items() if "delay" not in p and "times" not in p]
    assert not np.any(np.concatenate([np.ravel(v) for v in others]))


def test_a_spike_at_the_end_of_the_refractory_period():
    """Where the potential is not clamped it may be above the threshold when the period ends: the
    next spike is then exactly one period later."""
    model = pg.NeuronModel(
        "dV/dt = rate", threshold="V > 1", reset="V = V - 0.2", refractory="t_ref", clamp=(),
        parameters=dict(rate=0.5, t_ref=3.0), initial=dict(V=0.0),
    )  # fmt: skip
    net = pg.Network(dt=0.1)
    net.population("n", 1, model)
    report = pg.check_gradient(net, 7.0, loss=pg.spike_time("n", 0, 1))
    assert report.loss == approx(5.0)
    assert report.gradients["populations.n.parameters.t_ref"] == approx(1.0)
    assert report.gradients["populations.n.parameters.rate"] == approx(-1.0 / 0.25)


def test_a_gradient_of_what_nothing_depends_on_is_zero():
    report = pg.check_gradient(neuron(), 10.0, loss=pg.state_variable("n.V", 0))
    assert report.spikes == 0
    assert report.gradients["populations.n.parameters.V_th"] == 0.0
    assert report.worst < 1e-8


@pytest.mark.parametrize("tau_s", [9.999999, 10.0, 10.000001])
def test_equal_time_constants_are_no_special_case(tau_s):
    net = pg.Network(dt=0.1)
    net.spike_source("in", 1, [1.0, 4.0], [0, 0])
    net.population("n", 1, pg.LIF(tau=10.0, C=10.0, E_L=0.0, V_th=1.0, V_r=0.0))
    net.connect("in", "n", pg.ExponentialCurrent(tau_s), pg.OneToOne(), weight=2.5, delay=1.5)
    report = pg.check_gradient(net, 30.0)
    assert report.spikes > 2 and report.worst < 1e-7
