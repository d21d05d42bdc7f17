"""What all pictures share: style, colours, the window of time, and figures to draw into."""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from pygenn_lite.errors import ArgumentError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pygenn_lite.runtime.result import Result

P = ParamSpec("P")
R = TypeVar("R")

LONGEST_WINDOW = 2000.0  # ms of a raster that can still be read
LAST_WINDOW = 1000.0  # shown of longer runs, if not asked otherwise

BLUES = ("#1f4e9e", "#4a90c4", "#27707a", "#7a9fd4")  # excitatory populations, in turn
REDS = ("#d1495b", "#f08a4b", "#9b1b30", "#e8a598")  # inhibitory ones
OTHERS = ("#1f4e9e", "#d1495b", "#2a9d8f", "#e9a23b", "#6a4c93", "#5a6b7b", "#8ab17d", "#b5838d")
_STYLE: Any = {
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#444444",
    "axes.linewidth": 0.8,
    "xtick.direction": "out",
    "legend.frameon": False,
    "svg.fonttype": "none",
}


def styled(function: Callable[P, R]) -> Callable[P, R]:
    """Draw with our style, and leave matplotlib's settings as they were."""

    @functools.wraps(function)
    def draw(*args: P.args, **options: P.kwargs) -> R:
        import matplotlib

        with matplotlib.rc_context(_STYLE):
            return function(*args, **options)

    return draw


def population_color(name: str, names: Sequence[str] = ()) -> str:
    """Return the colour of a population: blues excite, reds inhibit, others in turn."""
    kinds = {each: _kind(each) for each in names} | {name: _kind(name)}
    shades: Sequence[str] = OTHERS
    alike = list(kinds)
    if all(kinds.values()):
        shades = BLUES if kinds[name] == "exc" else REDS
        alike = [each for each in kinds if kinds[each] == kinds[name]]
    return shades[alike.index(name) % len(shades)]


def legend_above(ax: Axes, **options: Any) -> None:
    """A legend beside the title, where it hides nothing."""
    ax.legend(
        loc="lower right", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.1, fontsize=8, **options
    )


def _kind(name: str) -> str:
    if re.search(r"(?i)inh|(?<=[A-Za-z0-9])I$|^I$", name):
        return "inh"
    if re.search(r"(?i)exc|(?<=[A-Za-z0-9])E$|^E$", name) and not re.search(r"[a-z]e$", name):
        return "exc"
    return ""


def new_figure(size: tuple[float, float]) -> Figure:
    """Return a figure of pyplot's where pyplot is in use, else one that stands for itself."""
    if "matplotlib.pyplot" in sys.modules:
        return sys.modules["matplotlib.pyplot"].figure(  # type: ignore[no-any-return]
            figsize=size, layout="constrained"
        )
    from matplotlib.figure import Figure

    return Figure(figsize=size, layout="constrained")


def new_axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """Return the axes, or those of a new figure."""
    return new_figure(size).add_subplot() if ax is None else ax


def window(result: Result, start: float | None, stop: float | None) -> tuple[float, float]:
    """Return begin and end, ms, of what is drawn."""
    first, last = result.start, result.start + result.duration
    end = last if stop is None else min(stop, last)
    if start is None:
        begin = first if end - first <= LONGEST_WINDOW else end - LAST_WINDOW
    else:
        begin = max(start, first)
    if not begin < end:
        if result.duration == 0:
            return first, first + 1.0
        raise ArgumentError(
            f"nothing to draw from {begin:g} to {end:g} ms",
            cure=f"the result goes from {first:g} to {last:g} ms",
        )
    return begin, end
