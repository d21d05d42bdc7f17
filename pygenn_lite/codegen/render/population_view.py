"""Kernels over populations (and over shared values alone) as the templates want them."""

from __future__ import annotations

from collections.abc import Iterable

import sympy

from pygenn_lite.codegen.passes.hoist_time import hoist_time
from pygenn_lite.codegen.passes.quiet_screen import Screen, quiet_screen
from pygenn_lite.codegen.passes.uniform import split_uniform
from pygenn_lite.codegen.program.kernel import (
    Assign,
    Body,
    Check,
    Count,
    Draw,
    Kernel,
    Statement,
    TimedValue,
    Update,
    Where,
    everything,
    names_in,
    read_by,
    written_by,
)
from pygenn_lite.codegen.render.statements import FlowView, Line, Pointer, Writer, pointers
from pygenn_lite.records import dataclass


@dataclass(frozen=True)
class Sources:
    """Where the numbers of a step that are not variables come from."""

    draws: tuple[Draw, ...]
    counts: tuple[Count, ...]
    timed: tuple[TimedValue, ...]


@dataclass(frozen=True)
class CheckView:
    """Variables that must be finite, of how many those are that are looked at through their sum."""

    variables: tuple[str, ...]
    watched: int


@dataclass(frozen=True)
class LookView:
    """The look at a block: the condition under which an element is left alone, what it reads."""

    quiet: str
    arrays: tuple[Pointer, ...]
    sources: Sources


@dataclass(frozen=True)
class FewView:
    """What is done to single elements, one by one."""

    arrays: tuple[Pointer, ...]
    every_array: tuple[Pointer, ...]
    late_arrays: tuple[Pointer, ...]
    sources: Sources
    check: CheckView | None
    late: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class AllView:
    """A kernel that visits all neurons in a step, in blocks."""

    name: str
    returns: bool
    scattered: bool
    arrays: tuple[Pointer, ...]
    loop_arrays: tuple[Pointer, ...]
    scalars: tuple[tuple[int, str], ...]
    every_scalar: tuple[tuple[int, str], ...]
    scalar_index: dict[str, int]
    time: tuple[Assign, ...]
    before: tuple[Line, ...]
    block_sources: Sources
    sources: Sources
    lines: tuple[Line, ...]
    check: CheckView | None
    look: LookView | None
    few: FewView | None

    @property
    def vectorised(self) -> bool:
        """Whether elements do not meet in the loop."""
        return self.check is None and not any(line.kind == "where" for line in self.lines)


@dataclass(frozen=True)
class SpikingView:
    """A kernel that visits neurons given as a list."""

    name: str
    scalars: tuple[tuple[int, str], ...]
    few: FewView
    scattered: bool


@dataclass(frozen=True)
class OnceView:
    """A kernel outside of steps: shared values first, then the elements'."""

    name: str
    scalars: tuple[tuple[int, str], ...]
    shared: tuple[OnceLine, ...]
    arrays: tuple[Pointer, ...]
    own: tuple[OnceLine, ...]
    scattered: bool


@dataclass(frozen=True)
class Place:
    """Where a value goes: "scalar", "array", "first" (a shared value, by the first element) or
    "local"; under which name, which the lines before may have declared."""

    kind: str
    name: str
    index: int = 0
    type: str = "real"
    declared: bool = False


@dataclass(frozen=True)
class OnceLine:
    """An assignment, or (where there is a flow) one for each of its outputs."""

    places: tuple[Place, ...]
    value: str = ""
    flow: FlowView | None = None


def all_view(kernel: Kernel) -> AllView:
    """A kernel over all neurons of a population."""
    time, kernel = hoist_time(kernel)
    hoisted = {line.target for line in time}
    writer, screen = Writer(kernel), quiet_screen(kernel)
    before, _ = split_uniform(kernel, flows_only=True)
    plain = kernel.body if screen is None else screen.plain
    plain = tuple(s for s in plain if s not in before)
    shared = kernel.table("own", shared=True)
    every = tuple((k, n) for n, k in shared.items() if n not in hoisted)
    in_loop = set().union(*(read_by(s) for s in plain))
    seen = in_loop if screen is None else in_loop | screen.names
    outside = set().union(*(read_by(s) for s in before))
    look = few = None
    if screen is not None and (screen.rare or screen.check):
        look = _look_view(kernel, screen, writer)
        few = _few_view(kernel, screen.rare, screen.check, writer)
    check = next((s for s in plain if isinstance(s, Check)), None)
    return AllView(
        name=kernel.name,
        returns=kernel.fires,
        scattered=kernel.scattered,
        arrays=tuple(pointers(kernel, "own", (*plain, *_reads(seen)))),
        # Counters are written before the floating-point variables. After these, GCC makes of "keep
        # V where the counter runs" a masked store, which the loads right behind it wait for.
        loop_arrays=tuple(sorted(pointers(kernel, "own", plain), key=lambda p: p.type == "real")),
        scalars=tuple((k, n) for k, n in every if n in seen | outside),
        every_scalar=every,
        scalar_index=shared,
        time=time,
        before=writer.lines(before),
        block_sources=_sources(plain, seen),
        sources=_sources(plain, in_loop),
        lines=writer.lines(tuple(s for s in plain if not isinstance(s, Check))),
        check=None if check is None else CheckView(check.variables, len(check.watched)),
        look=look,
        few=few,
    )


