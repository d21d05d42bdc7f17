"""An optimiser with its rate and settings, as those that run a trial's program read it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.trial.update_rule import UpdateRule
from pygenn_lite.codegen.trial.value_places import path_fits
from pygenn_lite.declaration.numeric import check_not_negative
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.records import dataclass

MOST_SETTINGS = 12  # kMostSettings of templates/training/optimise.hpp
WEIGHTS = ("groups.*.weight",)


@dataclass(frozen=True)
class Training:
    """How far a training has come, for schedules.

    Attributes
    ----------
    rate : float
        Of the optimiser.
    epochs, batches : int
        How many epochs there will be, of how many batches each.
    validation : tuple of float
        The loss of validation after each epoch so far.
    """

    rate: float
    epochs: int = 1
    batches: int = 1
    validation: tuple[float, ...] = ()


class RateSchedule(Protocol):
    """What a rate is multiplied by."""

    def factors(
        self, batches: npt.NDArray[np.int64], training: Training
    ) -> npt.NDArray[np.float64]:
        """A factor for each batch, by its number from the beginning of the training, from 0."""


@dataclass(frozen=True)
class Optimiser:
    """An update rule with its rate and settings; :mod:`pygenn_lite.training.optimisers` makes them.

    Attributes
    ----------
    rule : UpdateRule
    rate : float
        Of the update.
    settings : mapping of str to float
        What the rule calls by name.
    rates : mapping of str to float
        Factors of the rate by path (``*`` stands for any characters); the last that fits holds.
        Delays want about 100 times the weights' rate (Meszaros et al. 2025).
    weight_decay : float
        How fast values go to 0; what exactly is done with it is up to the rule.
    decays : tuple of str
        Paths whose values decay; by default weights.
    clip_value : float
        Largest magnitude of an entry of the gradient (the mean over a batch).
    clip_norm : float
        Largest Euclidean norm of the gradient; a longer one is shortened.
    norm_of : {"all", "each"}
        Whether that is the norm of all gradients together, or of those of each path.
    schedule : RateSchedule or None
        What the rate is multiplied by in each batch.

    Raises
    ------
    ArgumentError
        A value is none that makes sense.
    """

    rule: UpdateRule
    rate: float
    settings: Mapping[str, float] = field(default_factory=dict)
    rates: Mapping[str, float] = field(default_factory=dict)
    weight_decay: float = 0.0
    decays: tuple[str, ...] = WEIGHTS
    clip_value: float = math.inf
    clip_norm: float = math.inf
    norm_of: str = "all"
    schedule: RateSchedule | None = None

    def __post_init__(self) -> None:
        where = Location.of("optimiser", self.rule.name)
        if not isinstance(self.rates, Mapping):
            raise ArgumentError(
                f"rates = {self.rates!r}", where=where,
                hint='give factors by path: rates={"groups.*.delay": 100.0}',
            )  # fmt: skip
        if isinstance(self.decays, str):
            raise ArgumentError(
                f"decays = {self.decays!r}", where=where, hint=f"write decays=({self.decays!r},)"
            )
        at_least_0 = {"rate": self.rate, "weight_decay": self.weight_decay}
        for name, value in {
            **at_least_0,
            **{f"rates[{p!r}]": f for p, f in self.rates.items()},
        }.items():
            check_not_negative(name, value, where)
        for name, value in {"clip_value": self.clip_value, "clip_norm": self.clip_norm}.items():
            check_not_negative(name, value, where, above_0=True, infinite=True)
        if self.norm_of not in ("all", "each"):
            raise ArgumentError(
                f"norm_of = {self.norm_of!r}", where=where, hint='write "all" or "each"'
            )
        missing = [s for s in self.rule.settings if s not in self.settings]
        if missing or len(self.settings) > MOST_SETTINGS:
            raise ArgumentError(
                f"no value for {missing[0]}" if missing else f"{len(self.settings)} settings",
                where=where,
                hint=f"give each setting a number; at most {MOST_SETTINGS} of them",
            )

    def rate_factor(self, path: str) -> float:
        """What the rate is multiplied by for the values of a path.

        Examples
        --------
        >>> pg.optimisers.Adam(rates={"groups.*.delay": 100}).rate_factor("groups.w_in.delay")
        100.0
        """
        fitting = [factor for pattern, factor in self.rates.items() if path_fits(path, pattern)]
        return float(fitting[-1]) if fitting else 1.0

    def decay_factor(self, path: str) -> float:
        """1 for a path whose values decay, else 0."""
        return float(any(path_fits(path, pattern) for pattern in self.decays))

    def rates_at(
        self, batches: npt.ArrayLike, training: Training | None = None
    ) -> npt.NDArray[np.float64]:
        """The rate of each batch, by its number from 0.

        Raises
        ------
        ArgumentError
            The schedule gives a rate that is negative or not finite.
        """
        numbers = np.asarray(batches, np.int64)
        if self.schedule is None:
            return np.full(numbers.shape, self.rate)
        rates = self.rate * self.schedule.factors(numbers, training or Training(self.rate))
        wrong = np.flatnonzero(~(np.isfinite(rates) & (rates >= 0)))
        if wrong.size:
            raise ArgumentError(
                f"the rate of batch {numbers.flat[wrong[0]]} is {rates.flat[wrong[0]]:g}",
                where=Location.of("optimiser", self.rule.name),
                hint="a schedule gives factors of at least 0",
            )
        return rates
