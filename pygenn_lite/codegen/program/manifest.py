"""The manifest: what the runtime must know of compiled kernels, in ABI order. Plain data (JSON),
kept beside the compiled code, so that a cached network needs neither SymPy nor Jinja."""

from __future__ import annotations

from typing import Any

import sympy

from pygenn_lite.codegen.program.program import NeuronKernel, Program, SynapseKernel


def build_manifest(program: Program) -> dict[str, Any]:
    """Describe the ABI of all kernels."""
    return {
        "real": program.real,
        "populations": [_neuron(kernel) for kernel in program.neurons],
        "synapses": [_synapse(kernel) for kernel in program.synapses],
    }


def _neuron(kernel: NeuronKernel) -> dict[str, Any]:
    return {
        "integrate": f"{kernel.name}_integrate" if kernel.split else None,
        "update": f"{kernel.name}_update",
        "after": f"{kernel.name}_after" if kernel.after else None,
        "prepare": f"{kernel.name}_prepare",
        "arrays": [
            {"name": a.name, "role": a.role, "dtype": a.dtype, "arena": a.arena}
            for a in kernel.arrays
        ],
        "scalars": [{"name": s.name, "role": s.role} for s in kernel.scalars],
        "poisson": [jump.target for jump in kernel.poisson],
        "draws": len(kernel.draws),
        "operations": sum(_operations(assign.value) for assign in kernel.step),
        "timed": [{"name": t.name, "shared": t.shared} for t in kernel.timed],
        "published": list(kernel.published),
        "checked": list(kernel.checked),
        "integrators": dict(kernel.integrators),
    }


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


def _synapse(kernel: SynapseKernel) -> dict[str, Any]:
    return {
        "on_pre": f"{kernel.name}_on_pre" if kernel.on_pre else None,
        "on_post": f"{kernel.name}_on_post" if kernel.on_post else None,
        "step": f"{kernel.name}_step" if kernel.step else None,
        "lead": kernel.lead,
        "settle": f"{kernel.name}_settle" if kernel.decay else None,
        "synapse": [
            {"name": n, "dtype": "uint32" if n == "last_update" else "real"} for n in kernel.synapse
        ],
        "pre": list(kernel.pre),
        "post": list(kernel.post),
        "scalars": list(kernel.scalars),
        "integrators": dict(kernel.integrators),
    }
