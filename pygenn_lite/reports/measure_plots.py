"""Plots of measures of a result's spikes: rates of neurons, intervals, regularity, spectra."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pygenn_lite import analysis
from pygenn_lite.plotting.colors import population_colors
from pygenn_lite.reports.look import Axes, add_legend, joined, new_figure, short, small
from pygenn_lite.reports.page import Part, Plot, Table

if TYPE_CHECKING:
    from pygenn_lite.runtime.results.result import Result

MOST_CURVES = 8
BINS = 40
SEGMENT = 500.0  # ms, of spectra: 2 Hz
HIGHEST = 250.0  # Hz, that spectra show
SPECTRA = "Spectra of population rates"
Curves = Mapping[str, tuple[Any, Any]]


def measure_parts(result: Result, warmup: float = 0.0) -> list[Part]:
    """Plots of what the recorded spikes tell, and a table of numbers by population.

    Parameters
    ----------
    result : Result
    warmup : float
        ms at the start that are left out.
    """
    names = [n for n in result.sizes if n in result.spikes and len(result.spikes[n])]
    if not names or result.duration <= warmup:
        return []
    shown = names[:MOST_CURVES]
    given: dict[str, Any] = {"warmup": warmup, "populations": shown}
    seconds = (result.duration - warmup) / 1000.0
    rates = {n: c / seconds for n, c in analysis.spike_counts(result, **given).items()}
    cvs = analysis.cv_isi(result, by_neuron=True, **given)
    regular = "0 regular, 1 a Poisson process; of neurons with at least three intervals"
    plots = [
        _plot(
            result, Axes("rate of a neuron (Hz)", "share of neurons", "Rates of neurons"),
            _histograms(rates, 1.0 / seconds, share=True),
        ),
        _plot(
            result, Axes("interval (ms)", "density (1/ms)", "Interspike intervals"),
            _intervals(result, given),
        ),
        _plot(
            result, Axes("CV of a neuron's intervals", "neurons", "Regularity"),
            _histograms(cvs), regular,
        ),
    ]  # fmt: skip
    if result.duration - warmup >= SEGMENT:
        axes = Axes("frequency (Hz)", "power (Hz\N{SUPERSCRIPT TWO}/Hz)", SPECTRA, y_log=True)
        welch = f"Welch's method, segments of {SEGMENT:g} ms"
        plots.append(_plot(result, axes, _spectra(result, given), welch))
    parts: list[Part] = [plot for plot in plots if plot is not None]
    return [*parts, _numbers(result, names, warmup)]


def _plot(result: Result, axes: Axes, curves: Curves, words: str = "") -> Plot | None:
    """Curves of populations as steps; none where there is nothing to draw."""
    known = {name: curve for name, curve in curves.items() if len(curve[0])}
    if not known:
        return None
    colors = population_colors(list(result.sizes))
    plot = new_figure(Axes(axes.x, axes.y, axes.title, height=290, y_log=axes.y_log, zoom="both"))
    draw: Callable[..., Any] = plot.line if axes.y_log else plot.step
    options: dict[str, Any] = {} if axes.y_log else {"mode": "center"}
    for name, (x, y) in known.items():
        draw(
            small(x), small(y), color=colors[name], line_width=1.6, alpha=0.9,
            legend_label=short(name), **options,
        )  # fmt: skip
    add_legend(plot)
    recorded = sum(1 for name in result.sizes if name in result.spikes)
    more = f"the first {MOST_CURVES} of {recorded} populations" if recorded > MOST_CURVES else ""
    return Plot(plot, joined([words, more]), wide=axes.y_log)


def _histograms(values: Mapping[str, Any], quantum: float = 0.0, share: bool = False) -> Curves:
    """How many neurons, or which share of them, have which value, in bins for all populations.

    Of values that are multiples of a quantum, each bin holds equally many.
    """
    known = {name: each[np.isfinite(each)] for name, each in values.items()}
    known = {name: each for name, each in known.items() if len(each)}
    if not known:
        return {}
    highest = max(float(each.max()) for each in known.values()) or 1.0
    width, first = highest * (1 + 1e-9) / BINS, 0.0
    if quantum:
        width, first = quantum * max(1, round(highest / quantum / BINS)), -0.5 * quantum
    edges = first + width * np.arange(int((highest - first) / width) + 2)
    middles = (edges[1:] + edges[:-1]) / 2
    return {
        name: (middles, np.histogram(each, edges)[0] / (len(each) if share else 1))
        for name, each in known.items()
    }


def _intervals(result: Result, given: Mapping[str, Any]) -> Curves:
    """Densities of intervals, up to the longest 1 %."""
    intervals = analysis.isi(result, **given)
    known = {name: each for name, each in intervals.items() if len(each)}
    if not known:
        return {}
    longest = max(float(np.percentile(each, 99)) for each in known.values())
    steps = max(1, round(longest / result.dt / BINS))  # whole, so that bins take equally many
    edges = (np.arange(BINS + 1) * steps + 0.5) * result.dt
    middles = (edges[1:] + edges[:-1]) / 2
    return {
        name: (middles, np.histogram(each, edges)[0] / len(each) / (steps * result.dt))
        for name, each in known.items()
    }


def _spectra(result: Result, given: Mapping[str, Any]) -> Curves:
    found = analysis.power_spectrum(result, bin_ms=1.0, segment=SEGMENT, **given)
    curves = {}
    for name, (frequencies, power) in found.items():
        inside = (frequencies > 0) & (frequencies <= HIGHEST) & (power > 0)
        curves[name] = (frequencies[inside], power[inside])
    return curves


def _numbers(result: Result, names: list[str], warmup: float) -> Table:
    """Mean values by population."""
    given: dict[str, Any] = {"warmup": warmup, "populations": names}
    rates = result.rates(warmup)
    columns = {
        "rate (Hz)": rates,
        "CV of intervals": analysis.cv_isi(result, **given),
        "synchrony": analysis.synchrony(result, **given),
    }
    rows = [(name, *(_rounded(values.get(name)) for values in columns.values())) for name in names]
    return Table(["population", *columns], rows, "Means by population")


def _rounded(value: Any) -> object:
    return "-" if value is None or not np.isfinite(value) else float(value)
