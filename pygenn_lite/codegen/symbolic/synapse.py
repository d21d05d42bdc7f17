"""Assembles the SynapseKernel of a plastic group from its structure."""

from __future__ import annotations

from collections.abc import Iterable

import sympy

from pygenn_lite.codegen.program import Assign, SynapseKernel
from pygenn_lite.codegen.structure import Statement, SynapseStructure
from pygenn_lite.codegen.symbolic.linear import linear_part
from pygenn_lite.codegen.symbolic.system import (
    DT,
    assignments,
    check_number,
    continuous,
    symbol,
)
from pygenn_lite.declaration.functions import exprel
from pygenn_lite.errors import EquationError

ELAPSED = symbol("elapsed")


def synapse_kernel(structure: SynapseStructure, name: str) -> SynapseKernel:
    """Derive the kernels of a general synapse group."""
    where = f"synapse group {structure.name!r}"
    derivatives, _ = continuous(structure.equations, {}, where)
    # Between events, variables without a derivative stand still.
    varying = {*derivatives, *structure.pre, *structure.post, "t"}
    for n, v in derivatives.items():
        check_number(v, f"d{n}/dt", where)
    flows = [_flow(n, v, structure.event_driven, varying, where) for n, v in derivatives.items()]
    return SynapseKernel(
        name=name,
        synapse=structure.synapse,
        pre=structure.pre,
        post=structure.post,
        held=structure.held,
        summed=structure.summed,
        scalars=structure.scalars,
        decay=tuple(flows) if structure.event_driven else (),
        on_pre=_ordered(structure.on_pre, structure, where),
        on_post=_ordered(structure.on_post, structure, where),
        step=() if structure.event_driven else _one_step(flows),
        real=structure.real,
    )


def _ordered(
    statements: Iterable[Statement], structure: SynapseStructure, where: str
) -> tuple[Assign, ...]:
    """Ordered assignments; for variables of the target neuron the value is the increment."""
    result = []
    for name, value in assignments(statements, where):
        check_number(value, name, where)
        increment = value - symbol(name) if name in structure.post else value
        result.append(Assign(name, increment))
    return tuple(result)


def _flow(
    name: str, value: sympy.Expr, event_driven: bool, varying: set[str], where: str
) -> Assign:
    """x after `elapsed` ms: exact for dx/dt = a x + b with a and b constant in between."""
    variable = symbol(name)
    split = linear_part(value, [name], frozenset({name}))
    if split is None or variable in split[1].free_symbols:
        if event_driven:
            raise EquationError(
                f"d{name}/dt = {value} cannot be integrated between events: it is not linear "
                f"in {name}",
                where=where,
                cure="set event_driven=False to integrate it in every step",
            )
        return Assign(name, variable + ELAPSED * value)
    rate, drive = split[0].get(name, sympy.S.Zero), split[1]
    if event_driven:
        used = {s.name for s in (rate.free_symbols | drive.free_symbols)}
        if used & varying:
            raise EquationError(
                f"d{name}/dt = {value} cannot be integrated between events: "
                f"{sorted(used & varying)} change meanwhile",
                where=where,
                cure="set event_driven=False to integrate it in every step",
            )
    flow = variable * sympy.exp(rate * ELAPSED) + drive * ELAPSED * exprel(rate * ELAPSED)
    return Assign(name, flow)


def _one_step(flows: list[Assign]) -> tuple[Assign, ...]:
    """All variables advance together from their values at the start of the step."""
    replace = {ELAPSED: DT}
    return tuple(Assign(f"{a.target}__next", a.value.xreplace(replace)) for a in flows)
