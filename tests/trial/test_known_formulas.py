"""What is derived against formulas that are known: EventProp of LIF neurons as the literature has
it, and jumps that make a neuron spike at once."""

from __future__ import annotations

import numpy as np
import pytest
from interpreted import Interpreted
from test_gradients_converge import model
from tiny_trial import TinyTrial

import pygenn_lite as pg
from pygenn_lite import codegen

TAU, TAU_S, THETA, V_R, B, DT = 20.0, 5.0, 1.0, 0.1, 0.3, 0.1


def lif() -> Interpreted:
    """Neurons with exponential current, all of whose parameters are trained."""
    net = pg.Network(dt=DT)
    neurons = model(
        "dV/dt = (-V + I + b)/tau", "V > theta", "V = V_r", tau=TAU, theta=THETA, V_r=V_R, b=B
    )
    cells = net.population("cells", 4, neurons)
    net.connect(cells, cells, pg.ExponentialCurrent(TAU_S), pg.AllToAll(), weight=1.0, name="loop")
    structure = codegen.network_structure(net, "float64")
    found = codegen.trial_program(structure, ["groups.*", "populations.cells.parameters.*"])
    values = dict(tau=TAU, theta=THETA, V_r=V_R, b=B, tau__r0=TAU_S)
    return Interpreted(found.populations["cells"], values, 4, DT)


def test_between_spikes_adjoints_flow_as_in_the_literature() -> None:
    cells = lif()
    start = {n: np.array([1.0, -0.5, 0.2, 0.0]) * k for k, n in enumerate(cells.adjoints, 1)}
    cells.adjoints = dict(start)
    cells.backward()
    # lam of the literature is -lam/tau, component by component; no drive.
    alpha, beta = np.exp(-DT / TAU), np.exp(-DT / TAU_S)
    lam_v, lam_i = -start["lam__V"] / TAU, -start["lam__I_syn__r0"] / TAU_S
    after_i = lam_i * beta + TAU / (TAU - TAU_S) * lam_v * (alpha - beta)
    np.testing.assert_allclose(-cells.adjoints["lam__V"] / TAU, lam_v * alpha, rtol=1e-12)
    np.testing.assert_allclose(-cells.adjoints["lam__I_syn__r0"] / TAU_S, after_i, rtol=1e-12)


def test_at_a_spike_adjoints_jump_as_in_the_literature() -> None:
    cells = lif()
    cells.states = {"V": np.array([0.995, 0.999, 0.994, 0.2]), "I_syn__r0": np.full(4, 2.5)}
    spikes = cells.forward()
    assert spikes.tolist() == [True, True, True, False]
    recorded, crossing = cells.record(), cells.crossing()
    lam, back = np.array([0.3, -0.2, 0.5, 1.0]), np.array([1.0, 2.0, -0.4, 0.0])
    cells.adjoints["lam__V"] = lam.copy()
    cells.at_spike(spikes, recorded, back)
    current = 2.5 * (1 + crossing * (np.exp(-DT / TAU_S) - 1))
    d = current + B - THETA
    expected = -lam / TAU + ((THETA - V_R) * -lam / TAU + back) / d  # the price of moving it: back
    found = -cells.adjoints["lam__V"][spikes] / TAU
    np.testing.assert_allclose(found, expected[spikes], rtol=1e-3)  # V at the crossing: theta
    # theta: tau_m lamV before; V_r: -tau_m lamV after.
    np.testing.assert_allclose(cells.gradients["theta"][spikes], TAU * found, rtol=1e-9)
    np.testing.assert_allclose(cells.gradients["V_r"][spikes], lam[spikes], rtol=1e-9)
    assert cells.gradients["V_r"][3] == 0


def test_prices_of_arrivals_are_those_of_the_literature() -> None:
    cells = lif()
    for k, name in enumerate(cells.adjoints, 1):
        cells.adjoints[name] = np.array([1.0, -0.5, 0.2, 0.0]) * k
    lam_v = -cells.adjoints["lam__V"] / TAU
    lam_i = -cells.adjoints["lam__I_syn__r0"] / TAU_S
    np.testing.assert_allclose(cells.sent("I_syn__r0"), lam_v - lam_i, rtol=1e-12)


@pytest.mark.parametrize("slow", [0.02, 0.2])
def test_speeds_are_held_up_and_counted(slow: float) -> None:
    cells = lif()
    current = THETA - B + slow * np.array([1.0, -1.0, -1.0, 1.0])  # at the crossing, about
    cells.states = {"V": np.full(4, THETA - 1e-6), "I_syn__r0": current}
    cells.forward()
    slowness = cells.record()["slowness__"]
    assert (slowness > 0).all() and np.isfinite(slowness).all()
    assert cells.tangential_mask[1] and cells.tangential_mask[2]


RESETS = ("V = V - theta", "V = 0.1")


def jumping(dt: float, reset: str) -> pg.Network:
    net = pg.Network(dt=dt, seed=1)
    leaky = model("dV/dt = (-V + b)/tau", "V > theta", reset, tau=10.0, theta=1.0, b=0.8)
    cell = net.population("cell", 1, leaky, initial={"V": 0.2})
    reader = model("dV/dt = (-V + b + I)/tau", "V > theta", "V = 0", tau=12.0, theta=1.0, b=1.1)
    out = net.population("out", 1, reader)
    source = net.spike_source("source", 2, [3.0, 7.0, 11.0, 17.0], [0, 1, 0, 1])
    net.connect(source, cell, pg.Delta(), pg.AllToAll(), weight=0.45, delay=1.0, name="in")
    current = pg.ExponentialCurrent(5.0)
    net.connect(cell, out, current, pg.AllToAll(), weight=0.4, delay=1.2, name="to_out")
    return net


@pytest.mark.parametrize("reset", RESETS)
def test_a_jump_that_makes_a_neuron_spike_hands_on_all_that_the_spike_costs(reset: str) -> None:
    paths = ["groups.in.weight", "groups.in.delay"]

    def trial(dt: float) -> TinyTrial:
        made = TinyTrial(jumping(dt, reset), 30.0, paths, squares=False)
        made.run()
        return made

    loss = sum(
        weight * pg.spike_time(name, neuron, number)
        for name in ("cell", "out")
        for neuron, number, weight in trial(0.2).spikes(name)
    )
    true = pg.check_gradient(jumping(0.1, reset), 30.0, loss=loss).gradients
    assert (true["groups.in.weight"] == 0).all() and true["groups.in.delay"][1] > 2
    errors = []
    for dt in (0.2, 0.05):
        found = trial(dt).go_back()
        errors.append(max(np.max(np.abs(found[p] - true[p])) for p in paths))
    assert errors[1] < 0.35 * errors[0] and errors[1] < 0.4
