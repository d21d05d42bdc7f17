"""Plots over swept values: curves of one, heat maps of several, points where values are drawn."""

from __future__ import annotations

from typing import Any

from pygenn_lite.records import dataclass
from pygenn_lite.reports.look import (
    FONT,
    MAP,
    MISSING,
    MUTED,
    Axes,
    add_legend,
    label_bands,
    new_figure,
    small,
)
from pygenn_lite.reports.page import Plot, asset
from pygenn_lite.reports.run_columns import RunColumns, series_of, unit_of
from pygenn_lite.reports.swept_axes import SweptAxes

MOST_PANELS = 6
# What plots hold until their script fills them: ranges need something to go by.
START = {"xs": [[1.0, 2.0]], "ys": [[1.0, 2.0]], "color": ["white"]}
STATISTICS = [
    ("mean", "mean over repeats"),
    ("spread", "spread over repeats (standard deviation)"),
    ("runs", "number of runs"),
    ("failed", "number of failed runs"),
]


@dataclass(frozen=True)
class SweepPlots:
    """The plots of a batch's measures, and what a click on them is handed to.

    Attributes
    ----------
    plots : list of Plot
    update : object
        The callback that fills them; it runs when the page is there.
    mode : {"grid", "points", "first"}
    clicked : object, optional
        The data source whose points or cells can be clicked on.
    controls : dict
        Select boxes by what they choose.
    """

    plots: list[Plot]
    update: Any
    mode: str
    clicked: Any = None
    controls: dict[str, Any] | None = None


def sweep_plots(columns: RunColumns, axes: SweptAxes) -> SweepPlots:
    """The plots that fit the number and the kind of dimensions."""
    if axes.sampled:
        return _points(columns, axes)
    return _curve(columns, axes) if len(axes.axes) == 1 else _grid(columns, axes)


def _grid(columns: RunColumns, axes: SweptAxes) -> SweepPlots:
    from bokeh.layouts import column, row
    from bokeh.models import ColumnDataSource, CustomJS

    known = [
        {"name": a.name, "label": a.label, "short": a.label, "levels": list(a.levels),
         "codes": f"codes {number}", "places": f"places {number}"}
        for number, a in enumerate(axes.axes)
    ]  # fmt: skip
    names = [axis.name for axis in axes.axes]
    controls: dict[str, Any] = {
        "measure": select("Measure", [(name, unit_of(name)) for name in columns.measures]),
        "statistic": select("Shown", STATISTICS),
        "x": select("Along x", [(a.name, a.label) for a in axes.axes], names[0]),
        "y": select("Along y", [(a.name, a.label) for a in axes.axes], names[1]),
        "fixed": [
            select(a.label, [("", "mean over all"), *((str(n), v) for n, v in enumerate(a.levels))])
            for a in axes.axes
        ],
    }
    cells = ColumnDataSource({name: [] for name in CELLS})
    heat, heat_parts = _heat_map(cells)
    lines = ColumnDataSource(START | {"label": [""]})
    curves, curve_parts = _level_curves(lines)
    update = CustomJS(
        args={
            "runs": columns.source, "axes": known, "cells": cells, "curves": lines, "heat": heat,
            "units": {name: unit_of(name) for name in columns.measures},
            "palette": _palette()[::8], **heat_parts, **curve_parts, **controls,
        },
        code=asset("grid.js"),
    )  # fmt: skip
    for control in (*(controls[n] for n in ("measure", "statistic", "x", "y")), *controls["fixed"]):
        control.js_on_change("value", update)
    shown = [controls["measure"], controls["statistic"]]
    choices = [controls["x"], controls["y"], *controls["fixed"]]
    lead = [row(shown, sizing_mode="stretch_width", styles={"flex-wrap": "wrap"})]
    if len(names) > 2:
        lead.append(row(choices, sizing_mode="stretch_width", styles={"flex-wrap": "wrap"}))
    words = "Grey: no value. Click on a cell for the raster of a kept run nearby."
    plots = [
        Plot(column(lead, sizing_mode="stretch_width")),
        Plot(heat, words, False),
        Plot(curves, "Means along x, for some of the levels of y.", False),
    ]
    return SweepPlots(plots, update, "grid", cells, controls)


CELLS = ("x", "y", "shown", "mean", "spread", "runs", "failed", "x_level", "y_level")


