"""Losses of a check: any smooth function of spike times and of integrals over variables."""

from __future__ import annotations

import pytest
import sympy

import pygenn_lite as pg
from pygenn_lite.errors import ArgumentError, UnsupportedFeatureError

x, y = sympy.symbols("x y")


@pytest.fixture(scope="module")
def net():
    net = pg.Network(dt=0.1, seed=2)
    lif = pg.LIF(tau=10.0, C=10.0, E_L=0.0, V_th=1.0, V_r=0.0, t_ref=1.0)
    net.population("n", 2, lif)
    net.population("out", 2, pg.NeuronModel("dV/dt = (-V + I)/tau", parameters=dict(tau=12.0)))
    net.current("n", [1.5, 1.8])
    current = pg.ExponentialCurrent(5.0)
    net.connect("n", "n", current, pg.AllToAll(autapses=False), weight=0.3, delay=1.5)
    net.connect(
        "n", "out", current, pg.AllToAll(), weight=[[0.5, -0.2], [0.4, 0.7]], delay=1.2, name="w"
    )
    return net


LOSSES = {
    "spike times": (pg.spike_time("n", 0, 1) - 2 * pg.spike_time("n", 1, 0)) ** 2,
    "first spikes": sympy.log(1 + sympy.exp((pg.spike_time("n", 0) - pg.spike_time("n", 1)) / 5)),
    "a variable of all neurons": (pg.state_variable("out.V") - 0.3) ** 2,
    "of spiking neurons, which jumps": pg.state_variable("n.V") ** 2,
    "of a receptor": pg.state_variable("out.w.I_syn", 1) ** 3,
    "weighted by time": sympy.exp(-sympy.Symbol("t") / 20) * pg.state_variable("out.V", 0),
    "cross-entropy of integrals": pg.TrialLoss(
        sympy.log(sympy.exp(x) + sympy.exp(y)) - x,
        {"x": pg.state_variable("out.V", 0), "y": pg.state_variable("out.V", 1)},
    ),
    "both": pg.TrialLoss(
        x * pg.spike_time("n", 1, 1), {"x": sympy.Symbol("neuron") * pg.state_variable("n.V")}
    ),
}


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_gradients_of_losses(net, loss):
    report = pg.check_gradient(net, 25.0, loss)
    assert report.spikes > 4 and report.worst < 1e-5, str(report)
    assert any(value is not None and abs(pg_sum(value)) > 0 for value in report.gradients.values())


def pg_sum(value: object) -> float:
    return float(abs(value)) if isinstance(value, float) else float(abs(value).sum())


V = pg.state_variable("out.V")
REFUSED = [
    (abs(V), UnsupportedFeatureError, "is not smooth"),
    (sympy.Max(pg.spike_time("n"), 3.0), UnsupportedFeatureError, "the loss is not smooth"),
    (V + pg.spike_time("n"), ArgumentError, "mixes spike times with variables"),
    (pg.spike_time("n", 0, 50), ArgumentError, "which spikes"),
    (pg.spike_time("m"), ArgumentError, "population 'm': there is none"),
    (pg.spike_time("n", 7), ArgumentError, "neuron 7 of 'n', which has 2"),
    (pg.state_variable("out.U"), ArgumentError, "has no variable 'U'"),
    (pg.state_variable("out.V", 2), ArgumentError, "neuron 2 of 'out', which has 2"),
    (V * pg.state_variable("n.V"), ArgumentError, "2 populations or neurons"),
    (sympy.Symbol("V") ** 2, ArgumentError, "V is not a variable of a population"),
    (3, ArgumentError, "3 is not a loss"),
]  # fmt: skip


@pytest.mark.parametrize(("loss", "kind", "said"), REFUSED)
def test_what_is_not_a_loss_is_refused(net, loss, kind, said):
    with pytest.raises(kind) as caught:
        pg.check_gradient(net, 10.0, loss)
    assert said in caught.value.message and caught.value.hint


def test_a_total_names_its_integrals():
    with pytest.raises(ArgumentError, match="z is neither an integral nor the time of a spike"):
        pg.TrialLoss(sympy.Symbol("z"), {"x": V})


def test_a_loss_may_be_text():
    assert pg.TrialLoss("x**2 + 1", {"x": V}) == pg.TrialLoss(x**2 + 1, {"x": V})
