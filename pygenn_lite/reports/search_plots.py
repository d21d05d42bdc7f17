"""How a search came closer: the objective of each trial, and the best so far."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from pygenn_lite.reports.look import BLUE, LINE, Axes, new_figure, small
from pygenn_lite.reports.page import Part, Plot

if TYPE_CHECKING:
    import pandas


def search_parts(table: pandas.DataFrame, about: str) -> list[Part]:
    """A plot of the objective over trials; nothing of a sweep, or of several objectives.

    Parameters
    ----------
    table : pandas.DataFrame
    about : str
        What ``batch.json`` says.
    """
    if "objective" not in table or "trial" not in table:
        return []
    trials = table[table["state"] == "complete"].drop_duplicates("trial").sort_values("trial")
    if not len(trials):
        return []
    numbers, values = trials["trial"].to_numpy(), trials["objective"].to_numpy(dtype=float)
    best = best_so_far(values, is_maximised=_is_maximised(about))
    plot = new_figure(Axes("trial", "objective", "Search", height=260, zoom=""))
    plot.scatter(numbers, small(values), size=5, color=LINE, legend_label="trial")
    plot.step(
        numbers, small(best), mode="after", color=BLUE, line_width=2, name="best",
        legend_label="best so far",
    )  # fmt: skip
    return [Plot(plot, f"Best: trial {numbers[np.argmax(values == best[-1])]}.", False)]


def best_so_far(values: Any, *, is_maximised: bool) -> Any:
    """The best of the values up to each.

    Examples
    --------
    >>> best_so_far(np.array([3.0, 5.0, 1.0]), is_maximised=False).tolist()
    [3.0, 3.0, 1.0]
    """
    return (np.maximum if is_maximised else np.minimum).accumulate(values)


def _is_maximised(about: str) -> bool:
    try:
        return bool(json.loads(about)["search"]["objectives"][0][0] == "maximise")
    except (ValueError, KeyError, IndexError, TypeError):
        return False
