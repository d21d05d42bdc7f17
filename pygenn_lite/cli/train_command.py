"""``pygenn-lite train``: train, report, write files."""

from __future__ import annotations

import contextlib
import json
import shlex
import sys
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pygenn_lite.cli.endings import DONE, FAILED, say
from pygenn_lite.cli.output import write_line
from pygenn_lite.cli.patience import Drawing
from pygenn_lite.cli.result_folder import result_folder
from pygenn_lite.cli.signals import note_interrupt
from pygenn_lite.cli.train_outcome import (
    CHECKPOINT_FILE,
    FILES,
    SUMMARY_FILE,
    TrainOutcome,
)
from pygenn_lite.cli.train_tasks import find_task
from pygenn_lite.errors import (
    ArgumentError,
    FileFormatError,
    InputError,
    Location,
    NumericalError,
)
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.results.files import harmless_name

if TYPE_CHECKING:
    from pygenn_lite.training.trainer import Trainer
    from pygenn_lite.training.training_task import TrainingTask

SHOWN_SAMPLES = 3


@dataclass(frozen=True)
class TrainOptions:
    """What the command line asks for; None: what the task says."""

    task: str
    epochs: int | None = None
    batch: int | None = None
    rate: float | None = None
    hidden: int | None = None
    samples: int | None = None
    data: str | None = None
    gradient: str | None = None
    seed: int | None = None
    threads: int | None = None
    backend: str = "auto"
    driver: str = "auto"
    precision: str = "float32"
    out: Path | None = None
    overwrite: bool = False
    resume: Path | None = None
    picture: bool | None = None
    quiet: bool = False
    json: bool = False


# What a training that is resumed keeps of the command that began it.
KEPT = (
    "task", "batch", "rate", "hidden", "samples", "data", "gradient", "seed", "precision",
)  # fmt: skip


def train(options: TrainOptions) -> int:
    """Do it; returns the exit code."""
    from pygenn_lite.runtime.interrupts import InterruptWatch

    if options.resume is not None:
        options = _as_begun(options, options.resume)
    elif not options.task:
        raise ArgumentError(
            "no task is named",
            where=Location("train"),
            hint="for instance pygenn-lite train yin_yang",
        )
    outcome = _begun(_task(options), options)
    folder = outcome.folder
    try:
        with InterruptWatch():  # whoever presses Ctrl-C twice still gets what was reached
            error = _fit(outcome, options)
            _finish(outcome, options)
    except KeyboardInterrupt:
        say("stopped at once; what was reached at the last whole epoch is kept")
        if (folder / CHECKPOINT_FILE).exists():
            say(f"  hint: pygenn-lite train --resume {shlex.quote(str(folder))} continues")
        return note_interrupt()
    return _ended(outcome, error)


def _begun(task: TrainingTask, options: TrainOptions) -> TrainOutcome:
    """All that is needed to train. Where something is refused, no empty folder is left."""
    name = harmless_name(task.name or task.network.name, "training")
    was_there = options.out is not None and options.out.exists()
    folder = options.resume or result_folder(options.out, name, FILES, options.overwrite)
    try:
        trainer = _trainer(task, options)
        if options.resume is not None:
            trainer.load(folder / CHECKPOINT_FILE)
        outcome = TrainOutcome(task, trainer, folder, asdict(options))
        outcome.note_before(SHOWN_SAMPLES if _draws(options) else 0)
    except BaseException:
        if not was_there:
            with contextlib.suppress(OSError):  # there is something in it
                folder.rmdir()
        raise
    return outcome


def _task(options: TrainOptions) -> TrainingTask:
    made = {name: getattr(options, name) for name in ("hidden", "samples", "data", "seed")}
    task = find_task(options.task, made)
    changes = {
        n: getattr(options, n) for n in ("epochs", "batch") if getattr(options, n) is not None
    }
    return task.changed(**changes) if changes else task


def _trainer(task: TrainingTask, options: TrainOptions) -> Trainer:
    from pygenn_lite.training.optimisers import Adam

    given: dict[str, Any] = {
        "backend": options.backend, "driver": options.driver, "threads": options.threads,
        "precision": options.precision,
    }  # fmt: skip
    if options.rate is not None:
        given["optimiser"] = replace(task.optimiser or Adam(), rate=options.rate)
    if options.gradient is not None:
        given["gradient"] = options.gradient
        if options.gradient == "exact":
            given |= {"surrogate": None, "detach_reset": False}
    if options.seed is not None:
        given["seed"] = options.seed
    return task.trainer(**given)


