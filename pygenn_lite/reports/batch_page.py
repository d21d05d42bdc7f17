"""The report of a batch: measures over the swept values, rasters, failures, timings, origin."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pygenn_lite.declaration.summary import duration_text
from pygenn_lite.errors import SimulationError
from pygenn_lite.optional import require
from pygenn_lite.reports.kept_rasters import KeptRasters, kept_rasters
from pygenn_lite.reports.look import Axes, joined, new_figure, short, shown_value
from pygenn_lite.reports.page import (
    Facts,
    Page,
    Part,
    Plot,
    Section,
    Table,
    Text,
    asset,
    check_ending,
    render,
    write_page,
)
from pygenn_lite.reports.run_columns import RunColumns, run_columns
from pygenn_lite.reports.run_table import failure_parts, run_table
from pygenn_lite.reports.search_plots import search_parts
from pygenn_lite.reports.sweep_plots import SweepPlots, sweep_plots
from pygenn_lite.reports.swept_axes import SweptAxes, swept_axes
from pygenn_lite.reports.timing_plots import finished_seconds, timing_parts

if TYPE_CHECKING:
    import pandas

    from pygenn_lite.runtime.results.result import Result

SWEEP_FILE, ABOUT_FILE = "sweep.yaml", "batch.json"
MOST_TEXT = 100_000


class Counted(Protocol):
    """How far a batch has come."""

    planned: int
    done: int
    failed: int


class ReportedBatch(Protocol):
    """What a report needs of a batch (`pygenn_lite.batch` has it)."""

    path: Path

    @property
    def table(self) -> pandas.DataFrame:
        """One row for each run that ended."""

    @property
    def swept(self) -> list[str]:
        """Columns of swept values."""

    @property
    def measures(self) -> list[str]:
        """Columns of measures."""

    @property
    def kept(self) -> list[str]:
        """Identities of kept runs."""

    def result(self, run: int | str) -> Result:
        """A kept run."""

    def status(self) -> Any:
        """Counts: planned, done, failed."""


def write_batch_report(batch: ReportedBatch, path: str | Path) -> Path:
    """Write one HTML page about a batch, complete in itself; an older page there is replaced.

    Parameters
    ----------
    batch : Batch
        Also one that is still being run.
    path : str or Path
        Ends in ``.html``.

    Returns
    -------
    Path

    Raises
    ------
    ArgumentError
        The name does not end in ``.html``.
    MissingPackageError
        Bokeh or pandas is not installed.
    SimulationError
        No run has ended yet, or the file cannot be written.
    """
    check_ending(path)
    return write_page(batch_page(batch), path)


def batch_page(batch: ReportedBatch) -> str:
    """The page about a batch, as HTML.

    Raises
    ------
    SimulationError
        No run has ended yet.
    """
    require("bokeh", "batch", "reports")
    table = batch.table
    if not len(table):
        raise SimulationError(
            f"no run of the batch {batch.path} has ended yet", hint="wait, or resume it"
        )
    table = table.sort_values("run", ignore_index=True)
    swept, measures = list(batch.swept), list(batch.measures)
    axes = swept_axes(table, swept)
    columns = run_columns(table, axes, swept, measures)
    sections, ready = _measured(batch, table, axes, columns)
    found = search_parts(table, _read(batch.path / ABOUT_FILE))
    sections += [Section("Search", found)] if found else []
    sections += [
        Section("Failures", failure_parts(table, swept)),
        Section("Runs", run_table(columns, swept)),
        Section("Timings", timing_parts(table)),
        Section("What was run", _origin(batch, table, axes)),
    ]
    tiles = _tiles(batch, table)
    title = batch.path.name or "A batch"
    return render(Page(title, _subtitle(table, swept), tiles, sections, ready))


def _measured(
    batch: ReportedBatch, table: pandas.DataFrame, axes: SweptAxes, columns: RunColumns
) -> tuple[list[Section], Any]:
    """Measures over the swept values, and the raster that a click on them shows."""
    from bokeh.models import CustomJS

    rows = dict(zip(map(str, table["id"]), range(len(table)), strict=True))
    rasters = kept_rasters(batch, rows)
    parts: list[Part] = []
    sweep: SweepPlots | None = None
    if axes.axes and columns.measures:
        sweep = sweep_plots(columns, axes)
        parts = list(sweep.plots)
        if columns.left_out:
            parts.append(Text(f"{columns.left_out} more measures are only in the table on disk."))
    else:
        parts.append(Text("Nothing was swept, or nothing measured: there is nothing to draw."))
    sections = [Section("Measures over the swept values", parts)]
    codes = ["update.execute(update)"] if sweep else []
    arguments: dict[str, Any] = {"update": sweep.update} if sweep else {}
    if rasters.runs:
        plot, first = _raster(rasters, table, axes, columns, sweep)
        sections.append(Section("Spikes", [plot]))
        codes.append("first.execute(first)")
        arguments["first"] = first
    ready = CustomJS(args=arguments, code="\n".join(codes)) if codes else None
    return sections, ready


def _raster(
    rasters: KeptRasters,
    table: pandas.DataFrame,
    axes: SweptAxes,
    columns: RunColumns,
    sweep: SweepPlots | None,
) -> tuple[Plot, Any]:
    """The raster of one kept run at a time, and the callback that shows the first."""
    from bokeh.models import ColumnDataSource, CustomJS, CustomJSTickFormatter, FixedTicker, Range1d

    plot = new_figure(
        Axes("time (ms)", "", "Spikes", height=380, x_range=Range1d(0, 1), y_range=Range1d(1, 0))
    )
    shown = ColumnDataSource({"t": [], "row": [], "color": [], "size": []})
    plot.scatter(
        "t", "row", source=shown, color="color", size="size", line_color=None, name="raster"
    )
    plot.ygrid.visible = False
    plot.yaxis[0].ticker = FixedTicker(ticks=[])
    plot.yaxis[0].formatter = CustomJSTickFormatter(
        args={"names": [], "middles": []}, code='return names[middles.indexOf(tick)] ?? ""'
    )
    runs = [{**run, "title": _title(table, run["row"], axes)} for run in rasters.runs]
    known = [
        {"name": a.name, "levels": list(a.levels), "places": f"places {n}"}
        for n, a in enumerate(axes.axes)
    ]
    controls = (sweep.controls if sweep else None) or {}
    arguments: dict[str, Any] = {
        "runs": columns.source, "axes": known, "kept": runs, "shown": shown, "plot": plot,
        "spikes": ColumnDataSource(rasters.columns), "y_ticker": plot.yaxis[0].ticker,
        "y_formatter": plot.yaxis[0].formatter, "clicked": sweep.clicked if sweep else shown,
        "x": controls.get("x"), "y": controls.get("y"), "fixed": controls.get("fixed", []),
    }  # fmt: skip
    if sweep is not None and sweep.clicked is not None:
        click = CustomJS(args={**arguments, "mode": sweep.mode}, code=asset("raster.js"))
        sweep.clicked.selected.js_on_change("indices", click)
    first = CustomJS(args={**arguments, "mode": "first"}, code=asset("raster.js"))
    caption = joined(
        [
            f"The nearest of {len(runs)} runs",
            f"{rasters.kept - len(runs)} more were kept and are not in this page"
            if rasters.kept > len(runs)
            else "",
            "every k-th neuron, the last second at most" if rasters.thinned else "",
        ]
    )
    return Plot(plot, caption), first


def _title(table: pandas.DataFrame, row: int, axes: SweptAxes) -> str:
    """A run's number and values."""
    names = [*(axis.name for axis in axes.axes), *axes.repeats]
    values = [f"{name} = {shown_value(table[name].iloc[row])}" for name in dict.fromkeys(names)]
    return short(f"run {table['run'].iloc[row]}: {', '.join(values)}", 150)


