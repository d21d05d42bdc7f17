"""Variables of synapses flow as a solver of high order says, event by event or step by step."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from helpers_oracle import both
from scipy.integrate import solve_ivp

import pygenn_lite as pg
from pygenn_lite.errors import EquationError
from pygenn_lite.runtime.reference.interpreter import run_reference

pytestmark = pytest.mark.usefixtures("backend")

DT = 0.1
STILL = pg.NeuronModel("dV/dt = 0*I", threshold="V > 1e6", reset="V = 0")
PARAMETERS = dict(tau=5.0, same=5.0, slow=70.0, b=0.7, om=0.4)
START = dict(c=0.3, u=-0.2, D=0.05)
SYSTEMS = {
    "decay": ["dc/dt = -c/tau"],
    "relaxation": ["dc/dt = (b - c)/tau"],
    "growth": ["dc/dt = b"],
    "gathering": ["dc/dt = -c/tau", "du/dt = D*c"],
    "gathering_from_a_level": ["dc/dt = (b - c)/tau", "du/dt = D*c"],
    "following": ["dc/dt = -c/tau", "du/dt = (c - u)/slow"],
    "following_at_the_same_pace": ["dc/dt = -c/tau", "du/dt = (c - u)/same"],
    "following_a_level": ["dc/dt = (b - c)/tau", "du/dt = (D*c - u)/slow"],
    "the_weight": ["dc/dt = -c/tau", "dweight/dt = D*c - (weight - b)/slow"],
    "by_the_weight": ["dc/dt = -c/tau", "du/dt = weight*c"],
    "turning": ["dc/dt = -om*u - c/slow", "du/dt = om*c + D"],
    "doubling": ["dc/dt = c/slow + D"],
    "ramps": ["dc/dt = D", "du/dt = c"],
}
ARRIVALS = np.array([1.0, 4.0, 4.1, 30.0])


def model_of(equations, **options):
    """Each arrival adds 0.5 to c, after what flowed since the last."""
    used = {n for line in equations for n in PARAMETERS if n in line.split("=")[1]}
    return pg.SynapseModel(
        on_pre="V_post += 0*weight; c += 0.5",
        synapse_derivatives="\n".join(equations),
        parameters={n: PARAMETERS[n] for n in PARAMETERS if n in used},
        variables=START,
        **options,
    )


def solution(equations, duration):
    """The same by a solver without special treatment of linear equations, piece by piece."""
    values = {**START, "weight": 1.1}
    names = [line.split("/")[0][1:] for line in equations]
    codes = [compile(line.split("=", 1)[1].strip(), line, "eval") for line in equations]

    def slope(t, y):
        known = {**PARAMETERS, **values, **dict(zip(names, y, strict=True))}
        return [eval(code, {}, known) for code in codes]

    for start, end in pairwise([0.0, *ARRIVALS, duration]):
        y = [values[n] for n in names]
        solved = solve_ivp(slope, (start, end), y, "DOP853", rtol=1e-12, atol=1e-14)
        values |= dict(zip(names, solved.y[:, -1].tolist(), strict=True))
        values["c"] += 0.5 if end != duration else 0.0
    return values


def network(**options):
    net = pg.Network(dt=DT)
    source = net.spike_source("source", 1, ARRIVALS - DT, np.zeros(4, int))
    for name, equations in SYSTEMS.items():
        cell = net.population(name, 1, STILL)
        model = model_of(equations, **options)
        net.connect(source, cell, model, pg.AllToAll(), weight=1.1, name=f"onto_{name}")
    return net


@pytest.mark.parametrize("options", [{}, dict(event_driven=False)])
def test_linear_dynamics_are_exact(options):
    run = both(network(**options), 400)
    for name, equations in SYSTEMS.items():
        for variable, expected in solution(equations, 40.0).items():
            found = run.synapses[f"onto_{name}"][variable][0]
            assert found == pytest.approx(expected, rel=1e-9, abs=1e-12), (name, variable)


def test_linear_dynamics_are_exact_from_event_to_event_in_single_precision():
    sim = network().compile(precision="float32")
    sim.run(40.0)
    for name, equations in SYSTEMS.items():
        for variable, expected in solution(equations, 40.0).items():
            found = sim[f"onto_{name}"][variable][0]
            assert found == pytest.approx(expected, rel=3e-6, abs=1e-7), (name, variable)


@pytest.mark.long("300,000 steps")
def test_long_silence_neither_overflows_nor_cancels():
    """After 30,000 ms, 6,000 time constants, and after one step of a slow variable."""
    sim = network().compile(precision="float32")
    sim.run(30_000.0)
    for name in set(SYSTEMS) - {"doubling"}:
        expected = solution(SYSTEMS[name], 30_000.0)
        for variable in START:
            found = sim[f"onto_{name}"][variable][0]
            assert found == pytest.approx(expected[variable], rel=1e-5, abs=1e-6), (name, variable)


# ---------------------------------------------------------------- integrators by name


def end_state(equations, dt, integrator, variable="x"):
    net = pg.Network(dt=dt)
    source = net.spike_source("source", 1, [], [])
    cell = net.population("cell", 1, STILL)
    model = pg.SynapseModel(
        on_pre="V_post += 0*weight",
        synapse_derivatives=equations,
        variables=dict(x=1.0, y=0.0),
        event_driven=False,
        integrator=integrator,
    )
    net.connect(source, cell, model, pg.AllToAll(), name="g")
    return float(run_reference(net, round(1.0 / dt)).synapses["g"][variable][0])


@pytest.mark.parametrize(
    ("method", "order"),
    [("euler", 1), ("exponential_euler", 1), ("rk2", 2), ("heun", 2), ("rk4", 4)],
)
def test_methods_converge_at_their_order_in_synapses_too(method, order):
    turning = "dx/dt = -y; dy/dt = x - 0.5*(sin(t) - y)"  # x = cos t
    errors = [abs(end_state(turning, dt, method) - math.cos(1.0)) for dt in (1 / 8, 1 / 16, 1 / 32)]
    found = [math.log2(a / b) for a, b in pairwise(errors)]
    assert found == pytest.approx([order] * 2, abs=0.3)


def test_nonlinear_dynamics_of_synapses_get_a_method_of_fourth_order():
    errors = [abs(end_state("dx/dt = -x**2", dt, "auto") - 0.5) for dt in (1 / 4, 1 / 8, 1 / 16)]
    assert [math.log2(a / b) for a, b in pairwise(errors)] == pytest.approx([4, 4], abs=0.4)


def test_compiled_methods_are_the_interpreters():
    """All at once, reading what synapses read in a step: traces with delays, the target, time."""
    net = pg.Network(dt=DT, seed=1)
    times = np.array([0.5, 0.7, 2.0, 2.0, 3.3])
    source = net.spike_source("source", 3, times, [0, 1, 2, 2, 0])
    for integrator in ("auto", "exponential_euler", "rk4", "heun", "rk2", "euler"):
        cells = net.population(integrator, 2, pg.LIF(), initial=dict(V=-55.0))
        model = pg.SynapseModel(
            on_pre="V_post += weight*c",
            synapse_derivatives="""
                dc/dt = -c/5.0 + 0.1*x*(V_post + 65) + 0.1*sin(t)*delay*D
                du/dt = D*c - u/3.0; dweight/dt = 0.01*(u - weight)
            """,
            pre_trace=pg.SynapticTrace("dx/dt = -x/8.0", on_spike="x += 1"),
            variables=dict(c=0.1, u=0.2, D=0.3),
            event_driven=False,
            integrator=integrator,
        )
        delays = np.array([0.1, 0.5, 0.9, 1.2, 0.3, 0.2])
        pairs = pg.PairList([0, 0, 1, 1, 2, 2], [0, 1, 0, 1, 0, 1])
        net.connect(source, cells, model, pairs, weight=2.0, delay=delays)
    both(net, 60)


# ---------------------------------------------------------------- refusals, and what is shown


@pytest.mark.parametrize(
    ("equations", "message"),
    [
        ("dc/dt = -c**2", "not linear in c"),
        ("dc/dt = -c; du/dt = c*u", "du/dt = c*u cannot be integrated between events"),
        ("du/dt = c - u; dc/dt = -c*abs(c)", "not linear in c"),
        ("dc/dt = -c*V_post", "V_post changes meanwhile"),
        ("dc/dt = x - c", "x changes meanwhile"),
        ("dc/dt = -c*t", "t changes meanwhile"),
        ("dc/dt = x*y - c", "x, y change meanwhile"),
    ],
)
def test_what_has_no_exact_solution_between_events_is_refused_by_name(equations, message):
    net = pg.Network(dt=DT)
    cells = net.population("cells", 1, pg.LIF())
    model = pg.SynapseModel(
        on_pre="V_post += weight*c + 0*u",
        synapse_derivatives=equations,
        variables=dict(c=1.0, u=1.0),
        pre_trace=pg.SynapticTrace("dx/dt = -x", on_spike="x += 1"),
        post_trace=pg.SynapticTrace("dy/dt = -y", on_spike="y += 1"),
    )
    net.connect(cells, cells, model, pg.OneToOne())
    with pytest.raises(EquationError) as caught:
        net.compile()
    assert message in str(caught.value)
    assert "event_driven=False" in caught.value.hint
    assert "cells_cells" in str(caught.value)


def test_a_method_that_does_not_fit_is_refused_as_for_neurons():
    net = pg.Network(dt=DT)
    cells = net.population("cells", 1, pg.LIF())
    model = pg.SynapseModel(
        on_pre="V_post += weight*c",
        synapse_derivatives="dc/dt = -c**2",
        variables=dict(c=1.0),
        event_driven=False,
        integrator="exact",
    )
    net.connect(cells, cells, model, pg.OneToOne())
    with pytest.raises(EquationError, match="'exact' needs linear equations") as caught:
        net.compile()
    assert "rk4" in caught.value.hint


def test_inspect_shows_how_variables_of_synapses_are_integrated():
    net = pg.Network(dt=DT)
    cells = net.population("cells", 1, STILL)
    gathering = model_of(SYSTEMS["gathering"], integrator="exact")
    net.connect(cells, cells, gathering, pg.OneToOne(), name="events")
    stepped = model_of(["dc/dt = -c/tau", "du/dt = -u*u"], event_driven=False)
    net.connect(cells, cells, stepped, pg.OneToOne(), name="steps")
    net.connect(cells, cells, pg.Delta(), pg.OneToOne(), name="plain")
    shown = net.compile().inspect()
    assert shown.integrators["events"] == {"c": "exact", "u": "exact"}
    assert shown.integrators["steps"] == {"c": "exact", "u": "rk4"}
    assert "plain" not in shown.integrators
    assert "exact: c, u" in shown.rules and "rk4: u" in shown.rules
