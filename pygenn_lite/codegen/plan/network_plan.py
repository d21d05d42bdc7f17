"""The Plan of a network: made once, before a synapse is drawn, from plain data alone; shown by
``inspect``, checked against the memory there is, and used as it stands by the device.

What only drawing can tell (how many synapses a rule written in Python makes, the longest of delays
that have no limit) enters in a second stage, `NetworkPlan.with_drawn`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pygenn_lite.codegen.plan import memory
from pygenn_lite.codegen.plan.delivery import StorePlan, plan_stores
from pygenn_lite.codegen.plan.described import Described
from pygenn_lite.codegen.plan.extension_rows import extension_rows
from pygenn_lite.codegen.plan.groups import DrawnGroup, GroupPlan, network_delays, plan_groups
from pygenn_lite.codegen.plan.memory import (
    SPARE,
    MemoryRow,
    MemoryRows,
    check_memory,
    readable,
    table,
)
from pygenn_lite.codegen.plan.ownership import Ownership, RoundRobin
from pygenn_lite.codegen.plan.partition import Partition, make_partition
from pygenn_lite.codegen.plan.rows import COMPUTING, population_rows, sum_rows, synapse_rows
from pygenn_lite.codegen.plan.threads import automatic_threads
from pygenn_lite.codegen.program.delivery import Delivery, deliveries_of
from pygenn_lite.codegen.structure.structures import NetworkStructure
from pygenn_lite.declaration.network import Network
from pygenn_lite.errors import InsufficientMemoryError, Location, UnsupportedFeatureError
from pygenn_lite.records import dataclass

MOST_IN_SHARD = 0xFFFFFFFF
NEVER_LACKING = 4 << 20  # bytes
ENGINE_BYTES, COUNT_BYTES = 4096, 2  # what an instance takes besides; spikes of a neuron, counted


@dataclass(frozen=True)
class NetworkPlan:
    """How a network lies in memory.

    Attributes
    ----------
    described : Described
        What it was made from.
    threads : int
    ownership : Ownership
        Which worker (shard) has which neurons.
    groups : dict of str to GroupPlan
    deliveries : dict of str to Delivery
        What each group delivers.
    stores : tuple of StorePlan
    min_delay, max_delay : int
        Of all groups, steps.
    rows : MemoryRows
        What needs how many bytes, building included.
    """

    described: Described
    threads: int
    ownership: Ownership
    groups: Mapping[str, GroupPlan]
    deliveries: Mapping[str, Delivery]
    stores: tuple[StorePlan, ...]
    min_delay: int
    max_delay: int
    rows: MemoryRows

    @property
    def partition(self) -> Partition:
        """The ownership of a backend that needs neurons of a shard side by side, as the C++ one
        does.

        Raises
        ------
        UnsupportedFeatureError
            They are dealt out.
        """
        if not isinstance(self.ownership, Partition):
            raise UnsupportedFeatureError(
                "the C++ backend needs the neurons of a worker side by side",
                hint="plan without dealing them out",
            )
        return self.ownership

    @property
    def ring_slots(self) -> int:
        """Steps of exposed variables that are kept: a power of two."""
        return ring_slots(self.min_delay, self.max_delay)

    @property
    def is_final(self) -> bool:
        """Whether drawing told all that only drawing can tell."""
        return all(g.drawn or (g.pairs != "python" and g.every_delay) for g in self.groups.values())

    def store_of(self, group: str) -> StorePlan:
        """Where the synapses of a group lie."""
        return next(store for store in self.stores if group in store.groups)

    def for_threads(self, threads: int) -> NetworkPlan:
        """The plan for another number of threads."""
        if threads == self.threads:
            return self
        cut = partition_network(self.described, threads)
        return _complete(replace(self, threads=threads, ownership=cut))

    def of_instance(self, network: Network, structure: NetworkStructure) -> NetworkPlan:
        """The plan of an instance with values of its own: same structure, same partition."""
        described = replace(self.described, network=network, structure=structure)
        if network.groups == self.described.network.groups:
            return replace(self, described=described)
        return plan_network(described, self.threads)

    def with_drawn(self, drawn: Mapping[str, DrawnGroup]) -> NetworkPlan:
        """The plan with what drawing has told of some groups."""
        groups = {
            name: plan.with_drawn(drawn[name]) if name in drawn else plan
            for name, plan in self.groups.items()
        }
        return _complete(replace(self, groups=groups))

    def check(self) -> None:
        """Refuse what does not fit, before a synapse is drawn.

        Raises
        ------
        InsufficientMemoryError
            Too much memory, or more synapses in a shard than can be numbered.
        """
        _check_room(self.rows)
        for store in self.stores:
            self._check_numbering(store)

    def check_drawn(self, held: int) -> None:
        """Refuse what does not fit, where `held` bytes of drawn synapses are there already.

        Raises
        ------
        InsufficientMemoryError
            Too much memory.
        """
        _check_room([row for row in self.rows if row.what != COMPUTING], held)

    def check_instances(
        self, instances: int, shared: bool = False, own_weights: frozenset[str] = frozenset()
    ) -> None:
        """Refuse more instances than fit.

        Parameters
        ----------
        instances : int
        shared : bool
            Whether they share the stores of synapses.
        own_weights : frozenset of str
            Groups of which they have weights of their own all the same.

        Raises
        ------
        InsufficientMemoryError
            With the number that fits.
        """
        available = memory.available_memory()
        if available is None or instances == 1:
            return
        once, each = self._bytes(shared, own_weights)
        if once + each * instances + SPARE <= available:
            return
        fit = max(0, (available - SPARE - once) // max(each, 1))
        raise InsufficientMemoryError(
            f"{instances:,} instances need about {readable(once + each * instances)} of memory, "
            f"{readable(available)} are available; one needs:\n{table(self.rows)}",
            hint=f"{fit:,} of them fit: run so many at a time"
            + (
                ""
                if shared or not self.stores
                else ", or share the synapses (connectivity='shared')"
            ),
        )

    def _bytes(self, shared: bool, own_weights: frozenset[str]) -> tuple[int, int]:
        """What is needed once, and by each instance."""
        static = [store for store in self.stores if not store.general]
        names = {", ".join(store.groups) for store in static}
        own = {
            ", ".join(store.groups)
            for store in static
            if store.weights and own_weights & set(store.groups)
        }
        neurons = sum(p.size for p in self.described.network.populations.values())
        once, each = 0, ENGINE_BYTES + COUNT_BYTES * neurons
        for row in self.rows:
            if row.name == "building" or (shared and row.name in names):
                once += row.bytes
                each += row.count * self.described.dtype.itemsize if row.name in own else 0
            else:
                each += row.bytes
        return once, each

    def _check_numbering(self, store: StorePlan) -> None:
        """Refuse at once what the builder would refuse after drawing for minutes."""
        if store.storage == "procedural":
            return
        members = [self.groups[name] for name in store.groups]
        dense = store.storage == "dense" and store.weights
        for piece in range(self.ownership.shards):
            count = sum(
                (float(m.n_pre) * m.n_post if dense else m.count)
                * self.ownership.count(m.group.target, piece)
                / max(m.n_post, 1)
                for m in members
            )
            if count > MOST_IN_SHARD:
                raise InsufficientMemoryError(
                    "more than 2^32 synapses in the part of one thread",
                    where=Location(f"synapse group {', '.join(store.groups)}"),
                    hint="use more threads, fewer synapses, or storage='procedural'",
                )


def _check_room(rows: Sequence[MemoryRow], held: int = 0) -> None:
    """Ask the system only for what could lack: that takes longer than to build a small network."""
    if sum(row.bytes for row in rows) > NEVER_LACKING:
        check_memory(rows, held)


def plan_network(
    described: Described,
    threads: int | None = None,
    cpus: int = 1,
    dealt_to: int | None = None,
) -> NetworkPlan:
    """Plan a network.

    Parameters
    ----------
    described : Described
        The network, its structure, the signatures of its kernels.
    threads : int, optional
        As many of `cpus` as are worth their while by default.
    cpus : int
    dealt_to : int, optional
        Deal the neurons out round-robin to so many shards, as a GPU wants them; by default
        populations are cut into contiguous parts.

    Raises
    ------
    UnsupportedFeatureError
        A storage that a group cannot have.
    """
    groups = plan_groups(described.network)
    if one_worker(described):
        cpus = 1
    threads = threads or automatic_threads(described, groups, cpus)
    structures = described.structure.groups
    deliveries = deliveries_of(described.structure, described.signatures)
    stores = plan_stores(
        [(plan, structures[name], deliveries[name]) for name, plan in groups.items()],
        described.dtype.itemsize,
        described.extension,
    )
    ownership: Ownership = (
        partition_network(described, threads)
        if dealt_to is None
        else RoundRobin(dealt_to, {p.name: p.size for p in described.network.populations.values()})
    )
    empty = NetworkPlan(
        described, threads, ownership, groups, deliveries, stores, 1, 1, MemoryRows()
    )
    return _complete(empty)


def one_worker(described: Described) -> bool:
    """Whether one worker has all neurons of an instance: where a group reads another's weights that
    change, and where a row's room for more synapses is not shared out among several."""
    spare = any(group.spare for group in described.network.groups.values())
    return spare or described.structure.reads_changing_weights


