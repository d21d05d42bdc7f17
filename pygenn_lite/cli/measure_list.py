"""``pygenn-lite measures``: what can be measured of a result, or during a run."""

from __future__ import annotations

from pygenn_lite.analysis.registry import MEASURES
from pygenn_lite.cli.output import make_console

HEADINGS = ("measure", "unit", "needs", "streams", "")


def show_measures() -> None:
    """Print a table of all."""
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in HEADINGS:
        table.add_column(heading, no_wrap=bool(heading), overflow="fold")
    for row in measure_rows():
        table.add_row(*row)
    console = make_console()
    console.print(table)
    console.print(
        "\npg.analysis.measure(result, NAME) computes one; docs/measures.md explains them"
    )


def measure_rows() -> list[tuple[str, ...]]:
    """Name, unit, what must be recorded, whether a sink computes it during a run, what it is."""
    return [
        (
            each.name,
            each.unit,
            each.needs,
            "yes" if each.sink else "no",
            each.summary,
        )
        for each in MEASURES.values()
    ]
