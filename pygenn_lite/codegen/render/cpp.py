"""Renders a Program as C++: expressions through the printer, everything else through Jinja. Views
hold names and expressions; how a value is reached is up to the templates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pygenn_lite.codegen.passes.safe_names import with_safe_names
from pygenn_lite.codegen.program.kernel import Kernel
from pygenn_lite.codegen.program.program import Program, SynapseKernels
from pygenn_lite.codegen.render.coupling import CouplingView, coupled_kernels, coupling_view
from pygenn_lite.codegen.render.environment import environment
from pygenn_lite.codegen.render.population_view import (
    AllView,
    OnceView,
    SpikingView,
    all_view,
    once_view,
    spiking_view,
)
from pygenn_lite.codegen.render.synapse_view import SynapseView, synapse_view
from pygenn_lite.records import dataclass

View = AllView | SpikingView | OnceView | SynapseView | CouplingView


@dataclass(frozen=True)
class Section:
    """Kernels that belong together, under a description."""

    description: tuple[str, ...]
    kernels: tuple[tuple[str, View], ...]  # the kind of view ("all", "synapses", ...), and the view


def render_cpp(program: Program) -> str:
    """C++ source of all kernels of a Program."""
    sections = [_section(str(own), own.kernels.values()) for own in program.neurons]
    sections += [_of_group(own) for own in program.synapses]
    sections += [_section(str(kernel), [kernel]) for kernel in program.added]
    return _render(sections, program.real)


def render_kernels(kernels: Sequence[Kernel]) -> str:
    """C++ source of kernels by themselves."""
    return _render([_section(str(k), [k]) for k in kernels], kernels[0].real)


def view_of(kernel: Kernel) -> tuple[str, View]:
    """What a kernel's template needs, and which part of it."""
    kernel = with_safe_names(kernel)
    if kernel.domain.kind == "synapses":
        return "synapses", synapse_view(kernel)
    if kernel.domain.visit == "all":
        return "all", all_view(kernel)
    if kernel.domain.visit == "spiking":
        return "spiking", spiking_view(kernel)
    return "once", once_view(kernel)


def _section(description: str, kernels: Iterable[Kernel]) -> Section:
    return Section(tuple(description.splitlines()), tuple(view_of(k) for k in kernels))


def _of_group(own: SynapseKernels) -> Section:
    """Kernels that see every synapse in every step are one function."""
    together = coupled_kernels(own.kernels)
    section = _section(str(own), (k for k in own.kernels.values() if k not in together))
    if not together:
        return section
    view = coupling_view(own.step_name, *(with_safe_names(k) for k in together))
    return Section(section.description, (*section.kernels, ("coupling", view)))


def _render(sections: Sequence[Section], real: str) -> str:
    kinds = {kind for section in sections for kind, _ in section.kernels}
    synapses = bool(kinds & {"synapses", "coupling"})
    template = environment().get_template("cpp/kernels.cpp.jinja")
    return template.render(real=real, sections=sections, synapses=synapses)