def partition_network(described: Described, threads: int) -> Partition:
    """Cut the populations of a network for a number of threads."""
    addressed, whole = {}, []
    for name in described.network.populations:
        signature = described.signatures.of_population(described.structure.populations[name].kernel)
        symbols = {v.symbol for v in signature.variables if v.addressed}
        addressed[name] = len(symbols)
        if symbols & set(signature.exposed):
            whole.append(name)  # exposed variables must be contiguous
    sizes = {p.name: p.size for p in described.network.populations.values()}
    return make_partition(sizes, addressed, threads, whole)


def ring_slots(min_delay: int, max_delay: int) -> int:
    """Steps of exposed variables that are kept: a power of two."""
    return 1 << (max_delay + min_delay + 1).bit_length()


def _complete(plan: NetworkPlan) -> NetworkPlan:
    """With the delays and the memory that its groups need."""
    low, high = network_delays([(g.low, g.high) for g in plan.groups.values()])
    slots, described = ring_slots(low, high), plan.described
    rows: list[MemoryRow] = []
    for population in described.network.populations.values():
        rows += population_rows(described, population, slots)
    rows += sum_rows(described, plan.deliveries.values())
    rows += synapse_rows(described, plan.stores, plan.groups, plan.ownership)
    if described.extension is not None:
        rows += extension_rows(described.network, described.dtype, described.extension, plan.groups)
    return replace(plan, min_delay=low, max_delay=high, rows=MemoryRows(rows))
