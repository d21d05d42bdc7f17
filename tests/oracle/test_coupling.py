"""Continuous transmission and plastic matrices: compiled code against the interpreter."""

from __future__ import annotations

import numpy as np
import pytest
from helpers_oracle import assert_equal_runs, reference, run_compiled

import pygenn_lite as pg

pytestmark = pytest.mark.usefixtures("backend")

CELL = pg.NeuronModel(
    "dV/dt = (E_L - V + I + J)/tau; dr/dt = (V/10 + 6.5 - r)/3",
    threshold="V > -50",
    reset="V = E_L",
    refractory=2.0,
    inputs=("I", "J"),
    parameters=dict(tau=10.0, E_L=-65.0),
    initial=dict(V=pg.Uniform(-70.0, -45.0), r=pg.Uniform(0.0, 1.0)),
    name="cell",
)


def synapse(continuous: str, dynamics: str = "", **more: object) -> pg.SynapseModel:
    return pg.SynapseModel(continuous=continuous, synapse_derivatives=dynamics, **more)


HEBB = "dweight/dt = eta*(r_post - 0.1*weight)*r_pre"
RATE = dict(eta=1e-3)
# Of each: model, rule, storage, delay.
GROUPS = {
    "gap junction": (synapse("I_post += weight*(V_pre - V_post)"), pg.AllToAll(), "auto", 0.1),
    "gap junction, sparse": (
        synapse("I_post += weight*(V_pre - V_post)"), pg.FixedProbability(0.4), "auto", 0.3,
    ),
    "graded, delays differ": (
        synapse("s = 1/(1 + exp(-V_pre/5 - 12)); I_post += weight*s*(E - V_post)/100",
                parameters=dict(E=0.0)),
        pg.FixedProbability(0.4), "auto", pg.Uniform(0.1, 1.0),
    ),
    "onto a clamped variable": (
        synapse("V_post += 0.1*weight*r_pre; J_post -= weight*delay*sin(t)"),
        pg.AllToAll(), "auto", 0.2,
    ),
    "Hebbian matrix": (
        synapse("I_post += weight*r_pre", HEBB, parameters=RATE), pg.AllToAll(), "auto", 0.1,
    ),
    "matrix with holes": (
        synapse("J_post += (weight + 1)*where(r_pre > r_post, r_pre, tanh(V_post))", HEBB,
                parameters=RATE),
        pg.FixedProbability(0.4), "dense", 0.1,
    ),
    "Hebbian, sparse, delays differ": (
        synapse("J_post += weight*exp(-r_pre)", HEBB, parameters=RATE),
        pg.FixedProbability(0.4), "sparse", pg.Uniform(0.1, 1.0),
    ),
    "a system of two, per synapse": (
        synapse("J_post += weight*c",
                "dweight/dt = eta*(c*r_post - weight)*sin(r_pre); dc/dt = -c/20 + r_pre",
                parameters=RATE, variables=dict(c=0.5)),
        pg.AllToAll(), "auto", 0.1,
    ),
    "dynamics alone": (
        pg.SynapseModel("dg/dt = -g/5", inputs="I = g", on_pre="g += weight", event_driven=False,
                        synapse_derivatives=HEBB, parameters=RATE),
        pg.AllToAll(), "dense", 0.2,
    ),
    "values and spikes": (
        pg.SynapseModel("dg/dt = -g/5", inputs="I = -g*V/100", on_pre="g += weight",
                        continuous="g += 0.01*weight*r_pre"),
        pg.AllToAll(), "auto", 0.3,
    ),
    "STDP matrix": (pg.PairSTDP(pg.ExponentialCurrent(5.0)), pg.AllToAll(), "dense", 0.5),
    "STDP matrix with holes": (
        pg.TripletSTDP(pg.Delta()), pg.FixedProbability(0.4), "dense", 0.5,
    ),
    "short-term matrix": (pg.TsodyksMarkram(), pg.AllToAll(), "dense", 0.3),
}  # fmt: skip


def network(names: list[str], sizes: tuple[int, int] = (7, 9)) -> pg.Network:
    net = pg.Network(dt=0.1, seed=3)
    a, b = net.population("a", sizes[0], CELL), net.population("b", sizes[1], CELL)
    net.current(a, 18.0)
    net.current(b, 17.0, "J")
    for name in names:
        model, rule, storage, delay = GROUPS[name]
        for source, target in ((a, b), (b, b)):
            net.connect(
                source, target, model, rule, weight=pg.Uniform(0.0, 0.1), delay=delay,
                storage=storage,
            )  # fmt: skip
    return net


@pytest.mark.parametrize("name", GROUPS)
@pytest.mark.generated("is compared with the interpreter")
def test_every_kind_of_group_does_what_the_interpreter_does(name: str) -> None:
    found = run_compiled(network([name]), 100)
    assert_equal_runs(found, reference(network([name]), 100, found), 1e-11)
    assert sum(len(steps) for steps, _ in found.spikes.values()) > 5


@pytest.mark.generated("is compared with the interpreter")
def test_many_groups_add_to_the_same_inputs() -> None:
    names = ["Hebbian matrix", "gap junction", "graded, delays differ", "values and spikes"]
    found = run_compiled(network(names), 60)
    assert_equal_runs(found, reference(network(names), 60, found), 1e-11)


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.compiled("threads")
def test_results_do_not_depend_on_the_number_of_threads(precision: str) -> None:
    names = ["gap junction", "Hebbian matrix", "graded, delays differ", "STDP matrix"]
    runs = []
    for threads in (1, 2, 3):
        net = network(names, (70, 400))
        net.record(net.populations["b"]["V"])
        sim = net.compile(precision=precision, threads=threads)
        sim.run(5.0)
        weights = [sim[group]["weight"][:] for group in net.groups]
        runs.append((sim["b"]["V"][:], sim["b"]["r"][:], *weights))
    for other in runs[1:]:
        for one, two in zip(runs[0], other, strict=True):
            assert np.array_equal(one, two)


def test_a_checkpoint_goes_on_with_the_same_values(tmp_path) -> None:
    net = network(["Hebbian matrix", "graded, delays differ"])
    whole, parts = net.compile(), net.compile()
    whole.run(6.0)
    parts.run(3.0)
    parts.save(tmp_path / "half.npz")
    again = net.compile()
    again.restore(tmp_path / "half.npz")
    again.run(3.0)
    for name in ("V", "r"):
        assert np.array_equal(whole["b"][name][:], again["b"][name][:])
    for group in net.groups:
        assert np.array_equal(whole[group]["weight"][:], again[group]["weight"][:])


def test_weights_set_between_runs_act_from_the_next_step_on() -> None:
    net = pg.Network(dt=0.1)
    rate = pg.NeuronModel("dr/dt = -r + I", initial=dict(r=1.0))
    a, b = net.population("a", 3, rate), net.population("b", 2, rate)
    net.connect(a, b, synapse("I_post += weight*r_pre"), pg.AllToAll(), weight=0.0, name="g")
    sim, expected = net.compile(precision="float64"), 1.0
    for weight in (0.0, 2.0):
        sim["g"]["weight"] = weight
        before = sim["a"]["r"][0]
        sim.run(0.1)
        expected = expected * np.exp(-0.1) + 3 * weight * before * (1 - np.exp(-0.1))
        np.testing.assert_allclose(sim["b"]["r"][:], expected, rtol=1e-13)
