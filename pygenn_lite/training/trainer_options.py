"""What a trainer and its ``fit`` take by keyword, checked before anything is trained."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypedDict

from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.numeric import whole_number
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.runtime.progress import ProgressFunction
from pygenn_lite.training.early_stopping import EarlyStopping
from pygenn_lite.training.training_setup import WHERE, TrainingSetup


class FitOptions(TypedDict, total=False):
    """What :meth:`Trainer.fit` takes by keyword, besides data and epochs."""

    validation: Any
    early_stopping: EarlyStopping | None
    augment: Any
    callbacks: Any
    checkpoint: str | Path | None
    progress: ProgressFunction | bool | None


class SessionOptions(TypedDict, total=False):
    """What :class:`Trainer` hands on to the program."""

    surrogate: Any
    detach_reset: bool
    trainable: str | Iterable[str]
    bounds: Mapping[str, tuple[float, float]] | None
    longest_delay: float | None
    constraints: Any
    dropout: Mapping[str, float] | None
    rewiring: Any
    backend: str
    driver: str
    device: int
    threads: int | None
    precision: str


OF_FIT = tuple(FitOptions.__annotations__)
OF_SESSION = tuple(SessionOptions.__annotations__)
OF_TRAINER = ("optimiser", "batch", "gradient", "duration", "input", "seed", *OF_SESSION)


def check_names(given: Iterable[str], known: Iterable[str], where: Location = WHERE) -> None:
    """Refuse options that there are not: a misspelt one would do nothing.

    Raises
    ------
    ArgumentError
    """
    names = tuple(known)
    for name in given:
        if name not in names:
            raise ArgumentError(
                f"there is no option {name!r}{nearest(name, names)}",
                where=where,
                hint=f"options are {', '.join(names)}",
            )


def session_options(gradient: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the session reads, with the surrogate as a record.

    Raises
    ------
    ArgumentError
        There is no such option, or no such surrogate.
    """
    check_names(given, OF_SESSION)
    options = {name: value for name, value in given.items() if value is not None}
    if gradient != "exact":
        from pygenn_lite.training.surrogates import as_surrogate  # imports SymPy

        options["surrogate"] = as_surrogate(options.get("surrogate"))
    return options


def checked_seed(seed: object) -> int:
    """A seed of 64 bits."""
    number = whole_number(seed)
    if number is None or not 0 <= number < 2**64:
        raise ArgumentError(f"seed = {seed!r}", where=WHERE, hint="give a whole number below 2^64")
    return number


def planned_epochs(epochs: object, done: int, planned: int) -> int:
    """After how many epochs a training ends.

    Parameters
    ----------
    epochs : int or None
        How many further ones; None: those that are left.
    done, planned : int
        Epochs so far, and those that the last call of ``fit`` was asked for.

    Raises
    ------
    ArgumentError
        It is not a number of epochs; or none are left, since none were asked for.
    """
    if epochs is None and planned:
        return planned
    number = whole_number(epochs)
    if number is None or number < 1:
        raise ArgumentError(
            "no training was begun that could be continued"
            if epochs is None
            else f"epochs = {epochs!r}",
            where=WHERE,
            hint="give a number of further epochs, from 1",
        )
    return done + number


def several(what: str, given: Any) -> tuple[Callable[..., Any], ...]:
    """One function, or several.

    Raises
    ------
    ArgumentError
        It is something else.
    """
    if given is None:
        return ()
    if callable(given) and not isinstance(given, type):
        return (given,)
    listed = isinstance(given, Iterable) and not isinstance(given, str)
    functions = tuple(given) if listed else (given,)
    for one in functions:
        if not callable(one) or isinstance(one, type):
            example = "pg.data.Jitter(0.2)" if what == "augment" else "print"
            raise ArgumentError(
                f"{what} has {one!r:.60}, which is not a function", where=WHERE,
                hint=f"write {what}=[{example}]",
            )  # fmt: skip
    return functions


def check_made_of(network: Any, loss: Any, optimiser: Any) -> None:
    """Refuse what is not a network, a loss and an optimiser (or None).

    Raises
    ------
    ArgumentError
    """
    from pygenn_lite.training.losses import Loss
    from pygenn_lite.training.optimisers import Optimiser

    if not isinstance(network, Network):
        raise ArgumentError(f"{network!r:.60} is not a network", hint="give a pg.Network")
    hint = 'give one of pg.losses, such as pg.losses.CrossEntropy("out.V")'
    if not isinstance(loss, Loss):
        raise ArgumentError(f"loss = {loss!r:.60}", where=WHERE, hint=hint)
    if not loss.key:
        raise ArgumentError(
            "the loss has penalties only, and reads nothing of a trial",
            where=WHERE,
            hint='add one that does, such as pg.losses.CrossEntropy("out.V")',
        )
    if not isinstance(optimiser, Optimiser | None):
        hint = "give one of pg.optimisers, such as pg.optimisers.Adam(1e-3)"
        raise ArgumentError(f"optimiser = {optimiser!r:.60}", where=WHERE, hint=hint)


def check_schedule(schedule: Any, validation: Any) -> None:
    """Refuse a schedule that waits for losses of validation that will never come.

    Raises
    ------
    ArgumentError
    """
    if validation is None and getattr(schedule, "watches_validation", False):
        raise ArgumentError(
            "the schedule of the rate watches the loss of validation, and there are no data for "
            "validation",
            where=WHERE,
            hint="add validation=0.1",
        )


def check_stopping(stopping: Any, data: Any, validation: Any, setup: TrainingSetup) -> None:
    """Refuse an early stopping that would find nothing to watch after the first epoch.

    Raises
    ------
    ArgumentError
    """
    if stopping is None:
        return
    if not isinstance(stopping, EarlyStopping):
        raise ArgumentError(
            f"early_stopping = {stopping!r:.60}",
            where=WHERE,
            hint="write early_stopping=pg.EarlyStopping(patience=10)",
        )
    of_validation, watched = stopping.watched.startswith("validation_"), stopping.watched
    if of_validation and validation is None:
        raise ArgumentError(
            f"early stopping watches {watched!r}, and there are no data for validation",
            where=WHERE,
            hint="add validation=0.1, or write pg.EarlyStopping(watched="
            f'"{watched.removeprefix("validation_")}")',
        )
    seen = validation if of_validation else data
    if watched.endswith("accuracy") and not setup.classifies(seen):
        raise ArgumentError(
            f"early stopping watches {watched!r}, and the loss or the data have no classes",
            where=WHERE,
            hint=f'write pg.EarlyStopping(watched="{watched.replace("accuracy", "loss")}")',
        )
