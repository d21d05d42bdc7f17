"""Kernels over the synapses of a group as the templates want them."""

from __future__ import annotations

from pygenn_lite.codegen.passes.uniform import split_uniform
from pygenn_lite.codegen.program.kernel import Add, Elapsed, Kernel, everything, read_by
from pygenn_lite.codegen.render.statements import Line, Pointer, Writer, pointers
from pygenn_lite.records import dataclass


@dataclass(frozen=True)
class SynapseView:
    """A kernel over synapses: at arrivals, at spikes of the target, or over all of them.

    Attributes
    ----------
    name, visit : str
    matrix : bool
    ahead : int
        As of the kernel.
    own, target : tuple of Pointer
        Variables of the synapse and of its target.
    source : tuple of (int, str)
        Variables of the source, as they were when the spike was sent (in a visit of all: a delay
        ago), by position.
    scalars : tuple of (int, str)
    scattered : bool
        As of the kernel.
    uses_delay, uses_target : bool
    before, lines : tuple of Line
        What is the same for all synapses, and what is done at each.
    """

    name: str
    visit: str
    matrix: bool
    ahead: int
    own: tuple[Pointer, ...]
    target: tuple[Pointer, ...]
    source: tuple[tuple[int, str], ...]
    scalars: tuple[tuple[int, str], ...]
    scattered: bool
    uses_delay: bool
    uses_target: bool
    before: tuple[Line, ...]
    lines: tuple[Line, ...]

    @property
    def values(self) -> tuple[Pointer, ...]:
        """Own variables that are numbers of the expressions (not stamps)."""
        return tuple(p for p in self.own if p.loaded or p.stored)


def synapse_view(kernel: Kernel) -> SynapseView:
    """A kernel over synapses."""
    writer = Writer(kernel)
    used = set().union(*(read_by(s) for s in kernel.body))
    before, loop = split_uniform(kernel, flows_only=True)
    stamps = {s.stamp for s in everything(kernel.body) if isinstance(s, Elapsed)}
    added = {s.target for s in everything(kernel.body) if isinstance(s, Add)}
    own = tuple(
        Pointer(p.symbol, p.type, p.index, False, False) if p.symbol in stamps else p
        for p in pointers(kernel, "own", kernel.body)
    )
    target = tuple(
        Pointer(p.symbol, p.type, p.index, p.symbol in used, p.symbol in added)
        for p in pointers(kernel, "target", kernel.body)
    )
    source = tuple((k, n) for n, k in kernel.table("source").items() if n in used)
    return SynapseView(
        name=kernel.name,
        visit=kernel.domain.visit,
        matrix=kernel.matrix,
        ahead=kernel.ahead,
        own=own,
        target=target,
        source=source,
        scalars=tuple((k, n) for n, k in kernel.table("own", shared=True).items()),
        scattered=kernel.scattered,
        uses_delay="delay" in used,
        uses_target=bool(target),
        before=writer.lines(before),
        lines=writer.lines(loop),
    )
