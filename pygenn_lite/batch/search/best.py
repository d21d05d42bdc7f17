"""The best trials of a search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pygenn_lite.batch.search.search_spec import Objective
from pygenn_lite.batch.search.trials import first_front, objective_columns
from pygenn_lite.declaration.summary import counted

if TYPE_CHECKING:
    import pandas


class BestTrial(dict[str, Any]):
    """A trial of a search: the values that were tried in it, by name.

    Attributes
    ----------
    objective : float or tuple of float
        Its objective; a tuple where there are several.
    trial : int
        Its number.
    runs : tuple of int
        The numbers of its runs: ``batch.result(best.runs[0])``, if it was kept.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        objective: float | tuple[float, ...],
        trial: int,
        runs: tuple[int, ...],
    ) -> None:
        super().__init__(values)
        self.objective, self.trial, self.runs = objective, trial, runs

    def __repr__(self) -> str:
        return f"<trial {self.trial}: {self}>"

    def __str__(self) -> str:
        several = isinstance(self.objective, tuple)
        found = self.objective if isinstance(self.objective, tuple) else (self.objective,)
        shown = ", ".join(f"{value:.6g}" for value in found)
        own = ", ".join(f"{name} = {_short(value)}" for name, value in self.items())
        return f"{own}; objective{'s' if several else ''} {shown}"


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def front_of(
    table: pandas.DataFrame, names: list[str], objectives: tuple[Objective, ...]
) -> list[BestTrial]:
    """The complete trials that no other is better than, by their first objective.

    Parameters
    ----------
    table : pandas.DataFrame
        Of a search.
    names : list of str
        What was varied.
    objectives : tuple of Objective

    Returns
    -------
    list of BestTrial
        Of one objective the best trial alone; of several all of the Pareto front. Of equally good
        ones the first.
    """
    columns = objective_columns(objectives)
    complete = table[table["state"] == "complete"].sort_values("run", kind="stable")
    first = complete.drop_duplicates("trial").drop_duplicates(columns)
    points = first[columns].to_numpy(dtype=float).tolist()
    found = []
    for k in first_front(points, [objective.is_maximised for objective in objectives]):
        row = first.iloc[k]
        value = points[k][0] if len(columns) == 1 else tuple(points[k])
        runs = complete.loc[complete["trial"] == row["trial"], "run"].tolist()
        own = {name: _plain(row[name]) for name in names}
        found.append(BestTrial(own, value, int(row["trial"]), tuple(runs)))
    sign = -1.0 if objectives[0].is_maximised else 1.0

    def by_first(one: BestTrial) -> float:
        value = one.objective[0] if isinstance(one.objective, tuple) else one.objective
        return sign * value

    return sorted(found, key=by_first)


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def ending_text(front: list[BestTrial]) -> str:
    """What is said when a search has ended."""
    if not front:
        return "no trial has an objective: all failed, or their measures are undefined"
    if not isinstance(front[0].objective, tuple):
        return f"best: {front[0]} (trial {front[0].trial})"
    lines = [f"front: {counted(len(front), 'trial')}"]
    lines += [f"  {one} (trial {one.trial})" for one in front[:10]]
    return "\n".join([*lines, "  ..."] if len(front) > 10 else lines)
