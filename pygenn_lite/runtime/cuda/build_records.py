"""What the builder's kernels are given: the structures of templates/cuda/builder.cu and
templates/cuda/engine/drawn.hpp as NumPy has them, so that those of many networks are filled in
together."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Records = npt.NDArray[Any]

# kinds of rows (pgl_row_kind), of values (pgl_value_kind), of counting (pgl_count_kind)
ROW_ALL, ROW_ONE, ROW_GAPS, ROW_REPEATED, ROW_DISTINCT, ROW_GIVEN = range(6)
ONE_VALUE, DRAWN_VALUES, GIVEN_VALUES = range(3)
COUNT_KNOWN, COUNT_GAPS, COUNT_TOTAL, COUNT_TURNED, COUNT_GIVEN = range(5)
# kinds of distributions (pgl_distribution_kind)
CONSTANT = 0
DISTRIBUTIONS = {
    "uniform": 1, "normal": 2, "truncated_normal": 3, "log_normal": 4, "exponential": 5,
}  # fmt: skip
CODE_KINDS = {"": 0, "float16": 1, "int16": 2, "shared": 3}  # of weights of 16 bits
STRETCH = 128  # numbers that one thread sums up
PLACES = 256  # different delays of which a warp keeps count


def _structure(**fields: Any) -> np.dtype[Any]:
    """A structure of numbers that lie as C lays them."""
    return np.dtype(list(fields.items()), align=True)


def _pointers(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "u8")


WEIGHT_LAW = _structure(
    kind="i4", affine="i4", word_low="u4", word_span="u4",
    a="f8", b="f8", low="f8", high="f8", factor="f8", offset="f8",
)  # fmt: skip
DELAY_LAW = _structure(
    **_pointers("thresholds", "cells"), n_thresholds="u4", turn="u4", first="u4", reserved="u4"
)
DELAY_CELL = _structure(steps="u2", several="u2", next="u4")
DRAWN = _structure(
    seed="u8", universe="u8", gap_scale="f8",
    **_pointers("row_begin", "targets", "weights", "delays"),
    weight=WEIGHT_LAW, delay=DELAY_LAW,
    kind="u4", stream="u4", n_source="u4", n_target="u4", skips_self="u4",
    weight_kind="i4", delay_kind="i4", common_delay="u4", real_bytes="u4", reserved="u4",
)  # fmt: skip
FOUND = _structure(
    synapses="u8", largest="u8", low_word="u4", high_word="u4", low_delay="u4", high_delay="u4"
)
BUILD = _structure(
    drawn=DRAWN, total="u8", in_universe="u8",
    **_pointers(
        "row_begin", "turned", "cursor", "targets", "delays", "weights", "codes", "sources",
        "present", "loss", "post_begin", "post_position", "post_source", "found", "places", "set",
    ),
    slots="u4", count="u4", number="u4", repeats="u4", least_delay="u4", n_delays="u4",
    columns="u4", code_kind="i4", code_scale="f8", by_warp="u4", reserved="u4",
)  # fmt: skip
BUILDING = _structure(builds="u8", level="u4", reserved="u4")
SUMMING = _structure(**_pointers("values", "stretches", "total"), n="u8")
SUMS_UP = _structure(of="u8")


def argument(dtype: np.dtype[Any], **values: int) -> bytes:
    """The one argument of a kernel."""
    record = np.zeros((), dtype)
    for name, value in values.items():
        record[name] = value
    return record.tobytes()
