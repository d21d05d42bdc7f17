"""Small networks that between them have every model of the library and every kind of kernel."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle

import numpy as np
from library_currents import DRIVE

import pygenn_lite as pg
from pygenn_lite import models

LEARNS = pg.SynapseModel(
    continuous="I_post += weight*r_pre",
    synapse_derivatives=(
        "dweight/dt = eta*tanh(r_pre)*(r_post - c) - k*weight; dc/dt = (r_pre - c)/tau_r"
    ),
    parameters=dict(eta=0.01, k=0.001, tau_r=5.0),
    variables=dict(c=0.0),
    name="learns",
)
EVENTS = pg.SynapseModel(
    on_pre="V_post += weight*x; x += 1; weight = clip(weight + 0.001*V_post + 0.1, 0, 3)",
    on_post="y += 0.5; weight = clip(weight + 0.01*y, 0, 3)",
    synapse_derivatives="dx/dt = -x/tau; dy/dt = (x - y)/tau",
    parameters=dict(tau=7.0),
    variables=dict(x=0.0, y=0.0),
    name="events",
)
STEPPED = pg.SynapseModel(
    on_pre="V_post += weight*x; x += 1",
    synapse_derivatives="dx/dt = -x/tau + 0.01*V_post/(1 + delay)",
    parameters=dict(tau=7.0),
    event_driven=False,
    variables=dict(x=0.0),
    name="stepped",
)


def neurons() -> pg.Network:
    """Every neuron model of the library."""
    net = pg.Network(dt=0.1, seed=3)
    assert {*DRIVE, "PoissonNeuron"} == {*models.NEURONS}  # it needs no current
    for name, current in {**DRIVE, "PoissonNeuron": 0.0}.items():
        cells = net.population(name, 70, models.NEURONS[name]())
        if current:
            net.current(cells, current * np.linspace(0.0, 1.0, 70))
    return net


def randomness() -> pg.Network:
    """White noise, Poisson input by table, inversion and rejection, draws at resets, currents that
    change in time, a condition of refractoriness, parameters of each neuron."""
    net = pg.Network(dt=0.1, seed=9)
    model = pg.NeuronModel(
        "dV/dt = -V/tau + sigma*xi + I + sin(t/3)*b", threshold="V > 1 - 0.2*exp(-t/50)",
        reset="V = randn()*0.1; w = rand()", refractory="V > 0.5",
        parameters={"tau": pg.Uniform(5.0, 10.0), "sigma": 0.3, "b": pg.Uniform(0.0, 0.1)},
        initial=dict(w=0.0),
    )  # fmt: skip
    cells = net.population("cells", 150, model)
    net.poisson(cells, "100*i", weight=0.05, synapse=pg.Delta("V"))
    net.poisson(cells, 900.0, weight=0.02, synapse=pg.Delta("V"))
    net.poisson(cells, 250000.0, weight=0.0002, synapse=pg.Delta("V"))
    net.noise_current(cells, 0.02, 0.1)
    net.step_current(cells, [0.0, 2.0, 9.0], np.arange(450.0).reshape(3, 150) * 1e-3)
    net.step_current(cells, [1.0, 3.0], [0.1, 0.3])
    lif = net.population("lif", 90, pg.LIF(tau=pg.Uniform(8.0, 12.0), t_ref=pg.Uniform(0.5, 2.0)))
    net.poisson(lif, 8000.0, weight=87.8, synapse=pg.ExponentialCurrent(0.5))
    return net


def integrators() -> pg.Network:
    """One population for each integrator that takes any equation."""
    net = pg.Network(seed=1)
    for name in ("rk4", "heun", "euler", "exponential_euler"):
        text = "dx/dt = sin(t) - x*y; dy/dt = x*x - y"
        net.population(name, 10, pg.NeuronModel(text, integrator=name))
    return net


def rules() -> pg.Network:
    """Every plasticity rule, every receptor, several spikes of a source in a step."""
    net = pg.Network(dt=0.1, seed=4)
    rng = np.random.default_rng(1)
    times = np.sort(rng.integers(1, 400, 160)) * 0.1
    source = net.spike_source("s", 6, times, rng.integers(0, 6, 160))
    pairs = [(None, name) for name in models.SYNAPSES]
    pairs += zip(models.PLASTICITY, cycle(models.SYNAPSES))
    for rule, name in pairs:
        make = models.SYNAPSES[name]
        target = net.population(f"{rule}_{name}", 5, models.LIFConductance(t_ref=1.0))
        net.current(target, 130.0)
        scale = {"Delta": 1.0}.get(name, 4.0 if name.endswith("Conductance") else 60.0)
        synapse = make() if rule is None else models.PLASTICITY[rule](make())
        if rule in ("PairSTDP", "TripletSTDP", "DopamineSTDP", "RewardSTDP"):
            factor = {"reward": 1.0} if rule == "RewardSTDP" else {}
            synapse = models.PLASTICITY[rule](make(), w_max=2 * scale, **factor)
        delay = pg.Uniform(0.5, 1.5)
        net.connect(source, target, synapse, pg.AllToAll(), weight=scale, delay=delay)
    return net


def coupling() -> pg.Network:
    """Gap junctions, graded synapses and rate units, in rows and in matrices, with one delay and
    with many, transposed, with dynamics in every step."""
    net = pg.Network(dt=0.1, seed=4)
    start = dict(V=pg.Uniform(-70.0, -55.0))
    cells = net.population("cells", 37, pg.LIF(), initial=start)
    other = net.population("other", 21, pg.LIF(), initial=start)
    net.current(cells, 500.0)
    some = pg.FixedProbability(0.3)
    for name, synapse, rule, more in (
        ("gap", pg.GapJunction(), pg.AllToAll(autapses=False), {}),
        ("gap_rows", pg.GapJunction(), some, dict(delay=pg.Uniform(0.1, 0.9))),
        ("graded", pg.Graded(), pg.AllToAll(), dict(delay=0.3)),
        ("graded_rows", pg.Graded(), some, {}),
    ):
        target = other if "graded" in name else cells
        net.connect(cells, target, synapse, rule, weight=2.0, name=name, **more)
    unit = pg.RateNeuron(tau=10.0, transfer="tanh(I)")
    start = dict(r=pg.Uniform(-1.0, 1.0))
    a = net.population("a", 45, unit, initial=start)
    b = net.population("b", 19, unit, initial=start)
    net.connect(b, a, pg.RateSynapse(), pg.Transpose("up", factor=-0.5), name="down", delay=0.2)
    net.connect(a, b, LEARNS, pg.AllToAll(), weight=pg.Normal(0.0, 0.3), name="up")
    drawn = dict(weight=pg.Normal(0.0, 0.3), delay=pg.Uniform(0.2, 0.9))
    net.connect(a, b, LEARNS, some, name="rows", **drawn)
    net.connect(b, b, LEARNS, some, weight=0.1, storage="dense", name="masked")
    net.connect(b, a, pg.RateSynapse(), some, weight=pg.Normal(0.0, 0.2), name="back")
    return net


def plastic_matrices() -> pg.Network:
    """Rules in matrices, variables that are integrated between events, and what reads its own
    sums."""
    net = pg.Network(dt=0.1, seed=5)
    cells = net.population("cells", 23, pg.LIF(), initial=dict(V=pg.Uniform(-70.0, -50.0)))
    net.current(cells, 450.0)
    for name, synapse, more in (
        ("matrix", pg.PairSTDP(w_max=30.0), dict(storage="dense")),
        ("triplets", pg.TripletSTDP(w_max=30.0), dict(storage="dense", delay=0.7)),
        ("events", EVENTS, dict(delay=pg.Uniform(0.1, 0.9))),
        ("events_matrix", EVENTS, dict(storage="dense")),
        ("stepped", STEPPED, dict(delay=pg.Uniform(0.1, 0.9))),
        ("stepped_matrix", STEPPED, dict(storage="dense")),
        ("short", pg.TsodyksMarkram(), dict(delay=0.4)),
    ):
        rule = pg.FixedProbability(0.4)
        net.connect(cells, cells, synapse, rule, weight=pg.Uniform(0.5, 2.0), name=name, **more)
    return net


def periodic() -> pg.Network:
    """What a network does every so many ms, with neurons and with synapses."""
    net = pg.Network(dt=0.1, seed=6)
    cells = net.population("cells", 40, pg.LIF(), initial=dict(V=pg.Uniform(-70.0, -50.0)))
    net.current(cells, 450.0)
    for k, (synapse, storage) in enumerate(
        [(pg.ExponentialCurrent(5.0), "auto"), (pg.PairSTDP(w_max=90.0), "auto"),
         (pg.PairSTDP(w_max=90.0), "dense")]
    ):  # fmt: skip
        name = f"group{k}"
        net.connect(
            cells, cells, synapse, pg.FixedProbability(0.3), weight=pg.Uniform(5.0, 30.0),
            name=name, storage=storage,
        )  # fmt: skip
        net.every(1.0, name, "weight *= total/sum_weight", parameters=dict(total=200.0))
    net.every(0.7, cells, "V = V + kick*sin(t)", parameters=dict(kick=0.3))
    return net


def of_library(name: str) -> Callable[[], pg.Network]:
    """A network of the library."""
    return lambda: pg.load_network(pg.models.network_file(name))[0]


OF_LIBRARY = (
    "brunel", "cobahh", "cuba", "izhikevich2003", "izhikevich_sparse", "microcircuit",
    "mushroom_body", "stdp", "vogels2011",
)  # fmt: skip
KINDS: dict[str, Callable[[], pg.Network]] = {
    made.__name__: made
    for made in (neurons, randomness, integrators, rules, coupling, plastic_matrices, periodic)
}
NETWORKS = {**KINDS, **{name: of_library(name) for name in OF_LIBRARY}}
