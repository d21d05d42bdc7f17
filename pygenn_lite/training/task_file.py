"""Network files with a section ``training``: what stands there as mappings becomes a task."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from pygenn_lite.codegen.trial.eprop import EProp
from pygenn_lite.declaration.language.names import nearest, nearest_or_all
from pygenn_lite.errors import FileFormatError, Location, PygennLiteError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.training.deep_rewiring import DeepRewiring
from pygenn_lite.training import constraints, data, losses, optimisers, schedules
from pygenn_lite.training.early_stopping import EarlyStopping
from pygenn_lite.training.training_task import TrainingTask
from pygenn_lite.yaml_format import load_network
from pygenn_lite.yaml_format.document import Document
from pygenn_lite.yaml_format.load import read_document

# What a file may name: nothing that takes a function, or runs code.
DATASETS = (
    "yin_yang", "digits", "mnist", "fashion_mnist", "n_mnist", "shd", "ssc", "shd_like",
    "load_dataset",
)  # fmt: skip
ENCODERS = ("Latency", "Rate", "PopulationCode", "Delta")
AUGMENTATIONS = ("Blend", "DropSpikes", "Jitter", "ShiftChannels")
LOSSES = tuple(
    name for name in losses.__all__
    if name not in ("Loss", "Custom", "Read") and not name.islower()
)  # fmt: skip
OPTIMISERS = ("SGD", "Momentum", "RMSprop", "Adam", "AdamW", "Lion")
SCHEDULES = ("Constant", "EaseIn", "Cosine", "OneCycle", "Exponential", "Steps", "Plateau")
CONSTRAINTS = ("Bounds", "Dale", "Frozen", "Norm", "Quantised", "Sign")
SURROGATES = (
    "superspike", "arctan", "tanh", "triangular", "boxcar", "straight_through", "linear",
)  # fmt: skip
PLAIN = ("trainable", "duration", "input", "longest_delay", "detach_reset", "dropout")
FOLDER, PATH = "folder", "path"


@dataclass(frozen=True)
class Entry:
    """A value of the file, with its place.

    Attributes
    ----------
    value : Any
    document : Document
    place : tuple of str or int
        Keys from the outside.
    """

    value: Any
    document: Document
    place: tuple[str | int, ...]

    @property
    def where(self) -> Location:
        """File, line and keys."""
        return self.document.where(self.place)

    def below(self, key: str | int, value: Any) -> Entry:
        """One of its parts."""
        return Entry(value, self.document, (*self.place, key))

    def parts(self) -> Iterator[Entry]:
        """Of a list its entries; else itself."""
        if not isinstance(self.value, list):
            yield self
            return
        for number, value in enumerate(self.value):
            yield self.below(number, value)


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
        There is no such section, or something in it is not known: with file, line and key.
    """
    network, settings = load_network(path, {} if seed is None else {"network.seed": seed})
    if settings.training is None:
        raise FileFormatError(
            "the file does not say how the network is trained",
            where=Location(settings.source),
            hint="add a section training: with data and a loss",
        )
    whole = Entry(settings.training, read_document(path), ("training",))
    given = {key: whole.below(key, v) for key, v in settings.training.items() if v is not None}
    for key in ("data", "loss"):
        if key not in given:
            raise FileFormatError(f"'{key}' is empty", where=whole.below(key, None).where)
    if folder is not None and not any(_takes_folder(e) for e in given.values()):
        raise FileFormatError(
            "none of the data are read from a folder", where=whole.where, hint="leave out --data"
        )
    sets = {
        key: _dataset(given[key], folder, Path(settings.source).parent)
        for key in ("data", "validation", "test")
        if key in given
    }
    augment = given.get("augment")
    return TrainingTask(
        network,
        loss=_loss(given["loss"]),
        train=sets["data"], validation=sets.get("validation"), test=sets.get("test"),
        optimiser=_optimiser(given.get("optimiser", whole.below("optimiser", "Adam"))),
        augment=None if augment is None else _augmentations(augment),
        early_stopping=_record(EarlyStopping, given.get("early_stopping")),
        options=_options(given), name=network.name or path.stem,
        **{key: given[key].value for key in ("batch", "epochs") if key in given},
    )  # fmt: skip


def _augmentations(entry: Entry) -> list[Any]:
    return [_made(data, AUGMENTATIONS, one) for one in entry.parts()]


def _takes_folder(entry: Entry) -> bool:
    """Whether it names a dataset of a folder."""
    given = entry.value
    name = next(iter(given), None) if isinstance(given, Mapping) else given
    return name in DATASETS and FOLDER in _taken(getattr(data, str(name)))


def _options(given: Mapping[str, Entry]) -> dict[str, Any]:
    """Those of the trainer."""
    options = {key: given[key].value for key in PLAIN if key in given}
    if "gradient" in given:
        named = isinstance(given["gradient"].value, str)
        options["gradient"] = given["gradient"].value if named else _eprop(given["gradient"])
    if "surrogate" in given:
        from pygenn_lite.training import surrogates  # imports SymPy

        options["surrogate"] = _made(surrogates, SURROGATES, given["surrogate"])
    if "rewiring" in given:
        options["rewiring"] = _record(DeepRewiring, given["rewiring"])
    if "constraints" in given:
        options["constraints"] = {
            path: [_made(constraints, CONSTRAINTS, one) for one in entry.parts()]
            for path, entry in _items(given["constraints"])
        }
    return options


