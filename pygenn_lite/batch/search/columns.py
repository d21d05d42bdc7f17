"""Which columns of the table objectives name: found, or refused before anything is run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pygenn_lite.analysis.registry import MEASURES
from pygenn_lite.batch.dimension_forms import Reader
from pygenn_lite.batch.measuring import label_of
from pygenn_lite.batch.search.search_spec import Objective, SearchSpec
from pygenn_lite.batch.sweep_spec import MeasureRequest
from pygenn_lite.declaration import Network
from pygenn_lite.declaration.language.names import nearest_or_all
from pygenn_lite.errors import PygennLiteError
from pygenn_lite.yaml_format.marks import Place


def place_of(reader: Reader, objective: Objective, column: str) -> Place:
    """Where the file names a column."""
    given = reader.document.at(("optimise", "several")) or []
    places: list[Place] = [
        ("optimise", objective.kind, column),
        ("optimise", objective.kind),
    ]
    for k, item in enumerate(given):
        if isinstance(item, dict) and objective.kind in item:
            inner = item[objective.kind]
            if inner == column or (isinstance(inner, dict) and column in inner):
                places.insert(0, ("optimise", "several", k, objective.kind))
    return next((place for place in places if reader.document.at(place) is not None), ("optimise",))


def measure_names(
    reader: Reader, objectives: Sequence[Objective], measures: Sequence[MeasureRequest]
) -> tuple[MeasureRequest, ...]:
    """The measures that are asked for, and those of the library that objectives need besides.

    Raises
    ------
    FileFormatError
        An objective names none of these; with the nearest.
    """
    found = {label_of(request): request for request in measures}
    for objective in objectives:
        for goal in objective.goals:
            label, _, rest = goal.column.partition(".")
            if label not in found and label in MEASURES:
                found[label] = MeasureRequest(label)
            if label not in found:
                known = (*found, *(name for name in MEASURES if name not in found))
                raise reader.error(
                    place_of(reader, objective, goal.column),
                    f"there is not a measure '{label}'{nearest_or_all(label, known)}",
                    "an objective is a column of the table: MEASURE.POPULATION",
                )
            if label in MEASURES and not (rest and MEASURES[label].scalar):
                raise reader.error(
                    place_of(reader, objective, goal.column),
                    f"'{goal.column}' is not one number",
                    f"write {label}.POPULATION"
                    if MEASURES[label].scalar
                    else "choose a measure that is one number for each population",
                )
    return tuple(found.values())


def check_columns(reader: Reader, search: SearchSpec, measures: Sequence[MeasureRequest]) -> None:
    """Refuse measures of populations that the network has not.

    Raises
    ------
    FileFormatError
        With the nearest population.
    """
    network = _some_network(reader, search)
    if network is None:
        return
    libraries = {label_of(r) for r in measures if r.script is None}
    for objective in search.objectives:
        for goal in objective.goals:
            label, _, rest = goal.column.partition(".")
            if label not in libraries or any(
                rest == name or rest.startswith(f"{name}.") for name in network.populations
            ):
                continue
            known = [f"{label}.{name}" for name in network.populations]
            raise reader.error(
                place_of(reader, objective, goal.column),
                f"no run will have a column '{goal.column}'{nearest_or_all(goal.column, known)}",
            )


def _some_network(reader: Reader, search: SearchSpec) -> Network | None:
    """A network of the search; None where a script is needed to make one, or it cannot be made
    (which its trials will say)."""
    if reader.source.scripts:  # no code is run while a file is read
        return None
    values: dict[str, Any] = {}
    for name, given in zip(search.names, search.distributions, strict=True):
        values[name] = given.choices[0] if given.choices else given.first
    try:
        return reader.source.make(values)
    except PygennLiteError:
        return None
