"""Schedules: what is done in which order, as data.

A schedule is a tree of loops whose leaves are operations; each backend carries it out as it stands
and has no order of its own. :func:`build_schedule` makes the one of a simulation from names
alone, without SymPy.

Step ``n`` leads from ``t_n`` to ``t_(n+1)``. An operation with ``every`` is carried out in the
steps ``n`` with ``n % every == offset``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field, replace
from itertools import groupby
from typing import TYPE_CHECKING

from pygenn_lite.codegen.program.delivery import deliveries_of
from pygenn_lite.codegen.program.signature import Signatures
from pygenn_lite.codegen.structure.structures import NetworkStructure
from pygenn_lite.records import dataclass

if TYPE_CHECKING:
    from pygenn_lite.codegen.program.until import Until

NAMES_SHOWN = 8  # of populations or groups on a line
LOOPS = ("steps", "blocks", "batches", "epochs")


@dataclass(frozen=True)
class Op:
    """One operation of a step: what all of them have.

    Attributes
    ----------
    every, offset : int
        Steps.
    """

    every: int = field(default=1, kw_only=True)
    offset: int = field(default=0, kw_only=True)

    @property
    def of(self) -> str:
        """The population or group that it works on ("": the whole network)."""
        return ""

    @property
    def what(self) -> str:
        """What it does, for people."""
        raise NotImplementedError


@dataclass(frozen=True)
class _OfGroup(Op):
    """What is done where a group's spikes arrive at ``t_(n + lead)``."""

    group: str
    lead: int = 0

    @property
    def of(self) -> str:
        return self.group


@dataclass(frozen=True)
class _OfPopulation(Op):
    """What is done with a population's neurons."""

    population: str

    @property
    def of(self) -> str:
        return self.population


# Operations without fields of their own are dataclasses by their base: making one takes a
# millisecond of every start.


class Deliver(_OfGroup):
    """A static group adds its weights where spikes arrive at ``t_(n + lead)``."""

    @property
    def what(self) -> str:
        return f"arrivals at {_time(self.lead)} through static synapses"


class Collect(Op):
    """What static groups have summed in whole numbers is added to their targets' variables."""

    @property
    def what(self) -> str:
        return "sums of arrivals, in whole numbers, are added to neurons"


class Arrive(_OfGroup):
    """``on_pre`` of a group's synapses at which spikes arrive at ``t_(n + lead)``."""

    @property
    def what(self) -> str:
        where = "plastic synapses, before the threshold" if self.lead else "plastic synapses"
        return f"arrivals at {_time(self.lead)} at {where}"


@dataclass(frozen=True)
class Call(Op):
    """A kernel runs over a population's neurons or a group's synapses.

    Attributes
    ----------
    kernel : str
        Its function's name.
    on : str
        The population or group; "": the network, whose kernels work on shared signals alone. Those
        are carried out once, where the next :class:`Exchange` comes.
    visit : str
        "all"; or "spiking": neurons (or synapses onto neurons) that spiked at ``t_n``, after
        :class:`Fire` at ``t_(n+1)``.
    role : str
        What it does, for people.
    """

    kernel: str
    on: str
    visit: str = "all"
    role: str = ""

    @property
    def of(self) -> str:
        return self.on

    @property
    def what(self) -> str:
        return self.role or f"kernel {self.kernel}"


class Sample(Op):
    """Recorded variables are noted as they are."""

    @property
    def what(self) -> str:
        return "variables are recorded as they are at t_n"


class Fire(_OfPopulation):
    """A population's neurons come to ``t_(n+1)``: flow (unless it is called apart), jumps,
    threshold, reset."""

    @property
    def what(self) -> str:
        return "neurons come to t_{n+1}: flow, jumps, threshold, reset, presynaptic traces"


class Send(_OfPopulation):
    """A population's spikes at ``t_(n+1)`` are counted, recorded and sent."""

    @property
    def what(self) -> str:
        return "spikes at t_{n+1} are sent"


