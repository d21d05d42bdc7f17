"""The derivation gives the known equations of EventProp for LIF neurons with exponential currents.

The literature's adjoints (here LV, LI) are ours divided by minus the time constant. The forms are
those of Wunderlich and Pehle, Sci. Rep. 11 (2021), and Nowotny, Turner and Knight (2022).
"""

from __future__ import annotations

import pytest
import sympy

import pygenn_lite as pg
from pygenn_lite import codegen
from pygenn_lite.codegen.adjoint.adjoint_parts import adjoint

LV, LI, V, I_syn, b, w = sympy.symbols("LV LI V I_syn b w", real=True)
tau_m, tau_s, theta, V_r = sympy.symbols("tau_m tau_s theta V_r", real=True)


@pytest.fixture(scope="module")
def derived():
    net = pg.Network()
    model = pg.NeuronModel(
        "dV/dt = (-V + I + b)/tau_m",
        threshold="V > theta",
        reset="V = V_r",
        parameters=dict(tau_m=20.0, theta=1.0, V_r=0.0, b=0.0),
    )
    net.population("n", 2, model)
    net.connect(
        "n", "n", pg.ExponentialCurrent(5.0), pg.AllToAll(), weight=1.0, delay=1.0, name="s"
    )
    return codegen.adjoint_of(codegen.network_structure(net))


def literature(value: sympy.Expr) -> sympy.Expr:
    """With the literature's adjoints and names."""
    lam_I, tau = adjoint("I_syn__r0"), sympy.Symbol("tau__r0", real=True)
    state, weight = sympy.symbols("I_syn__r0 weight__synapse", real=True)
    names = {adjoint("V"): -tau_m * LV, lam_I: -tau_s * LI, tau: tau_s, state: I_syn, weight: w}
    return sympy.expand(value.xreplace(names))


def same(value: sympy.Expr, expected: sympy.Expr) -> bool:
    return sympy.simplify(literature(value) - expected) == 0


def test_between_spikes_adjoints_decay_and_the_membrane_drives_the_current(derived):
    rates = derived.populations["n"].flow.rates
    assert same(rates["V"], -tau_m * (-LV / tau_m))
    assert same(rates["I_syn__r0"], -tau_s * (-LI + LV) / tau_s)


def test_the_linear_flow_has_the_transposed_matrix(derived):
    flow = derived.populations["n"].flow
    tau = sympy.Symbol("tau__r0", real=True)
    assert flow.linear
    assert flow.matrix == sympy.Matrix([[-1 / tau_m, 0], [1 / tau_m, -1 / tau]])


def test_the_jump_at_a_spike_is_that_of_the_literature(derived):
    spike, price = derived.populations["n"].spike, sympy.Symbol("price")
    own = spike.back["V"] - spike.slope["V"] * (spike.price + price) / spike.speed
    D = I_syn + b - theta
    jump = LV + ((theta - V_r) * LV + price) / D
    assert same(own.subs(V, theta), -tau_m * jump)
    assert same(spike.back["I_syn__r0"], -tau_s * LI)


def test_the_price_of_an_arrival_is_the_gradient_of_its_delay(derived):
    arrival = derived.groups["s"].free
    assert same(arrival.price, w * (LV - LI))
    assert same(arrival.gradients["weight__synapse"], -tau_s * LI)


def test_gradients_of_time_constants_and_bias_are_integrals(derived):
    gradients = derived.populations["n"].flow.gradients
    assert same(gradients["tau_m"], LV * (-V + I_syn + b) / tau_m)
    assert same(gradients["tau__r0"], LI * -I_syn / tau_s)
    assert same(gradients["b"], -LV)


def test_threshold_and_reset_have_gradients(derived):
    spike = derived.populations["n"].spike
    assert same(spike.reset_gradients["V_r"], -tau_m * LV)
    assert spike.threshold_gradients == {"theta": -1}  # times -price/speed, which is -lam[V] before


def test_the_formulas_are_printed_in_the_names_of_the_user(derived):
    text = str(derived)
    assert "dlam[V]/ds = -lam[V]/tau_m + dl/dV" in text
    assert "dlam[s.I_syn]/ds = -lam[s.I_syn]/s.tau + lam[V]/tau_m + dl/d(s.I_syn)" in text
    assert "dL/dtheta += e/speed" in text and "dL/dweight += lam[s.I_syn]" in text
    assert "__" not in text
