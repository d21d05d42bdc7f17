"""A picture of single samples of a training: what goes in, what the network makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.plotting.axes import legend_above, muted, plain, say_nothing, short, titled
from pygenn_lite.plotting.colors import neuron_colors, population_colors
from pygenn_lite.plotting.learning import finished
from pygenn_lite.plotting.spikes import MOST_ROWS, recorded_populations
from pygenn_lite.plotting.style import styled
from pygenn_lite.plotting.thinned import chosen_spikes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pygenn_lite.runtime.results.result import Result

LEAST_BAND = 0.12  # share of the height that a population has at least
MOST_TRACES = 10  # neurons whose variable is drawn


@styled
def plot_samples(
    results: Mapping[str, Sequence[Result]],
    path: str | Path | None = None,
    *,
    names: Sequence[str] = (),
    classes: Sequence[str] = (),
    title: str = "",
    dpi: float | None = None,
) -> Figure:
    """Draw spikes of the same samples side by side, before and after a training, say; below them a
    variable of the read-outs, if one was recorded.

    Each population has a band of its own; small ones are stretched.

    Parameters
    ----------
    results : mapping of str to sequence of Result
        A row for each entry, a column for each sample: ``{"before": [...], "after": [...]}``.
    path : str or Path, optional
        Also write it there; the ending says how.
    names : sequence of str
        Of the samples, above the columns.
    classes : sequence of str
        Of the read-outs; their numbers by default.
    title : str
        Above all.
    dpi : float, optional
        Dots per inch.

    Raises
    ------
    ArgumentError
        Rows have different lengths.
    """
    from pygenn_lite.plotting.picture import new_figure

    columns = _columns(results)
    traced = any(one.traces for row in results.values() for one in row)
    heights = [2.2, 1.0] if traced else [2.2]
    size = (1.0 + 2.6 * columns, 0.6 + (sum(heights) + 0.35) * len(results))
    figure = new_figure(size, dpi, path is None)
    axes = figure.subplots(
        len(results) * len(heights), columns, squeeze=False, sharex=True,
        height_ratios=heights * len(results),
    )  # fmt: skip
    for row, (when, ones) in enumerate(results.items()):
        lines = axes[row * len(heights) : (row + 1) * len(heights)]
        for column, result in enumerate(ones):
            name = names[column] if column < len(names) else ""
            _bands(result, lines[0, column], labelled=column == 0)
            titled(lines[0, column], plain(name), plain(when))
            if traced:
                _traces(result, lines[1, column], classes, last=column == columns - 1)
        for line in lines[1:]:
            _same_height(line)
    for ax in axes[-1]:
        ax.set_xlabel("time (ms)")
    finished(figure, path, title, dpi)
    return figure


def _columns(results: Any) -> int:
    """Samples in each row."""
    rows: list[Any] = list(results.values()) if isinstance(results, Mapping) else [None]
    listed = all(isinstance(row, Sequence) for row in rows)
    columns = max(map(len, rows), default=0) if listed else 0
    if not columns or any(len(row) != columns for row in rows):
        wrong = "rows of different lengths" if columns else "there are no results"
        raise ArgumentError(
            wrong if listed else "results stand in rows, by name",
            where=Location.of("plot_samples"),
            hint='give as many results in each row: {"before": [...], "after": [...]}',
        )
    return columns


def _bands(result: Result, ax: Axes, labelled: bool) -> None:
    """Spikes as dots, in a band for each population."""
    names = recorded_populations(result, None)
    end = result.start + result.duration
    colors = population_colors(list(result.sizes))
    dots, neurons, _ = chosen_spikes(result, names, (result.start, end), MOST_ROWS)
    rows = np.array([len(neurons[name]) for name in names], float)
    shares = np.maximum(rows / rows.sum(), LEAST_BAND)
    edges = np.concatenate([[0.0], np.cumsum(shares / shares.sum())])
    total = sum(len(times) for times, _ in dots.values())
    for name, low, high, number in zip(names, edges[:-1], edges[1:], rows, strict=True):
        times, places = dots[name]
        heights = low + (np.asarray(places) + 0.5) / number * (high - low)
        size = float(np.clip(2e3 / max(total, 1), 1.5, 10.0))
        ax.scatter(times, heights, s=size, color=colors[name], linewidths=0, rasterized=True)
        if low:
            ax.axhline(low, color=muted(), alpha=0.3, linewidth=0.6, zorder=0)
    middles = (edges[:-1] + edges[1:]) / 2
    ax.set_yticks(middles, [short(name) for name in names] if labelled else [""] * len(names))
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(1.0, 0.0)
    ax.set_xlim(result.start, end)
    if not total:
        say_nothing(ax, "no spikes")


def _traces(result: Result, ax: Axes, classes: Sequence[str], last: bool) -> None:
    """The variable of the population that was declared last, one curve for each neuron."""
    known = [name for name in result.sizes if name in result.traces]
    if not known:
        return
    population = known[-1]
    variable, trace = next(iter(result.traces[population].items()))
    number = min(len(trace.indices), MOST_TRACES)
    color = population_colors(list(result.sizes))[population]
    curves = population_colors([str(k) for k in range(number)])
    chosen = list(curves.values()) if number <= 8 else neuron_colors(color, number)
    for column, shade in zip(range(number), chosen, strict=True):
        neuron = int(trace.indices[column])
        label = plain(classes[neuron]) if neuron < len(classes) else str(neuron)
        ax.plot(trace.times, trace.values[:, column], color=shade, linewidth=1.0, label=label)
    place = ax.get_subplotspec()
    if place is not None and place.is_first_col():
        unit = f" ({plain(trace.unit)})" if trace.unit else ""
        ax.set_ylabel(f"{short(population)}.{short(variable)}{unit}")
    if last and number <= 5:
        legend_above(ax, ncols=number)


def _same_height(line: Any) -> None:
    """One scale for all samples of a row."""
    limits = np.array([ax.get_ylim() for ax in line])
    for ax in line:
        ax.set_ylim(limits[:, 0].min(), limits[:, 1].max())
        if ax is not line[0]:
            ax.tick_params(labelleft=False)