def spiking_view(kernel: Kernel) -> SpikingView:
    """A kernel over listed neurons of a population."""
    writer = Writer(kernel)
    used = set().union(*(read_by(s) for s in kernel.body))
    shared = kernel.table("own", shared=True)
    arrays = tuple(pointers(kernel, "own", kernel.body))
    sources = _sources(kernel.body, used)
    few = FewView(arrays, arrays, (), sources, None, "", writer.lines(kernel.body))
    scalars = tuple((k, n) for n, k in shared.items() if n in used)
    return SpikingView(kernel.name, scalars, few, kernel.scattered)


def once_view(kernel: Kernel) -> OnceView:
    """A kernel outside of steps."""
    writer = Writer(kernel, "double")
    before, loop = split_uniform(kernel)
    shared = kernel.table("own", shared=True)
    own = {p.symbol: p for p in pointers(kernel, "own", loop)}
    read = set().union(*(read_by(s) for s in kernel.body))
    given = tuple((k, n) for n, k in shared.items() if n in read)
    declared = {n for _, n in given} | {p.symbol for p in own.values() if p.loaded}

    def place(name: str, inside: bool) -> Place:
        before = name in declared
        declared.add(name)
        if name in shared:
            kind = "first" if inside else "scalar"
            return Place(kind, name, shared[name], declared=before)
        if name in own:
            return Place("array", name, own[name].index, own[name].type, before)
        return Place("local", name, declared=before)

    def lines(body: Body, inside: bool) -> tuple[OnceLine, ...]:
        result = []
        for statement in body:
            places = tuple(place(n, inside) for n in written_by(statement))
            if isinstance(statement, Update):
                raise NotImplementedError("simultaneous updates outside of steps")
            (line,) = writer.lines((statement,))
            result.append(OnceLine(places, line.value, line.flow))
        return tuple(result)

    first = lines(before, False)
    arrays = tuple(p for p in own.values() if p.loaded)
    rest = lines(loop, True)
    return OnceView(kernel.name, given, first, arrays, rest, kernel.scattered)


def _reads(names: Iterable[str]) -> Body:
    """Statements that do nothing but read variables."""
    return tuple(Assign("read__", sympy.Symbol(name, real=True)) for name in sorted(names))


def _look_view(kernel: Kernel, screen: Screen, writer: Writer) -> LookView:
    watched = () if screen.check is None else screen.check.watched
    parts = [] if screen.below is None else [writer.expression(screen.below)]
    states = {v.symbol for v in kernel.variables if v.role == "state"}
    if screen.rare is not None and not watched and states & screen.names:
        # Nobody looks for NaN: it must not pass for a spike, and the complement is false for it.
        parts = [f"(!{writer.expression(screen.rare.condition)})"]
    if watched:
        # NaN and infinity stay in a sum; what the condition bounds from above need be looked at
        # from below only.
        total, largest = " + ".join(watched), f"pgl::largest_of<real>({len(watched)})"
        form = f"({total} >= -{largest})" if screen.bounded else f"(pgl::abs({total}) <= {largest})"
        parts.append(form)
    return LookView(
        quiet=" & ".join(parts),
        arrays=tuple(pointers(kernel, "own", _reads(screen.names))),
        sources=_sources(screen.plain, screen.names),
    )


def _few_view(kernel: Kernel, rare: Where | None, check: Check | None, writer: Writer) -> FewView:
    body: Body = () if rare is None else rare.body
    used = set().union(*(read_by(s) for s in body))
    late = sympy.true if rare is None else rare.late
    checked = () if check is None else check.variables
    every = (*body, *_reads({*names_in(late), *checked}))
    known = [s for s in everything(kernel.body) if isinstance(s, (Draw, TimedValue))]
    return FewView(
        arrays=tuple(pointers(kernel, "own", body)),
        every_array=tuple(pointers(kernel, "own", every)),
        late_arrays=tuple(pointers(kernel, "own", _reads(names_in(late)))),
        sources=_sources(known, used),
        check=None if check is None else CheckView(check.variables, len(check.watched)),
        late="" if late == sympy.true else writer.expression(late),
        lines=writer.lines(body),
    )


def _sources(body: Iterable[Statement], used: set[str]) -> Sources:
    """Numbers that `body` declares and that are used."""
    body = list(body)
    return Sources(
        tuple(s for s in body if isinstance(s, Draw) and s.name in used),
        tuple(s for s in body if isinstance(s, Count) and s.name in used),
        tuple(s for s in body if isinstance(s, TimedValue) and s.name in used),
    )
