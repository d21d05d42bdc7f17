"""How the plots of reports look: one figure to begin with, colours, fonts, tools."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from pygenn_lite.records import dataclass

FONT = "Inter, 'Segoe UI', system-ui, -apple-system, 'Helvetica Neue', Arial, sans-serif"
TEXT, MUTED, LINE, GRID = "#1c2430", "#5b6675", "#aab2bd", "#e8ebf0"
BLUE = "#1f4e9e"  # that of plotting/colors.py
MISSING = "#e3e6eb"  # a cell without a value
MAP = "Viridis256"  # perceptually uniform, also in grey and for the colour-blind


@dataclass(frozen=True)
class Axes:
    """What stands along the axes of a plot.

    Attributes
    ----------
    x, y : str
        Labels, with units.
    title : str
    height : int
        Pixels.
    x_range, y_range : object, optional
        Of Bokeh, or pairs of numbers.
    x_log, y_log : bool
    zoom : str
        ``"both"``, ``"width"``, or ``""`` for plots that are too small for it.
    """

    x: str
    y: str
    title: str = ""
    height: int = 300
    x_range: Any = None
    y_range: Any = None
    x_log: bool = False
    y_log: bool = False
    zoom: str = "both"


def new_figure(axes: Axes) -> Any:
    """An empty plot in our style. Dragging zooms, a double click shows all again."""
    from bokeh.events import DoubleTap
    from bokeh.models import BoxZoomTool, CustomJS, PanTool, ResetTool, WheelZoomTool
    from bokeh.plotting import figure

    ranges = {
        name: given
        for name, given in (("x_range", axes.x_range), ("y_range", axes.y_range))
        if given is not None
    }
    plot = figure(
        height=axes.height, sizing_mode="stretch_width", title=axes.title or None, tools="",
        x_axis_type="log" if axes.x_log else "linear", toolbar_location=None,
        y_axis_type="log" if axes.y_log else "linear", **ranges,
    )  # fmt: skip
    if axes.zoom:
        dimensions: Any = axes.zoom if axes.zoom != "both" else "both"
        drag = BoxZoomTool(dimensions=dimensions)
        plot.add_tools(drag, PanTool(dimensions=dimensions), WheelZoomTool(), ResetTool())
        plot.toolbar.active_drag = drag
        plot.toolbar.active_scroll = None  # the page scrolls
        plot.toolbar_location = "right"
        plot.toolbar.logo = None
        plot.toolbar.autohide = True
        reset = CustomJS(args={"plot": plot}, code="plot.reset.emit()")
        plot.js_on_event(DoubleTap, reset)
    _style(plot)
    plot.xaxis.axis_label, plot.yaxis.axis_label = axes.x, axes.y
    return plot


def _style(plot: Any) -> None:
    plot.background_fill_alpha = plot.border_fill_alpha = 0.0
    plot.outline_line_color = None
    plot.min_border_left, plot.min_border_right = 64, 12
    for axis in (plot.xaxis, plot.yaxis):
        axis.axis_label_text_font = axis.major_label_text_font = FONT
        axis.axis_label_text_font_style, axis.axis_label_text_font_size = "normal", "13px"
        axis.major_label_text_font_size = "12px"
        axis.axis_label_text_color, axis.major_label_text_color = TEXT, MUTED
        axis.axis_line_color = axis.major_tick_line_color = LINE
        axis.minor_tick_line_color = None
        axis.major_tick_in = 0
    plot.grid.grid_line_color = GRID
    if plot.title is not None:
        plot.title.text_font, plot.title.text_font_size = FONT, "14px"
        plot.title.text_color = TEXT


def add_legend(plot: Any, place: str = "above") -> None:
    """Say which colour is whose, above or right of a plot. A click on a name hides its curve."""
    if not plot.legend:
        return
    legend = plot.legend[0]
    legend.label_text_font, legend.label_text_font_size = FONT, "12px"
    legend.label_text_color = TEXT
    legend.border_line_color = None
    legend.background_fill_alpha = 0.0
    legend.click_policy = "hide"
    legend.glyph_height = legend.glyph_width = 14
    legend.spacing, legend.padding, legend.margin = 10, 2, 2
    if place == "above":
        legend.orientation = "horizontal"
    plot.add_layout(legend, place)


def label_bands(axis: Any, places: Sequence[float], labels: Sequence[str]) -> None:
    """Words in place of numbers at an axis."""
    from bokeh.models import FixedTicker

    axis.ticker = FixedTicker(ticks=[float(place) for place in places])
    axis.major_label_overrides = {
        float(place): short(label) for place, label in zip(places, labels, strict=True)
    }
    axis.major_tick_line_color = None


def short(name: str, most: int = 22) -> str:
    """A name for a legend or an axis: not too long, and never taken for mathematics."""
    cut = name if len(name) <= most else f"{name[: most - 1]}\N{HORIZONTAL ELLIPSIS}"
    # Bokeh sets what stands between these signs as TeX, with a library that it fetches.
    return re.sub(r"(\$(?=\$)|\\(?=[\[(]))", "\\g<1>\N{ZERO WIDTH SPACE}", cut)


def shown_value(value: object) -> str:
    """A swept value or a number as text: four digits are enough to tell them apart.

    >>> shown_value(1.41421356), shown_value(400), shown_value("lif")
    ('1.414', '400', 'lif')
    """
    return f"{value:.4g}" if isinstance(value, (float, np.floating)) else str(value)


def small(values: Any) -> Any:
    """Numbers in single precision: half the bytes of a page, more digits than a screen shows."""
    return np.asarray(values, np.float32)


def joined(words: Iterable[str]) -> str:
    """Remarks below a plot, those that are there, as one line."""
    said = [word for word in words if word]
    return "; ".join(said) + "." if said else ""