def _as_begun(options: TrainOptions, folder: Path) -> TrainOptions:
    """The options of the command that began a training, with those that are given anew."""
    path = folder / SUMMARY_FILE
    try:
        known = json.loads(path.read_text(encoding="utf-8"))["options"]
        kept = {name: known[name] for name in KEPT}
        epochs = options.epochs or known["epochs"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FileFormatError(
            f"there is no training to resume in '{folder}': {error!r:.80}",
            where=Location("--resume"),
            hint=f"give the folder of a training: it has a {SUMMARY_FILE} and a {CHECKPOINT_FILE}",
        ) from None
    if options.task and options.task != kept["task"]:
        raise ArgumentError(
            f"'{folder}' holds a training of {kept['task']}, not of {options.task}",
            where=Location("--resume"),
            hint=f"pygenn-lite train {kept['task']} --resume {folder}",
        )
    usual = TrainOptions("")
    for name in KEPT[1:]:
        given = getattr(options, name)
        if given not in (getattr(usual, name), kept[name]):
            raise ArgumentError(
                f"--{name} {given}: '{folder}' was begun "
                f"{'without it' if kept[name] is None else f'with {kept[name]}'}",
                where=Location("--resume"),
                hint=f"leave out --{name}, or begin a training with it in another folder",
            )
    return replace(options, **kept, epochs=epochs)


def _fit(outcome: TrainOutcome, options: TrainOptions) -> NumericalError | None:
    """Train until the end, Ctrl-C, or numbers that leave the finite."""
    trainer, task = outcome.trainer, outcome.task
    left = task.epochs - trainer.epochs
    if left < 1:
        say(f"{trainer.epochs} epochs are done already; --epochs N trains up to N")
        return None
    outcome.write_summary()  # so that what a power cut leaves can be resumed
    with _only_our_words():
        try:
            task.fit(
                trainer,
                left,
                progress=_shows_bar(options),
                checkpoint=outcome.folder / CHECKPOINT_FILE,
                callbacks=_lines(task.epochs, options),
            )
        except NumericalError as error:
            return error
        except InputError:
            if not trainer.epochs:  # nothing was trained: the folder can be used again
                (outcome.folder / SUMMARY_FILE).unlink(missing_ok=True)
            raise
    if trainer.epochs < task.epochs and not trainer.interrupted and not options.quiet:
        say(f"early stopping ended the training after epoch {trainer.epochs}")
    return None


@contextlib.contextmanager
def _only_our_words() -> Iterator[None]:
    """Ctrl-C is reported at the end."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="interrupted in", category=RuntimeWarning)
        yield


def _shows_bar(options: TrainOptions) -> bool:
    return not options.quiet and sys.stderr.isatty()


def _lines(epochs: int, options: TrainOptions) -> tuple[Any, ...]:
    """Where no bar is shown, a line for each epoch."""
    if options.quiet or _shows_bar(options):
        return ()

    def line(row: Mapping[str, float]) -> None:
        parts = [f"epoch {row['epoch']:.0f} of {epochs}: loss {row['loss']:.4f}"]
        parts += [f"accuracy {row['accuracy']:.2%}"] if "accuracy" in row else []
        if "validation_accuracy" in row:
            parts.append(f"validation {row['validation_accuracy']:.2%}")
        elif "validation_loss" in row:
            parts.append(f"validation loss {row['validation_loss']:.4f}")
        say(f"{', '.join(parts)}, {row['seconds']:.1f} s")

    return (line,)


def _draws(options: TrainOptions) -> bool:
    return not options.json if options.picture is None else options.picture


def _finish(outcome: TrainOutcome, options: TrainOptions) -> None:
    """Write what was reached, say it, and draw."""
    outcome.evaluate()
    outcome.write_all()
    if not options.json and not options.quiet:
        from pygenn_lite.cli.train_report import print_training

        print_training(outcome)
    if _draws(options):
        with Drawing(shown=not options.quiet):
            drawn = outcome.draw()
        if not options.json and not options.quiet:
            from pygenn_lite.cli.report import print_file

            for path in drawn:
                print_file(path)
    outcome.write_summary()
    if options.json:
        write_line(json.dumps(outcome.summary()))


def _ended(outcome: TrainOutcome, error: NumericalError | None) -> int:
    """Say what kept the training from its end; return the exit code."""
    folder = outcome.folder
    if error is not None:
        say(f"error: {error}\nwhat was reached before is kept in '{folder}'")
        return FAILED
    if outcome.trainer.interrupted:
        epoch = outcome.trainer.epochs + 1
        say(f"interrupted in epoch {epoch}; what was reached is kept in '{folder}'")
        say(f"  hint: pygenn-lite train --resume {shlex.quote(str(folder))} continues")
        return note_interrupt()
    return DONE
