"""Exceptions. Each speaks of the user's model: where it went wrong, what is wrong, and a hint."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pygenn_lite.old_names import (
    PygennLiteDeprecationWarning as PygennLiteDeprecationWarning,
)
from pygenn_lite.old_names import module_attribute, with_old_names

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Old names of errors."""
        return module_attribute(__name__, "pg.errors", name)


class Location(str):
    """A place in a declaration: text for people, and the same as data for those who look it up.

    Attributes
    ----------
    owners : tuple of (str, str)
        Kind and name of what it stands in, from outside: ``("population", "exc")``.
    path : tuple of str
        Keys from there: ``("parameters", "tau")``.
    line : int
        Of a text of several lines; 0: of none.
    equation : str
        ``"dV/dt"``, or the variable that is assigned to.
    """

    owners: tuple[tuple[str, str], ...]
    path: tuple[str, ...]
    line: int
    equation: str

    def __new__(
        cls,
        text: str = "",
        owners: tuple[tuple[str, str], ...] = (),
        path: tuple[str, ...] = (),
        line: int = 0,
        equation: str = "",
    ) -> Location:
        made = super().__new__(cls, text)
        made.owners, made.path, made.line, made.equation = owners, path, line, equation
        return made

    @classmethod
    def of(cls, kind: str, name: str = "") -> Location:
        """A thing that has a name, or none."""
        known = kind.removeprefix("Poisson ")  # one of the inputs
        return cls(f"{kind} {name!r}" if name else kind, ((known, name),))

    def key(self, name: str) -> Location:
        """One of its parts, as ``neuron model, derivatives``."""
        return self._further(f", {name}" if self else name, path=(*self.path, name))

    def entry(self, name: str) -> Location:
        """One of its values, as ``population 'exc': tau``."""
        return self._further(f": {name}" if self else name, path=(*self.path, name))

    def at_line(self, number: int) -> Location:
        """A line of its text."""
        return self._further(f", line {number}" if self else f"line {number}", line=number)

    def at_equation(self, name: str) -> Location:
        """One of its equations."""
        return self._further(f": {name}" if self else name, equation=name)

    def about(self, equation: str) -> Location:
        """The same place; the message names the equation."""
        return self._further("", equation=equation)

    def inside(self, outer: Location) -> Location:
        """The same place, seen from what it stands in."""
        text = f"{outer}, {self}" if self else str(outer)
        path = self.path or outer.path
        return Location(text, (*outer.owners, *self.owners), path, self.line, self.equation)

    def spelled(self, word: Callable[[str], str]) -> Location:
        """The same place, its names spelled by a function (owners have their names already)."""
        path = tuple(map(word, self.path))
        return Location(word(str(self)), self.owners, path, self.line, word(self.equation))

    def _further(self, text: str, **changes: Any) -> Location:
        kept = {"path": self.path, "line": self.line, "equation": self.equation, **changes}
        return Location(f"{self!s}{text}", self.owners, **kept)

    def __getnewargs__(self) -> tuple[Any, ...]:
        return str(self), self.owners, self.path, self.line, self.equation


NOWHERE = Location()


@with_old_names
class PygennLiteError(Exception):
    """Base of all errors of this package.

    Parameters
    ----------
    message : str
        What is wrong.
    where : Location
        The place: file and line, model, equation, population.
    hint : str
        What to write or do instead.
    """

    def __init__(self, message: str, *, where: Location = NOWHERE, hint: str = "") -> None:
        if not isinstance(where, Location):
            raise TypeError(
                f"where={where!r}: the place of an error is a Location, "
                "e.g. pg.errors.Location.of('population', 'exc')"
            )
        super().__init__(message, where, hint)
        self.message, self.where, self.hint = message, where, hint

    def __str__(self) -> str:
        return full_text(self.message, self.where, self.hint)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.message, self.where, self.hint)


def full_text(message: str, where: str = "", hint: str = "") -> str:
    """An error or a warning as it is printed."""
    text = f"{where}: {message}" if where else message
    return f"{text}\n  hint: {hint}" if hint else text


def _rebuild(
    kind: type[PygennLiteError], message: str, where: Location, hint: str
) -> PygennLiteError:
    return kind(message, where=where, hint=hint)


class PygennLiteWarning(RuntimeWarning):
    """What runs, though perhaps not as it was meant: weights that are cut, digits that are lost."""


class InputError(PygennLiteError):
    """What was given is wrong; the same again will fail again, on any machine."""


class DeclarationError(InputError):
    """The declaration is wrong."""


class ModelError(DeclarationError):
    """A neuron or synapse model is wrong as a whole."""


class EquationError(DeclarationError):
    """An equation cannot be read or does not make sense."""


class ConnectivityError(DeclarationError):
    """A connectivity rule does not fit its populations."""


class ShapeError(DeclarationError):
    """An array does not have the shape it must have."""


class NetworkError(DeclarationError):
    """Parts of a network do not fit together."""


class FileFormatError(DeclarationError):
    """A model or result file cannot be read."""


class SweepError(DeclarationError):
    """A sweep names what there is not, or leaves nothing to run."""


class ScriptError(InputError):
    """A script that a sweep names cannot be read or imported, or lacks its function."""


class UnsupportedFeatureError(DeclarationError):
    """A backend lacks a feature that the declaration asks for."""


class ToolchainError(PygennLiteError):
    """No usable compiler."""


class MissingPackageError(PygennLiteError):
    """A package that the work asked for needs is not installed, or cannot be imported."""


class CompileError(PygennLiteError):
    """Generated code did not compile."""


class InsufficientMemoryError(PygennLiteError):
    """The network does not fit into memory."""


class DeviceError(PygennLiteError):
    """A card cannot be used, refuses what it is asked, or is lost while it runs."""


class NumericalError(PygennLiteError):
    """A state variable is no longer finite."""


class SimulationError(PygennLiteError):
    """A simulation cannot do what was asked."""


class BatchError(PygennLiteError):
    """A batch of runs, its folder or its cluster cannot be used."""


class BatchFolderError(BatchError, InputError):
    """A folder holds no batch, or another one than is asked for."""


class ArgumentError(SimulationError, InputError):
    """A value given to a call, or to an option, is none that it takes."""


class FitError(SimulationError):
    """Rates that were asked for cannot be reached; `result` holds the best that was found."""

    result: Any = None


class CheckpointError(SimulationError):
    """A checkpoint cannot be written or does not fit."""
