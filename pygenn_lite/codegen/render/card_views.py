"""Kernels as the templates of cards want them: what is done to one element, and what all share."""

from __future__ import annotations

from collections.abc import Iterable

from pygenn_lite.codegen.program.kernel import (
    Assign,
    Draw,
    Emit,
    Kernel,
    TimedValue,
    everything,
    read_by,
)
from pygenn_lite.codegen.render.population_view import (
    CheckView,
    FewView,
    LookView,
    Sources,
    SpikingView,
    all_view,
    spiking_view,
)
from pygenn_lite.codegen.render.statements import Line, Pointer, pointers
from pygenn_lite.codegen.render.synapse_view import SynapseView, synapse_view
from pygenn_lite.errors import UnsupportedFeatureError
from pygenn_lite.records import dataclass

VISITS = {"arrival": "kArrivals", "target": "kTargets", "all": "kSynapses"}


@dataclass(frozen=True)
class NeuronView:
    """A kernel over neurons, for one of them.

    Attributes
    ----------
    name, visit : str
        Of its structure; what it runs over (templates/cuda/kernel_kinds.hpp).
    scattered : bool
        As of the kernel.
    arrays : tuple of Pointer
        Variables that it reads or writes.
    scalars : tuple of (int, str)
        Shared ones that it reads.
    scalar_index : dict of str to int
    time : tuple of Assign
        What is computed once in a step, in double precision.
    before : tuple of Line
        Coefficients of flows that are the same for all.
    shared : tuple of str
        Names of all these.
    by_time : bool
        Whether what all share differs from step to step.
    timed : tuple of TimedValue
    sources, few_sources : Sources
        Numbers of the step for every neuron, and for those that `few` is about.
    lines : tuple of Line
    check : CheckView or None
    look : LookView or None
    few : FewView or None
    """

    name: str
    visit: str
    scattered: bool
    arrays: tuple[Pointer, ...]
    scalars: tuple[tuple[int, str], ...]
    scalar_index: dict[str, int]
    time: tuple[Assign, ...]
    before: tuple[Line, ...]
    shared: tuple[str, ...]
    by_time: bool
    timed: tuple[TimedValue, ...]
    sources: Sources
    few_sources: Sources
    lines: tuple[Line, ...]
    check: CheckView | None = None
    look: LookView | None = None
    few: FewView | None = None


@dataclass(frozen=True)
class VariablesView:
    """All variables that the kernels of a population touch."""

    name: str
    arrays: tuple[Pointer, ...]


@dataclass(frozen=True)
class CardSynapseView:
    """A kernel over synapses, for one of them.

    Attributes
    ----------
    name, visit : str
    ahead : int
    scattered, uses_delay, adds, reads_what_it_adds : bool
    own, values, target : tuple of Pointer
    source, scalars : tuple of (int, str)
    shared : tuple of str
    before, lines : tuple of Line
    post : dict of str to int
        Numbers of the variables of target neurons.
    posts, adds_to : int
        One more than the largest of those that are added to; a bit for each of them.
    """

    name: str
    visit: str
    ahead: int
    scattered: bool
    uses_delay: bool
    adds: bool
    reads_what_it_adds: bool
    own: tuple[Pointer, ...]
    values: tuple[Pointer, ...]
    target: tuple[Pointer, ...]
    source: tuple[tuple[int, str], ...]
    scalars: tuple[tuple[int, str], ...]
    shared: tuple[str, ...]
    before: tuple[Line, ...]
    lines: tuple[Line, ...]
    post: dict[str, int]
    posts: int
    adds_to: int


def neuron_view(kernel: Kernel) -> NeuronView:
    """A kernel over all neurons of a population, or over those that spiked.

    Raises
    ------
    UnsupportedFeatureError
        Its spikes carry values.
    """
    _refuse_carried(kernel)
    spiking = kernel.domain.visit == "spiking"
    return _of_spiking(kernel, spiking_view(kernel)) if spiking else _of_all(kernel)


