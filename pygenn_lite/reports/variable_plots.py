"""Plots of a result's recorded variables and of the weights of its plastic groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pygenn_lite.plotting.colors import neuron_colors, population_colors
from pygenn_lite.reports.look import BLUE, Axes, add_legend, joined, new_figure, short, small
from pygenn_lite.reports.page import Plot
from pygenn_lite.reports.thinning import envelope
from pygenn_lite.runtime.results.final_weights import WeightHistogram

if TYPE_CHECKING:
    from pygenn_lite.runtime.results.recorded_data import Samples
    from pygenn_lite.runtime.results.result import Result

MOST_TRACES = 8  # variables
MOST_NEURONS = 5  # of one variable
MOST_POINTS = 6_000  # of one neuron
MOST_GROUPS = 8
BINS = 60


def trace_plots(result: Result, x_range: Any = None) -> list[Plot]:
    """A plot of each recorded variable, with one axis of time.

    Parameters
    ----------
    result : Result
    x_range : object, optional
        Bokeh's, of a plot whose zoom they follow.
    """
    plots = []
    every = [(o, v) for o in result.traces for v in result.traces[o]]
    shared = x_range
    for owner, variable in every[:MOST_TRACES]:
        plot = _trace(result, owner, variable, shared)
        shared = plot.model.x_range
        plots.append(plot)
    if len(every) > MOST_TRACES:
        more = f"{len(every) - MOST_TRACES} more variables were recorded and are not shown."
        last = plots[-1]
        plots[-1] = Plot(last.model, f"{last.caption} {more}".strip(), last.wide)
    return plots


def weight_plots(result: Result) -> list[Plot]:
    """How the weights of plastic groups lie at the end of the run."""
    plots = []
    for name in list(result.weights)[:MOST_GROUPS]:
        weights = result.weights[name]
        if isinstance(weights, WeightHistogram):
            counts, edges = weights.counts, weights.edges
        else:
            known = np.asarray(weights, float)
            known = known[np.isfinite(known)]
            if not len(known):
                continue
            counts, edges = np.histogram(known, bins=BINS)
        plot = new_figure(Axes("weight", "synapses", short(name, 40), height=230))
        plot.quad(
            left=small(edges[:-1]), right=small(edges[1:]), top=small(counts), bottom=0,
            fill_color=BLUE, line_color="white", line_width=0.5,
        )  # fmt: skip
        plot.y_range.start = 0
        plots.append(Plot(plot, f"{int(counts.sum()):,} synapses at the end of the run.", False))
    return plots


def _trace(result: Result, owner: str, variable: str, x_range: Any) -> Plot:
    samples: Samples = result.traces[owner][variable]
    unit = f" ({samples.unit})" if samples.unit and samples.unit != "unknown" else ""
    plot = new_figure(
        Axes("time (ms)", f"{short(variable)}{unit}", f"{short(variable)} of {short(owner)}",
             height=230, x_range=x_range, zoom="width")
    )  # fmt: skip
    base = population_colors(list(result.sizes)).get(owner, BLUE)
    number = min(samples.values.shape[1], MOST_NEURONS)
    thinned = False
    for column, color in zip(range(number), neuron_colors(base, number), strict=True):
        times, values = envelope(samples.times, samples.values[:, column], MOST_POINTS)
        thinned = thinned or len(times) < len(samples)
        plot.line(
            small(times), small(values), color=color, line_width=1.2,
            legend_label=f"neuron {samples.indices[column]}" if owner in result.sizes
            else f"synapse {samples.indices[column]}",
        )  # fmt: skip
    add_legend(plot)
    left = samples.values.shape[1] - number
    words = [
        f"minima and maxima of {len(samples):,} samples" if thinned else "",
        f"{left:,} more were recorded" if left else "",
    ]
    return Plot(plot, joined(words).capitalize())
