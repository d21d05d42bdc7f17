"""Plots of a result's spikes: raster, rates over time, mean rates beside reference rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pygenn_lite.plotting.colors import population_colors
from pygenn_lite.plotting.thinned import chosen_spikes
from pygenn_lite.reports.look import (
    MUTED,
    TEXT,
    Axes,
    add_legend,
    joined,
    label_bands,
    new_figure,
    short,
    small,
)
from pygenn_lite.reports.page import Plot

if TYPE_CHECKING:
    from pygenn_lite.runtime.results.result import Result

MOST_NEURONS = 4_000
MOST_SPIKES = 80_000
MOST_BINS = 2_000
MOST_CURVES = 8
FEW = 40  # neurons: rows of upright lines


def raster_plot(result: Result, warmup: float = 0.0, most_spikes: int = MOST_SPIKES) -> Plot:
    """Spikes as dots, populations above one another.

    Parameters
    ----------
    result : Result
        With spikes of some population.
    warmup : float
        ms at the start that are shaded.
    most_spikes : int
        Where there are more, those of every k-th neuron are shown.
    """
    names = [name for name in result.sizes if name in result.spikes]
    begin, end = _span(result)
    dots, neurons, stride = chosen_spikes(result, names, (begin, end), MOST_NEURONS, most_spikes)
    rows = [len(neurons[name]) for name in names]
    offsets = np.concatenate([[0], np.cumsum(rows)])
    high = max(int(offsets[-1]), 1)
    plot = new_figure(
        Axes("", "", "Spikes", height=int(np.clip(140 + 1.2 * high, 190, 460)),
             x_range=_range(begin, end), y_range=_range(high - 0.5, -0.5))
    )  # fmt: skip
    colors = population_colors(list(result.sizes))
    total = sum(len(times) for times, _ in dots.values())
    size = float(np.clip(420 / high + 1.6, 2.0, 6.0))
    for name, offset in zip(names, offsets, strict=False):
        times, places = dots[name]
        if high <= FEW:
            _ticks(plot, times, places + offset, colors[name])
        else:
            plot.scatter(
                small(times), (places + offset).astype(np.uint16), size=size, color=colors[name],
                line_color=None,
            )  # fmt: skip
    middles = offsets[:-1] + (np.array(rows) - 1) / 2
    label_bands(plot.yaxis[0], middles.tolist(), names)
    plot.yaxis.major_label_text_color = TEXT
    plot.ygrid.grid_line_color = None
    _shade(plot, result, warmup)
    thinned = f"Every {_ordinal(stride)} neuron: {total:,} of {_spikes(result, names):,} spikes"
    unrecorded = len(result.sizes) - len(names)
    caption = joined(
        [
            thinned if stride > 1 else f"All {total:,} recorded spikes",
            f"spikes of {unrecorded} more populations were not recorded" if unrecorded else "",
            f"the first {warmup:g} ms (shaded) are warm-up" if warmup else "",
            "drag to zoom, double click to see all again",
        ]
    )
    return Plot(plot, caption)


def rate_curves_plot(result: Result, raster: Any, warmup: float = 0.0) -> Plot:
    """Rates over time, which follow the raster's zoom."""
    names = [name for name in result.sizes if name in result.spikes]
    shown = names[:MOST_CURVES]
    width = _bin_width(result.duration)
    plot = new_figure(
        Axes("time (ms)", "rate (Hz)", "Population rates", height=230,
             x_range=raster.x_range if raster is not None else _range(*_span(result)), zoom="width")
    )  # fmt: skip
    colors = population_colors(list(result.sizes))
    for name in shown:
        binned = result.binned(name, width)
        plot.line(
            small(binned.times), small(binned.rates), color=colors[name], line_width=1.4,
            alpha=0.9, legend_label=short(name),
        )  # fmt: skip
    plot.y_range.start = 0
    _shade(plot, result, warmup)
    add_legend(plot)
    left = f"the first {MOST_CURVES} of {len(names)} populations"
    return Plot(plot, joined([f"Bins of {width:g} ms", left if len(names) > len(shown) else ""]))


def mean_rates_plot(
    rates: Mapping[str, float], reference: Mapping[str, float], title: str = "Mean rates"
) -> Plot:
    """Mean rates as bars, reference rates as diamonds."""
    from bokeh.models import ColumnDataSource, HoverTool

    names = list(rates)
    colors = population_colors(names)
    places = np.arange(len(names), dtype=float)
    known = [name for name in names if name in reference]
    highest = max([*rates.values(), *(reference[n] for n in known), 1e-9])
    plot = new_figure(
        Axes("rate (Hz)", "", title, height=int(np.clip(110 + 26 * len(names), 240, 900)),
             x_range=_range(0.0, 1.22 * highest), zoom="",
             y_range=_range(max(len(names), 4) - 0.5, -0.5))
    )  # fmt: skip
    data = {
        "y": places, "rate": [rates[n] for n in names], "name": names,
        "color": [colors[n] for n in names], "words": [f"  {rates[n]:.3g}" for n in names],
        "end": [max(rates[n], reference.get(n, 0.0)) for n in names],
        "reference": [reference.get(n, float("nan")) for n in names],
    }  # fmt: skip
    source = ColumnDataSource(data)
    bars = plot.hbar(y="y", right="rate", height=0.6, color="color", alpha=0.92, source=source)
    if known:
        plot.scatter(
            "reference", "y", source=source, marker="diamond", size=11, fill_color="white",
            line_color=TEXT, line_width=1.3, legend_label="reference",
        )  # fmt: skip
        add_legend(plot)
    if len(names) <= 30:
        plot.text("end", "y", text="words", source=source, text_baseline="middle", x_offset=6,
                  text_font_size="12px", text_color=MUTED)  # fmt: skip
    tips = [("", "@name"), ("rate (Hz)", "@rate{0.000}")]
    tips += [("reference (Hz)", "@reference{0.000}")] if known else []
    plot.add_tools(HoverTool(renderers=[bars], tooltips=tips))
    label_bands(plot.yaxis[0], places.tolist(), names)
    plot.yaxis.major_label_text_color = TEXT
    plot.ygrid.grid_line_color = None
    return Plot(plot, wide=False)


def _ticks(plot: Any, times: Any, rows: Any, color: str) -> None:
    """Of few neurons: short upright lines, one row each."""
    rows = np.asarray(rows, float)
    plot.segment(
        small(times), small(rows - 0.38), small(times), small(rows + 0.38), color=color,
        line_width=1.3,
    )  # fmt: skip


def _shade(plot: Any, result: Result, warmup: float) -> None:
    from bokeh.models import BoxAnnotation

    if warmup:
        shade = BoxAnnotation(left=result.start, right=result.start + warmup, level="underlay")
        shade.fill_color, shade.fill_alpha, shade.line_color = MUTED, 0.09, None
        plot.add_layout(shade)


def _range(start: float, end: float) -> Any:
    from bokeh.models import Range1d

    return Range1d(start, end, bounds=(min(start, end), max(start, end)))


def _span(result: Result) -> tuple[float, float]:
    return result.start, result.start + max(result.duration, result.dt)


def _spikes(result: Result, names: Sequence[str]) -> int:
    return sum(len(result.spikes[name]) for name in names)


def _bin_width(duration: float) -> float:
    """ms: 5, or more of a long run."""
    return max(5.0, float(-(-duration // MOST_BINS)))


def _ordinal(number: int) -> str:
    ending = (
        "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    )
    return f"{number:,}{ending}"
