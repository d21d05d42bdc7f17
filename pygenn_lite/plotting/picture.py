"""The figure of all pictures that are not drawn into axes of the user's. Imports matplotlib."""

from __future__ import annotations

from typing import Any

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from pygenn_lite.plotting.display import check_size
from pygenn_lite.plotting.in_notebooks import show_after_cell, show_in_notebook
from pygenn_lite.plotting.style import style_in_force
from pygenn_lite.runtime.notebook import notebook_shell


class Picture(Figure):
    """A figure that keeps its style, also when it is drawn or saved later, and that a notebook
    shows once: as the value of a cell, or at the cell's end."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._style = style_in_force()
        super().__init__(*args, **options)
        FigureCanvasAgg(self)  # so that it can be drawn without being saved

    def draw(self, renderer: Any) -> None:
        """Draw with the style in which the figure was made."""
        with matplotlib.rc_context(self._style):
            super().draw(renderer)

    def savefig(self, fname: Any, **options: Any) -> None:
        """Write with the style in which the figure was made: fonts are embedded."""
        with matplotlib.rc_context(self._style):
            super().savefig(fname, **options)

    def _ipython_display_(self) -> None:
        if notebook_shell() is None:  # a terminal: its text will do
            raise NotImplementedError
        show_in_notebook(self)


def new_figure(size: tuple[float, float], dpi: float | None = None, shown: bool = True) -> Picture:
    """Return a figure that belongs to the caller alone, not to pyplot.

    Parameters
    ----------
    size : pair of float
        Width and height in inches.
    dpi : float, optional
        Dots per inch; by default matplotlib's setting.
    shown : bool
        Whether a notebook shows it at the end of the cell, if the cell has not done so.
    """
    check_size(size, dpi)
    figure = Picture(figsize=size, dpi=dpi, layout="constrained")
    if shown:
        show_after_cell(figure)
    return figure
