"""Pictures of results: rasters, rates, intervals, traces, weights, maps and learning curves.

Each function draws into ``ax`` (or makes a figure) and returns the axes. Figures are not pyplot's:
a notebook shows each once below the cell that made it, and a script shows or writes it with
`show_figure` and `save_figure`; the user's own figures, settings and backend stay as they are.
Nothing here loops over neurons.
"""

from __future__ import annotations

from pygenn_lite.plotting.colors import population_color
from pygenn_lite.plotting.display import save_figure, show_figure
from pygenn_lite.plotting.intervals import isi_histogram
from pygenn_lite.plotting.learning import (
    confusion_matrix,
    learning_curves,
    plot_training,
)
from pygenn_lite.plotting.maps import spatial_map, weight_matrix
from pygenn_lite.plotting.samples import plot_samples
from pygenn_lite.plotting.spikes import raster, rate_curves
from pygenn_lite.plotting.variables import population_rates, traces, weight_histogram
from pygenn_lite.plotting.whole import plot_result
from pygenn_lite.plotting.whole import show_result as show_result  # for result.plot()

__all__ = [
    "confusion_matrix",
    "isi_histogram",
    "learning_curves",
    "plot_result",
    "plot_samples",
    "plot_training",
    "population_color",
    "population_rates",
    "raster",
    "rate_curves",
    "save_figure",
    "show_figure",
    "spatial_map",
    "traces",
    "weight_histogram",
    "weight_matrix",
]
