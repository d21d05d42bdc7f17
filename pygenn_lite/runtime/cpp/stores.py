"""Stored synapses: decides which groups share a store, lets the builder lay them down, and reads
and writes them in canonical order (pre, post, delay)."""

from __future__ import annotations

import ctypes as c
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen import GroupInstance
from pygenn_lite.codegen.plan.partition import Partition
from pygenn_lite.declaration.connectivity import Ends
from pygenn_lite.declaration.steps import times_of
from pygenn_lite.errors import ConnectivityError, UnsupportedFeature
from pygenn_lite.runtime.cpp import abi
from pygenn_lite.runtime.cpp.arrays import Arenas
from pygenn_lite.runtime.cpp.descriptors import GroupDescription, Structure
from pygenn_lite.runtime.interrupts import InterruptWatch
from pygenn_lite.runtime.values.connections import Connections

Offsets = npt.NDArray[np.uint32]
TARGET_BYTES = 2  # of a synapse in a sparse store


@dataclass
class StorePlan:
    """Groups of one source population that are to share a store.

    Attributes
    ----------
    source : str
    members : list of GroupDescription
    flags : int
        Of ``pgl_store_build``.
    lead : int
        0: jumps act at their arrival; 1: summed one step ahead, for variables a threshold sees.
    general : bool
        Whether the synapses have kernels of their own.
    """

    source: str
    members: list[GroupDescription]
    flags: int
    lead: int = 0
    general: bool = False


def plan_stores(
    groups: Sequence[tuple[GroupDescription, GroupInstance]], real_bytes: int
) -> list[StorePlan]:
    """Which groups share a store.

    Static groups of one source whose weights or delays differ from synapse to synapse share one: a
    spike then reads one row instead of several. A group with one weight and one delay needs neither
    stored and stands alone, as do dense, procedural and general groups.
    """
    plans: list[StorePlan] = []
    shared: dict[tuple[str, int], StorePlan] = {}
    for description, instance in groups:
        group = description.group
        if instance.kind == "general":
            plans.append(_general(description, instance))
            continue
        one_weight = isinstance(description.weight, float) and not description.weight_later
        one_delay = isinstance(description.delay, float)
        weights = 0 if one_weight else abi.STORE_WEIGHTS
        special = _special_storage(description, one_delay, weights, real_bytes)
        if special or (one_weight and one_delay):
            if special == abi.STORE_DENSE and not group.connectivity.complete:
                weights = abi.STORE_WEIGHTS  # zeros where there is no synapse
            plans.append(StorePlan(group.source, [description], weights | special, instance.lead))
            continue
        key = (group.source, instance.lead)
        if key not in shared:
            shared[key] = StorePlan(group.source, [], abi.STORE_WEIGHTS, instance.lead)
            plans.append(shared[key])
        shared[key].members.append(description)
    return plans


def _general(description: GroupDescription, instance: GroupInstance) -> StorePlan:
    group = description.group
    if group.storage == "procedural":
        raise UnsupportedFeature(
            f"storage={group.storage!r} is offered for synapses that only add a weight",
            where=f"synapse group {group.name!r}: storage",
            hint="leave storage='auto'",
        )
    if instance.transpose_of:
        return StorePlan(group.source, [description], abi.STORE_DENSE, general=True)
    flags = abi.STORE_WEIGHTS
    if instance.dense:
        flags |= _dense(description, isinstance(description.delay, float))
        return StorePlan(group.source, [description], flags, general=True)
    flags |= abi.STORE_TRANSPOSED if instance.needs_transposed else 0
    flags |= abi.STORE_SOURCES if instance.needs_sources else 0
    if instance.needs_delays and not isinstance(description.delay, float):
        flags |= abi.STORE_DELAYS
    return StorePlan(group.source, [description], flags, general=True)


