"""How a training session is made: what users give, checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any, TypedDict

import numpy as np

from pygenn_lite.codegen.trial.eprop import EProp
from pygenn_lite.codegen.trial.generation import TrainingWishes
from pygenn_lite.codegen.trial.value_places import path_fits
from pygenn_lite.declaration.checks import check_seed
from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.numeric import plain_number, whole_number
from pygenn_lite.declaration.population import SpikeSource
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.backends import check_precision
from pygenn_lite.runtime.card_options import card_options
from pygenn_lite.runtime.training.deep_rewiring import DeepRewiring
from pygenn_lite.runtime.training.limits import Constraints

Bounds = Mapping[str, tuple[float, float]]
WHERE = Location("TrainingSession")
GRADIENTS = ("exact", "surrogate")
BACKENDS = ("auto", "cuda", "cpp")
MOST_STEPS = 1 << 24
MOST_BATCH = 1 << 24


class Options(TypedDict, total=False):
    """Further options of a session."""

    surrogate: Any
    detach_reset: bool
    trainable: str | Iterable[str]
    optimiser: Any
    constraints: Constraints | None
    dropout: Mapping[str, float] | None
    rewiring: DeepRewiring | None
    bounds: Bounds | None
    precision: str
    threads: int | None
    seed: int | None
    input: str | None
    longest_delay: float | None
    in_flight: int | None
    cache: bool
    outputs: Iterable[str]
    replayed: Iterable[str]
    backend: str
    driver: str
    device: int


DEFAULTS: dict[str, Any] = {
    "surrogate": None, "detach_reset": False, "trainable": "groups.*.weight", "optimiser": None,
    "constraints": None, "dropout": None, "rewiring": None,
    "bounds": None, "precision": "float32", "threads": None, "seed": None, "input": None,
    "longest_delay": None, "in_flight": None, "cache": True, "outputs": (), "replayed": (),
    "backend": "auto", "driver": "auto", "device": 0,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class SessionOptions:
    """What a session is made with, checked; see :class:`TrainingSession`.

    Attributes
    ----------
    loss : LossDescription or None
    steps, batch : int
    gradient : str
    surrogate : Surrogate or None
    detach_reset : bool
    trainable : tuple of str
    eprop : EProp or None
    optimiser : Optimiser or None
    constraints : mapping of str to constraints
    dropout : mapping of str to float
    rewiring : DeepRewiring or None
    bounds : mapping of str to (float, float)
    precision : str
    threads : int or None
    seed : int
    input : str or None
    longest_delay : float or None
    in_flight : int or None
    cache : bool
    outputs, replayed : tuple of str
    backend, driver : str
    device : int
    """

    loss: Any
    steps: int
    batch: int = 32
    gradient: str = "exact"
    surrogate: Any = None
    detach_reset: bool = False
    trainable: tuple[str, ...] = ("groups.*.weight",)
    eprop: EProp | None = None
    optimiser: Any = None
    constraints: Constraints = field(default_factory=dict)
    dropout: Mapping[str, float] = field(default_factory=dict)
    rewiring: DeepRewiring | None = None
    bounds: Bounds | None = None
    precision: str = "float32"
    threads: int | None = None
    seed: int = 0
    input: str | None = None
    longest_delay: float | None = None
    in_flight: int | None = None
    cache: bool = True
    outputs: tuple[str, ...] = ()
    replayed: tuple[str, ...] = ()
    backend: str = "cpp"
    driver: str = "auto"
    device: int = 0

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of reals."""
        return np.dtype(self.precision)

    def longest_steps(self, dt: float) -> int:
        """Steps that trained delays may reach; 0: nothing was said."""
        return 0 if self.longest_delay is None else max(1, round(self.longest_delay / dt))

    @property
    def wishes(self) -> TrainingWishes:
        """What the program is to do."""
        return TrainingWishes(
            self.loss,
            self.trainable,
            self.gradient,
            self.surrogate,
            self.detach_reset,
            None if self.optimiser is None else self.optimiser.rule,
            self.outputs,
            bool(self.replayed),
        )


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
    if isinstance(given["gradient"], EProp):
        surrogate = given["surrogate"] or given["gradient"].surrogate
        given |= {"eprop": given["gradient"], "gradient": "surrogate", "surrogate": surrogate}
        given["detach_reset"] = True
    given["constraints"], given["bounds"] = _constraints(given), _bounds(given["bounds"])
    given["dropout"] = _dropout(given["dropout"], network)
    given["replayed"] = _patterns(given["replayed"], "replayed", "hidden")
    _check_replayed(network, given["replayed"])
    if given["gradient"] not in GRADIENTS:
        raise ArgumentError(
            f"gradient = {given['gradient']!r}",
            where=WHERE,
            hint=f"choose one of {', '.join(GRADIENTS)}",
        )
    check_precision(given["precision"])
    given |= _card(given)
    for name in ("threads", "in_flight"):
        if given[name] is not None:
            given[name] = _whole(given[name], name, 4096)
    seed = given["seed"]
    given["seed"] = network.seed if seed is None else check_seed(seed)
    if given["longest_delay"] is not None:
        given["longest_delay"] = _positive(given["longest_delay"], "longest_delay")
    if given["input"] is not None:
        _check_input(network, given["input"])
    _check_loss(given)
    return SessionOptions(**given)


def _check_loss(given: Mapping[str, Any]) -> None:
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


def _positive(value: object, what: str) -> float:
    number = plain_number(value)
    if number is None or not 0 < number < 1e9:
        raise ArgumentError(f"{what} = {value!r}", where=WHERE, hint="give a number of ms")
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
