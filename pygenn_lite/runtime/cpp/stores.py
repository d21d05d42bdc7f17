"""Stored synapses: lets the builder lay them down, and reads and writes them in canonical order
(pre, post, delay). Which groups share a store is decided in codegen/plan/delivery.py."""

from __future__ import annotations

import ctypes as c
import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.plan.delivery import StorePlan
from pygenn_lite.codegen.plan.partition import Partition
from pygenn_lite.declaration.connectivity import SharedKernel
from pygenn_lite.declaration.steps import times_of
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cpp import abi, shared_objects
from pygenn_lite.runtime.cpp.descriptors import native_group
from pygenn_lite.runtime.interrupts import InterruptWatch
from pygenn_lite.runtime.values.connections import Connections
from pygenn_lite.runtime.values.group_description import GroupDescription, Structure
from pygenn_lite.runtime.values.weights import kernel_of, warn_of_rounding

if TYPE_CHECKING:
    from pygenn_lite.runtime.values.slots import Slots

Offsets = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class Building:
    """What all stores of a network are built with."""

    partition: Partition
    dt: float
    max_delay: int
    seed: int
    threads: int
    dtype: np.dtype[Any]


def flags_of(plan: StorePlan) -> int:
    """The flags of ``pgl_store_build``."""
    chosen = {
        abi.STORE_DENSE: plan.storage == "dense",
        abi.STORE_PADDED: plan.storage == "dense" and plan.general,
        abi.STORE_PROCEDURAL: plan.storage == "procedural",
        abi.STORE_WEIGHTS: plan.weights,
        abi.STORE_DELAYS: plan.delays,
        abi.STORE_SOURCES: plan.sources,
        abi.STORE_TRANSPOSED: plan.transposed,
        abi.STORE_HALF: plan.codes == "float16",
        abi.STORE_FIXED: plan.codes == "int16",
        abi.STORE_TABLE: plan.codes == "shared",
    }
    return sum(flag for flag, wanted in chosen.items() if wanted)


class Store:
    """A built store, and what it needs from Python."""

    def __init__(
        self,
        builder: shared_objects.Builder,
        pointer: int,
        plan: StorePlan,
        members: Sequence[GroupDescription],
        dtype: np.dtype[Any],
        partition: Partition,
    ) -> None:
        self.builder, self.pointer, self.plan = builder, pointer, plan
        self.partition = partition
        self.members, self.dtype = members, dtype
        self.common_weight: float | None = None  # of all synapses, where it was set
        self.slots: Slots | None = None  # of a group whose synapses come and go
        self.masks: dict[tuple[str, int], npt.NDArray[np.uint8]] = {}  # of incomplete matrices
        weakref.finalize(self, builder.library.pgl_store_destroy, pointer)

    @property
    def nbytes(self) -> int:
        """Bytes of all shards."""
        return int(self.builder.store_bytes(self.pointer))

    @property
    def shards(self) -> int:
        """Into how many parts it is cut."""
        return self.partition.shards

    @property
    def has_weights(self) -> bool:
        """Whether each synapse has its own weight."""
        return self.plan.weights

    @property
    def contents(self) -> str:
        """What it holds, for the table of memory: how weights of 16 bits are rounded, too."""
        if self.plan.codes == "shared":
            return "synapses, weights shared"
        scale, loss = self.rounding()
        changed = f"rounding changes them by {100 * loss:.2g} %"
        if self.plan.codes == "float16":
            return f"synapses, weights in float16 ({changed})"
        if self.plan.codes == "int16":
            return f"synapses, weights in int16, steps of {scale:.3g} ({changed})"
        return "synapses"

    def rounding(self) -> tuple[float, float]:
        """Scale of fixed point (else 1), and what rounding changes, relative to all weights."""
        scale, loss = c.c_double(), c.c_double()
        self.builder.store_rounding(self.pointer, c.byref(scale), c.byref(loss))
        return scale.value, loss.value

    def warn_of_rounding(self) -> None:
        """Say where 16 bits are not enough."""
        warn_of_rounding(self.plan.groups[0], self.rounding()[1])

    def shard_view(self, piece: int) -> abi.StoreView:
        """Addresses of one shard's arrays."""
        view = abi.StoreView()
        self.builder.check(
            self.builder.store_shard(self.pointer, piece, c.byref(view)), "reading a store"
        )
        return view