def _special_storage(
    description: GroupDescription, one_delay: bool, weights: int, real_bytes: int
) -> int:
    """The flag of dense or procedural storage, 0 for sparse."""
    group, rule = description.group, description.group.connectivity
    where = f"synapse group {group.name!r}: storage"
    if group.storage == "procedural":
        if rule.not_procedural:
            raise UnsupportedFeature(
                rule.not_procedural, where=where, hint="use another rule, or storage='auto'"
            )
        if description.structure is not None or description.weight_later:
            raise UnsupportedFeature(
                "procedural synapses need a rule, weights and delays that can be drawn again",
                where=where,
                hint="use constants or distributions as weight and delay (not an array, "
                "expression, gamma or binomial), or storage='auto'",
            )
        return abi.STORE_PROCEDURAL
    if group.storage == "dense":
        return _dense(description, one_delay)
    if group.storage == "auto" and one_delay and description.structure is None:
        return abi.STORE_DENSE if _smaller_dense(description, weights, real_bytes) else 0
    return 0


def _dense(description: GroupDescription, one_delay: bool) -> int:
    """The flag of dense storage, where it is possible."""
    group = description.group
    where = f"synapse group {group.name!r}: storage"
    if not one_delay:
        raise UnsupportedFeature(
            "a dense group has one delay", where=where, hint="use a constant delay"
        )
    if group.connectivity.repeats:
        raise UnsupportedFeature(
            "dense storage holds one synapse per pair of neurons",
            where=where,
            hint="forbid multapses, or use storage='auto'",
        )
    if group.connectivity.repeats is None and description.structure is not None:
        _refuse_duplicates(description.structure, where)
    return abi.STORE_DENSE


def _refuse_duplicates(structure: Structure, where: str) -> None:
    """A matrix of weights has no place for a second synapse of a pair."""
    pairs = np.stack([structure.pre, structure.post], axis=1)
    different, times = np.unique(pairs, axis=0, return_counts=True)
    if np.any(times > 1):
        pre, post = different[times > 1][0]
        raise ConnectivityError(
            f"source {pre} reaches target {post} more than once",
            where=where,
            hint="dense storage holds one synapse per pair: give each pair once, or use "
            "storage='auto'",
        )


def _smaller_dense(description: GroupDescription, weights: int, real_bytes: int) -> bool:
    """Whether a matrix of all pairs takes less memory than the synapses with their targets."""
    rule = description.group.connectivity
    if rule.complete:
        return True
    n_pre, n_post = description.n_pre, description.n_post
    same = description.group.source == description.group.target
    count = rule.count(Ends(n_pre, n_post, same))
    if not weights or rule.repeats is not False or count is None:
        return False
    return count.total * (TARGET_BYTES + real_bytes) > n_pre * n_post * real_bytes


class Store:
    """A built store, and what it needs from Python."""

    def __init__(
        self, builder: abi.Builder, pointer: int, plan: StorePlan, real_bytes: int
    ) -> None:
        self.builder, self.pointer, self.plan = builder, pointer, plan
        self.real = np.dtype(f"f{real_bytes}")
        weakref.finalize(self, builder.library.pgl_store_destroy, pointer)

    @property
    def nbytes(self) -> int:
        """Bytes of all shards."""
        return int(self.builder.store_bytes(self.pointer))

    @property
    def has_weights(self) -> bool:
        """Whether each synapse has its own weight."""
        return bool(self.plan.flags & abi.STORE_WEIGHTS)

    def shard_view(self, piece: int) -> abi.StoreView:
        """Addresses of one shard's arrays."""
        view = abi.StoreView()
        self.builder.check(
            self.builder.store_shard(self.pointer, piece, c.byref(view)), "reading a store"
        )
        return view


