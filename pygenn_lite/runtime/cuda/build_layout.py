"""Where the arrays lie that the builder's kernels work on, and how many threads work: of all groups
of a launch at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cuda import build_records as b
from pygenn_lite.runtime.cuda.group_records import GroupRecord
from pygenn_lite.runtime.cuda.packed_memory import PackedMemory, Sizes

THREADS = 128  # of a block
WARP = 32
MOST_BLOCKS = 1 << 16  # in x: threads stride over the rest
ROW = 32  # entries: long rows of matrices begin at multiples of it
NO_LIMIT = 0xFFFFFFFF
Flags = npt.NDArray[np.bool_]
Counts = npt.NDArray[Any]


@dataclass(frozen=True)
class Grid:
    """Threads of a launch: enough for `most` elements of each of the groups."""

    most: int
    groups: int

    @property
    def blocks(self) -> tuple[int, int]:
        """In x and y."""
        return min(max(-(-self.most // THREADS), 1), MOST_BLOCKS), self.groups


def padded_columns(n_target: int) -> int:
    """Entries from one row of a matrix to the next.

    Examples
    --------
    >>> padded_columns(20), padded_columns(33)
    (20, 64)
    """
    return n_target if n_target <= ROW else -(-n_target // ROW) * ROW


class BuildLayout:
    """The arrays of some groups.

    Parameters
    ----------
    records : ndarray
        `build_records.BUILD` of each; gets the addresses.
    groups : sequence of GroupRecord
    real_bytes : int
    by_warps : bool
        Whether rows are laid down by warps where that is possible.

    Attributes
    ----------
    dense, stored, transposed, turned, shared_out : ndarray of bool
        Which groups are matrices; have single synapses in memory; have the order of targets; are
        drawn by target; have a total number.
    """

    def __init__(
        self, records: b.Records, groups: Sequence[GroupRecord], real_bytes: int, by_warps: bool
    ) -> None:
        self.records, self.groups, self.real_bytes = records, groups, real_bytes
        drawn, stores = records["drawn"], [group.store for group in groups]
        self.n_source = drawn["n_source"].astype(np.int64)
        self.n_target = drawn["n_target"].astype(np.int64)
        self.dense = np.array([store.storage == "dense" for store in stores])
        self.procedural = np.array([store.storage == "procedural" for store in stores])
        self.stored = ~self.dense & ~self.procedural
        self.weights = np.array([store.weights and not store.codes for store in stores])
        self.codes = np.array([bool(store.codes) for store in stores])
        self.sources = np.array([store.sources for store in stores])
        self.transposed = np.array([store.transposed for store in stores]) & self.stored
        self.general = np.array([store.general for store in stores])
        self.turned = records["count"] == b.COUNT_TURNED
        self.shared_out = records["count"] == b.COUNT_TOTAL
        self.distinct = drawn["kind"] == b.ROW_DISTINCT
        self.full = drawn["kind"] == b.ROW_ALL
        self.skips = drawn["skips_self"] != 0
        by_delay = self.stored & (records["n_delays"] > b.PLACES)
        self.by_warp = by_warps & ~self.distinct & ~by_delay
        records["by_warp"] = self.by_warp

    # ------------------------------------------------------------------ how many threads

    @property
    def rows(self) -> Grid:
        """For kernels over source neurons."""
        return Grid(int(self.n_source.max()), len(self.groups))

    @property
    def warps(self) -> Grid:
        """For kernels of which a warp has a source neuron."""
        return Grid(WARP * int(self.n_source.max()), len(self.groups))

    @property
    def targets(self) -> Grid:
        """For kernels over target neurons."""
        return Grid(int(self.n_target.max()), len(self.groups))

    def positions(self, synapses: Counts) -> Grid:
        """For kernels over the synapses of groups that have the order of targets."""
        most = int(np.where(self.transposed, synapses, 0).max())
        return Grid(most, len(self.groups))

    @property
    def levels(self) -> int:
        """How often ranges of rows are halved until they are rows."""
        most = int(np.where(self.shared_out, self.n_source, 1).max())
        return (max(most, 1) - 1).bit_length()

    # ------------------------------------------------------------------ where arrays lie

    def place_counting(self, memory: PackedMemory) -> Sizes:
        """Plan what counting needs: where each row begins, what is found out. Returns the place of
        the latter."""
        self._row_begin = memory.plan(4 * (self.n_source + 1))
        return memory.plan([len(self.groups) * b.FOUND.itemsize])

    def set_counting(self, memory: PackedMemory, found: int) -> None:
        """Write the addresses."""
        self.records["row_begin"] = memory.addresses(self._row_begin)
        self.records["drawn"]["row_begin"] = self.records["row_begin"]
        numbers = np.arange(len(self.groups), dtype=np.uint64)
        self.records["found"] = np.uint64(found) + numbers * np.uint64(b.FOUND.itemsize)

    def nothing_found(self) -> b.Records:
        """What is found out, before."""
        found = np.zeros(len(self.groups), b.FOUND)
        found["low_word"] = found["low_delay"] = NO_LIMIT
        given = self.records["count"] == b.COUNT_GIVEN
        found["synapses"][given] = [
            group.number_known or 0 for group, has in zip(self.groups, given, strict=True) if has
        ]
        return found

    def turned_targets(self, memory: PackedMemory, synapses: Counts) -> Sizes:
        """Plan the rows of rules that are drawn by target."""
        return memory.plan(np.where(self.turned, 4 * np.maximum(synapses.astype(np.int64), 1), 0))

    def set_turned(self, memory: PackedMemory, begins: Sizes) -> None:
        """Write the addresses."""
        self.records["turned"] = memory.addresses(begins)
        targets = self.records["drawn"]["targets"]
        targets[self.turned] = self.records["turned"][self.turned]

    @property
    def entries(self) -> Counts:
        """Of each matrix, padding included; 0 where there is none."""
        columns = np.array([padded_columns(int(n_target)) for n_target in self.n_target])
        return np.where(self.dense, self.n_source * columns, 0)

    def results(self, memory: PackedMemory, synapses: Counts) -> dict[str, Sizes]:
        """Plan the synapses as they are kept; returns bytes by the name of the array."""
        n, stored = np.maximum(synapses.astype(np.int64), 1), self.stored
        columns = np.array([padded_columns(int(n_target)) for n_target in self.n_target])
        entries = self.entries
        incomplete = self.dense & self.general & ~(self.full & ~self.skips)
        in_matrix = (self.dense & self.weights) | incomplete
        self.records["columns"] = np.where(in_matrix, columns, 0)
        by_row = stored | (self.procedural & self.distinct)
        several = (self.records["n_delays"] > 1) & stored
        sizes = {
            "targets": np.where(by_row, 4 * n, 0),
            "delays": np.where(several, 2 * n, 0),
            "weights": self.real_bytes * np.where(self.weights, np.where(stored, n, entries), 0),
            "codes": np.where(self.codes & stored, 2 * n, 0),
            "sources": np.where(self.sources & stored, 4 * n, 0),
            "present": np.where(incomplete, entries, 0),
            "post_begin": np.where(self.transposed, 4 * (self.n_target + 1), 0),
            "post_position": np.where(self.transposed, 4 * n, 0),
            "post_source": np.where(self.transposed, 4 * n, 0),
        }
        self._results = {name: memory.plan(bytes) for name, bytes in sizes.items()}
        return sizes

    def set_results(self, memory: PackedMemory) -> None:
        """Write the addresses."""
        for name, begins in self._results.items():
            self.records[name] = memory.addresses(begins)

    # ------------------------------------------------------------------ room to work in

    def make_room(self, step: str, budget: int) -> PackedMemory:
        """Plan room that the threads of a step work in: "turn" or "fill". At most about `budget`
        bytes, so that fewer threads work where each needs much."""
        turning, memory = step == "turn", PackedMemory()
        universe = self.records["in_universe"] if turning else self.records["drawn"]["universe"]
        draws_set = self.turned & (self.records["repeats"] == 0) if turning else self.distinct
        words = 8 * -(-universe.astype(np.int64) // 64)
        per_set = np.where(draws_set, np.maximum(words, 8), 0)
        by_delay = (self.records["n_delays"] > 1) & self.stored & ~self.by_warp & (not turning)
        per_place = np.where(by_delay, 4 * self.records["n_delays"].astype(np.int64), 0)
        each = per_set + per_place
        threads = np.minimum(
            np.maximum(self.n_target if turning else self.n_source, 1), THREADS * MOST_BLOCKS
        )
        fit = np.maximum(budget // len(self.groups) // np.maximum(each, 1), 1)
        slots = np.where(each > 0, np.minimum(threads, fit), NO_LIMIT)
        self.records["slots"] = slots
        begins = {
            "set": memory.plan(per_set * slots * (per_set > 0)),
            "places": memory.plan(per_place * slots * (per_place > 0)),
            "loss": memory.plan(np.where(self.codes & (not turning), 16 * self.n_source, 0)),
            "cursor": memory.plan(self._cursors(turning)),
        }
        self._work = begins
        return memory

    def set_room(self, memory: PackedMemory) -> None:
        """Write the addresses."""
        for name, begins in self._work.items():
            self.records[name] = memory.addresses(begins)

    def _cursors(self, turning: bool) -> Sizes:
        if turning:
            return np.where(self.turned, 4 * np.maximum(self.n_source, 1), 0)
        return np.where(self.transposed, 4 * np.maximum(self.n_target, 1), 0)
