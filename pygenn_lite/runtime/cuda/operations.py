"""What a step consists of on a card: plain data, known without one. A schedule
(codegen/program/schedule.py) becomes a list of operations, each of one population or group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from pygenn_lite.codegen import NetworkStructure, Signatures
from pygenn_lite.codegen.plan.network_plan import NetworkPlan
from pygenn_lite.codegen.program.delivery import Delivery
from pygenn_lite.codegen.program.schedule import (
    Arrive,
    Call,
    Collect,
    Deliver,
    Exchange,
    Fire,
    Op,
    Reduce,
    Sample,
    Schedule,
    Send,
)
from pygenn_lite.errors import UnsupportedFeatureError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cuda import records

if TYPE_CHECKING:
    from pygenn_lite.runtime.cuda.code import CardSource


@dataclass(frozen=True)
class Operation:
    """One operation of a step on a card.

    Attributes
    ----------
    kind : int
        See `records`.
    of : str
        The population or group; "": the network.
    function : str
        The generated kernel that it calls; "": none.
    every, offset : int
        Steps.
    op : Op or None
        Of the schedule, where more must be known of it.
    turn : int
        Operations with different ones do not run side by side.
    """

    kind: int
    of: str = ""
    function: str = ""
    every: int = 1
    offset: int = 0
    op: Op | None = None
    turn: int = 0

    @property
    def alike(self) -> tuple[object, ...]:
        """What operations of one launch have in common."""
        return self.kind, self.function, self.every, self.offset, self.turn


@dataclass(frozen=True)
class Facts:
    """What operations follow from.

    Attributes
    ----------
    structure : NetworkStructure
    source : CardSource
        The kernels, and what they add to.
    plan : NetworkPlan
    samples : bool
        Whether variables are recorded.
    """

    structure: NetworkStructure
    source: CardSource
    plan: NetworkPlan
    samples: bool

    @property
    def signatures(self) -> Signatures:
        """Of all kernels."""
        return self.source.signatures

    @property
    def deliveries(self) -> Mapping[str, Delivery]:
        """What each group delivers."""
        return self.plan.deliveries

    def is_source(self, population: str) -> bool:
        """Whether it replays a train."""
        kernel = self.structure.populations[population].kernel
        return kernel is None or self.structure.kernels[kernel].is_source

    def sums(self, group: str, kernel: str) -> frozenset[tuple[str, str]]:
        """Variables of its target that a kernel of a group adds to by sums in whole numbers."""
        binding = self.structure.groups[group]
        entries = self.source.sums(kernel)
        return frozenset((binding.target, binding.post.get(e, e)) for e in entries)

    def turn(self, group: str, kernel: str) -> int:
        """0: it may run beside others of its kind; else its own number: it adds to neurons at
        once."""
        number = list(self.structure.groups).index(group) + 1
        own = self.structure.groups[group].kernel
        signature = None if own is None else self.signatures.synapses[own]
        transmits = signature is not None and kernel == signature.step and bool(signature.sinks)
        return number if transmits or kernel in self.source.ordered else 0

    def is_drawn(self, group: str) -> bool:
        """Whether its rows are drawn at every spike."""
        return self.plan.store_of(group).storage == "procedural"


def operations(schedule: Schedule, facts: Facts) -> list[Operation]:
    """The operations of a step, the one that ends it last.

    Raises
    ------
    UnsupportedFeatureError
        The schedule has an operation that a card does not know.
    """
    step = _with_collection(schedule).step
    made: list[Operation] = []
    waiting: list[Operation] = []  # until the next exchange
    for kind, some in groupby(step, key=type):
        ops = list(some)
        if kind is Fire:
            made += _fires([op for op in ops if isinstance(op, Fire)], facts)
            made += _sorts(step, facts)
        elif kind is Arrive:
            made += _arrivals([op for op in ops if isinstance(op, Arrive)], facts)
        else:
            for op in ops:
                made += _operations(op, facts, waiting)
    return [*made, Operation(records.OP_ADVANCE)]


def birth(facts: Facts) -> list[Operation]:
    """What brings up the spikes of trains at the very step from which a run starts."""
    sources = [name for name in facts.structure.populations if facts.is_source(name)]
    fires = [
        op for op in _fires([Fire(n) for n in sources], facts) if op.kind != records.OP_NEURONS
    ]
    return [*fires, *(Operation(records.OP_SEND, name) for name in sources)]


def _with_collection(schedule: Schedule) -> Schedule:
    collects = any(isinstance(op, Collect) for op in schedule.step)
    return schedule if collects else schedule.with_collection()


def _operations(op: Op, facts: Facts, waiting: list[Operation]) -> Iterator[Operation]:
    rhythm: Any = {"every": op.every, "offset": op.offset}
    if isinstance(op, Deliver):
        drawn = facts.is_drawn(op.group)
        yield Operation(records.OP_DELIVER, op.group, turn=int(drawn), **rhythm)
    elif isinstance(op, Collect):
        targets = dict.fromkeys(d.target for d in facts.deliveries.values() if d.is_static)
        yield from (Operation(records.OP_COLLECT, name, **rhythm) for name in targets)
    elif isinstance(op, Call):
        yield from _call(op, facts, waiting)
    elif isinstance(op, Sample):
        if facts.samples:
            yield Operation(records.OP_SAMPLE, **rhythm)
    elif isinstance(op, Send):
        yield Operation(records.OP_SEND, op.population, **rhythm)
    elif isinstance(op, Reduce):
        yield Operation(records.OP_REDUCE, op.population, op=op, **rhythm)
        waiting.append(Operation(records.OP_FINISH, op.population, op=op, **rhythm))
    elif isinstance(op, Exchange):
        yield from waiting
        waiting.clear()
    else:
        raise UnsupportedFeatureError(
            f"a card has no operation like {op!r}",
            hint="use backend='cpp' or 'reference' for schedules of an extension",
        )


def _call(op: Call, facts: Facts, waiting: list[Operation]) -> Iterator[Operation]:
    rhythm: Any = {"every": op.every, "offset": op.offset}
    spiking = op.visit == "spiking"
    if not op.on:
        waiting.append(Operation(records.OP_ONCE, "", op.kernel, op=op, **rhythm))
        return
    if op.on in facts.structure.populations:
        kind = records.OP_SPIKING_NEURONS if spiking else records.OP_NEURONS
        yield Operation(kind, op.on, op.kernel, op=op, **rhythm)
        return
    kind = records.OP_SPIKING_TARGETS if spiking else records.OP_SYNAPSES
    turn = facts.turn(op.on, op.kernel)
    yield Operation(kind, op.on, op.kernel, op=op, turn=turn, **rhythm)
    if spiking and facts.sums(op.on, op.kernel):
        yield Operation(records.OP_FOLD, facts.deliveries[op.on].target, **rhythm)


def _arrivals(ops: Sequence[Arrive], facts: Facts) -> Iterator[Operation]:
    """Arrivals at groups, and what they add brought to the variables: before an arrival that may
    read it, and at the end."""
    open_sums: set[tuple[str, str]] = set()

    def fold() -> Iterator[Operation]:
        for name in dict.fromkeys(population for population, _ in sorted(open_sums)):
            yield Operation(records.OP_FOLD, name)
        open_sums.clear()

    for op in ops:
        binding = facts.structure.groups[op.group]
        read = {(binding.target, name) for name in binding.post.values()}
        if read & open_sums:
            yield from fold()
        kernel = facts.deliveries[op.group].on_pre
        turn = facts.turn(op.group, kernel)
        yield Operation(records.OP_ARRIVE, op.group, kernel, turn=turn)
        open_sums |= facts.sums(op.group, kernel)
    yield from fold()


def _fires(ops: Sequence[Fire], facts: Facts) -> list[Operation]:
    """Populations whose kernels are alike stand side by side; a train's spikes, and the traces of
    these, come when its variables have been advanced."""
    updates, trains, traces = [], [], []
    for op in ops:
        kernel = facts.structure.populations[op.population].kernel
        signature = facts.signatures.of_population(kernel)
        source = facts.is_source(op.population)
        if signature.update:
            kind = records.OP_NEURONS if source else records.OP_FIRE
            updates.append(Operation(kind, op.population, signature.update))
        if source:
            trains.append(Operation(records.OP_TRAIN, op.population))
        if source and signature.after:
            traces.append(Operation(records.OP_TRACE, op.population, signature.after))
    first = {op.alike: k for k, op in reversed(list(enumerate(updates)))}
    updates.sort(key=lambda op: first[op.alike])
    return [*updates, *trains, *traces]


def _sorts(step: Iterable[Op], facts: Facts) -> list[Operation]:
    """Spikes are sorted where arrivals at one target come one after the other."""
    ordered = [
        facts.deliveries[op.group].source
        for op in step
        if isinstance(op, Arrive)
        and facts.deliveries[op.group].on_pre in facts.source.ordered
        and not facts.is_source(facts.deliveries[op.group].source)
    ]
    return [Operation(records.OP_SORT, name) for name in dict.fromkeys(ordered)]
