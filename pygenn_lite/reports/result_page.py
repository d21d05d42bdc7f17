"""The report of a single run: what was run, what came out, and what the network is made of."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pygenn_lite.errors import ArgumentError, SimulationError
from pygenn_lite.optional import require
from pygenn_lite.records import dataclass
from pygenn_lite.reports.measure_plots import measure_parts
from pygenn_lite.reports.page import (
    Facts,
    Page,
    Part,
    Section,
    Text,
    check_ending,
    render,
    write_page,
)
from pygenn_lite.reports.spike_plots import (
    mean_rates_plot,
    raster_plot,
    rate_curves_plot,
)
from pygenn_lite.reports.variable_plots import trace_plots, weight_plots

if TYPE_CHECKING:
    from pygenn_lite.runtime.results.result import Result

MOST_YAML = 300_000  # characters of the network's text


@dataclass(frozen=True)
class ReportOptions:
    """What a report of a run leaves out and compares with.

    Attributes
    ----------
    warmup : float
        ms at the start that rates and measures leave out.
    reference_rates : mapping of str to float, optional
        Rates to compare with, Hz by population.
    title : str
        By default the network's name.
    """

    warmup: float = 0.0
    reference_rates: Mapping[str, float] | None = None
    title: str = ""


def write_result_report(
    result: Result,
    path: str | Path,
    *,
    warmup: float = 0.0,
    reference_rates: Mapping[str, float] | None = None,
    title: str = "",
) -> Path:
    """Write one HTML page about a result, complete in itself (see `Result.report`).

    Parameters
    ----------
    result : Result
    path : str or Path
        Ends in ``.html``; an older page there is replaced.
    warmup : float
        ms at the start that rates and measures leave out.
    reference_rates : mapping of str to float, optional
        Rates to compare with, Hz by population.
    title : str
        By default the network's name.

    Returns
    -------
    Path

    Raises
    ------
    ArgumentError
        The warm-up leaves nothing of the run, or the name does not end in ``.html``.
    MissingPackageError
        Bokeh is not installed.
    SimulationError
        The file cannot be written.
    """
    check_ending(path)
    options = ReportOptions(warmup, reference_rates, title)
    return write_page(result_page(result, options), path)


def result_page(result: Result, options: ReportOptions | None = None) -> str:
    """The page about a result, as HTML."""
    require("bokeh", "batch", "reports")
    options = options or ReportOptions()
    if options.warmup and not 0 <= options.warmup < result.duration:
        raise ArgumentError(
            f"a warm-up time of {options.warmup:g} ms leaves nothing of a run of "
            f"{result.duration:g} ms"
        )
    from pygenn_lite.reports.network_description import (  # SymPy
        network_of,
        network_sections,
    )

    network, missing = network_of(str(result.provenance.get("network", "")))
    sections = _activity(result, options)
    if network is None:
        sections.append(Section("Network", [Text(missing)]))
    else:
        precision = str(result.provenance.get("precision", "float32"))
        sections += network_sections(network, precision)
    sections.append(Section("Where it comes from", _provenance(result)))
    return render(
        Page(
            title=options.title or result.name or "A network",
            subtitle=_subtitle(result),
            tiles=_tiles(result, options),
            sections=sections,
        )
    )


def _activity(result: Result, options: ReportOptions) -> list[Section]:
    parts: list[Part] = []
    shared = None
    if result.spikes:
        raster = raster_plot(result, options.warmup)
        shared = raster.model.x_range
        parts += [raster, rate_curves_plot(result, raster.model, options.warmup)]
    else:
        parts.append(Text("No spikes were recorded; they were counted."))
    sections = [Section("Activity", parts)]
    rates = _rates(result, options)
    measured: list[Part] = []
    if rates:
        after = f" after {options.warmup:g} ms" if options.warmup else ""
        measured.append(mean_rates_plot(rates, options.reference_rates or {}, f"Mean rates{after}"))
    measured += measure_parts(result, options.warmup)
    sections.append(Section("Measures", measured))
    sections.append(Section("Recorded variables", list(trace_plots(result, shared))))
    sections.append(Section("Weights", list(weight_plots(result))))
    return sections


def _rates(result: Result, options: ReportOptions) -> dict[str, float]:
    """Unknown where the run was too short to count in."""
    with contextlib.suppress(SimulationError):
        return result.rates(options.warmup)
    return {}


def _subtitle(result: Result) -> str:
    known = result.provenance
    said = [
        "interrupted" if result.interrupted else "",
        str(known.get("date", "")).replace("T", " ").replace("Z", " UTC"),
        f"on {known['host']}" if known.get("host") else "",
        f"pygenn_lite {known['pygenn_lite']}" if known.get("pygenn_lite") else "",
    ]
    return ", ".join(word for word in said if word)


def _tiles(result: Result, options: ReportOptions) -> list[tuple[str, str]]:
    tiles = [("simulated", f"{result.duration:g} ms")]
    if options.warmup:
        tiles.append(("of it warm-up", f"{options.warmup:g} ms"))
    tiles.append(("neurons", f"{sum(result.sizes.values()):,}"))
    totals = [t for t in result.counts.totals.values() if len(t)]
    tiles.append(("spikes", f"{sum(int(t[-1] - t[0]) for t in totals):,}"))
    if "seed" in result.provenance:
        tiles.append(("seed", str(result.provenance["seed"])))
    tiles.append(("time step", f"{result.dt:g} ms"))
    if result.simulate_seconds:
        tiles.append(("run in", f"{result.simulate_seconds:.3g} s"))
        if result.duration:
            tiles.append(("real-time factor", f"{result.real_time_factor:.3g}"))
    return tiles


def _provenance(result: Result) -> list[Part]:
    entries: list[tuple[str, object]] = []
    if result.path is not None:
        entries.append(("file", str(result.path)))
    for name in result.provenance:
        if name != "network":
            entries.append((name, _line(result.provenance[name])))
    parts: list[Part] = [Facts(entries)] if entries else []
    text = str(result.provenance.get("network", ""))
    if text:
        cut = "\n..." if len(text) > MOST_YAML else ""
        parts.append(Text(text[:MOST_YAML] + cut, "The network as YAML", True))
    return parts


def _line(value: object) -> str:
    text = str(value)
    return text if len(text) <= 2_000 else f"{text[:2_000]} ..."
