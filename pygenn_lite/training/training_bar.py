"""The bar of a training: how far it is, with loss and accuracy."""

from __future__ import annotations

import contextlib
import time
from types import TracebackType
from typing import Any

from pygenn_lite.records import dataclass
from pygenn_lite.runtime.progress import (
    CLOSED,
    PATIENCE_SECONDS,
    ProgressFunction,
    somebody_looks,
    start_bars,
)


@dataclass(frozen=True)
class Moment:
    """How far a training is.

    Attributes
    ----------
    epoch, epochs : int
        The current one, from 1, and the last one.
    done, samples : int
        Samples of this epoch.
    first : int
        The epoch that this call began with.
    loss : float
        Mean of the epoch so far.
    accuracy : float or None
    """

    epoch: int
    epochs: int
    done: int
    samples: int
    first: int
    loss: float
    accuracy: float | None

    def __str__(self) -> str:
        accuracy = "" if self.accuracy is None else f", accuracy {self.accuracy:.1%}"
        return f"epoch {self.epoch} of {self.epochs}: loss {self.loss:.4f}{accuracy}"


class TrainingBar:
    """Shows moments of a training where that is wanted. A context manager.

    Parameters
    ----------
    wanted : callable, bool or None
        A function ``(what, done, total)`` of samples, True for a bar, False for nothing, None for a
        bar on a terminal or in a notebook.
    """

    def __init__(self, wanted: ProgressFunction | bool | None) -> None:
        self._function = wanted if callable(wanted) else None
        self._bar_wanted = wanted is True or (wanted is None and somebody_looks())
        self._always = wanted is True
        self._bars: Any = None
        self._task: Any = None
        self._begin = time.monotonic()

    def __enter__(self) -> TrainingBar:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bars is not None:
            with contextlib.suppress(*CLOSED):
                self._bars.stop()

    def show(self, moment: Moment) -> None:
        """Show it."""
        if self._function is not None:
            self._function(f"epoch {moment.epoch} of {moment.epochs}", moment.done, moment.samples)
        elif self._bar_wanted:
            try:
                self._draw(moment)
            except CLOSED:  # the output was closed: no reason to end the work
                self._bar_wanted = False

    def _draw(self, moment: Moment) -> None:
        if self._bars is None:
            if not self._always and time.monotonic() - self._begin < PATIENCE_SECONDS:
                return
            self._bars = start_bars()
        total = (moment.epochs - moment.first + 1) * moment.samples
        done = (moment.epoch - moment.first) * moment.samples + moment.done
        if self._task is None:
            self._task = self._bars.add_task(str(moment), total=total)
        self._bars.update(self._task, completed=done, total=total, description=str(moment))
