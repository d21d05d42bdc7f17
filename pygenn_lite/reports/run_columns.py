"""The runs of a batch as columns that the scripts of its page read: values, measures, status."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pygenn_lite.analysis.registry import MEASURES
from pygenn_lite.plotting.colors import population_colors
from pygenn_lite.records import dataclass
from pygenn_lite.reports.look import BLUE, short, small
from pygenn_lite.reports.swept_axes import SweptAxes

if TYPE_CHECKING:
    import pandas

MOST_MEASURES = 60  # columns in a page: 10,000 runs take about 40 kB each
MOST_TEXT = 400  # characters of an error in the table


@dataclass(frozen=True)
class RunColumns:
    """What the page knows of every run.

    Attributes
    ----------
    source : bokeh.models.ColumnDataSource
    measures : list of str
        Names of measures' columns, of those that are shown.
    left_out : int
        Measures beyond the most that a page holds.
    """

    source: Any
    measures: list[str]
    left_out: int


def run_columns(
    table: pandas.DataFrame, axes: SweptAxes, swept: Sequence[str], measures: Sequence[str]
) -> RunColumns:
    """One row for each run of the table."""
    from bokeh.models import ColumnDataSource

    known = [name for name in measures if _is_numeric(table[name])]
    shown = known[:MOST_MEASURES]
    data: dict[str, Any] = {"run": np.asarray(table["run"], np.int32)}
    for name in swept:
        data[f"value of {name}"] = _column(table[name])
    for name in shown:
        data[name] = small(table[name])
    for number, axis in enumerate(axes.axes):
        data[f"codes {number}"] = axis.codes
        data[f"places {number}"] = axis.places
    data["status"] = list(map(str, table["status"]))
    data["error"] = [_cut(error) for error in table["error"]]
    for name in ("seconds", "worker"):
        if name in table:
            data[name] = _column(table[name])
    return RunColumns(ColumnDataSource(data), shown, len(known) - len(shown))


def unit_of(measure: str) -> str:
    """A measure's column with its unit, as the label of an axis: ``rates.exc (Hz)``."""
    known = MEASURES.get(measure.partition(".")[0])
    unit = known.unit if known is not None and known.unit not in ("", "1") else ""
    return short(measure, 40) + (f" ({unit})" if unit else "")


def series_of(measures: Sequence[str]) -> dict[str, list[dict[str, str]]]:
    """Columns by measure: those of its populations, each with its colour."""
    groups: dict[str, list[str]] = {}
    for name in measures:
        groups.setdefault(name.partition(".")[0], []).append(name)
    populations = [name.partition(".")[2] for name in measures]
    colors = population_colors([name for name in populations if name]) if any(populations) else {}
    return {
        group: [
            {
                "column": name,
                "label": short(name.partition(".")[2] or name),
                "color": colors.get(name.partition(".")[2], BLUE),
            }
            for name in names
        ]
        for group, names in groups.items()
    }


def _is_numeric(column: Any) -> bool:
    return getattr(column.dtype, "kind", "O") in "fiub"


def _column(column: Any) -> Any:
    """Numbers as an array, everything else as text."""
    if getattr(column.dtype, "kind", "O") in "fi":
        values = np.asarray(column)
        return small(values) if values.dtype.kind == "f" else values.astype(np.float64)
    return [str(value)[:MOST_TEXT] for value in column]


def _cut(error: object) -> str:
    text = str(error) if error is not None and error == error else ""
    return text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]} ..."
