"""Exceptions. Each speaks of the user's model: where it went wrong, what is wrong, and a hint."""

from __future__ import annotations


class PygennLiteError(Exception):
    """Base of all errors of this package.

    Parameters
    ----------
    message : str
        What is wrong.
    where : str
        The place: file and line, model, equation, population.
    hint : str
        What to write or do instead.
    """

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message, where, hint)
        self.message, self.where, self.hint = message, where, hint

    @property
    def cure(self) -> str:
        """The old name of `hint`."""
        return self.hint

    def __str__(self) -> str:
        return full_text(self.message, self.where, self.hint)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.message, self.where, self.hint)


def full_text(message: str, where: str = "", hint: str = "") -> str:
    """An error or a warning as it is printed."""
    text = f"{where}: {message}" if where else message
    return f"{text}\n  hint: {hint}" if hint else text


def _rebuild(kind: type[PygennLiteError], message: str, where: str, hint: str) -> PygennLiteError:
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


class UnsupportedFeature(DeclarationError):
    """A backend lacks a feature that the declaration asks for."""


class ToolchainError(PygennLiteError):
    """No usable compiler."""


class CompileError(PygennLiteError):
    """Generated code did not compile."""


class MemoryPlanError(PygennLiteError):
    """The network does not fit into memory."""


class NumericalError(PygennLiteError):
    """A state variable is no longer finite."""


class SimulationError(PygennLiteError):
    """A simulation cannot do what was asked."""


class ArgumentError(SimulationError, InputError):
    """A value given to a call, or to an option, is none that it takes."""


class CheckpointError(SimulationError):
    """A checkpoint cannot be written or does not fit."""
