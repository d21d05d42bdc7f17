"""Renders a Program for a card: structures that say what is done to one element, through the same
printer and views as C++. Who visits the elements is up to templates/cuda/engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pygenn_lite.codegen.passes.safe_names import with_safe_names
from pygenn_lite.codegen.program.kernel import (
    Count,
    Draw,
    Kernel,
    Propagate,
    TimedValue,
    everything,
)
from pygenn_lite.codegen.program.program import NeuronKernels, Program, SynapseKernels
from pygenn_lite.codegen.program.sign import signatures_of
from pygenn_lite.codegen.program.signature import Signatures
from pygenn_lite.codegen.render.card_views import (
    CardSynapseView,
    NeuronView,
    VariablesView,
    card_synapse_view,
    neuron_view,
    variables_view,
)
from pygenn_lite.codegen.render.coupling import CouplingView, coupled_kernels, coupling_view
from pygenn_lite.codegen.render.environment import environment
from pygenn_lite.codegen.render.population_view import OnceView, once_view
from pygenn_lite.records import dataclass

View = NeuronView | OnceView | VariablesView | CardSynapseView | CouplingView
Kind = tuple[str, View]  # the template, and what it needs


@dataclass(frozen=True)
class Section:
    """Kernels that belong together, under a description."""

    description: tuple[str, ...]
    kernels: tuple[Kind, ...]


def render_cuda(program: Program) -> str:
    """Source of all kernels of a Program, for a card.

    Where PGL_STRUCTURES_ONLY is defined, it is that of the structures alone; where
    PGL_WITHOUT_KERNELS is, without the functions that are launched.

    Raises
    ------
    UnsupportedFeatureError
        Something has no form on a card.
    """
    sections = [_of_population(own) for own in program.neurons]
    sections += [_of_group(own) for own in program.synapses]
    sections += [_section(str(kernel), [_kind(kernel)]) for kernel in program.added]
    return (
        environment()
        .get_template("cuda/kernels.cu.jinja")
        .render(
            real=program.real,
            sections=sections,
            synapses=any(k.domain.kind == "synapses" for k in program.kernels),
            headers=tuple(_headers(program)),
            functions=cuda_functions(signatures_of(program)),
        )
    )


def cuda_functions(signatures: Signatures) -> tuple[str, ...]:
    """Names of all kernels of a network in the order in which operations number them.

    Examples
    --------
    >>> from pygenn_lite.codegen.program.signature import NeuronSignature
    >>> one = NeuronSignature("neuron0", update="neuron0_update", prepare="neuron0_prepare")
    >>> cuda_functions(Signatures(neurons=(one,)))
    ('neuron0_update', 'neuron0_prepare')
    """
    names: list[str | None] = []
    for own in signatures.neurons:
        names += [own.integrate, own.update, own.after, own.prepare]
    for group in signatures.synapses:
        names += [group.on_pre, group.on_post, group.step, group.settle]
    names += [kernel.name for kernel in signatures.added]
    return tuple(name for name in names if name)


def _section(description: str, kernels: Iterable[Kind]) -> Section:
    return Section(tuple(description.splitlines()), tuple(kernels))


def _of_population(own: NeuronKernels) -> Section:
    kernels = {role: with_safe_names(k, "cuda") for role, k in own.kernels.items()}
    stepped = [k for role, k in kernels.items() if role != "prepare"]
    union = variables_view(f"{own.name}_state", stepped)
    return _section(str(own), [*map(_view, kernels.values()), ("variables", union)])


def _of_group(own: SynapseKernels) -> Section:
    """Kernels that see every synapse in every step are one function."""
    together = coupled_kernels(own.kernels)
    kinds = [_kind(k) for k in own.kernels.values() if k not in together]
    if together:
        safe = (with_safe_names(k, "cuda") for k in together)
        kinds.append(("coupling", coupling_view(own.step_name, *safe)))
    return _section(str(own), kinds)


def _kind(kernel: Kernel) -> Kind:
    return _view(with_safe_names(kernel, "cuda"))


def _view(kernel: Kernel) -> Kind:
    if kernel.domain.kind == "synapses":
        return "synapse", card_synapse_view(kernel)
    if kernel.domain.visit == "once":
        return "once", once_view(kernel)
    return "population", neuron_view(kernel)


def _headers(program: Program) -> Iterator[str]:
    """Those of templates/common that some kernel needs: each costs time where kernels are compiled
    by the hundred."""
    statements = [s for kernel in program.kernels for s in everything(kernel.body)]
    yield "math.hpp"
    if any(isinstance(s, Propagate) for s in statements):
        yield "expm.hpp"
    if any(isinstance(s, TimedValue) for s in statements):
        yield "inputs.hpp"
    if any(isinstance(s, (Draw, Count)) for s in statements):
        yield "one_neuron.hpp"
