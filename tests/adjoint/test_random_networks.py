"""Derived gradients agree with differences, whatever the network is put together from."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pygenn_lite as pg

NEURONS = (
    pg.LIF(tau=12.0, t_ref=0.0),
    pg.LIF(C=200.0, t_ref=1.5),
    pg.AdaptiveThresholdLIF(E_L=-65.0, V_r=-64.0, V_th=-52.0, tau_theta=20.0),
    pg.LIFConductance(E_L=-62.0, t_ref=1.0),
    pg.TwoCompartment(E_L=-66.0),
)
SYNAPSES = (
    (pg.ExponentialCurrent(4.0), 70.0),
    (pg.AlphaCurrent(2.0), -50.0),
    (pg.ExponentialConductance(3.0, E_rev=-10.0), 1.5),
    (pg.Delta(), 0.6),
    (pg.TsodyksMarkram(pg.ExponentialCurrent(4.0)), 120.0),
)


@st.composite
def networks(draw: st.DrawFn) -> pg.Network:
    net = pg.Network(dt=0.1, seed=draw(st.integers(1, 1000)))
    net.spike_source("in", 1, [draw(st.floats(0.5, 9.0))], [0])
    for name in ("a", "b"):
        net.population(
            name, 2, draw(st.sampled_from(NEURONS)), initial=dict(V=pg.Uniform(-66, -58))
        )
        net.current(name, pg.Uniform(450.0, 650.0))
    for source, target in (("in", "a"), ("a", "b"), ("b", "a"), ("a", "a")):
        synapse, weight = draw(st.sampled_from(SYNAPSES))
        delay = pg.Uniform(0.4, draw(st.floats(1.0, 5.0)))
        net.connect(source, target, synapse, pg.AllToAll(), weight=weight, delay=delay)
    return net


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks())
def test_gradients_of_any_network(net):
    report = pg.check_gradient(net, 18.0)
    assert report.worst < 1e-4, str(report)
