"""How pictures look: settings of matplotlib, where the user has left its own in place."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

FONT_SIZE = 9.0
_STYLE: Any = {
    "font.size": FONT_SIZE,
    "axes.titlesize": "medium",
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#444444",
    "legend.frameon": False,
    "legend.fontsize": "small",
    # Fonts are embedded so that journals take the file and texts can be edited.
    "pdf.fonttype": 42,
    "ps.fonttype": 42,
    "svg.fonttype": "none",
}


def style() -> Any:  # by matplotlib's types a mapping of literal names
    """Our settings, as far as the user has left matplotlib's own in place."""
    import matplotlib

    given: Any = matplotlib.rcParams
    usual: Any = matplotlib.rcParamsDefault
    return {name: value for name, value in _STYLE.items() if given[name] == usual[name]}


def style_in_force() -> Any:
    """The settings that `style` is about, as they are now."""
    import matplotlib

    given: Any = matplotlib.rcParams
    return {name: given[name] for name in _STYLE}


def styled(function: Callable[P, R]) -> Callable[P, R]:
    """Draw with our style, and leave matplotlib's settings as they were."""

    @functools.wraps(function)
    def draw(*args: P.args, **options: P.kwargs) -> R:
        import matplotlib

        with matplotlib.rc_context(style()):
            return function(*args, **options)

    return draw
