"""Weights with which populations fire at the rates that they are to have."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias, Unpack

import numpy as np

from pygenn_lite import hooks
from pygenn_lite.declaration import Distribution, FrozenArray, Network
from pygenn_lite.declaration.compile_options import CompileOptions
from pygenn_lite.declaration.language.equations import Expression
from pygenn_lite.declaration.language.names import check_choice, nearest
from pygenn_lite.declaration.numeric import plain_number, whole_number
from pygenn_lite.declaration.paths import Place
from pygenn_lite.errors import ArgumentError, FitError, Location, NetworkError, PygennLiteError
from pygenn_lite.records import dataclass
from pygenn_lite.scaling.coordinate_search import CoordinateSearch, Evaluate, Limits
from pygenn_lite.scaling.fit_result import FitResult, FitStep, Target
from pygenn_lite.scaling.mean_field import MeanField
from pygenn_lite.scaling.moments import multiplied

METHODS = ("auto", "bisection", "siegert")
_WHERE = Location("fit_weights")
Targets: TypeAlias = Mapping[str, float | tuple[float, float]]


def fit_weights(
    network: Network,
    targets: Targets,
    vary: Mapping[str, str | Sequence[str]],
    *,
    method: str = "auto",
    duration: float = 1000.0,
    warmup: float = 200.0,
    seeds: int = 3,
    tolerance: float = 0.05,
    bounds: tuple[float, float] = (1 / 32, 32.0),
    most_runs: int = 1000,
    on_step: Callable[[FitStep], None] | None = None,
    **options: Unpack[CompileOptions],
) -> FitResult:
    """Look for weights with which populations have given mean rates.

    For each population one factor is looked for, by which the values at its paths are multiplied:
    first a bracket around the target, then by division, one population after the other until all
    are right. All factors and seeds that are tried together are instances of one compiled network.

    Parameters
    ----------
    network : Network
        It stays as it is.
    targets : mapping of str to float or (float, float)
        Rates by population, Hz; a pair is a range in which any rate is right.
    vary : mapping of str to str or list of str
        By population, the paths of the values that are multiplied (``groups.exc_exc.weight``;
        ``*`` stands for any characters of a name).
    method : {"auto", "bisection", "siegert"}
        Simulations alone, the mean field alone (see `pg.scaling.mean_field_rates`), or, where there
        is a mean field, simulations that begin where it leads.
    duration, warmup : float
        Of each simulation, ms; rates are counted for `duration` after `warmup`.
    seeds : int
        Simulations for each factor: with the network's seed and the following ones.
    tolerance : float
        How far from a single rate is near enough, as a fraction of it.
    bounds : (float, float)
        Least and greatest factor.
    most_runs : int
        How many simulations there may be in total.
    on_step : callable, optional
        Gets each `FitStep`.
    **options
        As of `pygenn_lite.compile_network`.

    Returns
    -------
    FitResult
        The network with its new weights, factors, rates and all steps.

    Raises
    ------
    FitError
        A rate cannot be reached, and between which rates it stays; or there were too many
        simulations. Its `result` is the FitResult of the best that was found. Any other error of
        the search (an instance that fails, Ctrl-C) carries it as well.
    NetworkError
        A population or a path that does not exist; with ``method="siegert"``, what has no mean
        field.

    Examples
    --------
    >>> net = pg.Network(dt=0.1, seed=1)
    >>> cells = net.population("cells", 20, pg.LIF())
    >>> drive = net.current(cells, 400.0, name="drive")
    >>> vary = {"cells": "inputs.drive.value"}
    >>> fit = pg.fit_weights(net, {"cells": 40.0}, vary, method="siegert")
    >>> fit.reached, round(fit.network.values["inputs.drive.value"], 1)
    (True, 420.1)
    """
    check_choice(method, METHODS, "method", _WHERE, NetworkError)
    fit = _Fit(network, _targets(network, targets, tolerance), _places(network, targets, vary))
    limits, count = _limits(bounds), _positive_whole(seeds, "seeds")
    start: Mapping[str, float] = dict.fromkeys(fit.places, 1.0)
    steps: tuple[FitStep, ...] = ()
    told = on_step or (lambda step: None)
    if method != "bisection":
        mean_field = _Tried(_by_mean_field(fit), told)
        search = CoordinateSearch(mean_field, fit.targets, limits, tolerance)
        found = _search(fit, search, start, method == "siegert")
        if method == "siegert":
            return found
        start, steps = (found.factors if found.reached else start), found.steps
        limits = replace(limits, first=1.1 if found.reached else limits.first)
    runs = _Runs(
        _time(duration, "duration"), _time(warmup, "warmup", least=True), count,
        _positive_whole(most_runs, "most_runs"), options,
    )  # fmt: skip
    search = CoordinateSearch(
        _Tried(_by_simulation(fit, runs), told), fit.targets, limits, tolerance
    )
    search.steps += steps
    return _search(fit, search, start, True)


@dataclass(frozen=True)
class _Fit:
    """What is looked for, and the values that are multiplied, by population."""

    network: Network
    targets: dict[str, Target]
    places: dict[str, tuple[Place, ...]]

    def values(self, factors: Mapping[str, float]) -> dict[str, Any]:
        """Values by path, multiplied."""
        known = self.network.values
        return {
            str(place): _times(known[str(place)], factors[name], place)
            for name, places in self.places.items()
            for place in places
        }


@dataclass(frozen=True)
class _Runs:
    duration: float
    warmup: float
    seeds: int
    most: int
    options: Mapping[str, Any]


class _Tried:
    """An evaluation that tells of every step."""

    def __init__(self, evaluate: Evaluate, told: Callable[[FitStep], None]) -> None:
        self.evaluate, self.told = evaluate, told

    def __call__(self, factors: Sequence[Mapping[str, float]]) -> list[FitStep]:
        steps = self.evaluate(factors)
        for step in steps:
            self.told(step)
        return steps


def _search(
    fit: _Fit, search: CoordinateSearch, start: Mapping[str, float], strict: bool
) -> FitResult:
    try:
        step = search.run(start)
    except (PygennLiteError, KeyboardInterrupt) as error:
        result = _result(fit, search, None, start)
        if not strict and isinstance(error, PygennLiteError):
            return result
        error.result = result  # type: ignore[union-attr]
        raise
    return _result(fit, search, step, start)


def _result(
    fit: _Fit, search: CoordinateSearch, step: FitStep | None, start: Mapping[str, float]
) -> FitResult:
    """What was found; where nothing was, rates that are not numbers."""
    if step is None:
        nothing = dict.fromkeys(fit.targets, math.nan)
        step = search.best if search.steps else FitStep(start, nothing, nothing, 0)
    notes = list(search.notes.values())
    for name, target in fit.targets.items():
        if step.errors[name] > (target.high - target.low) / 4:
            notes.append(
                f"the rate of '{name}' differs between seeds (standard error "
                f"{step.errors[name]:.2g} Hz): simulate longer, or with more seeds"
            )
    network = fit.network.with_values(fit.values(step.factors))
    return FitResult(
        network,
        dict(step.factors),
        dict(step.rates),
        fit.targets,
        tuple(search.steps),
        tuple(notes),
    )


# ------------------------------------------------------------------ how rates are got


def _by_mean_field(fit: _Fit) -> Evaluate:
    """Rates from the mean field; of several stationary states that near the targets."""
    near = {name: target.aim for name, target in fit.targets.items()}

    def evaluate(factors: Sequence[Mapping[str, float]]) -> list[FitStep]:
        steps = []
        for each in factors:
            rates = MeanField(fit.network.with_values(fit.values(each))).solve(near)
            chosen = {name: rates[name] for name in fit.targets}
            steps.append(FitStep(dict(each), chosen, dict.fromkeys(chosen, 0.0), 0))
        return steps

    return evaluate


def _by_simulation(fit: _Fit, runs: _Runs) -> Evaluate:
    """Rates from instances of one compiled network, all seeds of all factors at once."""
    network = fit.network.copy()
    network.recordings = []
    network.record(*(network.populations[name].spikes for name in fit.targets))
    done = [0]

    def evaluate(factors: Sequence[Mapping[str, float]]) -> list[FitStep]:
        count = len(factors) * runs.seeds
        if done[0] + count > runs.most:
            raise FitError(
                f"after {done[0]} simulations the rates are not where they are to be",
                hint="allow more with most_runs=, or a wider range of rates",
            )
        values = [fit.values(each) for each in factors]
        simulation = hooks.call(
            "compile_network",
            network,
            instances=count,
            seeds=[(network.seed + k) % 2**64 for k in range(runs.seeds)] * len(factors),
            values={
                path: [each[path] for each in values for _ in range(runs.seeds)]
                for path in values[0]
            },
            **runs.options,
        )
        results = simulation.run(runs.warmup + runs.duration)
        done[0] += count
        rates = results.rates(runs.warmup)
        return [
            _step(each, {n: r[k * runs.seeds : (k + 1) * runs.seeds] for n, r in rates.items()})
            for k, each in enumerate(factors)
        ]

    return evaluate


def _step(factors: Mapping[str, float], rates: Mapping[str, Any]) -> FitStep:
    count = len(next(iter(rates.values())))
    spread = {
        name: float(np.std(each, ddof=1) / math.sqrt(count)) if count > 1 else 0.0
        for name, each in rates.items()
    }
    means = {name: float(np.mean(each)) for name, each in rates.items()}
    return FitStep(dict(factors), means, spread, count)


# ------------------------------------------------------------------ what the user says


def _targets(network: Network, given: Any, tolerance: float) -> dict[str, Target]:
    near = plain_number(tolerance)
    if near is None or not 0 < near < 1:
        raise ArgumentError(f"tolerance = {tolerance!r}", hint="give a fraction such as 0.05")
    if not isinstance(given, Mapping) or not given:
        raise ArgumentError(f"targets = {given!r:.60}", hint="write {'exc': 5.0, 'inh': (8, 12)}")
    found = {}
    for name, wanted in given.items():
        if name not in network.populations:
            meant = nearest(str(name), network.populations)
            raise NetworkError(
                f"targets: there is no population {name!r}{meant}",
                where=_WHERE,
            )
        ends = wanted if isinstance(wanted, (tuple, list)) else (wanted, wanted)
        rates = [plain_number(end) for end in ends]
        if len(rates) != 2 or not all(r is not None and 0 <= r < math.inf for r in rates):
            raise _no_rate(name, wanted)
        low, high = map(float, rates)  # type: ignore[arg-type]
        if low > high or high == 0:
            raise _no_rate(name, wanted)
        if low == high:
            low, high = low * (1 - near), high * (1 + near)
        found[name] = Target(low, high, (low + high) / 2)
    return found


def _no_rate(name: str, wanted: object) -> ArgumentError:
    return ArgumentError(
        f"targets: {wanted!r:.60} is not a rate that '{name}' can have",
        hint="give Hz above 0, or a pair (low, high)",
    )


def _places(network: Network, targets: Any, vary: Any) -> dict[str, tuple[Place, ...]]:
    if not isinstance(vary, Mapping) or not vary:
        raise ArgumentError(
            f"vary = {vary!r:.60}", hint="write {'exc': 'groups.exc_exc.weight'}: paths to multiply"
        )
    if set(vary) != set(targets):
        missing = sorted(map(str, set(vary) ^ set(targets)))
        raise ArgumentError(
            f"targets and vary name different populations: {', '.join(missing)} stands in one only",
            hint="each target needs values that are varied for it",
        )
    known, found = network.values, {}
    taken: dict[Place, str] = {}
    for name, paths in vary.items():
        listed = [paths] if isinstance(paths, str) else list(paths)
        places = tuple(dict.fromkeys(p for path in listed for p in known.matching(path)))
        for place in places:
            _check_place(place, known[str(place)])
            if place in taken:
                raise ArgumentError(
                    f"vary: {place} stands for both '{taken[place]}' and '{name}'",
                    hint="each value has one factor",
                )
            taken[place] = name
        found[name] = places
    return found


def _check_place(place: Place, value: Any) -> None:
    if place.structural or not isinstance(value, (float, Distribution, FrozenArray, Expression)):
        why = place.structural or "it is not a number"
        raise NetworkError(
            f"vary: {place} cannot be multiplied: {why}",
            where=_WHERE,
            hint="give paths of weights, rates or currents",
        )


def _times(value: Any, factor: float, place: Place) -> Any:
    return multiplied(value, factor, Location(f"values ({place})"))


def _limits(bounds: Any) -> Limits:
    ends = [plain_number(each) for each in bounds] if isinstance(bounds, (tuple, list)) else []
    if len(ends) != 2 or not all(e is not None and 0 < e < math.inf for e in ends):
        raise ArgumentError(f"bounds = {bounds!r:.60}", hint="give a pair of factors: (0.1, 10.0)")
    low, high = map(float, ends)  # type: ignore[arg-type]
    if not low < 1 < high:
        raise ArgumentError(
            f"bounds = {bounds!r}", hint="1, the weights as they are, lies between the bounds"
        )
    return Limits(low, high, 1.3)


def _time(given: Any, name: str, least: bool = False) -> float:
    number = plain_number(given)
    if number is None or not 0 <= number < math.inf or (number == 0 and not least):
        raise ArgumentError(f"{name} = {given!r}", hint="give a time in ms")
    return float(number)


def _positive_whole(given: Any, name: str) -> int:
    number = whole_number(given)
    if number is None or number < 1:
        raise ArgumentError(f"{name} = {given!r}", hint="give a whole number from 1 on")
    return number
