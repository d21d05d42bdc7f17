"""The layout of a network that a card holds as a whole: which block of threads has which neurons,
how long its ring of sums is, how many messages are under way, and what all of this takes; or, in
words, why the card cannot hold it.

One block runs on each multiprocessor for the whole of a launch. The neurons are dealt out one by
one over all populations together, so that each block has as many of each as any other and every
row is cut into slices of about the same length. A block keeps the state of its neurons in
registers and, in shared memory, a ring of sums in whole numbers: for each step to come, what
arrives at each of its neurons. Blocks tell each other who spiked by one message a step; nobody
waits for anything else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import exp, lgamma, log

from pygenn_lite.codegen.plan.card_rows import card_rows
from pygenn_lite.codegen.plan.memory import MemoryRow, MemoryRows, readable
from pygenn_lite.codegen.plan.network_plan import NetworkPlan
from pygenn_lite.codegen.program.schedule import Collect, Deliver, Fire, Op, Sample, Send
from pygenn_lite.codegen.program.signature import NeuronSignature
from pygenn_lite.records import dataclass

WARP = 32
HEAD = 32  # synapses of a slice that stand at a computed address; the last says if there are more
MOST_PLACES = 1023  # neurons of a block: a message names one by 10 bits
MOST_BLOCKS = 256
MOST_RECEPTORS = 4
MOST_SLOTS = 1 << 14
QUEUE = 1024  # spikes of a step that a block holds; more are looked up in the messages
MESSAGE_DISTANCE = 128  # bytes between messages: all blocks read all of them, and lines queue
WIDE, PACKED = 8, 4  # bytes of a synapse
LONGEST_LAG = (
    2  # steps by which a spike may be needed later than it is sent, and it makes a difference
)
TAIL_UNIT = 4  # synapses: tails begin at multiples


@dataclass(frozen=True)
class CardLimits:
    """What a card has.

    Attributes
    ----------
    multiprocessors : int
    shared_bytes : int
        Shared memory that a block can have.
    memory_bytes : int
    threads : int
        Of a block, at most.
    """

    multiprocessors: int
    shared_bytes: int
    memory_bytes: int
    threads: int = 1024


@dataclass(frozen=True)
class ResidentLayout:
    """Where everything is.

    Attributes
    ----------
    blocks : int
        One for each multiprocessor.
    start : dict of str to int
        By population: the number of its first neuron among all. Number ``k`` is in block ``k %
        blocks``, at place ``k // blocks``. Populations whose neurons have the same kernels stand
        together; where others begin, so does a warp.
    size : dict of str to int
    places : int
        Neurons of a block, those left free between kernels included.
    receptors : dict of str to tuple of str
        By population: the variables to which synapses add, in the order of their sums.
    columns : int
        Sums of a block for one step: ``places`` for each receptor.
    slots : int
        Steps in the ring: a power of two.
    lag : int
        How many steps later than it is sent a spike is first needed: 0, 1 or 2. From 1 on, blocks
        tell each other about a step while they compute the next one; with 2, rows are read a step
        later.
    neuron_warps, polling_warps : int
        Of a block: those whose threads have neurons, and those that read messages.
    shared_bytes : int
        Of a block.
    """

    blocks: int
    start: Mapping[str, int]
    size: Mapping[str, int]
    places: int
    receptors: Mapping[str, tuple[str, ...]]
    columns: int
    slots: int
    lag: int
    neuron_warps: int
    polling_warps: int
    shared_bytes: int

    @property
    def threads(self) -> int:
        """Of a block."""
        return (self.neuron_warps + self.polling_warps) * WARP

    @property
    def numbers(self) -> int:
        """Of neurons, those left free included: each has a row in every block."""
        return self.places * self.blocks

    @property
    def buffers(self) -> int:
        """Messages of a block that may be under way: when it sends the one of step ``n + 1``, some
        block may still read that of step ``n`` or, where it reads behind its update, ``n - 2``."""
        return 2 if self.lag == 0 else 4

    def block_and_place(self, population: str, neuron: int) -> tuple[int, int]:
        """Where a neuron is."""
        place, block = divmod(self.start[population] + neuron, self.blocks)
        return block, place


class CannotHold(Exception):
    """A card cannot hold a network; the text says why."""


def plan_resident(plan: NetworkPlan, limits: CardLimits) -> ResidentLayout:
    """Lay a network out.

    Raises
    ------
    CannotHold
        The card cannot hold it.
    """
    _check_kinds(plan)
    receptors = {name: _receptors_of(plan, name) for name in plan.described.structure.populations}
    blocks = limits.multiprocessors
    if blocks > MOST_BLOCKS:
        raise CannotHold(f"{blocks:,} multiprocessors, {MOST_BLOCKS:,} at most")
    start, places = _deal(plan, blocks, limits.threads // WARP - 1)
    lag, longest = _delays(plan)
    slots = 1 << (longest - min(lag, 1)).bit_length()  # what is added last is that far away
    if slots > MOST_SLOTS:
        raise CannotHold(f"a delay of {longest:,} steps, {MOST_SLOTS - 1 + min(lag, 1):,} at most")
    sums = max(1, *(len(r) for r in receptors.values()))
    neuron_warps = -(-places // WARP)
    polling_warps = max(1, min(-(-blocks // WARP), limits.threads // WARP - neuron_warps))
    columns = places * sums
    layout = ResidentLayout(
        blocks=blocks,
        start=start,
        size={p.name: p.size for p in plan.described.network.populations.values()},
        places=places,
        receptors=receptors,
        columns=columns,
        slots=slots,
        lag=lag,
        neuron_warps=neuron_warps,
        polling_warps=polling_warps,
        shared_bytes=slots * columns * 4,
    )
    _check_room(plan, layout, limits)
    return layout


def refusal(plan: NetworkPlan, limits: CardLimits) -> str:
    """Why a card cannot hold a network ("": it can)."""
    try:
        plan_resident(plan, limits)
    except CannotHold as reason:
        return str(reason)
    return ""


def static_bytes(layout: ResidentLayout) -> int:
    """Shared memory of a block besides the ring: the queue of spikes, the list of its own, and
    counters."""
    return 4 * (QUEUE + layout.places + 48) + 16  # padding included


def described(layout: ResidentLayout, synapse: int = WIDE) -> str:
    """The layout, for people."""
    ways = {
        0: "messages come before the next step",
        1: "messages travel while the next step is computed",
        2: "messages travel while the next step is computed, and so do rows",
    }
    return (
        f"plan resident: {layout.blocks:,} blocks of {layout.threads:,} threads, one on each "
        f"multiprocessor\n"
        f"  {layout.places:,} neurons a block, {_readers(layout.polling_warps)} messages; "
        f"{ways[layout.lag]}\n"
        f"  a ring of {layout.slots:,} steps for {layout.columns:,} sums: "
        f"{readable(layout.shared_bytes)} of shared memory\n"
        f"  synapses of {synapse} bytes, {HEAD} at a computed address"
    )


def memory_rows(plan: NetworkPlan, layout: ResidentLayout, synapse: int = WIDE) -> MemoryRows:
    """What is kept in the card's memory, beside the network's own arrays.

    Parameters
    ----------
    plan : NetworkPlan
    layout : ResidentLayout
    synapse : int
        Bytes of one: 8, or 4 where weights take 16 bits.
    """
    slices = layout.numbers * layout.blocks
    tails = int(_tail_synapses(plan, layout))
    messages = layout.buffers * layout.blocks
    rows = [
        ("heads of rows", slices * HEAD, slices * HEAD * synapse, False),
        ("where tails of rows begin", slices, slices * 8, False),
        ("tails of rows", tails, tails * synapse, True),
        ("messages", messages, messages * (MESSAGE_DISTANCE + 4 * layout.places), False),
    ]
    return MemoryRows([MemoryRow("resident plan", *row) for row in rows])


def _check_kinds(plan: NetworkPlan) -> None:
    """Refuse what is not made of neurons that are updated and weights that are added."""
    described = plan.described
    if described.extension is not None:
        raise CannotHold("an extension adds kernels of its own to the network")
    for name, delivery in plan.deliveries.items():
        if not delivery.is_static:
            raise CannotHold(f"synapses of {name} have kernels of their own")
        if plan.store_of(name).storage == "procedural":
            raise CannotHold(f"synapses of {name} are drawn at every spike")
    for name, population in described.structure.populations.items():
        _check_population(name, described.signatures.of_population(population.kernel))


def _check_population(name: str, signature: NeuronSignature) -> None:
    for role in ("integrate", "after"):
        if getattr(signature, role):
            raise CannotHold(f"neurons of {name} have a kernel besides their update ({role})")
    if signature.exposed:
        raise CannotHold(f"synapses read variables of {name}")
    if signature.update is None:
        raise CannotHold(f"{name} replays spikes")


def other_operations(ops: tuple[Op, ...]) -> Iterator[str]:
    """What a step does besides delivering, updating and sampling, for people."""
    known = (Deliver, Collect, Sample, Fire, Send)
    return (op.what for op in ops if not isinstance(op, known))


def _receptors_of(plan: NetworkPlan, population: str) -> tuple[str, ...]:
    """Variables to which synapses add, of all populations with these kernels alike."""
    populations = plan.described.structure.populations
    kernel = populations[population].kernel
    symbols = {
        d.adds_to: None
        for d in plan.deliveries.values()
        if d.is_static and populations[d.target].kernel == kernel
    }
    if len(symbols) > MOST_RECEPTORS:
        raise CannotHold(
            f"synapses add to {len(symbols)} variables of {population}, {MOST_RECEPTORS} at most"
        )
    return tuple(symbols)


def _deal(plan: NetworkPlan, blocks: int, most_warps: int) -> tuple[dict[str, int], int]:
    """First numbers of populations, and the places of a block. Other kernels begin at a warp of
    their own, where there is room for that."""
    most = min(MOST_PLACES, most_warps * WARP)
    for align in (WARP, 1):
        start, places = _dealt(plan, blocks, align)
        if places <= most:
            return start, places
    neurons = sum(p.size for p in plan.described.network.populations.values())
    raise CannotHold(
        f"{neurons:,} neurons on {blocks:,} multiprocessors are {places:,} for each, "
        f"{most:,} at most"
    )


def _dealt(plan: NetworkPlan, blocks: int, align: int) -> tuple[dict[str, int], int]:
    structures = plan.described.structure.populations
    populations = plan.described.network.populations
    start: dict[str, int] = {}
    end, kernel = 0, None
    for name in sorted(structures, key=lambda n: structures[n].kernel or 0):
        if kernel is not None and structures[name].kernel != kernel:
            place, block = divmod(end, blocks)
            place += 1 if block else 0
            end = -(-place // align) * align * blocks + block if align > 1 else end
        kernel = structures[name].kernel
        start[name] = end
        end += populations[name].size
    return start, -(-end // blocks)


def _delays(plan: NetworkPlan) -> tuple[int, int]:
    """The lag, and the longest time in steps from a spike's sending to where it is added."""
    times = [
        (group.low - plan.deliveries[name].lead, group.high - plan.deliveries[name].lead)
        for name, group in plan.groups.items()
    ]
    if not times:
        return LONGEST_LAG, 1
    return min(LONGEST_LAG, *(low for low, _ in times)), max(high for _, high in times)


