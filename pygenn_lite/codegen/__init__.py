"""The pipeline: each stage is a function from one plain structure to the next.

    network_structure   declaration  -> NetworkStructure   names and text; the cache key
    systems_of          structure    -> NetworkSystems     continuous f, g, R, J, as SymPy
    adjoint_of          structure    -> NetworkAdjoint     exact gradients, derived from these
    trial_program       structure    -> TrialProgram       a step of training, and its way back
    derive_program      structure    -> Program            update rules, by SymPy, and the schedule
    render_cpp          Program      -> C++ source         through Jinja
    render_cuda         Program      -> source for a card  through Jinja
    signatures_of       Program      -> Signatures         what the runtime needs, as plain data
    deliveries_of       structure, signatures -> Delivery  what each synapse group delivers
    build_schedule      structure, signatures -> Schedule  what a step does, in which order

Print any of them to read it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pygenn_lite.codegen.program.delivery import deliveries_of
from pygenn_lite.codegen.program.schedule import build_schedule
from pygenn_lite.codegen.program.signature import Signatures
from pygenn_lite.codegen.structure.resolution import network_structure
from pygenn_lite.codegen.structure.structures import (
    GroupBinding,
    NetworkStructure,
    PopulationBinding,
)
from pygenn_lite.records import dataclass

if TYPE_CHECKING:
    from pygenn_lite.codegen.adjoint.adjoint_records import NetworkAdjoint
    from pygenn_lite.codegen.program.extension import Extension
    from pygenn_lite.codegen.program.program import Program
    from pygenn_lite.codegen.systems.system_records import NetworkSystems
    from pygenn_lite.codegen.trial.surrogate import Surrogate
    from pygenn_lite.codegen.trial.trial_program import TrialProgram

__all__ = [
    "GeneratedCode",
    "GroupBinding",
    "NetworkStructure",
    "PopulationBinding",
    "Signatures",
    "adjoint_of",
    "derive_program",
    "generate",
    "generate_cuda",
    "network_structure",
    "render_program",
    "systems_of",
    "trial_program",
]


@dataclass(frozen=True)
class GeneratedCode:
    """Source of a network's kernels and their signatures."""

    source: str
    signatures: Signatures


def systems_of(structure: NetworkStructure) -> NetworkSystems:
    """The continuous systems of all populations and groups (imports SymPy): f, g, R, J."""
    from pygenn_lite.codegen.systems.network_systems import systems_of

    return systems_of(structure)


def adjoint_of(structure: NetworkStructure, trainable: str | Iterable[str] = ()) -> NetworkAdjoint:
    """The adjoints of all populations and groups: dynamics backwards in time, and what happens to
    them at spikes and arrivals.

    Raises
    ------
    UnsupportedFeatureError
        Something on the way of a gradient cannot be differentiated.
    """
    from pygenn_lite.codegen.adjoint.network_adjoint import adjoint_of

    return adjoint_of(structure, trainable)


def trial_program(
    structure: NetworkStructure,
    trainable: str | Iterable[str] = "groups.*.weight",
    adjoint: str = "exact",
    surrogate: Surrogate | None = None,
) -> TrialProgram:
    """What a trial computes in each step, forwards and then backwards.

    Parameters
    ----------
    structure : NetworkStructure
    trainable : str or iterable of str
        Paths of values, with ``*`` for any characters.
    adjoint : str
        "exact" or "surrogate".
    surrogate : Surrogate, optional

    Raises
    ------
    UnsupportedFeatureError
        Something cannot be trained, by name.
    """
    from pygenn_lite.codegen.trial.derivation import trial_program

    return trial_program(structure, trainable, adjoint, surrogate)


def derive_program(structure: NetworkStructure, extension: Extension | None = None) -> Program:
    """Derive update rules of all kernels (imports SymPy).

    Parameters
    ----------
    structure : NetworkStructure
    extension : Extension, optional
        What else is to be compiled.

    Raises
    ------
    EquationError
        An equation has no meaning, or SymPy cannot work with it.
    """
    from pygenn_lite.codegen.program.neuron_kernel import neuron_kernels
    from pygenn_lite.codegen.program.program import Program
    from pygenn_lite.codegen.program.sign import signatures_of
    from pygenn_lite.codegen.program.synapse_kernel import synapse_kernels
    from pygenn_lite.codegen.systems.sympy_errors import equations_of

    def derive(kernel: Any, part: Any, name: str) -> Any:
        with equations_of(part):
            return kernel(part, name)

    program = Program(
        neurons=tuple(
            derive(neuron_kernels, s, f"neuron{k}") for k, s in enumerate(structure.kernels)
        ),
        synapses=tuple(
            derive(synapse_kernels, s, f"synapse{k}")
            for k, s in enumerate(structure.synapse_kernels)
        ),
    )
    signatures = signatures_of(program)
    added = () if extension is None else extension.kernels(structure)
    schedule = build_schedule(structure, signatures)
    return replace(
        program,
        schedule=schedule if extension is None else extension.simulated(schedule),
        deliveries=deliveries_of(structure, signatures),
        added=tuple(replace(kernel, scattered=True, real=program.real) for kernel in added),
    )


def generate(structure: NetworkStructure, extension: Extension | None = None) -> GeneratedCode:
    """The whole way from structure to source text."""
    return render_program(derive_program(structure, extension))


def render_program(program: Program) -> GeneratedCode:
    """Source text and signatures of a Program."""
    from pygenn_lite.codegen.program.sign import signatures_of
    from pygenn_lite.codegen.render.cpp import render_cpp

    return GeneratedCode(source=render_cpp(program), signatures=signatures_of(program))


def generate_cuda(structure: NetworkStructure, extension: Extension | None = None) -> GeneratedCode:
    """The whole way from structure to source text for a card.

    Raises
    ------
    UnsupportedFeatureError
        Something has no form on a card.
    """
    from pygenn_lite.codegen.program.sign import signatures_of
    from pygenn_lite.codegen.render.cuda import render_cuda

    program = derive_program(structure, extension)
    return GeneratedCode(source=render_cuda(program), signatures=signatures_of(program))
