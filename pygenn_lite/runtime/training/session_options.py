"""How a training session is made: the options that it has, and what they are once checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any, TypedDict

import numpy as np

from pygenn_lite.codegen.trial.eprop import EProp
from pygenn_lite.codegen.trial.generation import TrainingWishes
from pygenn_lite.errors import Location
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.training.deep_rewiring import DeepRewiring
from pygenn_lite.runtime.training.limits import Constraints

Bounds = Mapping[str, tuple[float, float]]
WHERE = Location("TrainingSession")


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
