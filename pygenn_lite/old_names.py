"""Old public names: one table, and what makes each of them work for one more release, with a
warning that says the new name."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from functools import wraps
from importlib import import_module
from typing import Any, NamedTuple, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
PACKAGE = __name__.partition(".")[0]


class PygennLiteDeprecationWarning(DeprecationWarning):
    """An old name was used. It works in this release; the message says the new one."""


class OldName(NamedTuple):
    """A public name that has changed.

    Attributes
    ----------
    kind : str
        "name" (of a module), "attribute" (of a class), "argument" (of a function), "key" (of a
        section of a network file), "path" (part of a path to a value)
        or "option" (of the command line).
    where : str
        The module (as users call it, ``pg.errors``), the class, the function, or the section
        ("the file" for its top; ``*`` for any key, ``**`` for any number of them).
    note : str
        What else has changed.
    """

    kind: str
    where: str
    old: str
    new: str
    note: str = ""

    def __str__(self) -> str:
        spelled = {
            "name": f"{self.where}.{self.old} is now {self.where}.{self.new}",
            "attribute": f"{self.where}.{self.old} is now {self.where}.{self.new}",
            "argument": f"{self.where}({self.old}=) is now {self.where}({self.new}=)",
            "path": f"{self.old!r} in {self.where} is now {self.new!r}",
            "key": f"the key {self.old!r} ({self.where}) is now {self.new!r}",
            "option": f"{self.old} is now {self.new} ({self.where})",
        }
        note = f", {self.note}" if self.note else ""
        return f"{spelled[self.kind]}{note}; the old name will be removed in the next release"


IN_MS = "in ms instead of steps"
OLD_NAMES: tuple[OldName, ...] = (
    OldName("name", "pg.errors", "UnsupportedFeature", "UnsupportedFeatureError"),
    OldName("name", "pg.errors", "MemoryPlanError", "InsufficientMemoryError"),
    OldName("attribute", "PygennLiteError", "cure", "hint"),
    OldName("name", "pg", "Explicit", "PairList"),
    OldName("key", "**.connectivity", "explicit", "pair_list"),
    OldName("name", "pg", "TimedCurrent", "StepCurrent"),
    OldName("attribute", "Network", "timed_current", "step_current"),
    OldName("key", "inputs", "timed_current", "step_current"),
    OldName("argument", "Normal", "sd", "std"),
    OldName("argument", "TruncatedNormal", "sd", "std"),
    OldName("argument", "NoiseCurrent", "sd", "std"),
    OldName("argument", "Network.noise_current", "sd", "std"),
    OldName("attribute", "Normal", "sd", "std"),
    OldName("attribute", "TruncatedNormal", "sd", "std"),
    OldName("attribute", "NoiseCurrent", "sd", "std"),
    OldName("key", "**.normal", "sd", "std"),
    OldName("key", "**.truncated_normal", "sd", "std"),
    OldName("key", "inputs.noise_current", "sd", "std"),
    OldName("argument", "NeuronModel", "hold", "clamp"),
    OldName("attribute", "NeuronModel", "hold", "clamp"),
    OldName("key", "models.*", "hold", "clamp"),
    OldName("key", "populations.*.model", "hold", "clamp"),
    OldName("argument", "Simulation.run", "settle", "warmup"),
    OldName("argument", "Result.rates", "settle", "warmup"),
    OldName("argument", "InstanceResults.rates", "settle", "warmup"),
    OldName("argument", "Result.plot", "settle", "warmup"),
    OldName("argument", "plotting.isi_histogram", "settle", "warmup"),
    OldName("argument", "plotting.spatial_map", "settle", "warmup"),
    OldName("argument", "plotting.raster", "settle", "warmup"),
    OldName("argument", "plotting.rate_curves", "settle", "warmup"),
    OldName("argument", "plotting.population_rates", "settle", "warmup"),
    OldName("argument", "plotting.traces", "settle", "warmup"),
    OldName("argument", "plotting.plot_result", "settle", "warmup"),
    OldName("argument", "RunSettings", "settle", "warmup"),
    OldName("argument", "Result.plot", "published", "reference_rates"),
    OldName("argument", "plotting.population_rates", "published", "reference_rates"),
    OldName("argument", "plotting.plot_result", "published", "reference_rates"),
    OldName("argument", "RunSettings", "published", "reference_rates"),
    OldName("attribute", "RunSettings", "settle", "warmup"),
    OldName("attribute", "RunSettings", "published", "reference_rates"),
    OldName("key", "run", "settle", "warmup"),
    OldName("key", "the file", "published", "reference_rates"),
    OldName("option", "pygenn-lite", "--settle", "--warmup"),
    OldName("name", "pg", "Trace", "SynapticTrace"),
    OldName("argument", "Result", "whole", "fully_recorded"),
    OldName("attribute", "Result", "whole", "fully_recorded"),
    OldName("argument", "Simulation.run", "every", "interval"),
    OldName("argument", "Network.record", "every", "interval", IN_MS),
    OldName("key", "run", "every", "interval", IN_MS),
    OldName("key", "run.record", "every", "interval", IN_MS),
    OldName("path", "paths to values", "sd", "std"),
)
_TABLE = {(one.kind, one.where, one.old): one for one in OLD_NAMES}


def old_names(kind: str, where: str) -> Iterator[OldName]:
    """What has changed in one place."""
    return (one for one in OLD_NAMES if (one.kind, one.where) == (kind, where))


def warn_old_name(kind: str, where: str, old: str, place: str = "") -> str:
    """Warn the user's line that uses an old name; returns the new one.

    Parameters
    ----------
    place : str
        File and line, where it is not Python that uses the name.
    """
    one = _TABLE[kind, where, old]
    text = f"{place}: {one}" if place else str(one)
    warnings.warn(text, PygennLiteDeprecationWarning, stacklevel=level_of_user())
    return one.new


def module_attribute(module: str, where: str, name: str, hint: str = "") -> Any:
    """What an old name of a module stands for, for its ``__getattr__``; the table calls the module
    `where`.

    Raises
    ------
    AttributeError
        The module has no such name, and never had.
    """
    if ("name", where, name) not in _TABLE:
        raise AttributeError(f"module {module!r} has no attribute {name!r}{hint}")
    return getattr(import_module(module), warn_old_name("name", where, name))


def with_old_names(owner: type[T]) -> type[T]:
    """Class decorator: the old attributes of the table give the new ones, and the class takes the
    old arguments."""
    for one in old_names("attribute", owner.__name__):
        setattr(owner, one.old, _old_attribute(one))
    if any(old_names("argument", owner.__name__)):
        renaming = with_old_arguments(owner.__name__)
        setattr(owner, "__init__", renaming(owner.__init__))  # noqa: B010
    return owner


def new_option(word: str) -> str:
    """A word of the command line, in which an old option (``--settle``, ``--settle=5``) is replaced
    by the new one."""
    option, equals, value = word.partition("=")
    if not any(one.old == option for one in old_names("option", "pygenn-lite")):
        return word
    return warn_old_name("option", "pygenn-lite", option) + equals + value


def new_path_part(name: str) -> str | None:
    """What an old part of a path to a value is called now; None: it is not an old one."""
    return next((one.new for one in OLD_NAMES if (one.kind, one.old) == ("path", name)), None)


def with_old_arguments(
    function: str, **converted: Callable[..., Any]
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorator: the old keyword arguments of the table are taken as the new ones.

    Parameters
    ----------
    function : str
        How the table calls it, ``"Network.record"``.
    converted : function
        By old argument: gets the first positional argument (`self`) and the value, and returns the
        value of the new argument, where it has another unit.
    """
    renamed = {one.old: one.new for one in old_names("argument", function)}

    def decorate(call: Callable[P, R]) -> Callable[P, R]:
        @wraps(call)
        def renaming(*args: P.args, **kwargs: P.kwargs) -> R:
            for old in renamed.keys() & kwargs.keys():
                new = warn_old_name("argument", function, old)
                if new in kwargs:
                    raise TypeError(f"{function}() got {new!r} and its old name {old!r}")
                value = kwargs.pop(old)
                kwargs[new] = converted[old](args[0], value) if old in converted else value
            return call(*args, **kwargs)

        return renaming

    return decorate


def _old_attribute(one: OldName) -> property:
    def read(self: Any) -> Any:
        return getattr(self, warn_old_name(one.kind, one.where, one.old))

    return property(read)


def level_of_user() -> int:
    """How many calls above the one that warns the user's own code stands: its `stacklevel`."""
    level, frame = 2, sys._getframe(2)
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__", "")):
        level, frame = level + 1, frame.f_back
    return level


def _is_ours(module: str) -> bool:
    return module == PACKAGE or module.startswith((f"{PACKAGE}.", "importlib"))
