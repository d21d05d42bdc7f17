"""How long the runs of a batch took: each, by worker, and how many ended when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pygenn_lite.reports.look import BLUE, Axes, joined, new_figure, small
from pygenn_lite.reports.page import Part, Plot, Table

if TYPE_CHECKING:
    import pandas

BINS = 50
MOST_WORKERS = 40
MOST_POINTS = 400


def timing_parts(table: pandas.DataFrame) -> list[Part]:
    """Plots and a table; what the table of runs does not tell is left out."""
    parts: list[Part] = []
    seconds = np.asarray(table["seconds"], float) if "seconds" in table else np.zeros(0)
    seconds = seconds[np.isfinite(seconds)]
    if len(seconds):
        parts.append(_histogram(seconds))
    ended = finished_seconds(table)
    if len(ended) > 1 and ended[-1] > 0:
        parts.append(_throughput(ended))
    workers = _workers(table)
    if workers:
        parts.append(Table(["worker", "runs", "failed", "seconds", "ms per run"], workers))
    return parts


def finished_seconds(table: pandas.DataFrame) -> Any:
    """Seconds from the end of the first run to that of each, ascending."""
    import pandas

    if "finished" not in table:
        return np.zeros(0)
    times = pandas.to_datetime(table["finished"], utc=True, errors="coerce", format="ISO8601")
    times = times.dropna().sort_values()
    if not len(times):
        return np.zeros(0)
    return (times - times.iloc[0]).dt.total_seconds().to_numpy()


def _histogram(seconds: Any) -> Plot:
    milliseconds = seconds * 1000.0
    reach = float(np.percentile(milliseconds, 99))
    whole = float(milliseconds.max())
    shown = milliseconds if whole <= 1.5 * reach else milliseconds[milliseconds <= reach]
    counts, edges = np.histogram(shown, bins=BINS)
    plot = new_figure(Axes("wall time of a run (ms)", "runs", "Time per run", height=260, zoom=""))
    plot.quad(
        left=small(edges[:-1]), right=small(edges[1:]), top=small(counts), bottom=0,
        fill_color=BLUE, line_color="white", line_width=0.5,
    )  # fmt: skip
    plot.y_range.start = 0
    words = [f"Median {np.median(milliseconds):.3g} ms", f"longest {whole:,.4g} ms"]
    words += ["the longest 1 % not drawn"] if len(shown) < len(milliseconds) else []
    return Plot(plot, joined(words), False)


def _throughput(ended: Any) -> Plot:
    chosen = np.unique(np.linspace(0, len(ended) - 1, MOST_POINTS).astype(int))
    plot = new_figure(Axes("time (s)", "runs that ended", "Progress", height=260, zoom=""))
    plot.line(small(ended[chosen]), small(chosen + 1), color=BLUE, line_width=2)
    plot.y_range.start = 0
    words = f"{(len(ended) - 1) / ended[-1]:.3g} runs per second, from the first run that ended on."
    return Plot(plot, words, False)


def _workers(table: pandas.DataFrame) -> list[tuple[object, ...]]:
    if "worker" not in table or "seconds" not in table:
        return []
    rows: list[tuple[object, ...]] = []
    for worker, part in table.groupby(table["worker"].astype(str)):
        seconds = float(part["seconds"].sum())
        failed = int((part["status"] == "failed").sum())
        each = 1000.0 * seconds / max(len(part), 1)
        rows.append((str(worker), len(part), failed, round(seconds, 3), round(each, 3)))
    return sorted(rows, key=lambda row: -int(str(row[1])))[:MOST_WORKERS]
