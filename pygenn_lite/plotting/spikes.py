"""Pictures of spikes: rasters and rates over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pygenn_lite.declaration.steps import nearest_steps
from pygenn_lite.errors import ArgumentError
from pygenn_lite.old_names import with_old_arguments
from pygenn_lite.plotting.axes import (
    check_count,
    is_topmost,
    legend_above,
    mark_warmup,
    muted,
    new_axes,
    ordinal,
    say_nothing,
    short,
    titled,
    window,
    window_note,
)
from pygenn_lite.plotting.colors import population_colors
from pygenn_lite.plotting.style import styled
from pygenn_lite.plotting.thinned import chosen_spikes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pygenn_lite.runtime.results.result import Result

MOST_ROWS = 4000  # neurons in a raster: about as many as a picture has lines
FEW_NEURONS = 20  # rows that can be labelled one by one


@styled
@with_old_arguments("plotting.raster")
def raster(
    result: Result,
    ax: Axes | None = None,
    *,
    populations: Sequence[str] | None = None,
    start: float | None = None,
    stop: float | None = None,
    warmup: float = 0.0,
    most_neurons: int = MOST_ROWS,
) -> Axes:
    """Draw spikes as dots, populations above one another, each as high as many neurons of it were
    recorded.

    Of large networks every k-th neuron is shown, with the same k for all populations, so that
    densities can be compared.

    Parameters
    ----------
    result : Result
        Of a run that recorded spikes.
    ax : Axes, optional
        Where to draw; a new figure by default.
    populations : sequence of str, optional
        Which, from top to bottom; all that were recorded by default.
    start, stop : float, optional
        Window in ms; by default all, or the last second of a run longer than two.
    warmup : float
        ms at the start of the run that are marked as not counted.
    most_neurons : int
        How many neurons to show at most.
    """
    from pygenn_lite.plotting.ticks import label_bands, label_neurons

    most_neurons = check_count(most_neurons, "most_neurons")
    ax = new_axes(ax, (8.0, 5.0))
    names = recorded_populations(result, populations)
    colors = population_colors(list(result.sizes))
    begin, end = window(result, start, stop)
    dots, neurons, stride = chosen_spikes(result, names, (begin, end), most_neurons)
    total = sum(len(times) for times, _ in dots.values())
    rows = [len(neurons[name]) for name in names]
    offsets = np.concatenate([[0], np.cumsum(rows)])
    few = offsets[-1] <= FEW_NEURONS
    mark: dict[str, Any] = {"marker": "|", "s": 60.0, "linewidths": 1.0}
    if not few:
        mark = {"marker": ".", "linewidths": 0, "s": float(np.clip(6e4 / max(total, 1), 0.8, 6.0))}
    for name, offset in zip(names, offsets, strict=False):
        times, places = dots[name]
        ax.scatter(times, offset + places, color=colors[name], rasterized=not few, **mark)
    for offset in offsets[1:-1]:
        ax.axhline(offset - 0.5, color=muted(), alpha=0.3, linewidth=0.6, zorder=0)
    if len(names) == 1 or few:
        label_neurons(ax, neurons)
    else:
        label_bands(ax.yaxis, offsets[:-1] + (np.array(rows) - 1) / 2, rows, names)
    ax.set_ylim(max(offsets[-1], 1) - 0.5, -0.5)
    ax.set_xlim(begin, end)
    ax.set_xlabel("time (ms)")
    if total == 0:
        say_nothing(ax, "no spikes")
    thinned = f"every {ordinal(stride)} neuron" if stride > 1 else ""
    shaded = mark_warmup(ax, result, warmup)
    titled(ax, "spikes", window_note(result, begin, end), thinned, shaded)
    return ax


@styled
@with_old_arguments("plotting.rate_curves")
def rate_curves(
    result: Result,
    ax: Axes | None = None,
    *,
    populations: Sequence[str] | None = None,
    start: float | None = None,
    stop: float | None = None,
    warmup: float = 0.0,
    bin_ms: float = 5.0,
    legend: bool = True,
) -> Axes:
    """Draw the rate of each population over time, in bins.

    Parameters
    ----------
    result, ax, populations, start, stop, warmup
        As in `raster`.
    bin_ms : float
        Width of a bin, ms: a whole number of steps. The last bin may be shorter.
    legend : bool
        Whether to say which curve is whose, of up to four.
    """
    ax = new_axes(ax, (8.0, 2.5))
    names = recorded_populations(result, populations)
    colors = population_colors(list(result.sizes))
    begin, end = window(result, start, stop)
    highest = 0.0
    for name in names:
        binned = result.binned(name, bin_ms, begin, end)
        highest = max(highest, float(binned.rates.max(initial=0.0)))
        ax.plot(
            binned.times, binned.rates, color=colors[name], linewidth=0.9, alpha=0.85,
            label=short(name),
        )  # fmt: skip
    ax.set_xlim(begin, end)
    ax.set_ylim(0, 1.05 * highest if highest else 1.0)
    ax.set_xlabel("time (ms)")
    ax.set_ylabel("rate (Hz)")
    if not highest:
        say_nothing(ax, "no spikes")
    note = window_note(result, begin, end) if is_topmost(ax) else ""
    titled(
        ax, "population rates", f"bins of {bin_ms:.4g} ms", note, mark_warmup(ax, result, warmup)
    )
    if legend and len(names) <= 4:
        legend_above(ax, ncols=len(names))
    return ax


def recorded_populations(result: Result, populations: Sequence[str] | None) -> list[str]:
    """Populations to draw, or all that were recorded; refuses what was not."""
    if isinstance(populations, str):
        populations = [populations]
    names = list(result.spikes) if populations is None else list(populations)
    missing = [name for name in names if name not in result.spikes]
    if missing or not names:
        what = f"spikes of '{missing[0]}'" if missing else "spikes"
        raise ArgumentError(f"no {what} were recorded", hint="declare net.record(exc.spikes)")
    order = list(result.sizes)
    return sorted(names, key=order.index) if populations is None else names


def spikes_after(result: Result, name: str, warmup: float) -> tuple[Any, Any]:
    """Steps and neurons of a population's spikes, without those of a warm-up."""
    train = result.spikes[name]
    first = result.start_step + int(nearest_steps(warmup, result.dt))
    begin = int(np.searchsorted(train.steps, first, "right")) if warmup else 0
    return train.steps[begin:], train.indices[begin:]
