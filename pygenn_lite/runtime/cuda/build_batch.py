"""The steps of laying down many groups at once: what is launched in which order, and what the host
decides in between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from pygenn_lite.codegen.plan.delivery import StorePlan
from pygenn_lite.runtime.cuda import build_records as b
from pygenn_lite.runtime.cuda.build_layout import THREADS, BuildLayout, Counts, Flags, Grid
from pygenn_lite.runtime.cuda.card_slots import CardSlots
from pygenn_lite.runtime.cuda.card_synapses import (
    LARGEST_FIXED,
    Built,
    CardSynapses,
    too_large_for_half,
)
from pygenn_lite.runtime.cuda.drivers.base import Driver, Kernel
from pygenn_lite.runtime.cuda.group_records import (
    MOST_SYNAPSES,
    GroupRecord,
    group_records,
    too_many,
)
from pygenn_lite.runtime.cuda.packed_memory import CardPart, PackedMemory, downloaded, uploaded
from pygenn_lite.runtime.values.weights import LARGEST_HALF

WORK_BYTES = 256 << 20  # of room that threads work in, at most


class Kernels(Protocol):
    """Who has the builder's kernels, and the card."""

    driver: Driver
    dtype: np.dtype[Any]
    dt: float
    by_warps: bool

    def kernel(self, name: str) -> Kernel:
        """One of them."""
        ...