def _heat_map(cells: Any) -> tuple[Any, dict[str, Any]]:
    from bokeh.models import FixedTicker, HoverTool, Range1d, TapTool

    plot = new_figure(
        Axes("", "", height=430, x_range=Range1d(-0.5, 0.5), y_range=Range1d(-0.5, 0.5), zoom="")
    )
    mapper, bar = color_scale(plot)
    color = {"field": "shown", "transform": mapper}
    glyph = plot.rect(  # lines in the same colour: no gaps between cells
        "x", "y", width=1, height=1, source=cells, dilate=True, fill_color=color, line_color=color,
        line_width=0.6, name="cells",
    )  # fmt: skip
    glyph.nonselection_glyph = None
    glyph.selection_glyph = glyph.glyph.clone(line_color="#ffffff", line_width=2.5)
    tips = [
        ("", "@x_level, @y_level"), ("mean", "@mean{0.0000}"), ("spread", "@spread{0.0000}"),
        ("runs", "@runs"), ("failed", "@failed"),
    ]  # fmt: skip
    plot.add_tools(TapTool(), HoverTool(renderers=[glyph], tooltips=tips))
    plot.grid.visible = False
    parts: dict[str, Any] = {"mapper": mapper, "bar": bar}
    for axis, name in ((plot.xaxis[0], "x"), (plot.yaxis[0], "y")):
        axis.ticker = FixedTicker(ticks=[])
        axis.formatter = _level_names()
        parts |= {f"{name}_axis": axis, f"{name}_ticker": axis.ticker}
        parts[f"{name}_formatter"] = axis.formatter
    return plot, parts


def _level_curves(lines: Any) -> tuple[Any, dict[str, Any]]:
    from bokeh.models import FixedTicker

    plot = new_figure(Axes("", "", height=430, zoom=""))
    plot.multi_line(
        "xs", "ys", source=lines, color="color", line_width=2, legend_field="label",
    )  # fmt: skip
    add_legend(plot, "right")
    plot.legend[0].click_policy = "none"
    plot.xaxis[0].ticker = FixedTicker(ticks=[])
    plot.xaxis[0].formatter = _level_names()
    return plot, {
        "curve_x_axis": plot.xaxis[0],
        "curve_y_axis": plot.yaxis[0],
        "curve_ticker": plot.xaxis[0].ticker,
        "curve_formatter": plot.xaxis[0].formatter,
    }


def _curve(columns: RunColumns, axes: SweptAxes) -> SweepPlots:
    from bokeh.layouts import column
    from bokeh.models import ColumnDataSource, CustomJS, TapTool

    (axis,) = axes.axes
    groups = series_of(columns.measures)
    measure = select("Measure", [(name, name) for name in groups])
    plot = new_figure(Axes(axis.label, "", height=400, x_log=axis.log, zoom="both"))
    lines = ColumnDataSource(START | {"label": [""]})
    bands = ColumnDataSource(START)
    points = ColumnDataSource({"x": [1.0], "y": [1.0], "color": ["white"], "run": [0]})
    plot.patches("xs", "ys", source=bands, color="color", fill_alpha=0.13, line_color=None)
    dots = plot.scatter("x", "y", source=points, color="color", size=5, alpha=0.35, name="points")
    dots.nonselection_glyph = None
    plot.multi_line("xs", "ys", source=lines, color="color", line_width=2.2, legend_field="label")
    plot.add_tools(TapTool(renderers=[dots]))
    add_legend(plot)
    plot.legend[0].click_policy = "none"
    places = [float(v) for v in _level_values(axis)]
    if not axis.numeric:
        label_bands(plot.xaxis[0], places, axis.levels)
    update = CustomJS(
        args={
            "runs": columns.source, "axis": {"codes": "codes 0", "values": places},
            "groups": groups, "measure": measure, "line_source": lines, "band_source": bands,
            "point_source": points, "y_axis": plot.yaxis[0],
            "units": {name: unit_of(name) for name in groups},
        },
        code=asset("curve.js"),
    )  # fmt: skip
    measure.js_on_change("value", update)
    words = (
        "Lines: means over repeats; bands: one standard deviation; points: single runs. "
        "Click on a point for the raster of a kept run nearby."
    )
    plots = [Plot(column(measure, sizing_mode="stretch_width")), Plot(plot, words)]
    return SweepPlots(plots, update, "points", points, {"measure": measure})