def _of_all(kernel: Kernel) -> NeuronView:
    view = all_view(kernel)
    few = view.few
    inside = () if view.look else (s for s in everything(kernel.body) if isinstance(s, Draw))
    sources = _joined(view.block_sources, Sources(tuple(inside), (), ()))
    more = Sources((), (), ()) if few is None else _without(few.sources, sources)
    return NeuronView(
        name=view.name,
        visit="kNeurons",
        scattered=view.scattered,
        arrays=tuple(pointers(kernel, "own", kernel.body)),
        scalars=_scalars(kernel),
        scalar_index=view.scalar_index,
        time=view.time,
        before=view.before,
        shared=(
            *(name for _, name in _scalars(kernel)),
            *(line.target for line in view.time),
            *_outputs(view.before),
        ),
        by_time=bool(sources.timed or more.timed) or _reads_time(kernel),
        timed=(*sources.timed, *more.timed),
        sources=sources,
        few_sources=more,
        lines=view.lines,
        check=view.check,
        look=view.look,
        few=few,
    )


def _of_spiking(kernel: Kernel, view: SpikingView) -> NeuronView:
    return NeuronView(
        name=view.name,
        visit="kSpikingNeurons",
        scattered=view.scattered,
        arrays=view.few.arrays,
        scalars=view.scalars,
        scalar_index={},
        time=(),
        before=(),
        shared=tuple(name for _, name in view.scalars),
        by_time=bool(view.few.sources.timed) or _reads_time(kernel),
        timed=view.few.sources.timed,
        sources=view.few.sources,
        few_sources=Sources((), (), ()),
        lines=view.few.lines,
    )


def variables_view(name: str, kernels: Iterable[Kernel]) -> VariablesView:
    """The union of what kernels of one population read and write."""
    found: dict[int, Pointer] = {}
    for kernel in kernels:
        for pointer in pointers(kernel, "own", kernel.body):
            known = found.get(pointer.index)
            stored = pointer.stored or (known is not None and known.stored)
            found[pointer.index] = Pointer(
                pointer.symbol, pointer.type, pointer.index, True, stored
            )
    return VariablesView(name, tuple(found[k] for k in sorted(found)))


def card_synapse_view(kernel: Kernel) -> CardSynapseView:
    """A kernel over synapses."""
    view: SynapseView = synapse_view(kernel)
    scalars = _scalars(kernel)
    added = [p.index for p in view.target if p.stored]
    return CardSynapseView(
        name=view.name,
        visit=VISITS[view.visit],
        ahead=view.ahead,
        scattered=view.scattered,
        uses_delay=view.uses_delay,
        adds=bool(added),
        reads_what_it_adds=any(p.stored and p.loaded for p in view.target),
        own=view.own,
        values=view.values,
        target=view.target,
        source=view.source,
        scalars=scalars,
        shared=(*(name for _, name in scalars), *_outputs(view.before)),
        before=view.before,
        lines=view.lines,
        post={p.symbol: p.index for p in view.target},
        posts=max(added, default=-1) + 1,
        adds_to=sum(1 << k for k in added),
    )


def _scalars(kernel: Kernel) -> tuple[tuple[int, str], ...]:
    used = set().union(*(read_by(s) for s in kernel.body))
    return tuple((k, n) for n, k in kernel.table("own", shared=True).items() if n in used)


def _reads_time(kernel: Kernel) -> bool:
    return "t" in set().union(*(read_by(s) for s in kernel.body))


def _outputs(lines: Iterable[Line]) -> tuple[str, ...]:
    return tuple(name for line in lines if line.flow for _, name in line.flow.outputs)


def _joined(one: Sources, other: Sources) -> Sources:
    rest = _without(other, one)
    return Sources(
        (*one.draws, *rest.draws), (*one.counts, *rest.counts), (*one.timed, *rest.timed)
    )


def _without(sources: Sources, known: Sources) -> Sources:
    return Sources(
        tuple(s for s in sources.draws if s not in known.draws),
        tuple(s for s in sources.counts if s not in known.counts),
        tuple(s for s in sources.timed if s not in known.timed),
    )


def _refuse_carried(kernel: Kernel) -> None:
    for statement in everything(kernel.body):
        if isinstance(statement, Emit) and statement.carries:
            raise UnsupportedFeatureError(
                f"kernel {kernel.name!r}: spikes that carry {', '.join(statement.carries)} have no "
                "form on a card",
                hint="use backend='cpp'",
            )
