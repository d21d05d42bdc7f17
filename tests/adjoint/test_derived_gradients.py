"""Derived gradients agree with differences: all models of the library with a smooth crossing, and
all kinds of parameters."""

from __future__ import annotations

import pytest

import pygenn_lite as pg

TIGHT = 1e-6
CURRENT = pg.ExponentialCurrent(5.0)


def recurrent(
    model: pg.NeuronModel, drive: float, weight: float, synapse: pg.SynapseModel = CURRENT
) -> pg.Network:
    """Two neurons onto each other, under different currents, and an input spike onto both."""
    net = pg.Network(dt=0.1, seed=1)
    net.population("n", 2, model)
    net.spike_source("in", 1, [2.3], [0])
    net.current("n", [drive, 1.13 * drive], name="drive")
    net.connect(
        "in", "n", synapse, pg.AllToAll(), weight=[[1.1 * weight, weight]], delay=[[0.7, 1.2]]
    )
    net.connect("n", "n", synapse, pg.AllToAll(autapses=False), weight=weight, delay=1.55)
    return net


SPIKING = {
    "LIF": (pg.LIF(), 600.0, 60.0, 30.0),
    "LIF, per-neuron values": (pg.LIF(tau=[10.0, 14.0], V_th=[-51.0, -52.0]), 600.0, 60.0, 30.0),
    "LIF without refractory period": (pg.LIF(t_ref=0.0), 600.0, 60.0, 30.0),
    "adaptive threshold": (pg.AdaptiveThresholdLIF(), 600.0, 60.0, 30.0),
    "two compartments": (pg.TwoCompartment(), 600.0, 60.0, 30.0),
    "AdEx": (pg.AdEx(), 1100.0, 60.0, 30.0),
    "AdEx, cut at a given potential": (pg.AdEx(V_cut=-30.0, t_ref=2.0), 1100.0, 60.0, 30.0),
    "EIF": (pg.AdEx(a=0.0, b=0.0), 1000.0, 60.0, 30.0),
    "QIF": (pg.QIF(), 3.0, 0.5, 30.0),
    "Izhikevich": (pg.Izhikevich(scheme="equations"), 12.0, 1.0, 30.0),
    "FitzHugh-Nagumo": (pg.FitzHughNagumo(), 0.8, 0.1, 40.0),
    "squid axon": (pg.HodgkinHuxleySquid(), 15.0, 1.0, 12.0),
    "Traub and Miles": (pg.TraubMilesHH(), 700.0, 50.0, 10.0),
}  # fmt: skip


@pytest.mark.parametrize(("model", "drive", "weight", "duration"), SPIKING.values(), ids=SPIKING)
def test_neurons(model, drive, weight, duration):
    report = pg.check_gradient(recurrent(model, drive, weight), duration)
    assert report.spikes >= 3 and report.tangential == 0
    assert report.worst < TIGHT, str(report)


SATURATING = pg.SynapseModel(
    "ds/dt = -s/tau",
    inputs="I = g*s*(E_rev - V)",
    on_pre="s += weight*(1 - s)",
    parameters=dict(tau=8.0, g=3.0, E_rev=0.0),
)
MAGNESIUM = pg.SynapseModel(
    "ds/dt = -s/tau; dx/dt = -x/tau_x",
    inputs="I = g*s*(E_rev - V)/(1 + exp(-0.062*V)/3.57)",
    on_pre="x += weight; s += x/tau_x*(1 - s)",
    parameters=dict(tau=20.0, tau_x=2.0, g=30.0, E_rev=0.0),
)
SYNAPSES = {
    "exponential current": (CURRENT, 60.0),
    "alpha current": (pg.AlphaCurrent(2.0), 60.0),
    "exponential conductance": (pg.ExponentialConductance(5.0), 2.0),
    "inhibitory conductance": (pg.ExponentialConductance(5.0, E_rev=-80.0), 2.0),
    "alpha conductance": (pg.AlphaConductance(2.0), 2.0),
    "delta": (pg.Delta(), 0.8),
    "saturating": (SATURATING, 0.4),
    "NMDA": (MAGNESIUM, 0.4),
    "short-term plasticity": (pg.TsodyksMarkram(), 150.0),
}  # fmt: skip


