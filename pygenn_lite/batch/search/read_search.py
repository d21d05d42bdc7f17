"""The part ``optimise:`` of a sweep file -> a `SearchSpec`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pygenn_lite.batch.dimension_forms import Reader, read_distributed
from pygenn_lite.batch.search.columns import check_columns, measure_names
from pygenn_lite.batch.search.search_schema import OptimiseSection, PruneSection
from pygenn_lite.batch.search.search_spec import (
    KINDS,
    SAMPLERS,
    Goal,
    Objective,
    Pruning,
    SearchSpec,
)
from pygenn_lite.batch.sweep_spec import MeasureRequest
from pygenn_lite.declaration.language.names import check_choice, nearest_or_all
from pygenn_lite.errors import PygennLiteError
from pygenn_lite.records import dataclass
from pygenn_lite.yaml_format.marks import Place

AT: Place = ("optimise",)
PRUNERS = ("median", "percentile")
TOGETHER, POPULATION = 10, 20
MOST_TOGETHER = 10_000
LAST_SEED = 2**32  # of Optuna's samplers


@dataclass(frozen=True)
class _Objectives:
    """Reads what is wanted."""

    reader: Reader
    given: OptimiseSection

    def all(self) -> tuple[Objective, ...]:
        """All objectives, in the order of the file."""
        given = self.given
        named = [kind for kind in KINDS if getattr(given, kind)]
        if given.several:
            if named:
                raise self._both((*AT, "several"), "several", named[0])
            return tuple(
                self._of_several(item, (*AT, "several", k)) for k, item in enumerate(given.several)
            )
        if not named:
            raise self.reader.error(
                AT,
                "nothing says what is searched for",
                "write targets: {rates.exc: 10}, maximise: cv_isi.exc or minimise: synchrony.exc",
            )
        if len(named) > 1:
            raise self._both((*AT, named[1]), named[0], named[1])
        return (self._objective(named[0], getattr(given, named[0]), (*AT, named[0])),)

    def _both(self, place: Place, one: str, other: str) -> PygennLiteError:
        return self.reader.error(
            place,
            f"'{one}' and '{other}' are both given",
            "write several: [{maximise: cv_isi.exc}, {targets: {rates.exc: 10}}] for several "
            "objectives",
        )

    def _of_several(self, item: Mapping[str, Any], place: Place) -> Objective:
        kind = next(iter(item), "")
        if len(item) != 1 or kind not in KINDS:
            near = nearest_or_all(str(kind), KINDS)
            raise self.reader.error(
                place, f"should be one of maximise, minimise, targets{near}",
                "write {maximise: cv_isi.exc}",
            )  # fmt: skip
        return self._objective(kind, item[kind], (*place, kind))

    def _objective(self, kind: str, given: Any, place: Place) -> Objective:
        if kind != "targets":
            if not isinstance(given, str):
                raise self.reader.error(place, "should be a measure", "write cv_isi.exc")
            return Objective(kind, (Goal(given),))
        if not isinstance(given, Mapping) or not given:
            raise self.reader.error(place, "should name measures", "write {rates.exc: 10}")
        return Objective(
            kind, tuple(self._goal(n, value, (*place, n)) for n, value in given.items())
        )

    def _goal(self, column: str, given: Any, place: Place) -> Goal:
        parts = given if isinstance(given, Mapping) else {"value": given}
        known = ("value", "weight", "scale")
        for name in parts:
            if name not in known:
                near = nearest_or_all(str(name), known)
                raise self.reader.error((*place, name), f"unknown key '{name}'{near}")
        if "value" not in parts:
            raise self.reader.error(place, "the key 'value' is missing", "write {value: 10}")
        numbers = {
            n: self.reader.number(v, (*place, n) if parts is given else place)
            for n, v in parts.items()
        }
        value = float(numbers["value"])
        scale = float(numbers.get("scale", abs(value)))
        if scale <= 0:
            raise self.reader.error(
                place,
                "an error relative to a target of 0 means nothing"
                if "scale" not in parts
                else f"the scale {scale:g} is not above 0",
                "say which difference counts as an error of 1: {value: 0, scale: 0.1}",
            )
        weight = float(numbers.get("weight", 1.0))
        if weight <= 0:
            raise self.reader.error(place, f"the weight {weight:g} is not above 0")
        return Goal(column, value, weight, scale)


def read_search(
    reader: Reader,
    given: OptimiseSection,
    swept: Sequence[str],
    measures: Sequence[MeasureRequest],
    runs_each: int,
) -> tuple[SearchSpec, tuple[MeasureRequest, ...]]:
    """The search that a file declares.

    Parameters
    ----------
    reader : Reader
    given : OptimiseSection
    swept : sequence of str
        Names whose values are the same in all trials.
    measures : sequence of MeasureRequest
        Those that the file asks for.
    runs_each : int
        Of each trial.

    Returns
    -------
    SearchSpec
    tuple of MeasureRequest
        The same measures, and those that objectives name besides.

    Raises
    ------
    FileFormatError
        Naming file, line and key.
    """
    if not given.parameters:
        raise reader.error(
            (*AT, "parameters"), "no value is varied", "write parameters: {g: {uniform: [3, 8]}}"
        )
    distributions = tuple(
        read_distributed(reader, name, form, (*AT, "parameters", name), OPTIMISED)
        for name, form in given.parameters.items()
    )
    _check_names(reader, given, swept)
    objectives = _Objectives(reader, given).all()
    requests = measure_names(reader, objectives, measures)
    sampler = _sampler(reader, given.sampler, len(objectives))
    search = SearchSpec(
        tuple(given.parameters),
        distributions,
        objectives,
        runs=_whole(reader, given.runs, "runs", 1, 10**7),
        sampler=sampler,
        seed=_whole(reader, given.seed, "seed", 0, LAST_SEED - 1),
        together=_together(reader, given, sampler),
        pruning=_pruning(reader, given.prune, objectives, requests),
    )
    if search.pruning is not None and runs_each > 1:
        raise reader.error(
            (*AT, "prune"), f"trials of {runs_each} runs cannot be ended early",
            "leave prune: or sweep: out",
        )  # fmt: skip
    check_columns(reader, search, requests)
    return search, requests


OPTIMISED = ("uniform", "loguniform", "integers", "choice")


def _whole(reader: Reader, value: int, name: str, least: int, most: int) -> int:
    if not least <= value <= most:
        raise reader.error((*AT, name), f"{name} = {value}", f"give {least} to {most}")
    return value


def _together(reader: Reader, given: OptimiseSection, sampler: str) -> int:
    if given.together is None:
        return POPULATION if sampler == "nsga2" else TOGETHER
    least = 2 if sampler == "nsga2" else 1
    return _whole(reader, given.together, "together", least, MOST_TOGETHER)


def _sampler(reader: Reader, given: str | None, objectives: int) -> str:
    if given is None:
        return "tpe" if objectives == 1 else "nsga2"
    try:
        found = check_choice(given, SAMPLERS, "sampler")
    except PygennLiteError as error:
        raise reader.located(error, (*AT, "sampler")) from None
    if found == "cmaes" and objectives > 1:
        raise reader.error(
            (*AT, "sampler"), "cmaes takes one objective", "write nsga2, tpe or random"
        )
    return found


def _pruning(
    reader: Reader,
    given: PruneSection | None,
    objectives: Sequence[Objective],
    requests: Sequence[MeasureRequest],
) -> Pruning | None:
    if given is None:
        return None
    place: Place = (*AT, "prune")
    every = reader.number(given.every, (*place, "every"))
    if every <= 0:
        raise reader.error((*place, "every"), f"{every:g} is not a valid time", "give ms")
    try:
        kind = check_choice(given.pruner, PRUNERS, "pruner")
    except PygennLiteError as error:
        raise reader.located(error, (*place, "pruner")) from None
    percentile = 50.0
    if kind == "percentile" and given.percentile is None:
        raise reader.error(place, "the key 'percentile' is missing", "write percentile: 25")
    if given.percentile is not None:
        percentile = reader.number(given.percentile, (*place, "percentile"))
    if (kind == "median" and percentile != 50.0) or not 0 < percentile < 100:
        raise reader.error(
            (*place, "percentile"), f"percentile = {percentile:g} does not fit pruner: {kind}",
            "give a number between 0 and 100 with pruner: percentile",
        )  # fmt: skip
    if given.startup < 1:
        raise reader.error((*place, "startup"), f"startup = {given.startup}", "give 1 or more")
    if len(objectives) > 1:
        raise reader.error(place, "trials of several objectives cannot be ended early")
    _check_streaming(reader, objectives[0], requests)
    return Pruning(float(every), percentile, given.startup)


def _check_streaming(
    reader: Reader, objective: Objective, requests: Sequence[MeasureRequest]
) -> None:
    """What is looked at during a run must be measured then."""
    from pygenn_lite.analysis.registry import find_measure
    from pygenn_lite.batch.measuring import label_of

    for goal in objective.goals:
        label = goal.column.partition(".")[0]
        request = next(r for r in requests if label_of(r) == label)
        if request.script is not None or find_measure(request.name).sink is None:
            raise reader.error(
                (*AT, "prune"),
                f"'{request.name}' is not measured during a run",
                "leave prune: out, or choose a measure that is",
            )


def _check_names(reader: Reader, given: OptimiseSection, swept: Sequence[str]) -> None:
    """Each name can be varied, and is named once."""
    known = {reader.source.canonical(name): name for name in swept}
    for name in given.parameters:
        place: Place = (*AT, "parameters", name)
        try:
            canonical = reader.source.canonical(name)
        except PygennLiteError as error:
            raise reader.located(error, place) from None
        if canonical in known:
            raise reader.error(
                place, f"'{name}' is varied twice; the other is '{known[canonical]}'"
            )
        known[canonical] = name