@dataclass(frozen=True)
class Reduce(_OfPopulation):
    """One number of a population's neurons; the next :class:`Exchange` makes it known.

    Numbers are added in an order that depends on neither threads nor backend: in double, by blocks
    of 64 neurons, then blocks ascending.

    Attributes
    ----------
    population : str
    how : str
        "sum", "mean", "max" (and where it is); "spikes" (how many neurons spiked, and the first of
        them), "first" (the same, but who was first stays first until its signal is set to -1);
        "winners" (again and again the largest that no winner before inhibits: how many there are).
    into : str
        The shared signal that gets it.
    variable : str
        Of the neurons; not for spikes.
    index_into : str
        The shared signal that gets the neuron ("": none).
    begin, end : int
        Which neurons, such as those of a feature map; all by default.
    add : bool
        Whether the number is added to its signal: of several populations, one after the other.
    winners : int
        How many at most.
    radius : int
        A winner inhibits its whole channel, and all channels so near its place (below 0: none).
    shape : (int, int, int), optional
        Channels, height and width of ``begin`` to ``end``; by default all are channels.
    least : float
        What winners must lie above.
    mask : str
        A variable that becomes 1 for winners, 0 for the others.
    """

    how: str
    into: str
    variable: str = ""
    index_into: str = ""
    begin: int = 0
    end: int | None = None
    add: bool = False
    winners: int = 1
    radius: int = -1
    shape: tuple[int, int, int] | None = None
    least: float = 0.0
    mask: str = ""

    @property
    def what(self) -> str:
        return f"{self.into} = {self.how} of {self.variable or 'spiking neurons'}"


class Exchange(Op):
    """All workers meet: what came before is done everywhere, and may be read from here on."""

    @property
    def what(self) -> str:
        return "all workers meet"


@dataclass(frozen=True)
class Loop:
    """Repeats its body, forwards or backwards.

    Attributes
    ----------
    over : str
        "steps"; "blocks" (of `size` steps each, to which loops over steps inside keep); "batches"
        or "epochs".
    body : tuple of Op or Loop
        Operations with ``every`` count what the innermost loop is over.
    direction : {1, -1}
    count : int or None
        How many passes; of steps, all of the run by default, or, backwards, all back
        to the last restart. None of others: one.
    size : int
        Of a block.
    until : Until or None
    """

    over: str
    body: tuple[Op | Loop, ...]
    direction: int = 1
    count: int | None = None
    size: int = 1
    until: Until | None = None

    def __post_init__(self) -> None:
        if self.over not in LOOPS:
            raise ValueError(f"a loop over {self.over!r}: it is over one of {', '.join(LOOPS)}")
        if self.over == "steps" and any(isinstance(part, Loop) for part in self.body):
            raise ValueError("a step has no loops inside")

    def __str__(self) -> str:
        return "\n".join(_lines(self, ""))


@dataclass(frozen=True)
class Schedule:
    """Loops one after the other."""

    loops: tuple[Loop, ...] = ()

    @property
    def step(self) -> tuple[Op, ...]:
        """The operations of a step of a simulation: those of the first loop over steps."""
        for loop in _all_loops(self.loops):
            if loop.over == "steps":
                return tuple(op for op in loop.body if isinstance(op, Op))
        return ()

    @property
    def ops(self) -> Iterator[Op]:
        """All operations, those of inner loops in their place."""
        yield from _all_ops(self.loops)

    def with_ops(self, *ops: Op, before: type[Op] = Sample) -> Schedule:
        """The same with more operations in each step, by default just before variables are
        recorded, when all arrivals of the step have been handled."""
        (loop,) = self.loops
        at = next((k for k, op in enumerate(loop.body) if isinstance(op, before)), len(loop.body))
        body = (*loop.body[:at], *ops, *loop.body[at:])
        return replace(self, loops=(replace(loop, body=body),))

    def with_collection(self) -> Schedule:
        """The same for sums in whole numbers: they are collected behind the last delivery."""
        (loop,) = self.loops
        behind = [k for k, op in enumerate(loop.body, 1) if isinstance(op, Deliver)]
        if not behind:
            return self
        body = (*loop.body[: behind[-1]], Collect(), *loop.body[behind[-1] :])
        return replace(self, loops=(replace(loop, body=body),))

    def __str__(self) -> str:
        return "\n".join(str(loop) for loop in self.loops)


NOTHING_TO_DO = Schedule()


