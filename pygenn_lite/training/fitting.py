"""The loop over epochs and batches."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.trial.optimiser import Training
from pygenn_lite.errors import ArgumentError, Location, NumericalError, PygennLiteWarning
from pygenn_lite.old_names import level_of_user
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.interrupts import InterruptWatch
from pygenn_lite.training.data.augmentations import augmented
from pygenn_lite.training.early_stopping import EarlyStopping
from pygenn_lite.training.epoch_sums import EpochSums
from pygenn_lite.training.training_bar import Moment, TrainingBar
from pygenn_lite.training.training_setup import TrainingSetup
from pygenn_lite.training.training_state import TrainingState

PIECE_SECONDS = 0.2  # between two looks at the bar and at Ctrl-C
MOST_SILENT = 0.5  # share of a population, or of samples; more is warned of
NEVER_RIGHT = "right output never spiked"  # a metric of losses of first spikes


@dataclass(frozen=True, eq=False)
class FitPlan:
    """What one call of ``fit`` asks for.

    Attributes
    ----------
    validation : SpikeDataset or None
    early_stopping : EarlyStopping or None
    augment : sequence of Augmentation
    callbacks : sequence of callable
        Each is called after each epoch with its row; one that returns True ends the training.
    keep : callable or None
        Called after each epoch, to write a checkpoint.
    """

    validation: Any = None
    early_stopping: EarlyStopping | None = None
    augment: Sequence[Any] = ()
    callbacks: Sequence[Callable[[Mapping[str, float]], object]] = ()
    keep: Callable[[], Path] | None = None


class Fitting:
    """Trains until as many epochs are done as the state says, or something ends it before."""

    def __init__(
        self, setup: TrainingSetup, state: TrainingState, data: Any, plan: FitPlan
    ) -> None:
        self.setup, self.state, self.data, self.plan = setup, state, data, plan
        self._staged: Any = None
        self._validation: Any = None
        self._first = len(state.history) + 1
        self._batches = 1  # of a piece
        self._watch = InterruptWatch()

    def run(self, bar: TrainingBar) -> bool:
        """Do it; returns whether Ctrl-C ended it."""
        state = self.state
        with self._watch as watch:
            while len(state.history) < state.planned:
                if not self._epoch(bar):
                    return True
                row = self._finished_epoch()
                if self.plan.keep is not None:
                    self.plan.keep()
                asked = [callback(row) for callback in self.plan.callbacks]
                if (
                    any(isinstance(one, bool | np.bool_) and one for one in asked)
                    or self._is_over()
                ):
                    break
                if watch.seen and len(state.history) < state.planned:
                    return True
        self._restore_best()
        self._warn_of_silence()
        return False

    def _epoch(self, bar: TrainingBar) -> bool:
        """An epoch, or what is left of it; False if it was interrupted."""
        state, number = self.state, len(self.state.history)
        good, sums = state.copy_of_session(), EpochSums.of(state.sums.arrays())
        data = self._data(number)
        order = data.order(self.setup.seed, number)
        if state.sums.samples and state.epoch_samples not in (0, len(order)):
            raise ArgumentError(
                f"{state.sums.samples} samples of epoch {number + 1} are done, of data with "
                f"{state.epoch_samples}: here are {len(order)}",
                where=Location("fit"),
                hint="continue with the data that the interrupted training had",
            )
        state.epoch_samples = len(order)
        while state.sums.samples < len(order):
            part = order[state.sums.samples :][: self._batches * self.setup.batch]
            try:
                self._piece(data, part)
            except NumericalError as error:
                updated = state.session.updates > 0
                state.session.restore(good)
                state.sums = sums
                raise _exploded(error, number, updated=updated) from error
            labelled = self.setup.classifies(data)
            bar.show(
                Moment(
                    number + 1, state.planned, state.sums.samples, len(order), self._first,
                    state.sums.mean_loss, state.sums.accuracy(labelled),
                )
            )  # fmt: skip
            if self._watch.seen and state.sums.samples < len(order):
                return False
        return True

    def _piece(self, data: Any, part: npt.NDArray[np.integer]) -> None:
        """Train on some batches, so many that it takes a moment."""
        sums, before = self.state.sums, self.state.sums.seconds
        rates = self._rates(len(data), sums.samples, len(part))
        epoch = len(self.state.history)
        losses = self._run(sums, self._staged, data, part, train=True, rates=rates, epoch=epoch)
        _check_losses(losses, part)
        wanted = self._batches * PIECE_SECONDS / max(sums.seconds - before, 1e-6)
        self._batches = int(min(max(1.0, wanted), 4.0 * self._batches))

    def _run(
        self, sums: EpochSums, staged: Any, data: Any, part: npt.NDArray[np.integer], **how: Any
    ) -> npt.NDArray[np.floating]:
        """Go through samples, and add what came of them; Ctrl-C ends it after a batch. Gives the
        losses."""
        begin = time.monotonic()
        outcome = self.state.session.run(staged, part, **how)
        labels = None if data.labels is None else data.labels[part[: len(outcome.losses)]]
        sums.add(outcome, labels, self.setup.spiking, time.monotonic() - begin)
        if outcome.interrupted:  # the session hears Ctrl-C while it runs, and the watch does not
            if self._watch.seen:
                raise KeyboardInterrupt
            self._watch.seen = True
        losses: npt.NDArray[np.floating] = outcome.losses
        return losses

    def _data(self, epoch: int) -> Any:
        """The data of an epoch, staged."""
        if not self.plan.augment:
            if self._staged is None:
                self._staged = self._stage(self.data)
            return self.data
        data = augmented(self.data, self.plan.augment, epoch, self.setup.seed)
        self.setup.check_data(data, self.state.duration)
        self._staged = self._stage(data)
        return data

    def _stage(self, data: Any) -> Any:
        return self.setup.staged(self.state.session, data, self.state.duration)

    def _rates(self, samples: int, done: int, part: int) -> npt.NDArray[np.float64]:
        """The learning rate of each batch of a part of an epoch of `samples`, after those done."""
        batch, state = self.setup.batch, self.state
        each = math.ceil(samples / batch)
        first = len(state.history) * each + done // batch
        numbers = np.arange(first, first + math.ceil(part / batch))
        losses = state.history["validation_loss"].tolist() if self._has_validation() else []
        known = Training(self.setup.optimiser.rate, state.planned, each, tuple(losses))
        rates: npt.NDArray[np.float64] = self.setup.optimiser.rates_at(numbers, known)
        return rates

    def _has_validation(self) -> bool:
        return "validation_loss" in self.state.history.columns

    def _finished_epoch(self) -> dict[str, float]:
        """Add the row of an epoch that is done."""
        state, labelled = self.state, self.setup.classifies(self.data)
        row: dict[str, float] = {"epoch": len(state.history) + 1}
        done = state.sums.samples
        rate = self._rates(done, done - 1, 1)[0]
        row |= state.sums.row(state.duration, labelled) | {"learning_rate": float(rate)}
        if self.plan.validation is not None:
            row |= self._validated()
        state.history.append(row)
        state.sums = EpochSums()
        stopping = self.plan.early_stopping
        if stopping is not None and stopping.restore_at(state.history):
            state.best = state.copy_of_session()
        return state.history.rows[-1]

    def _validated(self) -> dict[str, float]:
        data = self.plan.validation
        if self._validation is None:
            self._validation = self._stage(data)
        sums, samples = EpochSums(), np.arange(len(data))
        while sums.samples < len(data):
            self._run(sums, self._validation, data, samples[sums.samples :], train=False)
        accuracy = sums.accuracy(self.setup.classifies(data))
        found = {"validation_loss": sums.mean_loss}
        return found if accuracy is None else {**found, "validation_accuracy": accuracy}

    def _is_over(self) -> bool:
        stopping = self.plan.early_stopping
        return stopping is not None and stopping.is_over(self.state.history)

    def _restore_best(self) -> None:
        stopping, state = self.plan.early_stopping, self.state
        if stopping is not None and stopping.restore and state.best:
            state.session.restore(state.best)

    def _needs_spikes(self, population: str) -> bool:
        """Whether it sends to others."""
        network = self.setup.network
        sends = any(group.source == population for group in network.groups.values())
        return (
            sends and getattr(network.populations[population].model, "threshold", None) is not None
        )

    def _warn_of_silence(self) -> None:
        """Neurons that do not spike pass nothing on, and have no exact gradient."""
        row = self.state.history.rows[-1] if len(self.state.history) else {}
        exact = self.setup.gradient == "exact"
        why = "what they receive has no exact gradient" if exact else "they pass nothing on"
        hint = "larger weights at the start, or a term of the loss for silent neurons"
        hint = f'{hint}, or gradient="surrogate"' if exact else hint
        for name, share in row.items():
            population = name.removeprefix("silent.")
            silent = name.startswith("silent.") and share >= MOST_SILENT
            if silent and self._needs_spikes(population):
                _warn(
                    f"{share:.0%} of {population!r} did not spike for any sample of epoch "
                    f"{row['epoch']:.0f}: {why}\n  hint: {hint}"
                )
        share = row.get(NEVER_RIGHT, 0.0)
        if share >= MOST_SILENT:
            _warn(
                f"the right output never spiked in {share:.0%} of the samples of epoch "
                f"{row['epoch']:.0f}: the loss takes the end of the trial for its time\n"
                "  hint: larger weights to the read-outs at the start, or longer trials"
            )


def _warn(text: str) -> None:
    warnings.warn(text, PygennLiteWarning, stacklevel=level_of_user())


def _check_losses(losses: npt.NDArray[Any], part: npt.NDArray[np.integer]) -> None:
    wrong = np.flatnonzero(~np.isfinite(losses))
    if len(wrong):
        raise NumericalError(f"the loss of sample {int(part[wrong[0]])} is {losses[wrong[0]]}")


def _exploded(error: NumericalError, epoch: int, *, updated: bool) -> NumericalError:
    hint = "lower the rate of the optimiser, or clip its gradient (clip_norm=1.0)"
    if not updated:
        hint = (
            "this is before the first update: look for initial values that are too large, and for "
            "a division by 0, a root or a logarithm of 0 in the formula of the loss"
        )
    return NumericalError(
        f"{error.message}, in epoch {epoch + 1}; the network is as it was before this epoch",
        where=error.where or Location("fit"),
        hint=hint,
    )