def _eprop(entry: Entry) -> EProp:
    name, arguments = _call(entry)
    if name != "EProp":
        hint = "write exact, surrogate, or {EProp: {feedback: random}}"
        raise FileFormatError(f"unknown name '{name}'", where=entry.where, hint=hint)
    made: EProp = _called(EProp, name, arguments)
    return made


def _dataset(entry: Entry, folder: str | None, beside: Path) -> Any:
    """A dataset by name; a number is a share of the training data."""
    if isinstance(entry.value, float):
        return entry.value
    name, arguments = _call(entry)
    taken = _taken(getattr(data, name)) if name in DATASETS else ("",)
    options = arguments.value
    if taken[0] in (FOLDER, PATH) and isinstance(options, str):
        options = {taken[0]: options}
    if isinstance(options, Mapping):
        options = dict(options)
        if "encoder" in options:
            encoder = arguments.below("encoder", options["encoder"])
            options["encoder"] = _made(data, ENCODERS, encoder)
        if folder is not None and FOLDER in taken:
            options[FOLDER] = Path(folder).absolute()
        for key in (FOLDER, PATH):
            if key in options:
                options[key] = beside / str(options[key])
    return _made(data, DATASETS, Entry({name: options}, entry.document, entry.place))


def _loss(entry: Entry) -> Any:
    """A term, or the sum of a list of terms, each with a factor."""
    if isinstance(entry.value, list):
        terms = [_loss(term) for term in entry.parts()]
        if not terms:
            raise FileFormatError("there is no term", where=entry.where, hint="give one at least")
        return sum(terms[1:], terms[0])
    factor, given = 1.0, entry.value
    if isinstance(given, Mapping) and "factor" in given:
        factor = given["factor"]
        given = {key: value for key, value in given.items() if key != "factor"}
    made = _made(losses, LOSSES, Entry(given, entry.document, entry.place))
    try:
        return made if factor == 1.0 else factor * made
    except TypeError:
        where = entry.below("factor", factor).where
        raise FileFormatError(f"factor = {factor!r}", where=where, hint="give a number") from None


def _optimiser(entry: Entry) -> Any:
    """An optimiser; its schedule is one by name, or a function of batch and epoch."""
    name, arguments = _call(entry)
    options = arguments.value
    if isinstance(options, Mapping) and "schedule" in options:
        given = arguments.below("schedule", options["schedule"])
        if not isinstance(given.value, str) or given.value in SCHEDULES:
            options = {**options, "schedule": _product(given)}
    return _made(optimisers, OPTIMISERS, Entry({name: options}, entry.document, entry.place))


def _product(entry: Entry) -> Any:
    """A schedule, or several in a list, multiplied with each other."""
    made = [_made(schedules, SCHEDULES, one) for one in entry.parts()]
    return made[0] if len(made) == 1 else schedules.Product(tuple(made))


def _items(entry: Entry) -> Iterator[tuple[str, Entry]]:
    if not isinstance(entry.value, Mapping):
        raise FileFormatError(
            f"{entry.value!r:.60} should be a mapping", where=entry.where, hint="write {KEY: VALUE}"
        )
    for key, value in entry.value.items():
        yield str(key), entry.below(key, value)


def _record(make: Any, entry: Entry | None) -> Any:
    """A record of a mapping of its fields."""
    if entry is None:
        return None
    dict(_items(entry))
    return _called(make, make.__name__, entry)


def _call(entry: Entry) -> tuple[str, Entry]:
    """``NAME``, or ``{NAME: arguments}``."""
    given = entry.value
    if isinstance(given, str):
        return given, entry.below(given, {})
    if isinstance(given, Mapping) and len(given) == 1:
        name, arguments = next(iter(given.items()))
        return str(name), entry.below(name, {} if arguments is None else arguments)
    raise FileFormatError(
        f"{given!r:.60} should be a name, or a name with its arguments",
        where=entry.where,
        hint="write NAME, or {NAME: {argument: value}}",
    )


def _made(module: ModuleType, names: Iterable[str], entry: Entry) -> Any:
    """What a name and arguments stand for: one value, a list of them, or a mapping."""
    name, arguments = _call(entry)
    known = tuple(names)
    if name not in known:
        message = f"unknown name '{name}'{nearest_or_all(name, known)}"
        raise FileFormatError(message, where=entry.where)
    return _called(getattr(module, name), name, arguments)


def _called(make: Any, name: str, entry: Entry) -> Any:
    arguments = entry.value
    taken = _taken(make)
    for key in arguments if isinstance(arguments, Mapping) else ():
        if key not in taken:
            raise FileFormatError(
                f"{name} does not take '{key}'{nearest(str(key), taken)}",
                where=entry.below(key, None).where,
                hint=f"it takes {', '.join(taken) or 'nothing'}",
            )
    try:
        if isinstance(arguments, Mapping):
            return make(**arguments)
        return make(*arguments) if isinstance(arguments, list) else make(arguments)
    except PygennLiteError as error:
        error.where = error.where.inside(entry.where)
        raise
    except TypeError as error:
        message = str(error).partition("() ")[2] or str(error)
        raise FileFormatError(f"{name}: {message}", where=entry.where) from None


def _taken(make: Any) -> tuple[str, ...]:
    """Names of the arguments of a function, or of a record."""
    parameters = inspect.signature(make).parameters.values()
    taken = [p.name for p in parameters if p.kind is not inspect.Parameter.VAR_KEYWORD]
    if len(taken) < len(parameters):  # only optimisers take further ones
        taken += optimisers.Options.__annotations__
    return tuple(taken)
