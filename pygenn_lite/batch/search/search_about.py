"""What the folder of a search says about it, and the columns that follow from that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pygenn_lite.batch.search.generations import runs_beside
from pygenn_lite.batch.search.proposals import optuna_version
from pygenn_lite.batch.search.search_spec import (
    SearchSpec,
    objectives_as_data,
    objectives_of_data,
)
from pygenn_lite.batch.search.trials import OF_TRIALS, columns_of_trials, objective_columns
from pygenn_lite.batch.sweep_spec import SweepSpec
from pygenn_lite.batch.tables import arrow


def search_description(spec: SweepSpec, search: SearchSpec) -> dict[str, Any]:
    """What ``batch.json`` says about a search."""
    each = len(runs_beside(spec))
    return {
        "runs": search.runs * each,
        "optuna": optuna_version(),
        "search": {
            "digest": search.digest,
            "searched": list(search.names),
            "objectives": objectives_as_data(search.objectives),
            "runs_each": each,
            "sampler": search.sampler,
            "together": search.together,
        },
    }


def with_trials(table: Any, about: Mapping[str, Any]) -> Any:
    """A table of runs with the number of each trial, its state and its objectives.

    Parameters
    ----------
    table : pyarrow.Table
    about : mapping
        What ``batch.json`` says of the search.
    """
    objectives = objectives_of_data(about["objectives"])
    table = without_trials(table, about)
    found = columns_of_trials(table.to_pylist(), objectives, about["runs_each"])
    others = {name: table.column(name) for name in table.column_names}
    return arrow().table({**found, **others})


def without_trials(table: Any, about: Mapping[str, Any]) -> Any:
    """The same without these columns."""
    own = {*OF_TRIALS, *objective_columns(objectives_of_data(about["objectives"]))}
    return table.drop_columns([name for name in table.column_names if name in own])
