"""EarlyStopping: when a training that no longer gets better ends, and what is kept of it."""

from __future__ import annotations

import math

import numpy as np

from pygenn_lite.declaration.numeric import plain_number, whole_number
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.records import dataclass
from pygenn_lite.training.history import HIGHER_IS_BETTER, History

WATCHED = ("validation_loss", "validation_accuracy", "loss", "accuracy")
WHERE = Location("EarlyStopping")


@dataclass(frozen=True)
class EarlyStopping:
    """Ends a training that has not become better for a number of epochs.

    Parameters
    ----------
    patience : int
        Epochs without an improvement after which it ends.
    watched : str
        What has to become better: "validation_loss", "validation_accuracy", "loss" or "accuracy".
    least_change : float
        How much better counts as better.
    restore : bool
        Whether the network of the best epoch is put back at the end.

    Raises
    ------
    ArgumentError

    Examples
    --------
    >>> stopping = pg.EarlyStopping(patience=2, watched="loss")
    >>> stopping.is_over(pg.History([dict(loss=0.4), dict(loss=0.5), dict(loss=0.6)]))
    True
    """

    patience: int = 10
    watched: str = "validation_accuracy"
    least_change: float = 0.0
    restore: bool = True

    def __post_init__(self) -> None:
        number = whole_number(self.patience)
        if number is None or number < 1:
            raise ArgumentError(
                f"patience = {self.patience!r}", where=WHERE, hint="give a number of epochs"
            )
        if self.watched not in WATCHED:
            raise ArgumentError(
                f"watched = {self.watched!r}", where=WHERE, hint=f"choose of {', '.join(WATCHED)}"
            )
        change = plain_number(self.least_change)
        if change is None or not 0 <= change < math.inf:
            raise ArgumentError(
                f"least_change = {self.least_change!r}", where=WHERE, hint="give a number, from 0"
            )

    def best_epoch(self, history: History) -> int:
        """The place of the best row: the last one that was better than all before it."""
        sign = 1.0 if self.watched in HIGHER_IS_BETTER else -1.0
        best, place = -math.inf, 0
        for k, value in enumerate(sign * history[self.watched]):
            if np.isfinite(value) and value > best + (self.least_change if k else 0.0):
                best, place = value, k
        return place

    def restore_at(self, history: History) -> bool:
        """Whether the last row is the best, and the network after it may be put back."""
        return self.restore and self.best_epoch(history) == len(history) - 1

    def is_over(self, history: History) -> bool:
        """Whether the best epoch is as long ago as the patience goes."""
        return len(history) - 1 - self.best_epoch(history) >= self.patience
