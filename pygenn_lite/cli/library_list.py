"""``pygenn-lite models``: what the library holds."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from pygenn_lite import models
from pygenn_lite.cli.output import make_console

if TYPE_CHECKING:
    from rich.console import Console


def show_library(name: str | None) -> None:
    """List all models and networks, or print one in full."""
    console = make_console()
    if name is None:
        _list(console)
    elif name in models.network_names():
        console.out(models.network_file(name).read_text(encoding="utf-8"), highlight=False)
    else:
        made = models.find_model(name)
        given = inspect.signature(made).parameters.values()
        plain = [each.replace(annotation=inspect.Parameter.empty) for each in given]
        console.out(f"{name}{inspect.Signature(plain)}\n", highlight=False)
        console.out((inspect.getdoc(made) or "").replace("``", "`"), highlight=False)


def _list(console: Console) -> None:
    from rich.table import Table

    for title, registry in models.LIBRARY.items():
        table = Table(title=title, title_justify="left", show_header=False, box=None)
        table.add_column(min_width=24)
        table.add_column()
        for name, make in registry.items():
            table.add_row(
                f"  {name}", (inspect.getdoc(make) or "").split("\n")[0].replace("``", "'")
            )
        console.print(table)
    table = Table(title="Networks", title_justify="left", show_header=False, box=None)
    table.add_column(min_width=24)
    table.add_column()
    for name in models.network_names():
        table.add_row(f"  {name}", _description(name))
    console.print(table)
    console.print("\npygenn-lite models NAME shows one of them; run NETWORK simulates it")


def _description(name: str) -> str:
    from pygenn_lite.yaml_format.load import read_document

    head = read_document(name).data.get("network", {})
    return str(head.get("description", ""))