def build_store(
    builder: shared_objects.Builder,
    plan: StorePlan,
    members: Sequence[GroupDescription],
    building: Building,
    *,
    offsets: Callable[[GroupDescription], Offsets],
    progress: Callable[[float], None],
) -> Store:
    """Lay down the synapses of a plan.

    ``progress`` gets the part that is done, 0 to 1. What it raises (Ctrl-C, too) stops the builder
    and is raised here.
    """
    begin = building.partition.begin
    natives = (abi.Group * len(members))(
        *(
            native_group(m, begin[m.group.target], offsets(m), plan.codes == "shared")
            for m in members
        )
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
            members[0].n_pre,
            building.partition.shards,
            len(members),
            natives,
            flags_of(plan),
            building.dt,
            building.max_delay,
            building.seed,
            building.threads,
            building.dtype.itemsize,
            callback,
            None,
        )
    if raised is None and signals.seen:
        raised = KeyboardInterrupt()
    if raised is not None:
        if pointer:
            builder.store_destroy(pointer)
        raise raised
    builder.check(pointer, f"connecting {', '.join(plan.groups)}")
    return Store(builder, pointer, plan, members, building.dtype, building.partition)


def static_numbers(stores: Iterable[Store]) -> dict[str, int]:
    """What engines call the deliveries of static groups: those that share a store share a number,
    and stores are handed over in their order."""
    static = [store for store in stores if not store.plan.general]
    return {m.group.name: number for number, store in enumerate(static) for m in store.members}


class StoredGroup:
    """One group inside a store."""

    def __init__(self, store: Store, member: int, dt: float) -> None:
        self.store, self.member, self.dt = store, member, dt
        self.description = store.members[member]
        self._size = int(store.builder.store_group_size(store.pointer, member))

    @property
    def size(self) -> int:
        """Synapses."""
        return self._size

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

    def largest_weight(self) -> float:
        """The largest size of a weight."""
        declared = self.description.weight
        if not self.store.has_weights and isinstance(declared, (int, float)):
            common = self.store.common_weight
            return abs(float(declared if common is None else common))
        return float(np.max(np.abs(self.weights()), initial=0.0))

    def positions(self) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
        """Shard and place in it of every synapse, in canonical order."""
        pieces, positions = np.empty(self.size, np.uint32), np.empty(self.size, np.uint32)
        self.store.builder.check(
            self.store.builder.store_positions(
                self.store.pointer, self.member, pieces.ctypes.data, positions.ctypes.data
            ),
            f"reading the synapses of {self.name!r}",
        )
        return pieces, positions

    def check_weights(self, weights: npt.NDArray[np.float64]) -> None:
        """Refuse weights that are right for the group, and that this store cannot keep.

        Raises
        ------
        SimulationError
            Synapses that share an entry of a kernel, and differ.
        """
        if self.store.plan.codes == "shared":
            self._table(np.broadcast_to(weights, (self.size,)))

    def set_weights(self, weights: npt.ArrayLike) -> None:
        """Set weights that have been checked: one value, or one per synapse in canonical order."""
        values = np.asarray(weights, dtype=np.float64)
        builder, store = self.store.builder, self.store.pointer
        what = f"setting the weights of {self.name!r}"
        if self.store.plan.codes == "shared":
            table = self._table(np.broadcast_to(values, (self.size,)))
            builder.check(builder.store_write_table(store, table.ctypes.data, len(table)), what)
        elif self.store.has_weights:
            whole = np.ascontiguousarray(np.broadcast_to(values, (self.size,)))
            builder.check(builder.store_write_weights(store, self.member, whole.ctypes.data), what)
        elif values.size:  # all synapses share it
            self.store.common_weight = float(values.flat[0])
            builder.check(builder.store_set_common_weight(store, self.store.common_weight), what)

    def _table(self, weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The kernel that gives its synapses these weights."""
        places = np.empty(self.size, np.uint32)
        builder = self.store.builder
        builder.check(
            builder.store_read_places(self.store.pointer, self.member, places.ctypes.data),
            f"reading the synapses of {self.name!r}",
        )
        kernel = self.description.group.weight
        assert isinstance(kernel, SharedKernel)
        return kernel_of(self.name, kernel, places, weights)