def _check_room(plan: NetworkPlan, layout: ResidentLayout, limits: CardLimits) -> None:
    needed = layout.shared_bytes + static_bytes(layout)
    if needed > limits.shared_bytes:
        raise CannotHold(
            f"a ring of {layout.slots:,} steps for {layout.columns:,} sums takes "
            f"{readable(needed)} of shared memory, a block has {readable(limits.shared_bytes)}"
        )
    rows = [*card_rows(plan), *memory_rows(plan, layout)]
    total = sum(row.bytes for row in rows)
    if total > limits.memory_bytes:
        raise CannotHold(
            f"rows cut into heads and tails take {readable(total)} with all else, "
            f"the card has {readable(limits.memory_bytes)}"
        )


def _tail_synapses(plan: NetworkPlan, layout: ResidentLayout) -> float:
    """How many synapses stand in tails, about: slices are Poisson distributed."""
    total = 0.0
    populations = plan.described.network.populations
    for name, population in populations.items():
        count = sum(g.count for g in plan.groups.values() if g.group.source == name)
        mean = count / max(population.size, 1) / layout.blocks
        total += _expected_tail(mean) * population.size * layout.blocks
    return total


def _expected_tail(mean: float) -> float:
    """Synapses beyond a head, of a slice with a mean number: those of it less the 31 that a head
    keeps where there are more than 32; and what rounding up to whole units adds."""
    if mean <= 0.0:
        return 0.0
    if mean > 8 * HEAD:
        return mean - (HEAD - 1) + (TAIL_UNIT - 1) / 2
    return sum(
        exp(k * log(mean) - mean - lgamma(k + 1)) * -(-(k - (HEAD - 1)) // TAIL_UNIT) * TAIL_UNIT
        for k in range(HEAD + 1, 16 * HEAD)
    )


def _readers(warps: int) -> str:
    return "1 warp reads" if warps == 1 else f"{warps:,} warps read"
