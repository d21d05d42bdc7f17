"""What all pictures share: style, the window of time, titles, axes to draw into."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pygenn_lite.declaration.numeric import plain_number, whole_number
from pygenn_lite.errors import ArgumentError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pygenn_lite.runtime.results.result import Result

LONGEST_WINDOW = 2000.0  # ms of a raster that can still be read
LAST_WINDOW = 1000.0  # shown of longer runs, if not asked otherwise
LONGEST_LABEL = 16  # characters


def new_axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """Return the axes, or those of a new figure, which a notebook shows after the cell."""
    if ax is not None:
        return ax
    from matplotlib import rcParams, rcParamsDefault

    from pygenn_lite.plotting.picture import new_figure

    chosen = rcParams["figure.figsize"] != rcParamsDefault["figure.figsize"]
    return new_figure(tuple(rcParams["figure.figsize"]) if chosen else size).add_subplot()


def muted() -> Any:
    """Colour of what stands back: texts beside bars, lines between bands."""
    import matplotlib

    return matplotlib.colors.to_rgba(matplotlib.rcParams["text.color"], 0.65)


def legend_above(ax: Axes, **options: Any) -> None:
    """A legend beside the title, where it hides nothing."""
    ax.legend(
        loc="lower right", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.1, handlelength=1.2,
        columnspacing=1.0, **options,
    )  # fmt: skip


def plain(text: str) -> str:
    """A user's text, in which $ begins no mathematics."""
    return text.replace("$", r"\$")


def short(name: str) -> str:
    """A name as a label: the middle of a long one is left out."""
    half = LONGEST_LABEL // 2
    fits = len(name) <= LONGEST_LABEL
    return plain(name if fits else f"{name[:half]}\N{HORIZONTAL ELLIPSIS}{name[-half:]}")


def check_count(given: object, name: str) -> int:
    """A whole number from 1 on."""
    number = whole_number(given)
    if number is None or number < 1:
        raise ArgumentError(f"{name} = {given!r}", hint="give a whole number from 1 on")
    return number


def check_time(given: object, name: str, least: float = -math.inf) -> float:
    """A time in ms."""
    number = plain_number(given)
    if number is None or not least <= number < math.inf:
        raise ArgumentError(f"{name} = {given!r} is not a time", hint="give a number of ms")
    return float(number)


def window(result: Result, start: float | None, stop: float | None) -> tuple[float, float]:
    """Return begin and end, ms, of what is drawn."""
    first, last = result.start, result.start + result.duration
    end = last if stop is None else min(check_time(stop, "stop"), last)
    if start is None:
        begin = first if end - first <= LONGEST_WINDOW else end - LAST_WINDOW
    else:
        begin = max(check_time(start, "start"), first)
    if not begin < end:
        if result.duration == 0:
            return first, first + 1.0
        raise ArgumentError(
            f"nothing to draw from {begin:g} to {end:g} ms",
            hint=f"the result goes from {first:g} to {last:g} ms",
        )
    return begin, end


def window_note(result: Result, begin: float, end: float) -> str:
    """Words for a window that is not the whole run."""
    first, last = result.start, result.start + result.duration
    if (begin, end) == (first, last) or result.duration == 0:
        return ""
    whole = f"{last:g} ms" if first == 0 else f"{first:g}\N{EN DASH}{last:g} ms"
    return f"{begin:g}\N{EN DASH}{end:g} of {whole}"


def is_topmost(ax: Axes) -> bool:
    """Whether no axes above these share their time."""
    siblings = ax.get_shared_x_axes().get_siblings(ax)
    top = ax.get_position().y1
    return all(other.get_position().y1 <= top for other in siblings)


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, ..."""
    teens = 10 <= number % 100 < 20
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def say_nothing(ax: Axes, what: str) -> None:
    """A word in the middle of axes that would be empty."""
    ax.text(0.5, 0.5, what, transform=ax.transAxes, ha="center", va="center", color=muted())


def mark_warmup(ax: Axes, result: Result, warmup: float) -> str:
    """Shade the time at the start that is not counted; return the words for it where they fit."""
    begin, end = ax.get_xlim()
    until = min(result.start + check_time(warmup, "warmup", 0.0), end)
    if warmup <= 0 or until <= begin:
        return ""
    ax.axvspan(begin, until, color=muted(), alpha=0.1, linewidth=0, zorder=0)
    ax.set_xlim(begin, end)
    return "warm-up shaded" if is_topmost(ax) else ""


def titled(ax: Axes, *parts: str) -> None:
    """The title of axes, from those parts that say something."""
    ax.set_title(", ".join(filter(None, parts)), wrap=True)
