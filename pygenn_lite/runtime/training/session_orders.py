"""Which samples a session goes through, at which rates: what users give, checked."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.runtime.training.staged_data import Inputs, StagedData

WHERE = Location("TrainingSession")


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
    given = np.asarray(order)
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
    given = np.ascontiguousarray(rates, np.float64)
    if given.shape != (batches,) or not np.all(np.isfinite(given) & (given >= 0)):
        raise ArgumentError(
            f"rates of shape {given.shape} for {batches} batches",
            where=WHERE,
            hint="give a rate >= 0 for each batch",
        )
    return given