def _points(columns: RunColumns, axes: SweptAxes) -> SweepPlots:
    from bokeh.layouts import row
    from bokeh.models import ColumnDataSource, CustomJS, HoverTool, TapTool

    source = columns.source
    sampled = []
    for number, axis in enumerate(axes.axes):
        source.data[f"axis {number}"] = small(axis.values)
        sampled.append({"name": axis.name, "label": axis.label, "column": f"axis {number}"})
    choices = [(axis.name, axis.label) for axis in axes.axes]
    measure = select("Measure", [(name, unit_of(name)) for name in columns.measures])
    x = select("Along x", choices, choices[0][0])
    y = select("Along y", choices, choices[min(1, len(choices) - 1)][0])
    names = ["run", "shown", "x", "y", *(f"value_{n}" for n in range(len(sampled)))]
    points = ColumnDataSource({name: [1.0] for name in names})
    plot = new_figure(Axes("", "", height=430, zoom="both"))
    mapper, bar = color_scale(plot)
    color = {"field": "shown", "transform": mapper}
    dots = plot.scatter("x", "y", source=points, color=color, size=6, alpha=0.85, name="points")
    tips = [("", "@x, @y"), ("measure", "@shown{0.0000}")]
    plot.add_tools(TapTool(), HoverTool(renderers=[dots], tooltips=tips))
    panels = [_panel(axis, number, points, color) for number, axis in enumerate(axes.axes)]
    panels = panels[:MOST_PANELS]
    update = CustomJS(
        args={
            "runs": source, "sampled": sampled, "points": points, "measure": measure, "x": x,
            "y": y, "mapper": mapper, "bar": bar, "x_axis": plot.xaxis[0],
            "y_axis": plot.yaxis[0], "panel_axes": [panel.model.yaxis[0] for panel in panels],
            "units": {name: unit_of(name) for name in columns.measures},
        },
        code=asset("scatter.js"),
    )  # fmt: skip
    for control in (measure, x, y):
        control.js_on_change("value", update)
    several = len(choices) > 1
    lead = row(
        [measure, x, y] if several else [measure], sizing_mode="stretch_width",
        styles={"flex-wrap": "wrap"},
    )  # fmt: skip
    words = "Each point is a run. Click on one for the raster of a kept run nearby."
    plots = [Plot(lead), *([Plot(plot, words)] if several else []), *panels]
    return SweepPlots(plots, update, "points", points, {"measure": measure})


def _panel(axis: Any, number: int, points: Any, color: Any) -> Plot:
    """A measure against one dimension; what is boxed in here is marked in all plots."""
    from bokeh.models import BoxSelectTool, TapTool

    plot = new_figure(Axes(axis.label, "", height=260, x_log=axis.log, zoom=""))
    plot.scatter(f"value_{number}", "shown", source=points, color=color, size=4, alpha=0.8)
    plot.add_tools(BoxSelectTool(), TapTool())
    return Plot(plot, wide=False)


def color_scale(plot: Any) -> tuple[Any, Any]:
    """A scale of colours for a plot, and the bar beside it."""
    from bokeh.models import ColorBar, LinearColorMapper

    mapper = LinearColorMapper(palette=MAP, low=0, high=1, nan_color=MISSING)
    bar = ColorBar(
        color_mapper=mapper, width=12, title_text_font=FONT, title_text_font_size="12px",
        title_text_font_style="normal", title_text_color=MUTED, major_label_text_font=FONT,
        major_label_text_font_size="12px", major_label_text_color=MUTED, bar_line_color=None,
        major_tick_line_color=None, background_fill_alpha=0.0, padding=4,
    )  # fmt: skip
    plot.add_layout(bar, "right")
    return mapper, bar


def select(title: str, options: list[tuple[str, str]], value: str | None = None) -> Any:
    """A select box."""
    from bokeh.models import Select

    first = options[0][0] if options else ""
    return Select(
        title=title, options=options, value=first if value is None else value, width=230,
        styles={"font-family": FONT},
    )  # fmt: skip


def _level_names() -> Any:
    from bokeh.models import CustomJSTickFormatter

    return CustomJSTickFormatter(args={"levels": []}, code='return levels[Math.round(tick)] ?? ""')


def _level_values(axis: Any) -> list[float]:
    return sorted(set(axis.values.tolist()))


def _palette() -> tuple[str, ...]:
    from bokeh.palettes import Viridis256

    return tuple(Viridis256)