@pytest.mark.parametrize(("synapse", "weight"), SYNAPSES.values(), ids=SYNAPSES)
def test_synapses(synapse, weight):
    model = pg.LIFConductance(t_ref=2.0)
    report = pg.check_gradient(recurrent(model, 140.0, weight, synapse), 40.0)
    assert report.spikes >= 3
    assert report.worst < TIGHT, str(report)


def test_two_layers_with_learned_delays_of_inputs():
    net = pg.Network(dt=0.1, seed=3)
    net.spike_source("in", 3, [1.0, 2.0, 5.5, 9.0, 11.0, 14.0], [0, 1, 2, 0, 1, 2])
    lif = pg.LIF(tau=20.0, C=20.0, E_L=0.0, V_th=1.0, V_r=0.0, t_ref=0.0)
    net.population("hidden", 4, lif)
    net.population("out", 2, pg.NeuronModel("dV/dt = (-V + I)/tau", parameters=dict(tau=20.0)))
    weights, delays = pg.Uniform(1.0, 2.5), pg.Uniform(0.5, 4.0)
    net.connect("in", "hidden", CURRENT, pg.AllToAll(), weight=weights, delay=delays)
    net.connect("hidden", "hidden", CURRENT, pg.AllToAll(), weight=pg.Normal(0.0, 0.2), delay=1.0)
    net.connect("hidden", "out", CURRENT, pg.AllToAll(), weight=pg.Normal(0.0, 1.0), delay=2.0)
    report = pg.check_gradient(net, 30.0)
    assert report.spikes >= 10
    assert report.worst < 1e-5, str(report)


def test_several_receptors_inputs_and_changing_currents_onto_one_population():
    net = pg.Network(dt=0.1, seed=5)
    net.population("a", 2, pg.LIF(t_ref=1.5), initial=dict(V=[-60.0, -58.0]))
    net.population("b", 2, pg.LIFConductance(t_ref=1.5))
    net.current("a", 500.0, name="bias")
    net.step_current("b", [0.0, 8.0, 16.0], [200.0, 350.0, 250.0], name="steps")
    net.step_current("a", [10.0, 20.0], [[50.0, 20.0], [0.0, 90.0]], name="each")
    net.poisson(
        "b", 100.0, sources=2, weight=1.5, synapse=pg.ExponentialConductance(3.0), name="drive"
    )
    net.connect("a", "b", pg.ExponentialConductance(5.0), pg.AllToAll(), weight=1.5, delay=1.1)
    net.connect("a", "b", pg.AlphaCurrent(2.0), pg.OneToOne(), weight=30.0, delay=2.3)
    net.connect("b", "a", CURRENT, pg.AllToAll(), weight=-40.0, delay=0.9)
    net.connect("b", "a", pg.Delta(), pg.OneToOne(), weight=0.7, delay=1.9)
    report = pg.check_gradient(net, 30.0)
    assert report.spikes > 6
    assert {"inputs.steps.values", "inputs.each.values", "inputs.drive.weight"} <= {
        *report.gradients
    }
    assert report.worst < 1e-5, str(report)


def test_neurons_that_spike_together():
    """Equal neurons send spikes that arrive at one time, in an order that rounding decides."""
    net = pg.Network(dt=0.1, seed=1)
    net.population("n", 4, pg.LIFConductance(t_ref=1.5))
    net.current("n", 400.0)
    net.connect("n", "n", SATURATING, pg.AllToAll(autapses=False), weight=0.2, delay=1.5, name="s")
    net.connect("n", "n", pg.AlphaCurrent(2.0), pg.AllToAll(), weight=20.0, delay=1.5, name="c")
    report = pg.check_gradient(net, 18.0)
    assert report.spikes >= 8
    assert report.worst < 1e-5, str(report)


