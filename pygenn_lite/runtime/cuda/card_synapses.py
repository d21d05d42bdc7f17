"""The synapses of one group of one network as they lie on a card: what kernels see of them,
and the host's view, in canonical order (pre, post, delay; stable)."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.plan.delivery import StorePlan
from pygenn_lite.declaration.connectivity import SharedKernel
from pygenn_lite.errors import Location, SimulationError, UnsupportedFeatureError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cuda import build_records as b
from pygenn_lite.runtime.cuda.build_layout import padded_columns
from pygenn_lite.runtime.cuda.drivers.base import Driver
from pygenn_lite.runtime.cuda.group_records import GroupRecord
from pygenn_lite.runtime.cuda.packed_memory import CardPart, PackedMemory, downloaded, uploaded
from pygenn_lite.runtime.values.group_description import GroupDescription
from pygenn_lite.runtime.values.weights import (
    LARGEST_HALF,
    check_own_weights,
    kernel_of,
    warn_of_rounding,
)

Array = npt.NDArray[Any]
Triple = tuple[Array, Array, Array]
LARGEST_FIXED = 32767.0  # of whole numbers of 16 bits


@dataclass
class Built:
    """What laying a group down has left.

    Attributes
    ----------
    driver : Driver
    dtype : dtype
        Of weights.
    group : GroupRecord
    record : ndarray
        `build_records.BUILD`, as the kernels had it.
    arrays : dict of str to CardPart
        By the names of the record; "row_begin" besides.
    found : ndarray
        `build_records.FOUND`.
    loss : float
        What rounding to 16 bits changes, relative to all weights.
    drawn : CardPart or None
        Of synapses that are drawn at every spike: pgl_drawn.
    again : callable
        Lays the same synapses down again as a plan says, with weights or without.
    """

    driver: Driver
    dtype: np.dtype[Any]
    group: GroupRecord
    record: b.Records
    arrays: dict[str, CardPart]
    found: b.Records
    loss: float
    drawn: CardPart | None
    again: Callable[[StorePlan], CardSynapses]


class CardSynapses:
    """Synapses of one group of one network.

    Parameters
    ----------
    built : Built
    """

    def __init__(self, built: Built) -> None:
        self.built, self.driver, self.dtype = built, built.driver, built.dtype
        self.store: StorePlan = built.group.store
        self.description: GroupDescription = built.group.description
        weight = self.description.weight
        self.common_weight = float(weight) if isinstance(weight, (int, float)) else 0.0
        self._scale = float(built.record["code_scale"])
        self._loss = built.loss
        self._kernel = built.group.tables.get("kernel")
        if built.drawn is None:  # else rows are drawn with these tables at every spike
            built.group = replace(built.group, tables={})
        self._order: Array | None = None
        self._pairs: Triple | None = None
        if self._kernel is not None:  # other weights may be set in each network
            (self._kernel,) = uploaded(
                self.driver, [downloaded(self.driver, self._kernel, np.float64)]
            )

    # ------------------------------------------------------------------ what there is

    @property
    def name(self) -> str:
        """Of the group."""
        return self.description.group.name

    @property
    def size(self) -> int:
        """Synapses."""
        return int(self.built.found["synapses"])

    @property
    def n_source(self) -> int:
        """Source neurons."""
        return self.description.n_pre

    @property
    def n_target(self) -> int:
        """Target neurons."""
        return self.description.n_post

    @property
    def columns(self) -> int:
        """Entries from one row of a matrix to the next; 0: it is none."""
        return padded_columns(self.n_target) if self.store.storage == "dense" else 0

    @property
    def places(self) -> int:
        """Positions: synapses, or entries of a matrix."""
        return self.n_source * self.columns if self.columns else self.size

    @property
    def has_weights(self) -> bool:
        """Whether each synapse has its own weight."""
        return self.store.weights

    @property
    def weights(self) -> CardPart | None:
        """Weights by position; None: one for all, or they are kept otherwise."""
        return self.built.arrays.get("weights")

    @property
    def delay_range(self) -> tuple[int, int]:
        """The shortest and the longest delay that occur, in steps; of rows that are drawn at every
        spike, that may occur."""
        least, found = int(self.built.record["least_delay"]), self.built.found
        if found["low_delay"] > found["high_delay"]:
            longest = least + int(self.built.record["n_delays"]) - 1
            return (least, longest) if self.size else (1, 1)
        return int(found["low_delay"]), int(found["high_delay"])

    @property
    def nbytes(self) -> int:
        """Bytes on the card."""
        return sum(part.bytes for part in self.built.arrays.values())

    @property
    def contents(self) -> str:
        """What it holds, for the table of memory: how weights of 16 bits are rounded, too."""
        codes = self.store.codes
        if not codes:
            return "synapses"
        if codes == "shared":
            return "synapses, weights shared"
        steps = f", steps of {self._scale:.3g}" if codes == "int16" else ""
        changed = f"rounding changes them by {100 * self._loss:.2g} %"
        return f"synapses, weights in {codes}{steps} ({changed})"

    def fields(self) -> dict[str, Any]:
        """What it fills in of pgl_synapses (templates/cuda/records.hpp), by name."""
        arrays, record = self.built.arrays, self.built.record
        low, high = self.delay_range
        stored = not self.columns and self.built.drawn is None
        names = ("sources", "post_begin", "post_position", "post_source", "codes", "present")
        addresses = {name: arrays[name].address for name in names if name in arrays}
        if stored:
            more = ("row_begin", "targets", "delays")
            addresses |= {name: arrays[name].address for name in more if name in arrays}
        drawn, kernel = self.built.drawn, self._kernel
        without_itself = bool(self.columns and record["drawn"]["skips_self"]) and self._complete
        return {
            **addresses,
            "table": 0 if kernel is None else kernel.address,
            "drawn": 0 if drawn is None else drawn.address,
            "common_weight": self.common_weight,
            "code_scale": self._scale,
            "code_kind": b.CODE_KINDS[self.store.codes],
            "common_delay": int(record["least_delay"]),
            "min_delay": low,
            "max_delay": high,
            "n_source": self.n_source,
            "n_target": self.n_target,
            "n_synapses": self.places,
            "columns": self.columns,
            "skips_itself": int(without_itself and "present" not in arrays),
        }

    @property
    def _complete(self) -> bool:
        return int(self.built.record["drawn"]["kind"]) == b.ROW_ALL

    # ------------------------------------------------------------------ the host's view

    def read(self) -> Triple:
        """Sources, targets and delays in steps, in canonical order."""
        if self._pairs is None:
            self._find()
        assert self._pairs is not None
        return self._pairs

    def positions(self) -> npt.NDArray[np.int64]:
        """The position of every synapse, in canonical order.

        Raises
        ------
        UnsupportedFeatureError
            They are drawn at every spike.
        """
        if self.built.drawn is not None:
            raise UnsupportedFeatureError(
                "synapses that are drawn at every spike have no positions",
                where=Location.of("synapse group", self.name),
                hint="leave storage='auto'",
            )
        if self._order is None:
            self._find()
        assert self._order is not None
        return self._order

    def _find(self) -> None:
        """The pairs, and where they lie."""
        if self.columns or self.built.drawn is not None:
            plan = StorePlan(self.store.source, self.store.groups, weights=False)
            self._pairs = pre, post, _ = self.built.again(plan).read()
            self._order = pre.astype(np.int64) * self.columns + post
            return
        arrays, driver = self.built.arrays, self.driver
        begin = downloaded(driver, arrays["row_begin"], np.uint32)
        post = downloaded(driver, arrays["targets"], np.uint32)[: self.size]
        pre = np.repeat(np.arange(self.n_source, dtype=np.uint32), begin[1:] - begin[:-1])
        if "delays" in arrays:
            delay = downloaded(driver, arrays["delays"], np.uint16)[: self.size]
        else:
            delay = np.full(self.size, self.built.record["least_delay"], np.uint16)
        self._order = np.lexsort((delay, post, pre))
        self._pairs = pre[self._order], post[self._order], delay[self._order]

    # ------------------------------------------------------------------ weights

    def read_weights(self) -> npt.NDArray[np.float64]:
        """Weights in canonical order."""
        if not self.has_weights:
            return np.full(self.size, self.common_weight)
        if self.built.drawn is not None:
            plan = StorePlan(self.store.source, self.store.groups)
            return self.built.again(plan).read_weights()
        return self._by_position()[self.positions()]

    def _by_position(self) -> npt.NDArray[np.float64]:
        """Weights by position."""
        arrays, codes = self.built.arrays, self.store.codes
        if not codes:
            return downloaded(self.driver, arrays["weights"], self.dtype).astype(np.float64)
        kept = downloaded(self.driver, arrays["codes"], np.uint16)
        if codes == "float16":
            return kept.view(np.float16).astype(np.float64)
        if codes == "int16":
            return np.asarray(self._scale * kept.view(np.int16), np.float64)
        assert self._kernel is not None
        table: Array = downloaded(self.driver, self._kernel, np.float64)
        return np.asarray(table[kept[: self.size]].astype(self.dtype), np.float64)

    def write_weights(self, values: npt.ArrayLike) -> None:
        """Set weights that have been checked: one value, or one per synapse in canonical order.

        Raises
        ------
        SimulationError
            Weights of 16 bits do not hold one; synapses that share an entry of a kernel differ.
        UnsupportedFeatureError
            They are drawn at every spike.
        """
        given = np.asarray(values, np.float64)
        if not self.has_weights:
            if given.size:
                self.common_weight = float(given.flat[0])
            return
        whole = np.broadcast_to(given, (self.size,))
        positions = self.positions()
        if self.store.codes:
            self._write_codes(whole, positions)
            return
        part = self.built.arrays["weights"]
        kept = downloaded(self.driver, part, self.dtype)
        kept[positions] = whole
        self.driver.upload(part.address, kept)

    def check_weights(self, weights: npt.NDArray[np.float64]) -> None:
        """Refuse weights that are right for the group, and that cannot be kept.

        Raises
        ------
        SimulationError
            Synapses that share an entry of a kernel, and differ.
        """
        if self.store.codes == "shared":
            self._table_of(np.broadcast_to(weights, (self.size,)))

    def _write_codes(self, weights: npt.NDArray[np.float64], positions: Array) -> None:
        if self.store.codes == "shared":
            assert self._kernel is not None
            self.driver.upload(self._kernel.address, self._table_of(weights))
            return
        largest = float(np.abs(weights).max(initial=0.0))
        kept = downloaded(self.driver, self.built.arrays["codes"], np.uint16)
        if self.store.codes == "float16":
            if largest > LARGEST_HALF:
                raise too_large_for_half(self.name, largest)
            rounded = weights.astype(np.float16)
            kept[positions], read = rounded.view(np.uint16), rounded.astype(np.float64)
        else:
            used = largest / self._scale
            if used > LARGEST_FIXED + 0.25 or used < LARGEST_FIXED / 2.0:
                self._scale = largest / LARGEST_FIXED if largest > 0.0 else 1.0
            steps = np.copysign(np.floor(np.abs(weights) / self._scale + 0.5), weights)
            kept[positions], read = steps.astype(np.int16).view(np.uint16), self._scale * steps
        self.driver.upload(self.built.arrays["codes"].address, kept)
        total = float(np.abs(weights).sum())
        self._loss = float(np.abs(read - weights).sum()) / total if total > 0.0 else 0.0

    def _table_of(self, weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The kernel that gives its synapses these weights."""
        kernel = self.description.group.weight
        assert isinstance(kernel, SharedKernel)
        places = downloaded(self.driver, self.built.arrays["codes"], np.uint16)
        return kernel_of(self.name, kernel, places[self.positions()], weights)

    def largest_weight(self) -> float:
        """The largest size of a weight."""
        if not self.has_weights:
            return abs(self.common_weight)
        weights = self.read_weights() if self.built.drawn is not None else self._by_position()
        return float(np.abs(weights).max(initial=0.0)) if self.size else 0.0

    def warn_of_rounding(self) -> None:
        """Say where 16 bits are not enough."""
        warn_of_rounding(self.name, self._loss)

    def take_weights(self, other: CardSynapses) -> None:
        """Take over the weights of the same synapses, laid down by the same plan."""
        self.common_weight = other.common_weight
        if self.weights is not None and other.weights is not None:
            self.driver.copy(self.weights.address, other.weights.address, self.weights.bytes)

    def with_own_weights(self) -> CardSynapses:
        """The same synapses with weights of their own, at first those that there are.

        Raises
        ------
        UnsupportedFeatureError
            The weights are not kept as numbers.
        """
        check_own_weights(self.store)
        other = copy(self)
        if self.weights is not None:
            other.own("weights")
        return other

    def own(self, name: str) -> None:
        """Have a copy of one of the arrays instead of the array."""
        part, memory = self.built.arrays[name], PackedMemory()
        begins = memory.plan([part.bytes])
        memory.allocate(self.driver)
        mine = memory.part(int(memory.addresses(begins)[0]), part.bytes)
        self.driver.copy(mine.address, part.address, part.bytes)
        self.built = replace(self.built, arrays={**self.built.arrays, name: mine})


def too_large_for_half(group: str, largest: float) -> SimulationError:
    """A weight that half precision does not hold."""
    return SimulationError(
        f"a weight of {largest:g} is too large for half precision: the largest is {LARGEST_HALF}",
        where=Location.of("synapse group", group),
        hint="use weight_precision='full'",
    )
