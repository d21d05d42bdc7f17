"""The pipeline: each stage is a function from one plain structure to the next.

    network_structure   declaration  -> NetworkStructure   names and text; the cache key
    derive_program      structure    -> Program            update rules, by SymPy
    render_cpp          Program      -> C++ source         through Jinja
    build_manifest      Program      -> manifest           what the runtime must know, as JSON

Print any of them to read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pygenn_lite.codegen.resolution import network_structure
from pygenn_lite.codegen.structure import GroupInstance, NetworkStructure, PopulationInstance

if TYPE_CHECKING:
    from pygenn_lite.codegen.program import Program

__all__ = [
    "GeneratedCode",
    "GroupInstance",
    "NetworkStructure",
    "PopulationInstance",
    "derive_program",
    "generate",
    "network_structure",
]


@dataclass(frozen=True)
class GeneratedCode:
    """Source of a network's kernels and the manifest that goes with it."""

    source: str
    manifest: dict[str, Any]


def derive_program(structure: NetworkStructure) -> Program:
    """Derive update rules of all kernels (imports SymPy)."""
    from pygenn_lite.codegen.program import Program
    from pygenn_lite.codegen.symbolic.neuron import neuron_kernel
    from pygenn_lite.codegen.symbolic.synapse import synapse_kernel

    return Program(
        neurons=tuple(neuron_kernel(s, f"neuron{k}") for k, s in enumerate(structure.kernels)),
        synapses=tuple(
            synapse_kernel(s, f"synapse{k}") for k, s in enumerate(structure.synapse_kernels)
        ),
    )


def generate(structure: NetworkStructure) -> GeneratedCode:
    """The whole way from structure to source text."""
    from pygenn_lite.codegen.manifest import build_manifest
    from pygenn_lite.codegen.render import render_cpp

    program = derive_program(structure)
    return GeneratedCode(source=render_cpp(program), manifest=build_manifest(program))