def test_groups_that_share_a_receptor_share_its_parameters():
    net = recurrent(pg.LIFConductance(t_ref=2.0), 140.0, 0.4, MAGNESIUM)
    report = pg.check_gradient(net, 25.0)
    shared = [path for path in report.gradients if path.endswith("tau_x")]
    assert shared == ["groups.in_n.synapse.parameters.tau_x"]  # and, the same, groups.n_n
    one = pg.check_gradient(net, 25.0, parameters="groups.n_n.synapse.parameters.tau_x")
    assert [row.path for row in one.rows] == shared and one.worst < TIGHT


def test_values_that_each_synapse_has():
    synapse = pg.SynapseModel(
        "dI_syn/dt = -I_syn/tau", inputs="I = I_syn",
        on_pre="I_syn += weight*exp(-delay/length)*gain*cos(t/4)",
        parameters=dict(tau=5.0, length=3.0), variables=dict(gain=pg.Uniform(0.5, 1.5)),
    )  # fmt: skip
    report = pg.check_gradient(recurrent(pg.LIF(), 600.0, 90.0, synapse), 25.0)
    assert report["groups.n_n.synapse.variables.gain"].count == 2
    assert report.worst < TIGHT, str(report)


def test_what_arrives_at_a_clamped_potential_changes_nothing():
    """Onto a neuron that spikes, one spike arrives before it, one while its potential is held."""
    net = pg.Network(dt=0.1, seed=1)
    net.population("n", 1, pg.LIF(t_ref=5.0))
    net.spike_source("in", 2, [2.3, 7.5], [0, 1])
    net.current("n", 800.0)
    net.connect(
        "in", "n", pg.Delta(), pg.AllToAll(), weight=[[0.8], [0.6]], delay=[[0.7], [0.9]],
        name="g",
    )  # fmt: skip
    report = pg.check_gradient(net, 40.0)
    assert report.spikes >= 2
    assert report.worst < TIGHT, str(report)
    for name in ("weight", "delay"):
        early, held = report.gradients[f"groups.g.{name}"]
        assert early != 0 and held == 0


def test_explicit_time_definitions_and_continuous_cases():
    model = pg.NeuronModel(
        """
        dV/dt = (E_L - V + gain*drive + I)/tau
        dw/dt = (max(V, 0) - w)/30
        drive = where(t < 8, 0.5, 1.5) + amplitude*sin(2*pi*t/period) - 0.2*w
        gain = where(V > 0.3, 0.3 + 2*(V - 0.3), V) + 1
        """,
        threshold="V > theta + 0.1*w + 0.05*sin(t/3)", reset="V = V_r - 0.1*cos(t); w += d*w + 0.1",
        refractory="t_ref", clamp=["V"],
        parameters=dict(E_L=0.1, tau=6.0, amplitude=0.3, period=9.0, theta=1.0, V_r=0.0, d=0.2)
        | dict(t_ref=1.0),
        initial=dict(V=0.1, w=0.2),
    )  # fmt: skip
    net = recurrent(model, 0.4, 0.3)
    report = pg.check_gradient(net, 30.0)
    assert report.spikes >= 3
    assert report.worst < 1e-4, str(report)  # a corner of f costs steps of high order accuracy


def test_a_refractory_period_that_a_condition_ends_and_that_clamps():
    model = pg.NeuronModel(
        "dV/dt = (2 - V)/tau + I; dh/dt = -h/tau_h", threshold="V > 1", reset="V = V_r; h += 1",
        refractory="h > h_0", clamp=["V"],
        parameters=dict(tau=5.0, tau_h=3.0, V_r=0.2, h_0=0.4), initial=dict(V=0.0, h=0.0),
    )  # fmt: skip
    report = pg.check_gradient(recurrent(model, 0.02, 0.05), 30.0)
    assert report.spikes >= 3
    assert report.worst < TIGHT, str(report)
    assert report.gradients["populations.n.parameters.h_0"] != 0


def test_the_gradient_of_a_source_is_that_of_its_spike_times():
    report = pg.check_gradient(recurrent(pg.LIF(), 600.0, 60.0), 20.0)
    assert report["populations.in.spike_source.times"].count == 1
    assert report.gradients["populations.in.spike_source.times"] != 0
