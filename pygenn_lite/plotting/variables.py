"""Pictures of mean rates, traces and weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pygenn_lite.declaration.numeric import plain_indices
from pygenn_lite.declaration.summary import counted, listed
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.old_names import with_old_arguments
from pygenn_lite.plotting.axes import (
    check_count,
    check_time,
    is_topmost,
    legend_above,
    mark_warmup,
    muted,
    new_axes,
    plain,
    short,
    titled,
    window,
    window_note,
)
from pygenn_lite.plotting.colors import neuron_colors, population_colors
from pygenn_lite.plotting.style import styled
from pygenn_lite.runtime.results.final_weights import WeightHistogram

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pygenn_lite.runtime.results.recorded_data import Samples
    from pygenn_lite.runtime.results.result import Result

MOST_NUMBERS = 24  # bars that still have their number beside them


@styled
@with_old_arguments("plotting.population_rates")
def population_rates(
    result: Result | Mapping[str, float],
    ax: Axes | None = None,
    *,
    reference_rates: Mapping[str, float] | None = None,
    warmup: float = 0.0,
) -> Axes:
    """Draw the mean rate of each population as a bar, reference rates as diamonds beside it.

    Parameters
    ----------
    result : Result or mapping of str to float
        A result, or rates in Hz by population.
    reference_rates : mapping of str to float, optional
        Rates to compare with, Hz.
    warmup : float
        ms at the start of the run that are left out.
    """
    from matplotlib import rcParams

    from pygenn_lite.plotting.ticks import label_bands

    ax = new_axes(ax, (4.0, 4.0))
    left_out = None if isinstance(result, Mapping) else _warmup(result, warmup)
    rates = dict(result) if isinstance(result, Mapping) else result.rates(left_out or 0.0)
    names = list(rates)
    places = np.arange(len(names))
    colors = population_colors(names)
    ax.barh(places, list(rates.values()), height=0.62, color=[colors[n] for n in names], alpha=0.9)
    known = {name: rate for name, rate in (reference_rates or {}).items() if name in rates}
    if known:
        ax.plot(
            list(known.values()), [names.index(name) for name in known], linestyle="none",
            marker="D", markersize=0.5 * rcParams["font.size"], color=rcParams["axes.facecolor"],
            markeredgecolor=rcParams["text.color"], label="(reference)",
        )  # fmt: skip
        ax.legend(loc="upper right", handletextpad=0.1, borderaxespad=0.0, borderpad=0.0)
    for place, name in enumerate(names if len(names) <= MOST_NUMBERS else ()):
        beside = f" ({known[name]:.4g})" if name in known else ""
        ax.annotate(
            f"{_hertz(rates[name])}{beside}", (max(rates[name], known.get(name, 0.0)), place),
            (0.7 * rcParams["font.size"], 0), textcoords="offset points", va="center",
            fontsize="small", color=muted(),
        )  # fmt: skip
    label_bands(ax.yaxis, places, [1.0] * len(names), names)
    rows = max(len(names), 6)  # no monstrous bars
    ax.set_ylim(rows - 0.5, -0.5 - (0.09 * rows if known else 0.0))  # the legend stands above
    ax.set_xlim(
        0, (1.5 if known else 1.25) * max([*rates.values(), *known.values()], default=0.0) or 1.0
    )
    ax.set_xlabel("rate (Hz)")
    titled(ax, f"mean rates after {left_out:g}\N{NO-BREAK SPACE}ms" if left_out else "mean rates")
    return ax


def _hertz(rate: float) -> str:
    """Three digits, a nought at the end included: 5.90 beside 4.39."""
    return f"{rate:#.3g}".rstrip(".") if 0.01 <= rate < 999.5 else f"{rate:.3g}"


@styled
@with_old_arguments("plotting.traces")
def traces(
    result: Result,
    population: str,
    variable: str = "V",
    ax: Axes | None = None,
    *,
    neurons: Iterable[int] | None = None,
    start: float | None = None,
    stop: float | None = None,
    warmup: float = 0.0,
) -> Axes:
    """Draw a recorded variable over time.

    Parameters
    ----------
    result : Result
        Of a run that recorded the variable.
    population, variable : str
        What to draw.
    ax : Axes, optional
        Where to draw; a new figure by default.
    neurons : iterable of int, optional
        Which neurons; the first five that were recorded by default.
    start, stop : float, optional
        Window in ms.
    warmup : float
        ms at the start of the run that are marked as not counted.
    """
    from matplotlib import rcParams
    from matplotlib.colors import to_hex

    ax = new_axes(ax, (8.0, 2.5))
    if population not in result.traces or variable not in result.traces[population]:
        raise ArgumentError(
            f"'{variable}' of '{population}' was not recorded",
            hint=f"declare net.record({population}['{variable}'][:5])",
        )
    trace = result.traces[population][variable]
    begin, end = window(result, start, stop)
    inside = slice(*np.searchsorted(trace.times, [begin, end + 1e-9]))
    columns = _columns(trace, neurons, f"'{variable}' of '{population}'")
    before, after = plain(population if len(population) <= 8 else "") + "[", "]"
    own = population_colors(list(result.sizes)).get(population)
    if own is None:  # a variable of a synapse group's receptor, in the neurons of its target
        before, after, own = "neuron ", "", to_hex(rcParams["text.color"])
    for column, color in zip(columns, neuron_colors(own, len(columns)), strict=True):
        times, values = _envelope(trace.times[inside], trace.values[inside, column])
        ax.plot(
            times, values, color=color, linewidth=0.9,
            label=f"{before}{int(trace.indices[column])}{after}",
        )  # fmt: skip
    ax.set_xlim(begin, end)
    ax.set_xlabel("time (ms)")
    ax.set_ylabel(f"{short(variable)} ({plain(trace.unit)})" if trace.unit else short(variable))
    note = window_note(result, begin, end) if is_topmost(ax) else ""
    titled(ax, f"{short(variable)} of {short(population)}", note, mark_warmup(ax, result, warmup))
    if 0 < len(columns) <= 5:
        legend_above(ax, ncols=len(columns))
    return ax


@styled
def weight_histogram(
    weights: Any, ax: Axes | None = None, *, bins: int = 60, name: str = ""
) -> Axes:
    """Draw how the weights of a synapse group are distributed.

    Parameters
    ----------
    weights : array_like, WeightHistogram or synapse group
        Weights, as an array or as `Result.weights` has them, or a group of a simulation
        (``sim["exc_inh"]``).
    bins : int
        Number of bins.
    name : str
        For the title.
    """
    from matplotlib.ticker import MaxNLocator

    counts, edges, mean = _distribution(weights, check_count(bins, "bins"))
    ax = new_axes(ax, (5.0, 3.5))
    color, contrast = population_colors(["weights", "mean"]).values()
    ax.hist(edges[:-1], bins=edges, weights=counts, color=color, alpha=0.9)
    number = int(counts.sum())
    if number:
        ax.axvline(mean, color=contrast, linewidth=1.2)
    ax.set_xlabel("weight")
    ax.yaxis.set_major_locator(MaxNLocator(nbins="auto", integer=True))
    ax.set_ylabel("synapses")
    label = name or getattr(weights, "name", "")
    of = f" of {plain(label)}" if label else ""
    titled(ax, f"{counted(number, 'weight')}{of}", f"mean {mean:.4g}" if number else "")
    return ax


def _columns(trace: Samples, neurons: Iterable[int] | None, what: str) -> Any:
    """Which columns of a trace to draw."""
    if neurons is None:
        return np.arange(min(5, len(trace.indices)))
    places = {int(index): column for column, index in enumerate(trace.indices)}
    several = isinstance(neurons, Iterable) and getattr(neurons, "ndim", 1) != 0
    given = list(neurons) if several else [neurons]
    wanted = plain_indices(given, "neurons", error=ArgumentError).tolist()
    missing = [neuron for neuron in wanted if neuron not in places]
    if missing:
        raise ArgumentError(
            f"{what} was not recorded of neuron {missing[0]}",
            hint=f"choose from {listed(map(str, places))}",
        )
    return np.array([places[neuron] for neuron in wanted], dtype=np.int64)


def _distribution(weights: Any, bins: int) -> tuple[Any, Any, float]:
    """Counts, edges and mean of weights."""
    if isinstance(weights, WeightHistogram):
        middles = (weights.edges[:-1] + weights.edges[1:]) / 2
        mean = float(np.average(middles, weights=weights.counts)) if len(weights) else 0.0
        return weights.counts, weights.edges, mean
    try:
        source = weights["weight"] if hasattr(weights, "connections") else weights
        values = np.asarray(source, dtype=np.float64).ravel()
    except (TypeError, ValueError) as error:
        raise ArgumentError(
            f"{repr(weights)[:80]} has no weights",
            where=Location.of("weight_histogram"),
            hint="give a synapse group, such as sim['exc_inh'], or an array of weights",
        ) from error
    values = values[np.isfinite(values)]
    counts, edges = np.histogram(values, bins=bins)
    return counts, edges, float(values.mean()) if values.size else 0.0


def _warmup(result: Result, warmup: float) -> float:
    return warmup if check_time(warmup, "warmup", 0.0) < result.duration else 0.0


def _envelope(times: Any, values: Any, most: int = 8000) -> tuple[Any, Any]:
    """Thin a long trace by minima and maxima, so that its spikes stay."""
    if len(times) <= most:
        return times, values
    width = -(-len(times) // (most // 2))
    whole = len(times) // width * width
    blocks = values[:whole].reshape(-1, width)
    starts = times[:whole].reshape(-1, width)
    places = np.sort(np.stack([blocks.argmin(axis=1), blocks.argmax(axis=1)], axis=1), axis=1)
    rows = np.arange(len(blocks))[:, None]
    return starts[rows, places].ravel(), blocks[rows, places].ravel()
