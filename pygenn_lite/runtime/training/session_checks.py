"""Checks how a training session is to be made: options as users give them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from pygenn_lite.codegen.trial.eprop import EProp
from pygenn_lite.codegen.trial.optimiser import Optimiser
from pygenn_lite.codegen.trial.value_places import path_fits
from pygenn_lite.declaration.checks import check_seed
from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.numeric import plain_number, whole_number
from pygenn_lite.declaration.population import SpikeSource
from pygenn_lite.declaration.steps import LONGEST_DELAY
from pygenn_lite.errors import ArgumentError
from pygenn_lite.runtime.backends import check_precision
from pygenn_lite.runtime.card_options import card_options
from pygenn_lite.runtime.training.deep_rewiring import DeepRewiring
from pygenn_lite.runtime.training.limits import Constraints
from pygenn_lite.runtime.training.session_options import WHERE, Bounds, SessionOptions

GRADIENTS = ("exact", "surrogate")
BACKENDS = ("auto", "cuda", "cpp")
MOST_STEPS = 1 << 24
MOST_BATCH = 1 << 24


def checked(options: Mapping[str, Any], network: Network) -> SessionOptions:
    """Options as users give them.

    Raises
    ------
    ArgumentError
        One makes no sense.
    """
    given = dict(options)
    given["steps"] = _whole(given["steps"], "steps", MOST_STEPS)
    given["batch"] = _whole(given["batch"], "batch", MOST_BATCH)
    given["trainable"] = _patterns(given["trainable"], "trainable", "groups.*.weight")
    given["outputs"] = _patterns(given["outputs"], "outputs", "out.V")
    _check_made_of(given)
    given |= _gradient(given)
    given["constraints"], given["bounds"] = _constraints(given), _bounds(given["bounds"])
    given["dropout"] = _dropout(given["dropout"], network)
    given["replayed"] = _patterns(given["replayed"], "replayed", "hidden")
    _check_replayed(network, given["replayed"])
    check_precision(given["precision"])
    given |= _card(given)
    for name in ("threads", "in_flight"):
        if given[name] is not None:
            given[name] = _whole(given[name], name, 4096)
    seed = given["seed"]
    given["seed"] = network.seed if seed is None else check_seed(seed)
    if given["longest_delay"] is not None:
        given["longest_delay"] = _longest_delay(given["longest_delay"], network.dt)
    if given["input"] is not None:
        _check_input(network, given["input"])
    return SessionOptions(**given)


def _gradient(given: Mapping[str, Any]) -> dict[str, Any]:
    """How gradients are computed; e-prop's are surrogate gradients."""
    gradient = given["gradient"]
    if isinstance(gradient, EProp):
        surrogate = given["surrogate"] or gradient.surrogate
        return {
            "eprop": gradient,
            "gradient": "surrogate",
            "surrogate": surrogate,
            "detach_reset": True,
        }
    if gradient not in GRADIENTS:
        raise ArgumentError(
            f"gradient = {gradient!r}", where=WHERE, hint=f"choose one of {', '.join(GRADIENTS)}"
        )
    return {}


def _check_made_of(given: Mapping[str, Any]) -> None:
    """A loss or outputs, and an optimiser if any."""
    if (given["loss"] is None) != bool(given["outputs"]):
        raise ArgumentError(
            "give a loss, or outputs of which one is computed elsewhere",
            where=WHERE,
            hint='write loss=pg.losses.CrossEntropy("out.V"), or loss=None and outputs=["out.V"]',
        )
    if given["loss"] is not None and not callable(getattr(given["loss"], "terms", None)):
        raise ArgumentError(
            f"{given['loss']!r:.60} is not a loss",
            where=WHERE,
            hint='write pg.losses.CrossEntropy("out.V")',
        )
    if not isinstance(given["optimiser"], Optimiser | None):
        raise ArgumentError(
            f"{given['optimiser']!r:.60} is not an optimiser",
            where=WHERE,
            hint="write optimiser=pg.optimisers.Adam()",
        )


def _card(given: Mapping[str, Any]) -> dict[str, Any]:
    """Where the program runs."""
    backend = given["backend"]
    if backend not in BACKENDS:
        raise ArgumentError(
            f"backend = {backend!r}", where=WHERE, hint=f"choose one of {', '.join(BACKENDS)}"
        )
    if backend == "auto":
        from pygenn_lite.runtime.cuda.drivers import card_is_usable

        backend = "cuda" if card_is_usable() else "cpp"
    card = card_options(backend, given["driver"], given["device"])
    return {"backend": backend, "driver": card.driver, "device": card.device}


