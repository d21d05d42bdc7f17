"""Pictures of mean rates, traces and weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pygenn_lite.errors import ArgumentError
from pygenn_lite.plotting.parts import (
    BLUES,
    OTHERS,
    REDS,
    legend_above,
    new_axes,
    population_color,
    styled,
    window,
)
from pygenn_lite.runtime.final_weights import WeightHistogram

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pygenn_lite.runtime.result import Result


@styled
def population_rates(
    result: Result | Mapping[str, float],
    ax: Axes | None = None,
    *,
    published: Mapping[str, float] | None = None,
    settle: float = 0.0,
) -> Axes:
    """Draw the mean rate of each population as a bar, published rates as diamonds beside it.

    Parameters
    ----------
    result : Result or mapping of str to float
        A result, or rates in Hz by population.
    published : mapping of str to float, optional
        Rates to compare with, Hz.
    settle : float
        ms at the start of the run that are left out.
    """
    ax = new_axes(ax, (4.0, 4.0))
    rates = dict(result) if isinstance(result, Mapping) else result.rates(_settle(result, settle))
    names = list(rates)
    places = np.arange(len(names))
    colors = [population_color(name, names) for name in names]
    ax.barh(places, list(rates.values()), height=0.62, color=colors, alpha=0.9)
    known = {name: rate for name, rate in (published or {}).items() if name in rates}
    if known:
        ax.plot(
            list(known.values()), [names.index(name) for name in known], linestyle="none",
            marker="D", markersize=5, color="white", markeredgecolor="#222222", label="published",
        )  # fmt: skip
        legend_above(ax, handletextpad=0.1)
    largest = max([*rates.values(), *known.values(), 1e-9])
    for place, name in enumerate(names):
        reach = max(rates[name], known.get(name, 0.0)) + 0.035 * largest
        ax.text(reach, place, f"{rates[name]:.3g}", va="center", fontsize=8, color="#444444")
    ax.set_yticks(places, names)
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(max(len(names), 3) - 0.5, -0.5)  # no monstrous bars
    ax.set_xlim(0, 1.2 * largest)
    ax.set_xlabel("rate (Hz)")
    ax.set_title("mean rates")
    return ax


@styled
def traces(
    result: Result,
    population: str,
    variable: str = "V",
    ax: Axes | None = None,
    *,
    neurons: Iterable[int] | None = None,
    start: float | None = None,
    stop: float | None = None,
) -> Axes:
    """Draw a recorded variable over time.

    Parameters
    ----------
    result : Result
        Of a run that recorded the variable.
    population, variable : str
        What to draw.
    neurons : iterable of int, optional
        Which neurons; the first five that were recorded by default.
    start, stop : float, optional
        Window in ms.
    """
    ax = new_axes(ax, (8.0, 2.5))
    if population not in result.traces or variable not in result.traces[population]:
        raise ArgumentError(
            f"'{variable}' of '{population}' was not recorded",
            cure=f"declare net.record({population}['{variable}'][:5])",
        )
    trace = result.traces[population][variable]
    begin, end = window(result, start, stop)
    inside = slice(*np.searchsorted(trace.times, [begin, end + 1e-9]))
    if neurons is None:
        columns = np.arange(min(5, len(trace.indices)))
    else:
        wanted = np.fromiter(neurons, dtype=np.int64)
        columns = np.flatnonzero(np.isin(trace.indices, wanted))
    shades = np.linspace(1.0, 0.45, max(len(columns), 1))
    for column, shade in zip(columns, shades, strict=False):
        times, values = _envelope(trace.times[inside], trace.values[inside, column])
        ax.plot(
            times, values, color=OTHERS[int(column) % len(OTHERS)], alpha=float(shade),
            linewidth=0.9, label=f"{population}[{int(trace.indices[column])}]",
        )  # fmt: skip
    ax.set_xlim(begin, end)
    ax.set_xlabel("time (ms)")
    ax.set_ylabel(variable)
    ax.set_title(f"{variable} of {population}")
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
    counts, edges, mean = _distribution(weights, bins)
    ax = new_axes(ax, (5.0, 3.5))
    ax.hist(edges[:-1], bins=edges, weights=counts, color=BLUES[0], alpha=0.9)
    number = int(counts.sum())
    if number:
        ax.axvline(mean, color=REDS[0], linewidth=1.2)
        ax.text(
            mean, 1.01, f" mean {mean:.4g}", transform=ax.get_xaxis_transform(), fontsize=8,
            color=REDS[0],
        )  # fmt: skip
    ax.set_xlabel("weight")
    ax.set_ylabel("synapses")
    label = name or getattr(weights, "name", "")
    ax.set_title(f"{number:,} weights" + (f" of {label}" if label else ""), pad=16)
    return ax


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
            where="weight_histogram",
            cure="give a synapse group, such as sim['exc_inh'], or an array of weights",
        ) from error
    values = values[np.isfinite(values)]
    counts, edges = np.histogram(values, bins=bins)
    return counts, edges, float(values.mean()) if values.size else 0.0


def _settle(result: Result, settle: float) -> float:
    return settle if settle < result.duration else 0.0


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
