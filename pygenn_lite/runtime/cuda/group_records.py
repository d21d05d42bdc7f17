"""Fills in what the builder's kernels know of a synapse group: its rule, its distributions,
with small tables that the host computes to the bits of the C++ builder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.plan.delivery import StorePlan
from pygenn_lite.declaration.connectivity import SharedKernel
from pygenn_lite.declaration.distribution_base import Distribution, NativeDistribution
from pygenn_lite.declaration.steps import delay_steps
from pygenn_lite.errors import InsufficientMemoryError, Location
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cuda import build_records as b
from pygenn_lite.runtime.cuda.drivers.base import Driver
from pygenn_lite.runtime.cuda.packed_memory import CardPart, uploaded
from pygenn_lite.runtime.values.compiled_math import log
from pygenn_lite.runtime.values.group_description import GroupDescription, Structure
from pygenn_lite.runtime.values.sampling import delay_thresholds, is_one_value, truncated_words

# Of a group, and entries of a matrix: positions have 32 bits, and no stride leads beyond them.
MOST_SYNAPSES = (1 << 32) - (1 << 24)
ALL_ONES = 0xFFFFFFFF


@dataclass(frozen=True)
class GroupRecord:
    """One group as the builder's kernels see it, but for its seed and its memory.

    Attributes
    ----------
    description : GroupDescription
    store : StorePlan
        What is to be kept of its synapses.
    record : ndarray
        One structure `build_records.BUILD`.
    tables : mapping of str to CardPart
        What the record points to, by the place of the address; and "kernel", of weights that are
        places in one: that, as float64.
    thresholds : ndarray of uint32
        Of delays that are drawn.
    delays : (float, int)
        A step in ms, and the longest delay in steps.
    """

    description: GroupDescription
    store: StorePlan
    record: b.Records
    tables: Mapping[str, CardPart]
    thresholds: npt.NDArray[np.uint32]
    delays: tuple[float, int]

    @property
    def number_known(self) -> int | None:
        """Synapses, where that is known before counting."""
        structure = self.description.structure
        return None if structure is None else len(structure.pre)

    def longest_delay(self, words: tuple[int, int]) -> int:
        """The longest delay in steps, of those that are drawn with words between two; a first word
        above the second says that there are no synapses.

        Parameters
        ----------
        words : (int, int)
        """
        least, longest = int(self.record["least_delay"]), int(self.record["n_delays"])
        if self.record["drawn"]["delay_kind"] != b.DRAWN_VALUES:
            return least + longest - 1
        if words[0] > words[1]:
            return 1
        turn = np.uint32(self.record["drawn"]["delay"]["turn"])
        turned = np.array(words, np.uint32) ^ turn
        return least + int(np.searchsorted(self.thresholds, turned, side="right").max())


def group_records(
    driver: Driver,
    groups: Sequence[tuple[GroupDescription, StorePlan]],
    dtype: np.dtype[Any],
    delays: tuple[float, int],
) -> list[GroupRecord]:
    """Describe groups to the kernels.

    Parameters
    ----------
    driver : Driver
        Gets the tables.
    groups : sequence of (GroupDescription, StorePlan)
    dtype : dtype
        Of weights.
    delays : (float, int)
        A step in ms, and the longest delay in steps.

    Raises
    ------
    InsufficientMemoryError
        One has more synapses than can be numbered.
    """
    fillings = [_Filling(description, store, dtype) for description, store in groups]
    for filling in fillings:
        filling.rule()
        filling.weights()
        filling.delays(*delays)
    parts = iter(uploaded(driver, [t for f in fillings for t in f.tables.values()]))
    return [filling.record_with(parts, delays) for filling in fillings]


def _put(record: b.Records, name: str, address: int) -> None:
    """Write an address where a table belongs."""
    *where, last = name.split(".")
    if last == "kernel":
        return
    for part in where:
        record = record[part]
    record[last] = address


class _Filling:
    """A record on its way; ``tables`` are to be uploaded, by the place of their address."""

    def __init__(
        self, description: GroupDescription, store: StorePlan, dtype: np.dtype[Any]
    ) -> None:
        self.description, self.store, self.dtype = description, store, dtype
        self.tables: dict[str, npt.NDArray[Any]] = {}
        self.record = np.zeros((), b.BUILD)
        self.drawn = self.record["drawn"]
        self.drawn["stream"] = description.stream
        self.drawn["n_source"], self.drawn["n_target"] = description.n_pre, description.n_post
        self.drawn["real_bytes"] = dtype.itemsize
        self.record["code_kind"] = b.CODE_KINDS[store.codes]

    def record_with(self, parts: Iterator[CardPart], delays: tuple[float, int]) -> GroupRecord:
        """The record, with its tables on the card."""
        tables = {name: next(parts) for name in self.tables}
        for name, part in tables.items():
            _put(self.record, name, part.address)
        thresholds = self.tables.get("drawn.delay.thresholds", np.zeros(0, np.uint32))
        return GroupRecord(self.description, self.store, self.record, tables, thresholds, delays)

    # ------------------------------------------------------------------ the rule

    def rule(self) -> None:
        """Who is connected."""
        structure = self.description.structure
        if structure is not None:
            self._given(structure)
            return
        n_pre, n_post = self.description.n_pre, self.description.n_post
        group = self.description.group
        form = group.connectivity.native(n_pre, n_post)
        assert form is not None, group.connectivity  # else it has a structure
        skips = group.source == group.target and not form.autapses and form.kind != "one_to_one"
        universe = n_post - 1 if skips and n_post else n_post
        self.drawn["skips_self"], self.drawn["universe"] = int(skips), universe
        self.record["in_universe"] = n_pre - 1 if skips and n_pre else n_pre
        self.record["repeats"] = int(form.multapses)
        self._check_number(form.n if form.kind == "fixed_total" else 0)
        counted = b.ROW_REPEATED if form.multapses else b.ROW_DISTINCT
        kind, count, number = {
            "all_to_all": (b.ROW_ALL, b.COUNT_KNOWN, universe),
            "one_to_one": (b.ROW_ONE, b.COUNT_KNOWN, 1),
            "fixed_probability": (b.ROW_GAPS, b.COUNT_GAPS, 0),
            "fixed_total": (counted, b.COUNT_TOTAL, 0),
            "fixed_in": (b.ROW_GIVEN, b.COUNT_TURNED, form.n),
            "fixed_out": (counted, b.COUNT_KNOWN, form.n),
        }[form.kind]
        if form.kind == "fixed_total":
            self.record["total"] = form.n
        if form.kind == "fixed_probability":
            if form.p <= 0.0:
                kind, count = b.ROW_REPEATED, b.COUNT_KNOWN
            elif form.p >= 1.0:
                kind, count, number = b.ROW_ALL, b.COUNT_KNOWN, universe
            else:
                self.drawn["gap_scale"] = _gap_scale(form.p)
        if count == b.COUNT_KNOWN:
            self._check_number(number * n_pre)
        elif count == b.COUNT_TURNED:
            self._check_number(number * n_post)
        self.drawn["kind"], self.record["count"], self.record["number"] = kind, count, number

    def _given(self, structure: Structure) -> None:
        self._check_number(len(structure.pre))
        row_begin = np.zeros(self.description.n_pre + 1, np.uint32)
        np.cumsum(np.bincount(structure.pre, minlength=len(row_begin) - 1), out=row_begin[1:])
        self.tables["row_begin"] = row_begin
        self.tables["drawn.targets"] = structure.post.astype(np.uint32)
        self.drawn["kind"], self.record["count"] = b.ROW_GIVEN, b.COUNT_GIVEN

    def _check_number(self, number: int) -> None:
        if number > MOST_SYNAPSES:
            raise too_many(self.description.group.name)

    # ------------------------------------------------------------------ the weights

    def weights(self) -> None:
        """What they are drawn from, or that they are given."""
        law, value = self.drawn["weight"], self.description.weight
        law["factor"] = 1.0
        if self.store.codes == "shared":
            shared, structure = self.description.group.weight, self.description.structure
            assert isinstance(shared, SharedKernel) and structure is not None
            value = shared.places[structure.given]
            self.tables["kernel"] = shared.kernel.ravel().astype(np.float64)
        native = value.native() if isinstance(value, Distribution) else None
        if isinstance(value, np.ndarray):
            self.drawn["weight_kind"] = b.GIVEN_VALUES
            self.tables["drawn.weights"] = value.astype(self.dtype)
        elif native is None:
            self.drawn["weight_kind"], law["a"] = b.ONE_VALUE, float(value)
        else:
            self.drawn["weight_kind"] = b.DRAWN_VALUES
            self._weight_law(native, law)

    @staticmethod
    def _weight_law(native: NativeDistribution, law: b.Records) -> None:
        law["kind"], law["affine"] = b.DISTRIBUTIONS[native.kind], int(native.affine)
        law["a"], law["factor"], law["offset"] = native.a, native.factor, native.offset
        law["b"] = native.b - native.a if native.kind == "uniform" else native.b
        if native.kind == "truncated_normal":
            law["word_low"], law["word_span"] = truncated_words(native)
            law["low"], law["high"] = native.low, native.high

    # ------------------------------------------------------------------ the delays

    def delays(self, dt: float, longest: int) -> None:
        """What they are drawn from, or that they are given."""
        value = self.description.delay
        native = value.native() if isinstance(value, Distribution) else None
        if isinstance(value, np.ndarray):
            steps = np.minimum(delay_steps(value, dt), longest)
            self._delays_from(int(steps.min(initial=longest)), int(steps.max(initial=1)))
            if self.record["n_delays"] > 1:
                self.drawn["delay_kind"] = b.GIVEN_VALUES
                self.tables["drawn.delays"] = steps.astype(np.uint16)
        elif native is None or is_one_value(native):
            affine = native is not None and native.affine
            one = native.a if native is not None else float(value)
            only = one * native.factor + native.offset if native is not None and affine else one
            one_delay = min(int(delay_steps(only, dt)), longest)
            self._delays_from(one_delay, one_delay)
        else:
            self._delay_law(native, *_delay_tables(native, dt, longest))

    def _delays_from(self, least: int, longest: int) -> None:
        least = min(least, longest)
        self.record["least_delay"], self.record["n_delays"] = least, longest - least + 1
        self.drawn["common_delay"] = least

    def _delay_law(
        self,
        native: NativeDistribution,
        first: int,
        thresholds: npt.NDArray[np.uint32],
        cells: b.Records,
    ) -> None:
        self._delays_from(first, first + len(thresholds))
        if not len(thresholds):
            return
        law = self.drawn["delay"]
        law["first"], law["n_thresholds"] = first, len(thresholds)
        law["turn"] = ALL_ONES if native.affine and native.factor < 0 else 0
        self.drawn["delay_kind"] = b.DRAWN_VALUES
        self.tables["drawn.delay.thresholds"] = thresholds
        self.tables["drawn.delay.cells"] = cells


@cache
def _delay_tables(
    native: NativeDistribution, dt: float, longest: int
) -> tuple[int, npt.NDArray[np.uint32], b.Records]:
    """The least delay, the thresholds and the guide to them; of a network, many groups have the
    same."""
    first, thresholds = delay_thresholds(native, dt, longest)
    return first, thresholds, delay_cells(first, thresholds)


def delay_cells(first: int, thresholds: npt.NDArray[np.uint32]) -> b.Records:
    """The guide to thresholds of delays: one cell for each value of a word's first 8 bits.

    Examples
    --------
    >>> cells = delay_cells(3, np.array([1 << 31], np.uint32))
    >>> cells["steps"][[0, 127, 128]].tolist()
    [3, 3, 4]
    """
    begin = np.arange(256, dtype=np.uint64) << np.uint64(24)
    before, behind = (
        np.searchsorted(thresholds, words.astype(np.uint32), side="right")
        for words in (begin, begin + np.uint64(0xFFFFFF))
    )
    cells = np.zeros(256, b.DELAY_CELL)
    cells["steps"] = first + before
    cells["several"] = behind > before + 1
    cells["next"] = 1 << 24
    some = behind > before
    cells["next"][some] = thresholds[before[some]] - begin[some].astype(np.uint32)
    return cells


def _gap_scale(p: float) -> float:
    """1 / log(1 - p), as templates/common/drawn_targets.hpp has it."""
    if p < 1e-5:
        return 1.0 / -(p + p * p / 2 + p * p * p / 3)
    return 1.0 / float(log(np.float64(1.0 - p)))


def too_many(group: str) -> InsufficientMemoryError:
    """More synapses, or entries of a matrix, than positions of 32 bits."""
    return InsufficientMemoryError(
        "more than 2^32 synapses in one group (of storage='dense': pairs)",
        where=Location.of("synapse group", group),
        hint="cut the population, and with it the group, into several, or use storage='procedural'",
    )