def _tiles(batch: ReportedBatch, table: pandas.DataFrame) -> list[tuple[str, str]]:
    counts = batch.status()
    left = counts.planned - counts.done - counts.failed
    tiles = [("runs planned", f"{counts.planned:,}"), ("done", f"{counts.done:,}")]
    tiles += [("failed", f"{counts.failed:,}"), ("left", f"{left:,}")]
    if "seconds" in table:
        tiles.append(("computed for", duration_text(float(table["seconds"].sum()))))
    ended = finished_seconds(table)
    if len(ended) > 1:
        tiles.append(("first to last run", duration_text(float(ended[-1]))))
    if "worker" in table:
        tiles.append(("workers", f"{table['worker'].astype(str).nunique():,}"))
    return tiles


def _subtitle(table: pandas.DataFrame, swept: list[str]) -> str:
    said = [f"sweep of {', '.join(swept)}" if swept else "nothing swept"]
    if "finished" in table and len(table["finished"].dropna()):
        said.append(f"last run ended {str(table['finished'].astype(str).max())[:19]} UTC")
    return "; ".join(said)


def _origin(batch: ReportedBatch, table: pandas.DataFrame, axes: SweptAxes) -> list[Part]:
    entries: list[tuple[str, object]] = [("folder", str(batch.path))]
    for name in ("host", "version"):
        if name in table:
            entries.append((name, ", ".join(sorted(set(map(str, table[name].dropna()))))[:500]))
    about = _read(batch.path / ABOUT_FILE)
    found = _about(about)
    entries += [(name, value) for name, value in found.items() if len(value) <= 400]
    parts: list[Part] = [Facts(entries)]
    rows = [
        (axis.label, "drawn" if axis.sampled else len(axis.levels), axis.levels[0], axis.levels[-1])
        for axis in axes.axes
    ]
    rows += [(name, table[name].nunique(), "", "repeats") for name in axes.repeats]
    rows += [(name, 1, value, value) for name, value in axes.constant]
    if rows:
        parts.append(Table(["swept", "values", "from", "to"], rows))
    text = _read(batch.path / SWEEP_FILE)
    if text:
        parts.append(Text(text, "The sweep file", True))
    return parts


def _about(text: str) -> Mapping[str, str]:
    """What a batch says of itself; nothing of a file that is damaged."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    run = found.get("run")
    known = {**found, **run} if isinstance(run, dict) else found
    left_out = ("format", "version", "swept", "measures", "runs", "run")  # said elsewhere
    return {
        str(name): str(value)
        for name, value in known.items()
        if isinstance(value, (str, int, float)) and name not in left_out
    }


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")[:MOST_TEXT]
    except OSError:
        return ""
