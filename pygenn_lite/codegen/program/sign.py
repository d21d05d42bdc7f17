"""Writes the signatures of a Program's kernels."""

from __future__ import annotations

import sympy

from pygenn_lite.codegen.program.program import NeuronKernel, Program, SynapseKernel
from pygenn_lite.codegen.program.signature import (
    NeuronSignature,
    Signatures,
    SynapseSignature,
    TimedSignature,
    Variable,
)
from pygenn_lite.codegen.render.coupling import scratch_of


def signatures_of(program: Program) -> Signatures:
    """What the runtime must know of a Program."""
    return Signatures(
        real=program.real,
        neurons=tuple(_neuron(kernel) for kernel in program.neurons),
        synapses=tuple(_synapse(kernel) for kernel in program.synapses),
    )


def _neuron(kernel: NeuronKernel) -> NeuronSignature:
    return NeuronSignature(
        name=kernel.name,
        integrate=f"{kernel.name}_integrate" if kernel.split else None,
        update=f"{kernel.name}_update",
        after=f"{kernel.name}_after" if kernel.after else None,
        prepare=f"{kernel.name}_prepare",
        variables=kernel.arrays,
        scalars=kernel.scalars,
        poisson=tuple(jump.target for jump in kernel.poisson),
        timed=tuple(TimedSignature(t.name, t.shared) for t in kernel.timed),
        draws=len(kernel.draws),
        operations=sum(_operations(assign.value) for assign in kernel.step),
        published=kernel.published,
        checked=kernel.checked,
        integrators=dict(kernel.integrators),
    )


def _operations(expression: sympy.Basic) -> int:
    """About how many additions' time it takes to evaluate an expression."""
    total = 0
    for part in sympy.preorder_traversal(expression):
        if part.is_Add or part.is_Mul:
            total += len(part.args) - 1
        elif part.is_Pow:
            total += 4
        elif part.is_Function:
            total += 16
    return total


def _synapse(kernel: SynapseKernel) -> SynapseSignature:
    stored = (
        Variable(n, n, role="stamp", dtype="uint32")
        if n == "last_update"
        else Variable(n, n, role="coefficient" if kernel.transposed else "state")
        for n in kernel.synapse
    )
    scratch = scratch_of(kernel)
    return SynapseSignature(
        name=kernel.name,
        on_pre=f"{kernel.name}_on_pre" if kernel.on_pre else None,
        on_post=f"{kernel.name}_on_post" if kernel.on_post else None,
        step=f"{kernel.name}_step" if kernel.step or kernel.couple else None,
        settle=f"{kernel.name}_settle" if kernel.decay else None,
        lead=kernel.lead,
        variables=tuple(stored),
        scalars=tuple(Variable(n, n, role="parameter", shared=True) for n in kernel.scalars),
        pre=kernel.pre,
        post=kernel.post,
        sinks=tuple(dict(kernel.sinks)[assign.target] for assign in kernel.couple),
        source_scratch=scratch[0],
        target_scratch=scratch[1],
        only_transmits=not (kernel.on_pre or kernel.on_post or kernel.step),
        integrators=dict(kernel.integrators),
    )
