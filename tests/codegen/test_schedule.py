"""The order of a step is data: printed, walked by every backend, and open to more operations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite import codegen
from pygenn_lite.codegen.program.kernel import Add, Assign, Domain, Kernel
from pygenn_lite.codegen.program.schedule import (
    Arrive,
    Call,
    Deliver,
    Exchange,
    Fire,
    Loop,
    Reduce,
    Sample,
    Send,
    build_schedule,
)
from pygenn_lite.codegen.program.signature import Variable
from pygenn_lite.declaration.language.equations import parse_expression
from pygenn_lite.runtime.reference.interpreter import ReferenceSimulation


def learning() -> pg.Network:
    """A train onto two cells: one static synapse each, and plastic ones."""
    net = pg.Network(dt=0.1, seed=3)
    source = net.spike_source("source", 2, [0.5, 0.7, 1.2], [0, 1, 0])
    cells = net.population("cells", 2, pg.LIF(), initial=dict(V=-55.0))
    net.connect(source, cells, pg.ExponentialCurrent(), pg.OneToOne(), weight=50.0, name="fixed")
    net.connect(source, cells, pg.PairSTDP(), pg.AllToAll(), weight=0.5, name="plastic")
    return net


def test_a_step_in_its_order() -> None:
    net = learning()
    structure = codegen.network_structure(net)
    program = codegen.derive_program(structure)
    kinds = [type(op) for op in program.schedule.step]
    assert [Deliver, Arrive, Call, Sample, Fire, Send] == list(dict.fromkeys(kinds))
    assert kinds.count(Fire) == kinds.count(Send) == 2
    generated = codegen.render_program(program)
    # What a warm start makes of names alone is the same.
    assert build_schedule(structure, generated.signatures) == program.schedule


def test_a_schedule_prints_itself() -> None:
    text = str(codegen.derive_program(codegen.network_structure(learning())).schedule)
    assert text.splitlines()[0] == "for all steps"
    assert "1. arrivals at t_n through static synapses: fixed" in text
    assert "spikes at t_{n+1} are sent: source, cells" in text


def test_loops_nest_and_go_backwards() -> None:
    epoch = Loop("epochs", (Loop("batches", (Loop("steps", (Sample(),), direction=-1),)),))
    assert str(epoch).splitlines() == [
        "for one epoch",
        "  for one batch",
        "    for all steps, backwards",
        "      1. variables are recorded as they are at t_n",
    ]


def test_many_populations_take_one_line() -> None:
    body = tuple(Fire(f"p{k}") for k in range(1000))
    assert str(Loop("steps", body)).endswith("p6, p7 and 992 more")


def test_the_interpreter_calls_a_kernel_from_outside() -> None:
    """Every 5 steps the weights onto each cell are scaled to a sum of 2: nothing of the
    interpreter knows of such a thing."""
    net = learning()
    program = codegen.derive_program(codegen.network_structure(net, precision="float64"))
    called = []

    def normalise(simulation: ReferenceSimulation, step: int) -> None:
        group = simulation.groups["plastic"]
        weight = group.variables["weight"]
        weight *= 2.0 / np.bincount(group.post, weight)[group.post]
        called.append(step)

    simulation = ReferenceSimulation(
        net,
        schedule=program.schedule.with_ops(Call("normalise", "plastic", every=5, offset=4)),
        kernels={("normalise", "plastic"): normalise},
    )
    for _ in range(15):
        simulation.step()
    assert called == [4, 9, 14]
    weight, post = simulation.groups["plastic"].variables["weight"], [0, 1, 0, 1]
    np.testing.assert_allclose(np.bincount(post, weight), [2.0, 2.0])


def test_a_schedule_calls_kernels_that_are_statements() -> None:
    """The same as three kernels of a Program: sums over synapses, a factor for each cell, weights
    times that; every 5 steps. Renderer and interpreter are unaware of it."""

    def x(text: str) -> Any:
        return parse_expression(text).sympy()

    weight = Variable("weight", "weight")
    total, factor = (Variable(n, n, side="target") for n in ("total", "factor"))
    own = (Variable("total", "total"), Variable("factor", "factor"))
    synapses, cells = Domain("synapses"), Domain("population")
    kernels = {
        "plastic": [
            Kernel("sum_up", synapses, (weight, total), (Add("total", x("weight")),)),
            Kernel("scale", synapses, (weight, factor), (Assign("weight", x("weight*factor")),)),
        ],
        "cells": [
            Kernel(
                "compare",
                cells,
                own,
                (Assign("factor", x("2/total")), Assign("total", x("0*total"))),
            )
        ],
    }
    net = learning()
    program = codegen.derive_program(codegen.network_structure(net, precision="float64"))
    calls = (("sum_up", "plastic"), ("compare", "cells"), ("scale", "plastic"))
    ops = (Call(name, on, every=5, offset=4) for name, on in calls)
    simulation = ReferenceSimulation(net, schedule=program.schedule.with_ops(*ops))
    for on, some in kernels.items():
        for kernel in some:
            simulation.add_kernel(kernel, on)
    for _ in range(15):
        simulation.step()
    weights, post = simulation.groups["plastic"].variables["weight"], [0, 1, 0, 1]
    np.testing.assert_allclose(np.bincount(post, weights), [2.0, 2.0])


def test_the_interpreter_reduces_and_shares() -> None:
    """How many of the source spiked at t_n, and where the membrane is highest."""
    net = learning()
    program = codegen.derive_program(codegen.network_structure(net, precision="float64"))
    spiking = Reduce("source", "spikes", "many", index_into="who")
    peak = Reduce("cells", "max", "peak", "V", "where", every=2)

    def note(simulation: ReferenceSimulation, step: int) -> None:
        seen.append([simulation.signals[name] for name in ("many", "who")])

    seen: list[list[float]] = []
    schedule = program.schedule.with_ops(spiking, peak, Exchange(), Call("note", "cells"))
    simulation = ReferenceSimulation(net, schedule=schedule, kernels={("note", "cells"): note})
    for _ in range(9):
        simulation.step()
    assert seen[5:8] == [[1.0, 0.0], [0.0, -1.0], [1.0, 1.0]]
    # a state is sampled as the reduction saw it
    last = simulation.traces["cells"][8]["V"]
    assert simulation.signals["peak"] == last.max()
    assert simulation.signals["where"] == np.argmax(last)


def test_what_the_interpreter_does_not_know_is_refused() -> None:
    net = learning()
    program = codegen.derive_program(codegen.network_structure(net, precision="float64"))
    simulation = ReferenceSimulation(net, schedule=program.schedule.with_ops(Call("none", "cells")))
    with pytest.raises(pg.errors.UnsupportedFeatureError, match="no kernel 'none'"):
        simulation.step()
