"""Network files with a section ``training``: what stands there as mappings becomes a task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from pygenn_lite.declaration.language.names import nearest_or_all
from pygenn_lite.errors import FileFormatError, Location, PygennLiteError
from pygenn_lite.training import data, losses, optimisers, surrogates
from pygenn_lite.training.training_task import TrainingTask
from pygenn_lite.yaml_format import load_network

# What a file may name: nothing that takes a function, or runs code.
DATASETS = (
    "yin_yang", "digits", "mnist", "fashion_mnist", "n_mnist", "shd", "ssc", "shd_like",
    "load_dataset",
)  # fmt: skip
ENCODERS = ("Latency", "Rate", "PopulationCode", "Delta")
OPTIMISERS = ("SGD", "Momentum", "RMSprop", "Adam", "AdamW", "Lion")
FOLDER = "folder"


def load_task(path: Path, folder: str | None = None, seed: int | None = None) -> TrainingTask:
    """The task of a network file.

    Parameters
    ----------
    path : Path
        A network file with a section ``training``.
    folder : str, optional
        Of the dataset's files, in place of what stands in the file.
    seed : int, optional
        Of the network.

    Raises
    ------
    FileFormatError
        There is no such section, or something in it is not known: with file and key.
    """
    network, settings = load_network(path, {} if seed is None else {"network.seed": seed})
    where = Location(f"{settings.source}: training")
    if settings.training is None:
        raise FileFormatError(
            "the file does not say how the network is trained",
            where=Location(settings.source),
            hint="add a section training: with data and a loss",
        )
    given, beside = dict(settings.training), Path(settings.source).parent
    options: dict[str, Any] = {
        key: given[key]
        for key in ("gradient", "trainable", "duration", "input")
        if given.get(key) is not None
    }
    if given.get("surrogate") is not None:
        options["surrogate"] = _surrogate(given["surrogate"], where.entry("surrogate"))
    sets = {
        key: _dataset(given[key], folder, beside, where.entry(key))
        for key in ("data", "validation", "test")
        if given.get(key) is not None
    }
    return TrainingTask(
        network,
        loss=_loss(given["loss"], where.entry("loss")),
        train=sets["data"], validation=sets.get("validation"), test=sets.get("test"),
        optimiser=_made(
            optimisers, OPTIMISERS, given.get("optimiser", "Adam"), where.entry("optimiser")
        ),
        batch=given.get("batch", 32), epochs=given.get("epochs", 10),
        options=options, name=network.name or path.stem,
    )  # fmt: skip


def _dataset(given: Any, folder: str | None, beside: Path, where: Location) -> Any:
    """A dataset by name; a number is a share of the training data."""
    if isinstance(given, float):
        return given
    name, arguments = _call(given, where)
    options = dict(arguments) if isinstance(arguments, Mapping) else arguments
    if isinstance(options, dict):
        if "encoder" in options:
            options["encoder"] = _made(data, ENCODERS, options["encoder"], where.entry("encoder"))
        for key in (FOLDER, "path"):
            if key in options:
                options[key] = beside / str(folder if key == FOLDER and folder else options[key])
    return _made(data, DATASETS, {name: options}, where)


def _loss(given: Any, where: Location) -> Any:
    """A term, or the sum of a list of terms, each with a factor."""
    if isinstance(given, list):
        terms = [_loss(term, where) for term in given]
        return sum(terms[1:], terms[0])
    factor = 1.0
    if isinstance(given, Mapping) and "factor" in given:
        factor = given["factor"]
        given = {key: value for key, value in given.items() if key != "factor"}
    names = [name for name in losses.__all__ if name not in ("Loss", "Custom")]
    made = _made(losses, names, given, where)
    return made if factor == 1.0 else factor * made


def _surrogate(given: Any, where: Location) -> Any:
    names = [name for name in surrogates.__all__ if name not in ("custom", "as_surrogate")]
    return _made(surrogates, [name for name in names if name.islower()], given, where)


def _call(given: Any, where: Location) -> tuple[str, Any]:
    """``NAME``, or ``{NAME: arguments}``."""
    if isinstance(given, str):
        return given, {}
    if isinstance(given, Mapping) and len(given) == 1:
        name, arguments = next(iter(given.items()))
        return str(name), {} if arguments is None else arguments
    raise FileFormatError(
        f"{given!r:.60} should be a name, or a name with its arguments",
        where=where,
        hint="write NAME, or {NAME: {argument: value}}",
    )


def _made(module: ModuleType, names: Iterable[str], given: Any, where: Location) -> Any:
    """What a name and arguments stand for: one value, a list of them, or a mapping."""
    name, arguments = _call(given, where)
    known = tuple(names)
    if name not in known:
        raise FileFormatError(f"unknown name '{name}'{nearest_or_all(name, known)}", where=where)
    make = getattr(module, name)
    try:
        if isinstance(arguments, Mapping):
            return make(**arguments)
        return make(*arguments) if isinstance(arguments, list) else make(arguments)
    except PygennLiteError as error:
        error.where = error.where.inside(where)
        raise
    except TypeError as error:
        message = str(error).partition("() ")[2] or str(error)
        raise FileFormatError(f"{name}: {message}", where=where) from None
