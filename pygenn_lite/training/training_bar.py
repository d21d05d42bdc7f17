"""The bar of a training: how far it is, with loss and accuracy."""

from __future__ import annotations

from types import TracebackType

from pygenn_lite.records import dataclass
from pygenn_lite.runtime.progress import Bars, ProgressFunction


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
        self._bars = Bars.wanted(wanted)

    def __enter__(self) -> TrainingBar:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.end()

    def show(self, moment: Moment) -> None:
        """Show it."""
        if self._function is not None:
            self._function(f"epoch {moment.epoch} of {moment.epochs}", moment.done, moment.samples)
            return
        total = (moment.epochs - moment.first + 1) * moment.samples
        done = (moment.epoch - moment.first) * moment.samples + moment.done
        self._bars.show("training", done, total, str(moment))
