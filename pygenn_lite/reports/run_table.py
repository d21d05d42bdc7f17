"""The table of all runs of a batch, sortable, and what went wrong in those that failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pygenn_lite.reports.look import FONT, short, shown_value
from pygenn_lite.reports.page import Part, Plot, Table
from pygenn_lite.reports.run_columns import RunColumns, unit_of
from pygenn_lite.reports.sweep_plots import select

if TYPE_CHECKING:
    import pandas

MOST_MESSAGES = 25
STYLE = f"""
:host {{ font: 13px {FONT}; }}
.slick-header-column {{ font-weight: 550; background: #f2f4f7 !important; }}
.slick-cell {{ font-variant-numeric: tabular-nums; }}
.slick-row.odd {{ background: #fafbfc; }}
"""


def run_table(columns: RunColumns, swept: Sequence[str]) -> list[Part]:
    """All runs, and a box that chooses those that failed."""
    from bokeh.layouts import column
    from bokeh.models import (
        AllIndices,
        CDSView,
        CustomJS,
        DataTable,
        GroupFilter,
        InlineStyleSheet,
        ScientificFormatter,
        StringFormatter,
        TableColumn,
    )

    data = columns.source.data
    fields = [("run", "run"), *((f"value of {name}", short(name, 40)) for name in swept)]
    fields += [(name, unit_of(name)) for name in columns.measures]
    fields += [("seconds", "seconds")] if "seconds" in data else []
    fields += [("status", "status"), ("error", "error")]
    fields += [("worker", "worker")] if "worker" in data else []
    shown = []
    for field, title in fields:
        text = isinstance(data[field], list) or field == "run"
        formatter = (
            StringFormatter(nan_format="")
            if text
            else ScientificFormatter(precision=4, power_limit_low=-4, power_limit_high=7)
        )
        width = 260 if field == "error" else 60 if field == "run" else 110
        shown.append(TableColumn(field=field, title=title, formatter=formatter, width=width))
    every = AllIndices()
    failed = GroupFilter(column_name="status", group="failed")
    view = CDSView(filter=every)
    table = DataTable(
        source=columns.source, view=view, columns=shown, sizing_mode="stretch_width", height=430,
        index_position=None, autosize_mode="none", stylesheets=[InlineStyleSheet(css=STYLE)],
        reorderable=False, name="runs",
    )  # fmt: skip
    choice = select("Runs", [("all", "all"), ("failed", "those that failed")])
    code = "view.filter = this.value === 'failed' ? failed : every"
    arguments = {"view": view, "every": every, "failed": failed}
    choice.js_on_change("value", CustomJS(args=arguments, code=code))
    words = "A click on the head of a column sorts by it."
    return [Plot(column([choice, table], sizing_mode="stretch_width"), words)]


def failure_parts(table: pandas.DataFrame, swept: Sequence[str]) -> list[Part]:
    """Messages of the runs that failed, the most frequent first, each with one run's values."""
    failed = table[table["status"] == "failed"]
    if not len(failed):
        return []
    messages = Counter(map(str, failed["error"]))
    rows = []
    for message, number in messages.most_common(MOST_MESSAGES):
        first = failed[failed["error"].astype(str) == message].iloc[0]
        values = ", ".join(f"{name} = {shown_value(first[name])}" for name in swept)
        rows.append((number, message[:600], f"run {first['run']}: {values}"[:400]))
    left = len(messages) - len(rows)
    words = f"{len(failed):,} runs failed"
    caption = f"{words}; the {MOST_MESSAGES} most frequent messages of {len(messages)}"
    return [Table(["runs", "message", "first of them"], rows, caption if left > 0 else words)]
