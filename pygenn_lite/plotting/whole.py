"""The picture of a whole result: all there is, with one axis of time."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pygenn_lite.old_names import with_old_arguments
from pygenn_lite.plotting.axes import plain
from pygenn_lite.plotting.display import check_size, save_figure, show_figure
from pygenn_lite.plotting.spikes import raster, rate_curves
from pygenn_lite.plotting.style import FONT_SIZE, styled
from pygenn_lite.plotting.variables import population_rates, traces, weight_histogram
from pygenn_lite.runtime.notebook import notebook_shell

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pygenn_lite.runtime.results.result import Result

MOST_TRACES = MOST_WEIGHTS = 4  # variables, and plastic groups


@styled
@with_old_arguments("plotting.plot_result")
def plot_result(
    result: Result,
    path: str | Path | None = None,
    *,
    reference_rates: Mapping[str, float] | None = None,
    warmup: float = 0.0,
    start: float | None = None,
    stop: float | None = None,
    bin_ms: float = 5.0,
    title: str = "",
    figsize: tuple[float, float] | None = None,
    dpi: float | None = None,
    shown: bool | None = None,
) -> Figure:
    """Draw all there is: raster, rates over time, mean rates, up to four traces, and the weights of
    up to four plastic groups.

    The figure is not one of pyplot's. A notebook shows it once; a script does what it likes with it
    (``result.plot()`` also shows it there, see `show_figure`).

    Parameters
    ----------
    result : Result
        Of a run.
    path : str or Path, optional
        Also write it there; the ending says how (.png, .svg, .pdf).
    reference_rates : mapping of str to float, optional
        Rates to compare with.
    warmup : float
        ms at the start that the mean rates leave out; marked in the other parts.
    start, stop : float, optional
        Window of raster and curves, ms.
    bin_ms : float
        Width of the bins of the rates over time, ms.
    title : str
        Above all; the network's name by default.
    figsize : pair of float, optional
        Width and height in inches; by default as high as the parts need.
    dpi : float, optional
        Dots per inch, on the screen and in a file.
    shown : bool, optional
        Whether a notebook shows it at the end of the cell (as the cell's value it always does); by
        default if it is not written to a file.
    """
    from pygenn_lite.plotting.picture import new_figure  # brings matplotlib

    variables = [(p, v) for p in result.traces for v in result.traces[p]][:MOST_TRACES]
    groups = list(result.weights)[:MOST_WEIGHTS]
    heights = [*_spike_heights(result), *(1.0 for _ in variables)]
    natural = (10.5, min(1.2 + 1.35 * (sum(heights or [2.0]) + (1.2 if groups else 0.0)), 16.0))
    size = natural if figsize is None else figsize
    check_size(size, dpi)
    with _text_that_fits(size[0] / natural[0]):
        figure = new_figure(size, dpi, path is None if shown is None else shown)
        times, bars, histograms = _places(figure, heights, len(groups))
        span: dict[str, Any] = {"start": start, "stop": stop, "warmup": warmup}
        if len(times) > len(variables):
            raster(result, times[0], **span)
            rate_curves(result, times[1], bin_ms=bin_ms, legend=False, **span)  # bars are one
        for ax, (population, variable) in zip(reversed(times), reversed(variables), strict=False):
            traces(result, population, variable, ax, **span)
        for ax in times[:-1]:
            ax.set_xlabel("")
            ax.tick_params(labelbottom=False)
        population_rates(result, bars, reference_rates=reference_rates, warmup=warmup)
        for ax, group in zip(histograms, groups, strict=True):
            weight_histogram(result.weights[group], ax, name=group)
        heading = plain(title or result.name)
        if heading:
            font = {"fontsize": "x-large", "fontweight": "bold"}
            figure.suptitle(heading, x=0.012, ha="left", wrap=True, **font)
        if path is not None:
            save_figure(figure, path, dpi=dpi)
    return figure


def show_result(
    result: Result, path: str | Path | None = None, *, show: bool | None = None, **options: Any
) -> Figure:
    """Draw a result and show it where it is not written to a file: ``result.plot()``."""
    wanted = path is None if show is None else show
    figure = plot_result(result, path, shown=wanted, **options)
    if wanted and notebook_shell() is None:
        show_figure(figure, result.name)
    return figure


def _spike_heights(result: Result) -> list[float]:
    """Of raster and rates over time, if spikes were recorded: few neurons need less."""
    names = list(result.spikes)
    neurons = sum(result.recorded_neurons(name) for name in names)
    return [min(0.6 + 0.1 * neurons, 3.2), 1.2] if names else []


def _text_that_fits(share: float) -> AbstractContextManager[None]:
    """Smaller text in a narrower figure, where the user has not chosen its size."""
    import matplotlib

    ours = matplotlib.rcParams["font.size"] == FONT_SIZE and share < 1.0
    return matplotlib.rc_context({"font.size": max(FONT_SIZE * share**0.5, 5.0)} if ours else {})


def _places(
    figure: Figure, heights: list[float], groups: int
) -> tuple[list[Axes], Axes, list[Axes]]:
    """Axes for what goes over time, for the mean rates, and for weights.

    What goes over time stands in one column above one axis, with the mean rates beside it and the
    weights below.
    """
    rows = [*(heights or [2.0]), *([1.2] if groups else [])]
    # Columns end where something does: each that is not needed would cost a margin.
    aside = (8 if groups == 3 else 9) if heights else 0
    ends = [aside, 12, *(12 // groups * place for place in range(1, groups))]
    edges = sorted({0, *ends})
    grid = figure.add_gridspec(
        len(rows), len(edges) - 1, height_ratios=rows, width_ratios=np.diff(edges)
    )
    times: list[Axes] = []
    for row in range(len(heights)):
        sharex = times[0] if times else None
        times.append(figure.add_subplot(grid[row, : edges.index(aside)], sharex=sharex))
    bars = figure.add_subplot(grid[0 : min(2, max(len(heights), 1)), edges.index(aside) :])
    parts = [edges.index(12 // groups * place) for place in range(groups + 1)] if groups else []
    strip = [figure.add_subplot(grid[-1, a:b]) for a, b in pairwise(parts)]
    return times, bars, strip
