"""Assembles the SynapseKernel of a plastic group from its structure."""

from __future__ import annotations

from collections.abc import Iterable

from pygenn_lite.codegen.program.program import Assign, SynapseKernel
from pygenn_lite.codegen.structure.structures import Statement, SynapseStructure
from pygenn_lite.codegen.systems.synapse_dynamics import between_events, every_step
from pygenn_lite.codegen.systems.system import (
    assignments,
    check_number,
    continuous,
    symbol,
)
from pygenn_lite.codegen.systems.transmission import transmitted


def synapse_kernel(structure: SynapseStructure, name: str) -> SynapseKernel:
    """Derive the kernels of a general synapse group."""
    where = f"synapse group {structure.name!r}"
    derivatives, _ = continuous(structure.equations, {}, where)
    for n, v in derivatives.items():
        check_number(v, f"d{n}/dt", where)
    dynamics = (between_events if structure.event_driven else every_step)(
        derivatives, structure, where
    )
    return SynapseKernel(
        name=name,
        synapse=structure.synapse,
        pre=structure.pre,
        post=structure.post,
        held=structure.held,
        summed=structure.summed,
        scalars=structure.scalars,
        flows=dynamics.flows,
        decay=dynamics.assigns if structure.event_driven else (),
        on_pre=_ordered(structure.on_pre, structure, where),
        on_post=_ordered(structure.on_post, structure, where),
        step=() if structure.event_driven else dynamics.assigns,
        integrators=dynamics.integrators,
        real=structure.real,
        couple=tuple(Assign(n, v) for n, v in transmitted(structure, where).items()),
        sinks=structure.sinks,
        dense=structure.dense,
        transposed=structure.transposed,
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