def build_store(
    builder: abi.Builder,
    plan: StorePlan,
    *,
    n_source: int,
    partition: Partition,
    offsets: Callable[[GroupDescription], Offsets],
    dt: float,
    max_delay: int,
    seed: int,
    threads: int,
    real_bytes: int,
    progress: Callable[[float], None],
) -> Store:
    """Lay down the synapses of a plan.

    ``progress`` gets the part that is done, 0 to 1. What it raises (Ctrl-C, too) stops the builder
    and is raised here.
    """
    natives = (abi.Group * len(plan.members))(
        *(m.native(partition.begin[m.group.target], offsets(m)) for m in plan.members)
    )
    raised: BaseException | None = None

    def report(done: int, total: int, user: object) -> int:
        nonlocal raised
        try:
            progress(done / total if total else 1.0)
        except BaseException as error:  # noqa: BLE001  (no exception can cross the C code)
            raised = error
        return int(raised is not None or signals.seen)

    callback = abi.ProgressFunction(report)
    # Left alone, Ctrl-C would be raised as soon as the C code calls report(), before its try.
    with InterruptWatch(patient=True) as signals:
        pointer = builder.store_build(
            n_source,
            partition.shards,
            len(plan.members),
            natives,
            plan.flags,
            dt,
            max_delay,
            seed,
            threads,
            real_bytes,
            callback,
            None,
        )
    if raised is None and signals.seen:
        raised = KeyboardInterrupt()
    if raised is not None:
        if pointer:
            builder.store_destroy(pointer)
        raise raised
    names = ", ".join(m.group.name for m in plan.members)
    builder.check(pointer, f"connecting {names}")
    return Store(builder, pointer, plan, real_bytes)


def zero_offsets(partition: Partition) -> Offsets:
    """For groups whose targets are neurons of the shard, not places in its arena."""
    return np.zeros(partition.shards, dtype=np.uint32)


def arena_offsets(arenas: Arenas, instance: GroupInstance) -> Offsets:
    """Where a static group's target variable begins in each shard's arena."""
    variable = instance.target_variable + ("__sum" if instance.lead else "")
    return arenas.offset[instance.target, variable]


class StoredGroup:
    """One group inside a store."""

    def __init__(self, store: Store, member: int, dt: float) -> None:
        self.store, self.member, self.dt = store, member, dt
        self.description = store.plan.members[member]
        self.size = int(store.builder.store_group_size(store.pointer, member))

    @property
    def name(self) -> str:
        """Name of the group."""
        return self.description.group.name

    def read(self) -> tuple[Structure, npt.NDArray[np.uint16], npt.NDArray[np.float64]]:
        """Sources and targets, delays in steps, weights."""
        pre, post = np.empty(self.size, np.uint32), np.empty(self.size, np.uint32)
        delay, weight = np.empty(self.size, np.uint16), np.empty(self.size, np.float64)
        self.store.builder.check(
            self.store.builder.store_read(
                self.store.pointer,
                self.member,
                pre.ctypes.data,
                post.ctypes.data,
                delay.ctypes.data,
                weight.ctypes.data,
            ),
            f"reading the synapses of {self.name!r}",
        )
        return Structure(pre, post), delay, weight

    def connections(self) -> Connections:
        """All synapses as arrays."""
        structure, delay, weight = self.read()
        return Connections(structure.pre, structure.post, times_of(delay, self.dt), weight)

    def weights(self) -> npt.NDArray[np.float64]:
        """Weights in canonical order."""
        weight = np.empty(self.size, np.float64)
        self.store.builder.check(
            self.store.builder.store_read(
                self.store.pointer, self.member, None, None, None, weight.ctypes.data
            ),
            f"reading the weights of {self.name!r}",
        )
        return weight

    def set_weights(self, weights: npt.ArrayLike) -> None:
        """Set weights that have been checked: one value, or one per synapse in canonical order."""
        values = np.asarray(weights, dtype=np.float64)
        builder, store = self.store.builder, self.store.pointer
        what = f"setting the weights of {self.name!r}"
        if self.store.has_weights:
            whole = np.ascontiguousarray(np.broadcast_to(values, (self.size,)))
            builder.check(builder.store_write_weights(store, self.member, whole.ctypes.data), what)
        elif values.size:  # all synapses share it
            builder.check(builder.store_set_common_weight(store, float(values.flat[0])), what)
