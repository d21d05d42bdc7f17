"""Where a picture appears: in a notebook once, below the cell that made it; in a script in a window
or in a file that is named. Nothing here touches pyplot, but where a window is to be opened."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pygenn_lite.declaration.numeric import plain_number
from pygenn_lite.errors import ArgumentError, SimulationError
from pygenn_lite.plotting.in_notebooks import show_in_notebook
from pygenn_lite.runtime.notebook import notebook_shell
from pygenn_lite.runtime.results.files import as_path, harmless_name, written_at_once

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SAVED_DPI = 150
VECTOR_DPI = 300  # of what is pixels within vector files
VECTOR_FORMATS = frozenset({"pdf", "svg", "svgz", "eps", "ps", "pgf"})
# Backends of matplotlib that open no window.
FILE_BACKENDS = frozenset({"agg", "cairo", "pdf", "pgf", "ps", "svg", "template"})


def check_size(size: object, dpi: object) -> None:
    """Refuse what is not a valid size of a figure."""
    sides = np.asarray(size if isinstance(size, (tuple, list, np.ndarray)) else (), dtype=object)
    if sides.shape != (2,) or not all(_positive(side) for side in sides):
        raise ArgumentError(
            f"figsize = {size!r}", hint="give width and height in inches, e.g. (7.0, 5.0)"
        )
    if dpi is not None and not _positive(dpi):
        raise ArgumentError(f"dpi = {dpi!r}", hint="give dots per inch, e.g. 300")


def _positive(given: object) -> bool:
    number = plain_number(given)
    return number is not None and 0 < number < 1e4


def show_figure(picture: Figure | Axes, name: str = "picture") -> Path | None:
    """Show a figure, or the one that axes belong to, in the way of the place.

    In a notebook below the cell. In a script in a window, where matplotlib can open one; this waits
    until the window is closed, unless there are other figures of pyplot's, which ``plt.show()``
    shows together with this one. Elsewhere the figure is written to a temporary file, and the
    file's name to standard error.

    Parameters
    ----------
    picture : Figure or Axes
        What to show.
    name : str
        For the file.

    Returns
    -------
    Path or None
        The file, if one was written.
    """
    figure: Any = picture if hasattr(picture, "savefig") else picture.figure
    if notebook_shell() is not None:
        show_in_notebook(figure)
        return None
    if windows_open():
        _open_window(figure)
        return None
    folder = Path(tempfile.mkdtemp(prefix="pygenn_lite_"))
    path = save_figure(figure, folder / f"{harmless_name(name, 'picture')}.png")
    print(f"picture: {path}", file=sys.stderr, flush=True)
    return path


def save_figure(figure: Figure, path: str | Path, *, dpi: float | None = None) -> Path:
    """Write a figure; the ending of the name says how. Fonts are embedded (TrueType).

    Parameters
    ----------
    figure : Figure
        As `plot_result` gives it, or the ``figure`` of axes.
    path : str or Path
        Ends in .png, .pdf, .svg, ...
    dpi : float, optional
        Dots per inch of pixels; by default the user's ``savefig.dpi``, or 150, or
        300 for what is pixels within vector files.

    Raises
    ------
    ArgumentError
        The ending is unknown.
    SimulationError
        The file cannot be written.
    """
    check_size((1.0, 1.0), dpi)
    target = as_path(path)
    known = sorted(figure.canvas.get_supported_filetypes())
    ending = target.suffix.lstrip(".").lower()
    if ending not in known:
        raise ArgumentError(
            f"cannot write a picture as '{target.name}'",
            hint=f"end the name in .{', .'.join(known)}",
        )
    try:
        with written_at_once(target) as aside:  # an old picture survives a full disk
            figure.savefig(aside, dpi=_dots(ending, dpi))
    except OSError as error:
        raise SimulationError(f"cannot write '{target}': {error.strerror or error}") from None
    return target


def windows_open() -> bool:
    """Whether matplotlib opens windows here, as far as can be told without opening one."""
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        return False
    import matplotlib

    backend = matplotlib.get_backend().lower()  # chooses one, as the import of pyplot does
    return backend not in FILE_BACKENDS and "inline" not in backend


def _open_window(figure: Figure) -> None:
    from matplotlib import pyplot

    others = pyplot.get_fignums()
    current = pyplot.gcf().number if others else None
    # Pyplot manages windows of its own figures only: it is given ours where it would make one.
    pyplot.figure(FigureClass=lambda **_: figure)  # type: ignore[arg-type]
    if current is not None:
        pyplot.figure(current)  # what the user draws next goes where it would have gone
    else:
        pyplot.show(block=not hasattr(sys, "ps1"))


def _dots(ending: str, dpi: float | None) -> float:
    import matplotlib

    if dpi is not None:
        return dpi
    chosen = matplotlib.rcParams["savefig.dpi"]
    if chosen != "figure":
        return float(chosen)
    return VECTOR_DPI if ending in VECTOR_FORMATS else SAVED_DPI
