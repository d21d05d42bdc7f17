"""The table that a run prints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pygenn_lite.cli.output import make_console

if TYPE_CHECKING:
    from pygenn_lite.cli.outcome import Outcome


def print_report(outcome: Outcome) -> None:
    """Print rates beside reference rates, speed, memory and files."""
    from rich.markup import escape
    from rich.table import Table

    console = make_console()
    result, simulation = outcome.result, outcome.simulation
    reference = outcome.settings.reference_rates
    table = Table(title=escape(outcome.network.name or "network"), title_justify="left")
    table.add_column("population")
    table.add_column("neurons", justify="right")
    table.add_column("rate (Hz)", justify="right")
    if reference:
        known = "reference (Hz)" if outcome.scale == 1.0 else "at full scale (Hz)"
        table.add_column(known, justify="right")
    for name, rate in outcome.rates().items():
        row = [name, f"{outcome.network.populations[name].size:,}", _rate(rate)]
        table.add_row(*row, *([_rate(reference.get(name))] if reference else []))
    console.print(table)
    warmup = f" after {outcome.warmup:g} ms of warm-up" if outcome.warmup else ""
    seconds = result.simulate_seconds
    lines = [
        ("simulated", f"{max(result.duration - outcome.warmup, 0):g} ms{warmup}, dt "
                      f"{outcome.network.dt:g} ms, seed {outcome.network.seed}"),
        ("built in", f"{simulation.build_seconds:.2f} s "
                     f"({simulation.synapse_count:,} synapses)"),
        ("run in", f"{seconds:.2f} s with {simulation.threads} "
                   f"thread{'s' if simulation.threads > 1 else ''} ({simulation.precision})"),
        ("real-time factor", _factor(result.real_time_factor)),
        ("peak memory", f"{outcome.peak_bytes / 2**20:,.0f} MiB"),
    ]  # fmt: skip
    for label, text in lines:
        console.print(f"{label:>16}  {text}", soft_wrap=True)
    for number, path in enumerate(outcome.files):
        print_file(path, "" if number else "files")


def print_file(path: Path, label: str = "") -> None:
    """Print a line of the list of files."""
    from rich.markup import escape

    make_console().print(f"{label:>16}  {escape(str(path))}", soft_wrap=True)


def _rate(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.3f}"


def _factor(factor: Any) -> str:
    if factor != factor:  # nothing was simulated
        return "-"
    note = "slower than real time" if factor > 1 else "faster than real time"
    return f"{factor:.3f} ({note})"
