"""How notebooks show pictures: each once, below the cell that made it."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any

from pygenn_lite.runtime.notebook import notebook_shell

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_waiting: dict[Figure, None] = {}  # made in the cell that is running, and not shown yet


def show_after_cell(figure: Figure) -> None:
    """In a notebook: show the figure at the end of the cell, if the cell has not done so."""
    shell = notebook_shell()
    if shell is not None:
        if _show_waiting not in shell.events.callbacks["post_execute"]:
            shell.events.register("post_execute", _show_waiting)
        _waiting[figure] = None


def _show_waiting() -> None:
    """At the end of a cell: show what the cell has made and has not shown."""
    for figure in list(_waiting):
        show_in_notebook(figure)


def show_in_notebook(figure: Figure) -> None:
    """Send the figure to the notebook in the formats chosen for figures there, else as PNG."""
    from matplotlib.figure import Figure

    _waiting.pop(figure, None)
    shell = notebook_shell()
    data: dict[str, Any] = {}
    details: dict[str, Any] = {}
    for kind, formatter in shell.display_formatter.formatters.items():
        if not kind.startswith(("image/", "application/pdf")):
            continue
        try:
            made = formatter.lookup_by_type(Figure)(figure)
        except KeyError:
            continue
        data[kind], details[kind] = made if isinstance(made, tuple) else (made, {})
    if not data:
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png")
        data["image/png"] = buffer.getvalue()
    data["text/plain"] = repr(figure)
    sys.modules["IPython"].display.display(data, metadata=details, raw=True)