_TRANSMISSION = "continuous transmission of what arrives at t_{n+1}"


def build_schedule(structure: NetworkStructure, signatures: Signatures) -> Schedule:
    """The schedule of a simulation.

    Parameters
    ----------
    structure : NetworkStructure
    signatures : Signatures
        Of the kernels that `structure` names.
    """
    return Schedule((Loop("steps", tuple(_step(structure, signatures))),))


def _step(structure: NetworkStructure, signatures: Signatures) -> Iterator[Op]:
    deliveries = deliveries_of(structure, signatures).values()
    neurons = {
        name: (structure.kernels[p.kernel].is_source, signatures.neurons[p.kernel])
        for name, p in structure.populations.items()
        if p.kernel is not None
    }
    yield from (Deliver(d.group, d.lead) for d in deliveries if d.is_static)
    yield from (Arrive(d.group) for d in deliveries if d.on_pre and d.lead == 0)
    for d in deliveries:
        if d.on_post:
            what = "plastic synapses onto neurons that spiked at t_n"
            yield Call(d.on_post, d.group, "spiking", what)
    for name, (is_source, kernel) in neurons.items():
        if kernel.after and not is_source:  # a source's traces see its spikes as they come up
            what = "postsynaptic traces of neurons that spiked at t_n"
            yield Call(kernel.after, name, "spiking", what)
    # Those that only transmit come first: they may read what others change in this step.
    for d in sorted(deliveries, key=lambda d: not d.only_transmits):
        if d.step and d.only_transmits:
            yield Call(d.step, d.group, role=_TRANSMISSION)
        elif d.step:
            what = "continuous dynamics of synapses"
            role = f"{_TRANSMISSION}; {what}" if d.transmits else what
            yield Call(d.step, d.group, role=role)
    yield Sample()
    for name, (_, kernel) in neurons.items():
        if kernel.integrate:
            yield Call(kernel.integrate, name, role="neurons are integrated to t_{n+1}")
    yield from (Arrive(d.group, 1) for d in deliveries if d.on_pre and d.lead == 1)
    yield from (Fire(name) for name in structure.populations)
    yield from (Send(name) for name in structure.populations)


def _all_ops(parts: Iterable[Op | Loop]) -> Iterator[Op]:
    for part in parts:
        if isinstance(part, Loop):
            yield from _all_ops(part.body)
        else:
            yield part


def _all_loops(parts: Iterable[Op | Loop]) -> Iterator[Loop]:
    for part in parts:
        if isinstance(part, Loop):
            yield part
            yield from _all_loops(part.body)


def _lines(loop: Loop, indent: str) -> Iterator[str]:
    way = "" if loop.direction == 1 else ", backwards"
    passes = f"all {loop.over}" if loop.count is None else f"{loop.count:,} {loop.over}"
    if loop.count is None and loop.over in ("batches", "epochs"):
        passes = {"batches": "one batch", "epochs": "one epoch"}[loop.over]
    size = f" of {loop.size:,} steps" if loop.over == "blocks" else ""
    end = "" if loop.until is None else f", {loop.until}"
    yield f"{indent}for {passes}{size}{way}{end}"
    number = 0
    for _, parts in groupby(loop.body, key=_kind):
        alike = list(parts)
        for inner in alike:
            if isinstance(inner, Loop):
                yield from _lines(inner, indent + "  ")
        ops = [op for op in alike if isinstance(op, Op)]
        if ops:
            number += 1
            yield f"{indent}  {number}. {_described(ops)}"


def _described(ops: list[Op]) -> str:
    """Operations that differ in what they work on only."""
    first, names = ops[0], [op.of for op in ops if op.of]
    rhythm = f" (every {first.every} steps)" if first.every != 1 else ""
    more = len(names) - NAMES_SHOWN
    text = ", ".join(names[:NAMES_SHOWN]) + (f" and {more:,} more" if more > 0 else "")
    return f"{first.what}{rhythm}{': ' if text else ''}{text}"


def _kind(part: Op | Loop) -> tuple[object, ...]:
    if isinstance(part, Loop):
        return (Loop,)
    return type(part), part.what, part.every, part.offset


def _time(lead: int) -> str:
    return "t_{n+1}" if lead else "t_n"
