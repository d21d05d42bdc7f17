"""Writes the signatures of a Program's kernels."""

from __future__ import annotations

from collections.abc import Iterable

import sympy

from pygenn_lite.codegen.program.kernel import Assign, Draw, Kernel, Update, everything, written_by
from pygenn_lite.codegen.program.program import NeuronKernels, Program, SynapseKernels
from pygenn_lite.codegen.program.signature import (
    KernelSignature,
    NeuronSignature,
    Signatures,
    SynapseSignature,
)
from pygenn_lite.codegen.render.coupling import coupled_kernels, scratch_of


def signatures_of(program: Program) -> Signatures:
    """What the runtime needs of a Program."""
    return Signatures(
        real=program.real,
        neurons=tuple(_neuron(kernels) for kernels in program.neurons),
        synapses=tuple(_synapse(kernels) for kernels in program.synapses),
        added=tuple(_added(kernel) for kernel in program.added),
    )


def _added(kernel: Kernel) -> KernelSignature:
    return KernelSignature(
        kernel.name,
        kernel.domain.kind,
        kernel.domain.visit,
        own=tuple(kernel.table("own")),
        shared=tuple(kernel.table("own", shared=True)),
        target=tuple(kernel.table("target")),
        written=tuple(n for n in kernel.table("own") if n in _written(kernel)),
    )


def _written(kernel: Kernel) -> set[str]:
    return {name for statement in everything(kernel.body) for name in written_by(statement)}


def _neuron(own: NeuronKernels) -> NeuronSignature:
    stepped = [k for role, k in own.kernels.items() if role in ("integrate", "update")]
    return NeuronSignature(
        name=own.name,
        integrate=_function(own.kernels, "integrate"),
        update=_function(own.kernels, "update"),
        after=_function(own.kernels, "after"),
        prepare=_function(own.kernels, "prepare"),
        variables=own.variables,
        scalars=own.scalars,
        poisson=own.poisson,
        timed=own.timed,
        draws=len({s for k in stepped for s in k.body if isinstance(s, Draw)}),
        operations=sum(_operations(value) for k in stepped for value in _computed(k)),
        exposed=own.exposed,
        checked=own.checked,
        integrators=dict(own.integrators),
    )


def _synapse(own: SynapseKernels) -> SynapseSignature:
    stepped = coupled_kernels(own.kernels)
    source, target = scratch_of(own.step_name, *stepped) if stepped else (0, 0)
    return SynapseSignature(
        name=own.name,
        on_pre=_function(own.kernels, "on_pre"),
        on_post=_function(own.kernels, "on_post"),
        step=own.step_name if {"step", "couple"} & own.kernels.keys() else None,
        settle=_function(own.kernels, "settle"),
        lead=own.lead,
        variables=own.variables,
        scalars=own.scalars,
        pre=own.pre,
        post=own.post,
        sinks=own.sinks,
        source_scratch=source,
        target_scratch=target,
        only_transmits=not {"on_pre", "on_post", "step"} & own.kernels.keys(),
        integrators=dict(own.integrators),
    )


def _function(kernels: dict[str, Kernel], role: str) -> str | None:
    return kernels[role].name if role in kernels else None


def _computed(kernel: Kernel) -> Iterable[sympy.Basic]:
    """What every neuron computes in a step, jumps left out."""
    own = kernel.known
    for statement in kernel.body:
        if isinstance(statement, Update):
            yield from (value for _, value in statement.values)
        elif isinstance(statement, Assign) and statement.target not in own:
            yield statement.value


def _operations(expression: sympy.Basic) -> int:
    """About how many additions' time it takes to evaluate an expression."""
    total = 0
    for part in sympy.preorder_traversal(expression):
        if part.is_Add or part.is_Mul:
            total += len(part.args) - 1
        elif part.is_Pow:
            total += 4
        elif part.is_Function and not isinstance(part, sympy.Piecewise):
            total += 16
    return total