def _whole(value: object, what: str, most: int) -> int:
    number = whole_number(value)
    if number is None or not 1 <= number <= most:
        raise ArgumentError(
            f"{what} = {value!r}", where=WHERE, hint=f"give a whole number from 1 to {most:,}"
        )
    return number


def _longest_delay(value: object, dt: float) -> float:
    number, most = plain_number(value), LONGEST_DELAY * dt
    if number is None or not 0 < number <= most:
        raise ArgumentError(
            f"longest_delay = {value!r}",
            where=WHERE,
            hint=f"give a number of ms, up to {most:g} ({LONGEST_DELAY:,} steps)",
        )
    return float(number)


def _patterns(given: object, what: str, example: str) -> tuple[str, ...]:
    patterns = (given,) if isinstance(given, str) else given
    if not isinstance(patterns, Iterable) or not all(isinstance(p, str) for p in patterns):
        raise ArgumentError(f"{what} = {given!r}", where=WHERE, hint=f'write {what}=["{example}"]')
    return tuple(patterns)


def _constraints(given: Mapping[str, Any]) -> Constraints:
    constraints = {} if given["constraints"] is None else given["constraints"]
    if not isinstance(constraints, Mapping):
        raise ArgumentError(
            f"constraints = {constraints!r:.60}",
            where=WHERE,
            hint='write constraints={"groups.*.weight": pg.constraints.Sign()}',
        )
    if (constraints or given["rewiring"]) and given["optimiser"] is None:
        raise ArgumentError(
            "constraints and rewiring follow updates, and there is no optimiser",
            where=WHERE,
            hint="write optimiser=pg.optimisers.Adam()",
        )
    if not isinstance(given["rewiring"], DeepRewiring | None):
        raise ArgumentError(
            f"rewiring = {given['rewiring']!r:.60}",
            where=WHERE,
            hint='write rewiring=pg.DeepRewiring("w_in")',
        )
    return constraints


def _bounds(given: Any) -> Bounds | None:
    """Two numbers for each path."""
    if given is None:
        return None
    pairs = given.items() if isinstance(given, Mapping) else [("", given)]
    for path, pair in pairs:
        numbers = (
            [plain_number(n) for n in pair] if isinstance(pair, (tuple, list, np.ndarray)) else []
        )
        low, high = numbers if len(numbers) == 2 else (None, None)
        if low is None or high is None or not low <= high:
            raise ArgumentError(
                f"bounds = {given!r:.60}",
                where=WHERE.entry(path) if path else WHERE,
                hint='write the lower one first: bounds={"groups.*.weight": (0.0, 1.0)}',
            )
    return dict(given)


def _dropout(given: Any, network: Network) -> dict[str, float]:
    """By group; patterns are replaced by the names that they mean, the last that fits holds."""
    where = WHERE.entry("dropout")
    if not isinstance(given, Mapping | None):
        raise ArgumentError(
            f"dropout = {given!r:.60}", where=WHERE, hint='write dropout={"w_in": 0.2}'
        )
    found: dict[str, float] = {}
    for pattern, share in (given or {}).items():
        number = plain_number(share)
        if number is None or not 0 <= number < 1:
            raise ArgumentError(
                f"{pattern} = {share!r}", where=where, hint="give a probability from 0 to below 1"
            )
        names = [name for name in network.groups if path_fits(name, pattern)]
        if not names:
            raise ArgumentError(
                f"there is no synapse group {pattern!r}{nearest(pattern, network.groups)}",
                where=where,
                hint=f"groups are {', '.join(network.groups)}",
            )
        found |= dict.fromkeys(names, float(number))
    return found


def _check_replayed(network: Network, names: tuple[str, ...]) -> None:
    for name in names:
        population = network.populations.get(name)
        if population is None or isinstance(population.model, SpikeSource):
            raise ArgumentError(
                f"replayed names {name!r}, which is not a population with a model",
                where=WHERE,
                hint="spike sources replay their data anyway",
            )


def _check_input(network: Network, name: str) -> None:
    population = network.populations.get(name)
    if population is None or not isinstance(population.model, SpikeSource):
        raise ArgumentError(f"input = {name!r} is not a spike source of the network", where=WHERE)
