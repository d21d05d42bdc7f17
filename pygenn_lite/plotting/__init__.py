"""Pictures of results: rasters, population rates, traces, weight histograms, as matplotlib axes.

Each function draws into ``ax`` (or makes a figure) and returns the axes. Figures belong to pyplot
where pyplot is in use already, so that ``plt.show()`` shows them; else they stand for themselves
and need no display. Nothing here loops over neurons.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pygenn_lite.errors import ArgumentError, SimulationError
from pygenn_lite.plotting.parts import new_figure, population_color, styled
from pygenn_lite.plotting.spikes import raster, rate_curves
from pygenn_lite.plotting.values import population_rates, traces, weight_histogram
from pygenn_lite.runtime.files import written_at_once

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from pygenn_lite.runtime.result import Result

__all__ = [
    "plot_result",
    "population_color",
    "population_rates",
    "raster",
    "rate_curves",
    "save_figure",
    "traces",
    "weight_histogram",
]


@styled
def plot_result(
    result: Result,
    path: str | Path | None = None,
    *,
    published: Mapping[str, float] | None = None,
    settle: float = 0.0,
    start: float | None = None,
    stop: float | None = None,
    title: str = "",
) -> Figure:
    """Draw all there is: raster, rates over time, mean rates, up to four traces, and the weights of
    up to four plastic groups.

    Parameters
    ----------
    result : Result
        Of a run.
    path : str or Path, optional
        Also write it there; the ending says how (.png, .svg, .pdf).
    published : mapping of str to float, optional
        Rates to compare with.
    settle : float
        ms at the start that the mean rates leave out.
    start, stop : float, optional
        Window of raster and curves, ms.
    title : str
        Above all; the network's name by default.
    """
    recorded = [(p, v) for p in result.traces for v in result.traces[p]][:4]
    spikes = any(True for _ in result.spikes)
    learned = list(result.weights)[:4]
    heights = ([3.2, 1.2] if spikes else [2.0]) + [1.0] * (len(recorded) + len(learned))
    height = 1.9 + 1.35 * sum(heights)
    figure = new_figure((10.5 if spikes else 8.0, min(height, 16.0)))
    grid = figure.add_gridspec(
        len(heights), 2, width_ratios=[3.0, 1.0], height_ratios=heights
    )  # fmt: skip
    rows = slice(0, 2 if len(result.sizes) > 5 else 1)  # a tall column for many bars
    span: dict[str, Any] = {"start": start, "stop": stop}
    if spikes:
        raster(result, figure.add_subplot(grid[0, 0]), **span)
        rate_curves(result, figure.add_subplot(grid[1, 0]), **span)
    population_rates(
        result, figure.add_subplot(grid[rows, 1] if spikes else grid[0, :]),
        published=published, settle=settle,
    )  # fmt: skip
    row = 2 if spikes else 1
    for place, (population, variable) in enumerate(recorded):
        traces(result, population, variable, figure.add_subplot(grid[row + place, :]), **span)
    for place, group in enumerate(learned, row + len(recorded)):
        weight_histogram(result.weights[group], figure.add_subplot(grid[place, :]), name=group)
    heading = title or result.name
    if heading:
        figure.suptitle(_plain(heading), x=0.012, ha="left", fontsize=12, fontweight="bold")
    if path is not None:
        save_figure(figure, path)
    return figure


def save_figure(figure: Figure, path: str | Path) -> Path:
    """Write a figure; the ending of the name says how.

    Raises
    ------
    ArgumentError
        The ending is unknown.
    SimulationError
        The file cannot be written.
    """
    target = Path(path)
    known = sorted(figure.canvas.get_supported_filetypes())
    if target.suffix.lstrip(".").lower() not in known:
        raise ArgumentError(
            f"cannot write a picture as '{target.name}'",
            cure=f"end the name in .{', .'.join(known)}",
        )
    try:
        with written_at_once(target) as aside:  # an old picture survives a full disk
            figure.savefig(aside, dpi=150)
    except OSError as error:
        raise SimulationError(f"cannot write '{target}': {error.strerror or error}") from None
    return target


def _plain(text: str) -> str:
    return text.replace("$", r"\$")  # no mathematics in a user's title
