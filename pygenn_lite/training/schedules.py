"""Schedules of a rate: what it is multiplied by in each batch.

>>> adam = pg.optimisers.Adam(1e-3, schedule=pg.schedules.EaseIn() * pg.schedules.Plateau())

Schedules are pure: a factor follows from the number of the batch, and from the losses of validation
so far. A training that is resumed has the same rates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.trial.optimiser import RateSchedule, Training
from pygenn_lite.declaration.language.equations import ExpressionLike, parse_expression
from pygenn_lite.declaration.language.evaluation import evaluate
from pygenn_lite.declaration.numeric import check_not_negative, whole_number
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.records import dataclass

__all__ = [
    "Constant",
    "Cosine",
    "EaseIn",
    "Exponential",
    "Function",
    "OneCycle",
    "Plateau",
    "Product",
    "Schedule",
    "Steps",
]

Batches: TypeAlias = npt.NDArray[np.int64]
Factors: TypeAlias = npt.NDArray[np.float64]


class Schedule:
    """Base of schedules, which can be multiplied with each other.

    Attributes
    ----------
    watches_validation : bool
        Whether it follows the loss of validation.
    """

    @property
    def watches_validation(self) -> bool:
        """Most do not."""
        return False

    def factors(self, batches: Batches, training: Training) -> Factors:
        """A factor for each batch.

        Parameters
        ----------
        batches : (n,) int64
            Numbers of batches from the beginning of the training, from 0.
        training : Training
        """
        raise NotImplementedError

    def __mul__(self, other: Schedule) -> Product:
        return Product((self, other))


@dataclass(frozen=True)
class Product(Schedule):
    """Several schedules, multiplied with each other: ``EaseIn() * Cosine()``."""

    parts: tuple[Schedule, ...]

    @property
    def watches_validation(self) -> bool:
        """Whether one of its parts does."""
        return any(getattr(part, "watches_validation", False) for part in self.parts)

    def factors(self, batches: Batches, training: Training) -> Factors:
        result = np.ones(batches.shape)
        for part in self.parts:
            result *= part.factors(batches, training)
        return result


@dataclass(frozen=True)
class Constant(Schedule):
    """A rate that stays as it is.

    Attributes
    ----------
    factor : float
    """

    factor: float = 1.0

    def __post_init__(self) -> None:
        check_not_negative("factor", self.factor, _where(self))

    def factors(self, batches: Batches, training: Training) -> Factors:
        return np.full(batches.shape, float(self.factor))


@dataclass(frozen=True)
class EaseIn(Schedule):
    """The rate grows from `start`, by a factor per batch, until it is reached: for networks whose
    first gradients are large (Nowotny, Turner and Knight 2022).

    Attributes
    ----------
    start : float
        The rate of the first batch.
    growth : float
        From one batch to the next.
    """

    start: float = 1e-6
    growth: float = 1.05

    def __post_init__(self) -> None:
        check_not_negative("start", self.start, _where(self), above_0=True)
        if check_not_negative("growth", self.growth, _where(self)) <= 1:
            raise ArgumentError(
                f"growth = {self.growth!r}", where=_where(self), hint="give a number above 1"
            )

    def factors(self, batches: Batches, training: Training) -> Factors:
        reached = max(0.0, math.log(training.rate / self.start)) / math.log(self.growth)
        grown = self.start / training.rate * self.growth ** np.minimum(batches, math.ceil(reached))
        return np.asarray(np.minimum(1.0, grown))


@dataclass(frozen=True)
class Cosine(Schedule):
    """Half a period of a cosine, from 1 to `final` (Loshchilov and Hutter 2017).

    Attributes
    ----------
    final : float
    epochs : int or None
        After how many it is there; None: at the end of the training.
    """

    final: float = 0.0
    epochs: int | None = None

    def __post_init__(self) -> None:
        check_not_negative("final", self.final, _where(self))
        if self.epochs is not None:
            _check_whole("epochs", self.epochs, self)

    def factors(self, batches: Batches, training: Training) -> Factors:
        last = (self.epochs or training.epochs) * training.batches
        return _cosine(1.0, self.final, np.minimum(batches / last, 1.0))


@dataclass(frozen=True)
class OneCycle(Schedule):
    """One cycle over the training: from `start` up to the rate, and down to `final`, both along
    half a cosine (Smith and Topin 2017).

    Attributes
    ----------
    start, final : float
        As factors of the rate, which is that of the peak.
    rise : float
        The part of the training in which the rate rises.
    """

    start: float = 0.04
    final: float = 4e-6
    rise: float = 0.3

    def __post_init__(self) -> None:
        check_not_negative("start", self.start, _where(self))
        check_not_negative("final", self.final, _where(self))
        if not 0 < check_not_negative("rise", self.rise, _where(self)) < 1:
            raise ArgumentError(
                f"rise = {self.rise!r}", where=_where(self), hint="give a part between 0 and 1"
            )

    def factors(self, batches: Batches, training: Training) -> Factors:
        done = np.minimum(batches / (training.epochs * training.batches), 1.0)
        up = _cosine(self.start, 1.0, np.minimum(done / self.rise, 1.0))
        down = _cosine(1.0, self.final, np.maximum(done - self.rise, 0.0) / (1 - self.rise))
        return np.where(done < self.rise, up, down)


@dataclass(frozen=True)
class Exponential(Schedule):
    """A factor per epoch, taken in small steps batch by batch.

    Attributes
    ----------
    factor : float
    """

    factor: float = 0.95

    def __post_init__(self) -> None:
        check_not_negative("factor", self.factor, _where(self), above_0=True)

    def factors(self, batches: Batches, training: Training) -> Factors:
        return np.asarray(float(self.factor) ** (batches / training.batches))


@dataclass(frozen=True)
class Steps(Schedule):
    """A factor at the beginning of given epochs, or of every so many.

    Attributes
    ----------
    epochs : int or sequence of int
        Epochs, counted from 0; or a number n: of epochs n, 2 n, 3 n, ...
    factor : float
    """

    epochs: int | Sequence[int]
    factor: float = 0.1

    def __post_init__(self) -> None:
        check_not_negative("factor", self.factor, _where(self))
        for epoch in np.atleast_1d(np.asarray(self.epochs, object)):
            _check_whole("epochs", epoch, self)

    def factors(self, batches: Batches, training: Training) -> Factors:
        now = batches // training.batches
        if isinstance(self.epochs, (int, np.integer)):
            passed = now // self.epochs
        else:
            passed = (
                (np.asarray(self.epochs)[:, None] <= now.ravel()).sum(axis=0).reshape(now.shape)
            )
        return np.asarray(float(self.factor) ** passed)


@dataclass(frozen=True)
class Plateau(Schedule):
    """The rate is multiplied by a factor whenever an average of the loss of validation has not
    fallen for a while: halved after 50 epochs, as by Nowotny, Turner and Knight (2022).

    Attributes
    ----------
    factor : float
    patience : int
        Epochs without a new minimum.
    average : float
        What of the exponential average is left after an epoch; 0: the losses themselves.
    """

    factor: float = 0.5
    patience: int = 50
    average: float = 0.8

    def __post_init__(self) -> None:
        check_not_negative("factor", self.factor, _where(self))
        _check_whole("patience", self.patience, self)
        if check_not_negative("average", self.average, _where(self)) >= 1:
            raise ArgumentError(
                f"average = {self.average!r}", where=_where(self), hint="give a number below 1"
            )

    @property
    def watches_validation(self) -> bool:
        """It does."""
        return True

    def factors(self, batches: Batches, training: Training) -> Factors:
        average, lowest, since, times = math.nan, math.inf, 0, 0
        for loss in training.validation:
            known = not math.isnan(average)
            average = self.average * average + (1 - self.average) * loss if known else loss
            since = 0 if average < lowest else since + 1
            lowest = min(lowest, average)
            if since == self.patience:
                times, since = times + 1, 0
        return np.full(batches.shape, float(self.factor) ** times)


@dataclass(frozen=True, init=False)
class Function(Schedule):
    """Any function of time.

    Parameters
    ----------
    expression : str or sympy.Expr
        Of ``batch`` (from 0), ``epoch`` (with its fraction: ``batch/batches``), ``batches`` of an
        epoch and ``epochs`` of the training.

    Raises
    ------
    EquationError
        It reads something else.

    Examples
    --------
    >>> schedule = pg.schedules.Function("1/(1 + 0.1*epoch)")
    """

    text: str

    def __init__(self, expression: ExpressionLike) -> None:
        where = _where(self)
        made = parse_expression(expression, where)
        evaluate(made, dict.fromkeys(("batch", "epoch", "batches", "epochs"), 1.0))
        object.__setattr__(self, "text", made.text)

    def factors(self, batches: Batches, training: Training) -> Factors:
        names = {
            "batch": batches.astype(np.float64),
            "epoch": batches / training.batches,
            "batches": float(training.batches),
            "epochs": float(training.epochs),
        }
        values = evaluate(parse_expression(self.text, _where(self)), names)
        return np.broadcast_to(np.asarray(values, np.float64), batches.shape).copy()


def as_schedule(given: Any) -> RateSchedule | None:
    """A schedule as users give it: one of these, or text or SymPy as for :class:`Function`."""
    if given is None or hasattr(given, "factors"):
        schedule: RateSchedule | None = given
        return schedule
    return Function(given)


def _cosine(first: float, last: float, part: Factors) -> Factors:
    return last + (first - last) * 0.5 * (1.0 + np.cos(np.pi * part))


def _check_whole(name: str, value: Any, schedule: Schedule) -> None:
    number = whole_number(value)
    if number is None or number < 1:
        raise ArgumentError(
            f"{name} = {value!r}", where=_where(schedule), hint="give a whole number from 1"
        )


def _where(schedule: Schedule) -> Location:
    return Location.of("schedule", type(schedule).__name__)
