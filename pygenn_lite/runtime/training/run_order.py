"""Which samples a program goes through, at which rates (what users give, checked), and how far it
got."""

from __future__ import annotations

from dataclasses import field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.numeric import plain_array
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.training import training_records as records
from pygenn_lite.runtime.training.staged_data import Inputs, StagedData
from pygenn_lite.runtime.training.training_faults import FoundFault

WHERE = Location("TrainingSession")


@dataclass(frozen=True, eq=False)
class Order:
    """What a run goes through.

    Attributes
    ----------
    samples : ndarray of uint64
        Numbers of samples, one after another.
    batch : int
        So many of them are a batch.
    mode : int
        `records.FORWARD`, `BACKWARD`, `UPDATE`.
    rates : ndarray of float64
        Of each batch, where there are updates.
    update : int
        Updates that there were before.
    seed, epoch : int
        Of random numbers.
    """

    samples: npt.NDArray[np.uint64]
    batch: int
    mode: int = records.FORWARD
    rates: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    update: int = 0
    seed: int = 0
    epoch: int = 0

    @property
    def batches(self) -> int:
        """How many there are."""
        return -(-len(self.samples) // self.batch)

    def part(self, first: int, count: int, update: int) -> Order:
        """So many batches of it from the given one on, after so many updates."""
        samples = self.samples[first * self.batch : (first + count) * self.batch]
        return replace(
            self, samples=samples, rates=self.rates[first : first + count], update=update
        )


@dataclass(frozen=True)
class Ended:
    """How far a call of a program got.

    Attributes
    ----------
    samples, batches : int
        Done, all whole.
    fault : FoundFault or None
    needed : (str, int) or None
        The population whose tape was too small, and the spikes that it should have room for.
    raised : BaseException or None
        What the handler of a signal has raised meanwhile.
    """

    samples: int
    batches: int
    fault: FoundFault | None = None
    needed: tuple[str, int] | None = None
    raised: BaseException | None = None


def check_staged(data: Any, inputs: Inputs) -> None:
    """Refuse data that was not staged for a session.

    Raises
    ------
    ArgumentError
    """
    if not isinstance(data, StagedData):
        raise ArgumentError(
            f"{type(data).__name__} is not staged data",
            where=WHERE,
            hint="write session.run(session.stage(data))",
        )
    if data.inputs != inputs:
        raise ArgumentError(
            "the data was staged for another session: other spike sources, steps or dt",
            where=WHERE,
            hint="stage it again: session.stage(data)",
        )


def samples_of(data: StagedData, order: npt.ArrayLike | None) -> npt.NDArray[np.uint64]:
    """Numbers of samples; by default all.

    Raises
    ------
    ArgumentError
        There is no such sample.
    """
    if order is None:
        return np.arange(len(data), dtype=np.uint64)
    try:
        given = np.asarray(order)
    except ValueError:  # rows of different lengths
        given = np.full(1, -1)
    whole = given.ndim == 1 and (given.dtype.kind in "iu" or given.size == 0)
    if not whole or np.any((given < 0) | (given >= len(data))):
        raise ArgumentError(
            "the order names samples that the data does not have",
            where=WHERE,
            hint=f"give numbers from 0 to {len(data) - 1}, one after another",
        )
    return given.astype(np.uint64)


def rates_of(
    rates: npt.ArrayLike | None, batches: int, updates: int, optimiser: Any
) -> npt.NDArray[np.float64]:
    """A rate for each batch; by default the optimiser's.

    Raises
    ------
    ArgumentError
        Not one for each batch.
    """
    if rates is None:
        numbers = np.arange(updates, updates + batches)
        return np.ascontiguousarray(optimiser.rates_at(numbers), np.float64)
    given = plain_array(rates, "rates", WHERE, ArgumentError)
    if given.shape != (batches,) or not np.all(np.isfinite(given) & (given >= 0)):
        raise ArgumentError(
            f"rates of shape {given.shape} for {batches} batches",
            where=WHERE,
            hint="give a rate >= 0 for each batch",
        )
    return np.ascontiguousarray(given)
