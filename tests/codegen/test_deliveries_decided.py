"""What groups deliver is decided in one place; plan, schedule and backends take it from there."""

from __future__ import annotations

import numpy as np

import pygenn_lite as pg
from pygenn_lite import codegen
from pygenn_lite.codegen.plan.described import Described
from pygenn_lite.codegen.plan.network_plan import plan_network
from pygenn_lite.codegen.program.delivery import Delivery
from pygenn_lite.codegen.program.schedule import Arrive, Deliver


def network() -> pg.Network:
    net = pg.Network(dt=0.1, seed=1)
    cells = net.population("cells", 4, pg.LIF())
    net.connect(cells, cells, pg.ExponentialCurrent(5.0), pg.AllToAll(), weight=1.0, name="static")
    net.connect(cells, cells, pg.Delta(), pg.AllToAll(), weight=1.0, name="jumping")
    net.connect(cells, cells, pg.PairSTDP(), pg.AllToAll(), weight=1.0, name="plastic")
    net.connect(cells, cells, pg.GapJunction(), pg.AllToAll(), weight=0.1, name="coupled")
    return net


def test_each_group_has_one_delivery() -> None:
    program = codegen.derive_program(codegen.network_structure(network()))
    static, jumping, plastic, coupled = program.deliveries.values()
    assert static == Delivery("static", "cells", "cells", static.adds_to, lead=0)
    assert static.adds_to.startswith("I_syn") and static.is_static
    # The threshold sees the jump: it waits in a sum.
    assert (jumping.adds_to, jumping.lead) == ("V__sum", 1)
    assert plastic.on_pre and plastic.on_post and not plastic.is_static
    assert coupled.step and coupled.transmits and coupled.only_transmits and not coupled.on_pre


def test_schedule_and_plan_follow_them() -> None:
    net = network()
    structure = codegen.network_structure(net)
    program = codegen.derive_program(structure)
    step = program.schedule.step
    assert [op for op in step if isinstance(op, Deliver)] == [
        Deliver("static", 0),
        Deliver("jumping", 1),
    ]
    assert [op.group for op in step if isinstance(op, Arrive)] == ["plastic"]
    signatures = codegen.render_program(program).signatures
    plan = plan_network(Described(net, structure, signatures, np.dtype("float32")))
    assert plan.deliveries == program.deliveries
    assert [s.groups for s in plan.stores if not s.general] == [("static",), ("jumping",)]
    assert [s.lead for s in plan.stores if not s.general] == [0, 1]
