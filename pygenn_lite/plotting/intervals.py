"""Pictures of interspike intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pygenn_lite.declaration.steps import nearest_steps
from pygenn_lite.errors import ArgumentError
from pygenn_lite.old_names import with_old_arguments
from pygenn_lite.plotting.axes import check_count, check_time, new_axes, say_nothing, short, titled
from pygenn_lite.plotting.colors import population_colors
from pygenn_lite.plotting.spikes import recorded_populations, spikes_after
from pygenn_lite.plotting.style import styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pygenn_lite.runtime.results.result import Result

FEWEST_INTERVALS = 3  # of a neuron, for a coefficient of variation


@styled
@with_old_arguments("plotting.isi_histogram")
def isi_histogram(
    result: Result,
    ax: Axes | None = None,
    *,
    populations: Sequence[str] | None = None,
    warmup: float = 0.0,
    bins: int = 50,
    longest: float | None = None,
) -> Axes:
    """Draw how the intervals between successive spikes of a neuron are distributed.

    Curves are densities: the area below each is 1 (or the share of intervals up to ``longest``).
    The legend gives each population's coefficient of variation, the mean over neurons with at least
    three intervals: 0 for regular spikes, 1 for a Poisson process.

    Parameters
    ----------
    result : Result
        Of a run that recorded spikes.
    ax : Axes, optional
        Where to draw; a new figure by default.
    populations : sequence of str, optional
        Which; all that were recorded by default.
    warmup : float
        ms at the start of the run whose spikes are left out.
    bins : int
        Number of bins.
    longest : float, optional
        Longest interval to draw, ms; by default all, or 99 % of them where few are much longer.
    """
    bins = check_count(bins, "bins")
    warmup = check_time(warmup, "warmup", 0.0)
    if longest is not None and check_time(longest, "longest") <= 0:
        raise ArgumentError(f"longest = {longest!r}", hint="give ms, above 0")
    ax = new_axes(ax, (5.0, 3.5))
    names = recorded_populations(result, populations)
    colors = population_colors(list(result.sizes))
    found = {name: _intervals(*spikes_after(result, name, warmup), result.dt) for name in names}
    reach, note = (longest, "") if longest else _reach([i for i, _ in found.values()])
    # Bins of whole steps whose edges lie between steps, so that no interval lies on one.
    width = max(1, -(-int(nearest_steps(reach, result.dt)) // bins))
    edges = (np.arange(bins + 1) * width + 0.5) * result.dt
    edges[0] = 0.0
    for name, (intervals, variation) in found.items():
        counts, _ = np.histogram(intervals, bins=edges)
        density = counts / max(len(intervals), 1) / np.diff(edges)
        said = "" if variation is None else f" (CV {variation:.2f})"
        ax.stairs(density, edges, color=colors[name], label=short(name) + said, linewidth=1.2)
    if not any(len(intervals) for intervals, _ in found.values()):
        say_nothing(ax, "no intervals")
    ax.set_xlim(0.0, edges[-1])
    ax.set_ylim(bottom=0.0)
    ax.set_xlabel("interval (ms)")
    ax.set_ylabel("density (1/ms)")
    titled(ax, "interspike intervals", f"after {warmup:g} ms" if warmup else "", note)
    if len(names) <= 8:
        ax.legend(loc="upper right")
    return ax


def _reach(intervals: list[Any]) -> tuple[float, str]:
    """Up to which interval to draw, and words for what is left out."""
    known = [each for each in intervals if len(each)]
    whole = max((float(each.max()) for each in known), default=0.0)
    most = max((float(np.percentile(each, 99)) for each in known), default=0.0)
    return (whole, "") if whole <= 1.5 * most else (most, "longest 1 % not shown")


def _intervals(steps: Any, neurons: Any, dt: float) -> tuple[Any, float | None]:
    """Intervals of all neurons, ms, and the mean coefficient of variation of those with several."""
    order = np.lexsort((steps, neurons))
    steps, neurons = steps[order], neurons[order]
    same = neurons[1:] == neurons[:-1]
    intervals = np.diff(steps)[same] * dt
    if not len(intervals):
        return intervals, None
    owners = np.unique(neurons[1:][same], return_inverse=True)[1]
    number = np.bincount(owners)
    mean = np.bincount(owners, intervals) / number
    spread = np.bincount(owners, (intervals - mean[owners]) ** 2) / number
    several = number >= FEWEST_INTERVALS
    if not several.any():
        return intervals, None
    return intervals, float(np.mean(np.sqrt(spread[several]) / mean[several]))