class BuildBatch:
    """Groups that are laid down by the same launches.

    Parameters
    ----------
    builder : Kernels
    groups : sequence of GroupRecord
    seeds : sequence of int
        Of each group's network.
    """

    def __init__(
        self, builder: Kernels, groups: Sequence[GroupRecord], seeds: Sequence[int]
    ) -> None:
        self.builder, self.driver, self.groups = builder, builder.driver, groups
        self.records = np.empty(len(groups), b.BUILD)
        for k, group in enumerate(groups):
            self.records[k] = group.record
        self.records["drawn"]["seed"] = np.array(seeds, np.uint64)
        self.layout = BuildLayout(self.records, groups, builder.dtype.itemsize, builder.by_warps)
        self._counting, self._results, self._room = (PackedMemory() for _ in range(3))
        self._kept: list[Any] = []  # what launches that may not be over work on
        self._card: CardPart | None = None  # the records there
        self._found: CardPart | None = None
        self._counted: Counts = np.zeros(0)

    def build(self) -> list[CardSynapses]:
        """Lay them down.

        Raises
        ------
        InsufficientMemoryError
            The card has not so much memory, or a group has more than 2^32 synapses.
        """
        self._count()
        synapses = self._counted
        positions = np.maximum(synapses.astype(np.int64), self.layout.entries)
        if np.any(positions > MOST_SYNAPSES):
            raise too_many(self.groups[int(np.argmax(positions))].description.group.name)
        self._turn(synapses)
        self._choose_codes()
        sizes = self.layout.results(self._results, synapses)
        self._results.allocate(self.driver)
        self.layout.set_results(self._results)
        self._make_room("fill")
        if not self.layout.by_warp.all():
            self._launch("pgl_build_fill", self.layout.rows)
        if self.layout.by_warp.any():
            self._launch("pgl_build_fill_by_warp", self.layout.warps)
        self._transpose(synapses)
        built = self._built(sizes, self._losses())
        self._kept.clear()
        return built

    def longest_delays(self) -> list[int]:
        """The longest delay of each, in steps."""
        self._count()
        self._launch("pgl_build_delay_words", self.layout.rows)
        found = self._download_found()
        return [
            group.longest_delay((int(one["low_word"]), int(one["high_word"])))
            for group, one in zip(self.groups, found, strict=True)
        ]

    # ------------------------------------------------------------------ steps

    def _count(self) -> None:
        """Synapses of each row, then where each row begins."""
        layout, memory = self.layout, self._counting
        place = layout.place_counting(memory)
        memory.allocate(self.driver)
        found = layout.nothing_found()
        self._found = memory.part(int(memory.addresses(place)[0]), found.nbytes)
        self.driver.upload(self._found.address, found)
        given = self.records["row_begin"].copy()  # of listed pairs
        layout.set_counting(memory, self._found.address)
        for k in np.flatnonzero(self.records["count"] == b.COUNT_GIVEN):
            bytes = 4 * (int(layout.n_source[k]) + 1)
            self.driver.copy(int(self.records["row_begin"][k]), int(given[k]), bytes)
        self._make_room("turn")
        self._launch("pgl_build_count", layout.rows)
        if (layout.by_warp & (self.records["count"] == b.COUNT_GAPS)).any():
            self._launch("pgl_build_count_by_warp", layout.warps)
        for level in range(layout.levels):
            self._launch("pgl_build_split", Grid(1 << level, len(self.groups)), level)
        if layout.turned.any():
            self._launch("pgl_build_turn", layout.targets, 0)
        counted = self.records["count"] != b.COUNT_GIVEN
        self._sum_up("row_begin", layout.n_source, counted)
        self._counted = self._download_found()["synapses"]

    def _turn(self, synapses: Counts) -> None:
        """The rows of rules that are drawn by target."""
        layout = self.layout
        if not layout.turned.any():
            return
        memory = PackedMemory()
        begins = layout.turned_targets(memory, synapses)
        memory.allocate(self.driver)
        layout.set_turned(memory, begins)
        self._kept.append(memory)
        self._upload()
        self._launch("pgl_build_turn", layout.targets, 1)
        self._launch("pgl_build_turn_sort", layout.rows)

    def _choose_codes(self) -> None:
        """Scales of weights of 16 bits."""
        self.records["code_scale"] = 1.0
        if not self.layout.codes.any():
            return
        self._upload()
        self._launch("pgl_build_largest", self.layout.rows)
        largest = self._download_found()["largest"].view(np.float64)
        for group, one in zip(self.groups, largest, strict=True):
            if group.store.codes == "float16" and one > LARGEST_HALF:
                raise too_large_for_half(group.description.group.name, float(one))
        fixed = (self.records["code_kind"] == b.CODE_KINDS["int16"]) & (largest > 0.0)
        self.records["code_scale"][fixed] = largest[fixed] / LARGEST_FIXED

    def _transpose(self, synapses: Counts) -> None:
        """The order of targets."""
        layout = self.layout
        if not layout.transposed.any():
            return
        positions = layout.positions(synapses)
        self._launch("pgl_build_transpose", positions, 0)
        self._sum_up("post_begin", layout.n_target, layout.transposed)
        self._launch("pgl_build_transpose", positions, 1)
        self._launch("pgl_build_transpose_sort", layout.targets)

    def _losses(self) -> Counts:
        """What rounding changes of the weights of each group, relative to all of them."""
        losses = np.zeros(len(self.groups))
        for k in map(int, np.flatnonzero(self.layout.codes)):
            if self.groups[k].store.codes == "shared":
                continue
            part = self._room.part(int(self.records["loss"][k]), 16 * int(self.layout.n_source[k]))
            sums = downloaded(self.driver, part, np.float64).reshape(-1, 2).sum(axis=0)
            losses[k] = sums[1] / sums[0] if sums[0] > 0.0 else 0.0
        return losses

    def _drawn(self) -> CardPart | None:
        """The records as kernels need them that draw rows at every spike; None: there are none."""
        procedural = self.layout.procedural
        if not procedural.any():
            return None
        records, listed = self.records.copy(), procedural & self.layout.distinct
        records["drawn"]["kind"][listed] = b.ROW_GIVEN
        records["drawn"]["targets"][listed] = records["targets"][listed]
        return uploaded(self.driver, [records])[0]

    def _built(self, sizes: dict[str, Counts], losses: Counts) -> list[CardSynapses]:
        """What there is of each group."""
        found, drawn, size = self._download_found(), self._drawn(), b.BUILD.itemsize
        made = []
        for k, group in enumerate(self.groups):
            arrays = {
                name: self._results.part(int(self.records[name][k]), int(bytes[k]))
                for name, bytes in sizes.items()
                if bytes[k]
            }
            arrays["row_begin"] = self._row_begin(k)
            part = None
            if drawn is not None and self.layout.procedural[k]:
                part = CardPart(drawn.memory, drawn.address + k * size, size)
            built = Built(
                self.driver, self.builder.dtype, group, self.records[k], arrays,
                found[k], float(losses[k]), part, self._again(k),
            )  # fmt: skip
            has_room = group.description.slots is not None
            made.append(CardSlots(built) if has_room else CardSynapses(built))
        return made

    def _row_begin(self, k: int) -> CardPart:
        bytes = 4 * (int(self.layout.n_source[k]) + 1)
        return self._counting.part(int(self.records["row_begin"][k]), bytes)

    def _again(self, k: int) -> Callable[[StorePlan], CardSynapses]:
        """Lays down a group again, alone."""
        builder, group = self.builder, self.groups[k]
        seed = int(self.records["drawn"]["seed"][k])

        def again(plan: StorePlan) -> CardSynapses:
            (other,) = group_records(
                builder.driver, [(group.description, plan)], builder.dtype, group.delays
            )
            return BuildBatch(builder, [other], [seed]).build()[0]

        return again

    # ------------------------------------------------------------------ launching

    def _launch(self, name: str, grid: Grid, level: int = 0) -> None:
        assert self._card is not None
        args = b.argument(b.BUILDING, builds=self._card.address, level=level)
        self.driver.launch(self.builder.kernel(name), grid.blocks, THREADS, args)

    def _sum_up(self, name: str, counts: Counts, which: Flags) -> None:
        """Turn the numbers in an array of each group into where the next begins."""
        some = np.flatnonzero(which)
        if not len(some):
            return
        summing = np.zeros(len(some), b.SUMMING)
        summing["values"], summing["n"] = self.records[name][some], counts[some]
        memory = PackedMemory()
        stretches = memory.plan(8 * (counts[some] // b.STRETCH + 2))
        totals = memory.plan(np.full(len(some), 8))
        memory.allocate(self.driver)
        summing["stretches"] = memory.addresses(stretches)
        summing["total"] = memory.addresses(totals)
        if name == "row_begin":
            summing["total"] = self.records["found"][some]  # `synapses` stands first
        (card,) = uploaded(self.driver, [summing])
        args = b.argument(b.SUMS_UP, of=card.address)
        many = Grid(int(counts[some].max()) // b.STRETCH + 1, len(some))
        for kernel, grid in (
            ("pgl_sum_stretches", many),
            ("pgl_sum_all", Grid(1, len(some))),
            ("pgl_sum_places", many),
        ):
            self.driver.launch(self.builder.kernel(kernel), grid.blocks, THREADS, args)
        self._kept += [memory, card]

    def _make_room(self, step: str) -> None:
        """Room that the threads of a step work in."""
        budget = min(WORK_BYTES, self.driver.free_bytes() // 8)
        room = self._room = self.layout.make_room(step, budget)
        room.allocate(self.driver)
        self._kept.append(room)
        self.layout.set_room(room)
        self._upload()

    def _upload(self) -> None:
        """The records as they are now."""
        (self._card,) = uploaded(self.driver, [self.records])
        self._kept.append(self._card)

    def _download_found(self) -> b.Records:
        assert self._found is not None
        return downloaded(self.driver, self._found, b.FOUND)
