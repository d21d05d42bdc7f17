"""The dimensions of a batch as a report shows them, found from its table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.records import dataclass
from pygenn_lite.reports.look import short, shown_value, small

if TYPE_CHECKING:
    import pandas

MOST_LEVELS = 60  # of a dimension that many runs share; more are shown as points


@dataclass(frozen=True)
class SweptAxis:
    """A dimension of a sweep.

    Attributes
    ----------
    name : str
        The column of the table.
    label : str
        Of an axis: the name, and the names of those that change with it.
    levels : tuple of str
        Different values, in order.
    codes : ndarray of uint16, [runs]
        Which of the levels a run has.
    values : ndarray of float64, [runs]
        The values themselves; the codes where they are not numbers.
    sampled : bool
        Whether values are drawn, so that hardly two runs share one.
    log : bool
        Whether they are spread evenly on a logarithmic axis.
    numeric : bool
    """

    name: str
    label: str
    levels: tuple[str, ...]
    codes: npt.NDArray[np.uint16]
    values: npt.NDArray[np.float64]
    sampled: bool = False
    log: bool = False
    numeric: bool = True

    @property
    def places(self) -> npt.NDArray[np.float32]:
        """Where each run lies between the ends of the axis, 0 to 1."""
        shown = np.log(self.values) if self.log else self.values
        if not self.sampled:
            shown = self.codes.astype(float)
        low, high = shown.min(initial=np.inf), shown.max(initial=-np.inf)
        places: npt.NDArray[np.float32] = small((shown - low) / (high - low if high > low else 1.0))
        return places


@dataclass(frozen=True)
class SweptAxes:
    """All dimensions.

    Attributes
    ----------
    axes : tuple of SweptAxis
        Those to draw along.
    repeats : tuple of str
        Columns of seeds: runs that differ in them alone are repeats.
    constant : tuple of (str, str)
        What had one value in all runs.
    """

    axes: tuple[SweptAxis, ...]
    repeats: tuple[str, ...] = ()
    constant: tuple[tuple[str, str], ...] = ()

    @property
    def sampled(self) -> bool:
        """Whether some dimension is drawn at random."""
        return any(axis.sampled for axis in self.axes)


def swept_axes(table: pandas.DataFrame, swept: Sequence[str]) -> SweptAxes:
    """The dimensions of a table of runs.

    Seeds are repeats; columns that change together are one dimension; columns with one value are
    none. A sweep of seeds alone has the seed as its dimension.
    """
    repeats = [name for name in swept if name.rpartition(".")[2] == "seed"]
    found: list[SweptAxis] = []
    constant: list[tuple[str, str]] = []
    for name in swept:
        if name in repeats:
            continue
        axis = _axis(name, table[name])
        if len(axis.levels) <= 1:
            constant.append((name, axis.levels[0] if axis.levels else ""))
        else:
            found.append(axis)
    if not found and repeats:
        found = [_axis(repeats[0], table[repeats[0]])]
    return SweptAxes(tuple(_merged(found)), tuple(repeats), tuple(constant))


def _axis(name: str, column: Any) -> SweptAxis:
    label = short(name, 48)
    numbers = _numbers(column)
    if numbers is None:
        texts = [shown_value(value) for value in column]
        levels = tuple(dict.fromkeys(texts))
        place = {text: number for number, text in enumerate(levels)}
        which = np.array([place[text] for text in texts], np.uint16)
        shown = tuple(short(level, 30) for level in levels)
        return SweptAxis(name, label, shown, which, which.astype(float), numeric=False)
    distinct, codes = np.unique(numbers, return_inverse=True)
    log = _is_log(distinct)
    if len(distinct) > max(MOST_LEVELS, 0.5 * len(numbers)):
        ends = (shown_value(distinct[0]), shown_value(distinct[-1]))
        return SweptAxis(name, label, ends, np.zeros(len(numbers), np.uint16), numbers, True, log)
    levels = tuple(f"{value:.4g}" for value in distinct)
    if len(set(levels)) < len(levels) or (distinct == np.round(distinct)).all():
        levels = tuple(f"{value:.10g}" for value in distinct)
    return SweptAxis(name, label, levels, codes.astype(np.uint16), numbers, False, log)


def _numbers(column: Any) -> npt.NDArray[np.float64] | None:
    """A column as numbers, if all of them are finite ones."""
    try:
        values = np.asarray(column, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return values if values.ndim == 1 and np.isfinite(values).all() else None


def _is_log(distinct: npt.NDArray[Any]) -> bool:
    """Whether logarithms of the values lie more evenly than the values themselves."""
    if len(distinct) < 4 or distinct[0] <= 0:
        return False
    steps, ratios = np.diff(distinct), np.diff(np.log(distinct))
    return bool(ratios.std() / ratios.mean() < 0.5 * steps.std() / steps.mean())


def _merged(axes: Sequence[SweptAxis]) -> list[SweptAxis]:
    """Without those whose value follows from another's."""
    kept: list[SweptAxis] = []
    for axis in axes:
        twin = next((n for n, other in enumerate(kept) if _same(axis, other)), None)
        if twin is None:
            kept.append(axis)
        else:
            other = kept[twin]
            label = short(f"{other.label}, {axis.label}", 64)
            kept[twin] = SweptAxis(
                other.name, label, other.levels, other.codes, other.values, other.sampled,
                other.log, other.numeric,
            )  # fmt: skip
    return kept


def _same(one: SweptAxis, other: SweptAxis) -> bool:
    if one.sampled or other.sampled or len(one.levels) != len(other.levels):
        return False
    pairs = np.unique(one.codes.astype(int) * (2**16) + other.codes)
    return len(pairs) == len(one.levels)
