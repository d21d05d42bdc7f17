"""What came of the trials of a search, from the rows of their runs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from pygenn_lite.batch.search.proposals import Told
from pygenn_lite.batch.search.search_spec import Objective

COURSE, PRUNED = "course", "pruned"  # columns of runs that were looked at while they went on
OF_TRIALS = ("trial", "state")
OBJECTIVE = "objective"
OF_SEARCHES = (*OF_TRIALS, COURSE, PRUNED, OBJECTIVE)  # that nothing else may be called


def told_of(objectives: Sequence[Objective], rows: Sequence[Mapping[str, Any]]) -> Told:
    """What came of one trial.

    Parameters
    ----------
    objectives : sequence of Objective
    rows : sequence of mapping
        Of its runs, all of which have ended: measures count by their means.

    Returns
    -------
    Told
    """
    if any(row["status"] == "failed" for row in rows):
        return Told("failed")
    columns = {goal.column for objective in objectives for goal in objective.goals}
    means = {name: _mean([row.get(name) for row in rows]) for name in columns}
    values = tuple(objective.of(means) for objective in objectives)
    course = tuple(rows[0].get(COURSE) or ())
    if any(row.get(PRUNED) is not None for row in rows):
        return Told("pruned", values, course)
    state = "complete" if all(map(math.isfinite, values)) else "undefined"
    return Told(state, values, course)


def _mean(values: Sequence[Any]) -> float:
    if not all(isinstance(value, int | float) for value in values):
        return math.nan
    return math.fsum(values) / len(values) if all(map(math.isfinite, values)) else math.nan


def objective_columns(objectives: Sequence[Objective]) -> list[str]:
    """What the columns of the objectives are called: ``objective``, or where there are several
    ``objective.rates.exc``."""
    if len(objectives) == 1:
        return [OBJECTIVE]
    labels = [objective.label for objective in objectives]
    return [
        f"{OBJECTIVE}.{label}" if labels.count(label) == 1 else f"{OBJECTIVE}.{k}.{label}"
        for k, label in enumerate(labels)
    ]


def columns_of_trials(
    rows: Sequence[Mapping[str, Any]], objectives: Sequence[Objective], runs_each: int
) -> dict[str, list[Any]]:
    """What the table of a search has besides that of a sweep.

    Parameters
    ----------
    rows : sequence of mapping
        Of all runs that ended.
    objectives : sequence of Objective
    runs_each : int
        Runs of one trial.

    Returns
    -------
    dict of str to list
        ``trial``, ``state``, and the objectives, each with one value for each row.
    """
    members: dict[int, list[Mapping[str, Any]]] = {}
    for row in rows:
        members.setdefault(row["run"] // runs_each, []).append(row)
    names = objective_columns(objectives)
    found: dict[str, list[Any]] = {name: [] for name in (*OF_TRIALS, *names)}
    told = {
        number: told_of(objectives, own) if len(own) == runs_each else Told("unfinished")
        for number, own in members.items()
    }
    for row in rows:
        number = row["run"] // runs_each
        found["trial"].append(number)
        found["state"].append(told[number].state)
        values = told[number].values or (math.nan,) * len(names)
        for name, value in zip(names, values, strict=True):
            found[name].append(value)
    return found


def first_front(values: Sequence[Sequence[float]], is_maximised: Sequence[bool]) -> list[int]:
    """Which of some points no other is better than in all objectives (or in one, and as good in the
    others).

    Examples
    --------
    >>> first_front([(1.0, 5.0), (2.0, 2.0), (3.0, 3.0)], [False, False])
    [0, 1]
    """
    import numpy as np

    if not len(values):
        return []
    signs = np.where(is_maximised, -1.0, 1.0)
    points = np.asarray(values, np.float64) * signs
    found = []
    for k, point in enumerate(points):
        no_worse = (points <= point).all(axis=1)
        better = (points < point).any(axis=1)
        if not (no_worse & better).any():
            found.append(k)
    return found
