"""What all losses have in common: factors, sums, the key and the numbers of compiled programs."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any

from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pygenn_lite.codegen.trial.loss_records import Term

WHERE = Location("loss")
FACTOR = "factor"
_VARIABLE = re.compile(r"(\w+)\.(\w+(?:\.\w+)?)")


@dataclass(frozen=True)
class Penalty:
    """On values of parameters: ``l1*abs(w) + l2*w^2``, summed over those that a pattern names."""

    pattern: str
    l1: float = 0.0
    l2: float = 0.0


class Loss:
    """A loss of a trial: one term, or a sum of terms. Losses are added, and multiplied by numbers:
    ``pg.losses.CrossEntropy("out.V") + 1e-6*pg.losses.Rate("hidden", 14.0)``.

    What is minimised is its mean over the samples of a batch.

    Attributes
    ----------
    key : str
        What decides the compiled program; numbers are not in it.
    constants : tuple of float
        The numbers that the program reads.
    penalties : tuple of Penalty
        On parameters.
    predicts : bool
        Whether it tells which class a sample is taken for.
    """

    @property
    def predicts(self) -> bool:
        """Whether it tells classes apart."""
        return False

    @property
    def key(self) -> str:
        """What decides the compiled program."""
        raise NotImplementedError

    @property
    def constants(self) -> tuple[float, ...]:
        """The numbers that the program reads."""
        raise NotImplementedError

    @property
    def penalties(self) -> tuple[Penalty, ...]:
        """On parameters."""
        return ()

    def terms(self) -> tuple[Term, ...]:
        """Its terms as SymPy."""
        raise NotImplementedError

    def formula(self) -> str:
        """Its terms as text: what is read of each neuron, and what is summed."""
        lines = [str(term) for term in self.terms()]
        lines += [
            f"{p.l1:g}*sum(abs(w)) + {p.l2:g}*sum(w^2) of {p.pattern}" for p in self.penalties
        ]
        return "\n".join(lines)

    def __add__(self, other: Any) -> Loss:
        if isinstance(other, Loss):
            return WeightedSum((*_parts(self), *_parts(other)))
        return self if _is_number(other) and other == 0 else NotImplemented  # as `sum` begins

    __radd__ = __add__

    def __mul__(self, factor: Any) -> Loss:
        if not _is_number(factor):
            return NotImplemented
        check_number(factor, "the factor of a loss", least=0.0)
        return WeightedSum(tuple((float(factor) * f, part) for f, part in _parts(self)))

    __rmul__ = __mul__


class SingleLoss(Loss):
    """One term: a frozen dataclass, some of whose fields are numbers of the program."""

    @property
    def predicts(self) -> bool:
        """Most do."""
        return True

    def numbers(self) -> tuple[str, ...]:
        """Fields that are not compiled in: they may differ while the program is the same."""
        return ()

    def number(self, name: str) -> float:
        """One of them."""
        return float(getattr(self, name))

    def term(self) -> Term:
        """As SymPy, over the names of its numbers."""
        raise NotImplementedError

    @property
    def key(self) -> str:
        """Its kind, and fields that are compiled in."""
        numbers = self.numbers()
        kept = [
            f"{f.name}={getattr(self, f.name)!r}" for f in _fields(self) if f.name not in numbers
        ]
        return f"{type(self).__name__}({', '.join(kept)})"

    @property
    def constants(self) -> tuple[float, ...]:
        """Factor 1, and its numbers."""
        return _constants(1.0, self)

    def terms(self) -> tuple[Term, ...]:
        """Its one term."""
        return (_scaled(self),)


@dataclass(frozen=True)
class WeightedSum(Loss):
    """Of single losses, each times a factor.

    Attributes
    ----------
    parts : tuple of (float, Loss)
    """

    parts: tuple[tuple[float, Loss], ...]

    @property
    def predicts(self) -> bool:
        """Whether one of its parts does."""
        return any(part.predicts for _, part in self.parts)

    @property
    def key(self) -> str:
        """Of its parts; factors are numbers."""
        return " + ".join(part.key for _, part in self.parts if part.key)

    @property
    def constants(self) -> tuple[float, ...]:
        """Of its parts, each behind its factor."""
        return tuple(v for factor, part in self.parts for v in _constants(factor, part))

    @property
    def penalties(self) -> tuple[Penalty, ...]:
        """Of its parts, times their factors."""
        return tuple(
            replace(p, l1=factor * p.l1, l2=factor * p.l2)
            for factor, part in self.parts
            for p in part.penalties
        )

    def terms(self) -> tuple[Term, ...]:
        """Of its parts."""
        return tuple(_scaled(part) for _, part in self.parts if isinstance(part, SingleLoss))

    def __repr__(self) -> str:
        return " + ".join(f"{factor:g}*{part!r}" for factor, part in self.parts)


def check_number(
    value: object, what: str, least: float = -math.inf, most: float = math.inf
) -> float:
    """A finite number between two others.

    Raises
    ------
    ArgumentError
        It is not.
    """
    if _is_number(value) and math.isfinite(value) and least <= value <= most:  # type: ignore[arg-type, operator]
        return float(value)  # type: ignore[arg-type]
    span = {
        (True, True): "a number",
        (False, True): f"a number that is {least:g} or more",
        (True, False): f"a number that is {most:g} or less",
        (False, False): f"a number between {least:g} and {most:g}",
    }[math.isinf(least), math.isinf(most)]
    raise ArgumentError(f"{what} is {value!r}", where=WHERE, hint=f"give {span}")


def check_positive(value: object, what: str) -> float:
    """A number above 0.

    Raises
    ------
    ArgumentError
        It is not.
    """
    number = check_number(value, what, least=0.0)
    if number == 0:
        raise ArgumentError(f"{what} is 0", where=WHERE, hint="give a number above 0")
    return number


def variable_of(path: object) -> tuple[str, str]:
    """Population and variable of ``"out.V"``, or of ``"out.GROUP.I_syn"``.

    Raises
    ------
    ArgumentError
        It is not of this form.
    """
    found = _VARIABLE.fullmatch(path) if isinstance(path, str) else None
    if found is None:
        raise ArgumentError(
            f"{path!r} is not a variable of a population",
            where=WHERE,
            hint='write "POPULATION.VARIABLE", such as "out.V"',
        )
    return found[1], found[2]


def check_population(name: object) -> str:
    """The name of a population.

    Raises
    ------
    ArgumentError
        It is not a name.
    """
    if not isinstance(name, str) or not name.isidentifier():
        raise ArgumentError(
            f"{name!r} is not the name of a population", where=WHERE, hint='such as "out"'
        )
    return name


def check_choice(value: object, choices: Iterable[str], what: str) -> None:
    """One of some words.

    Raises
    ------
    ArgumentError
        It is none of them.
    """
    known = list(choices)
    if value not in known:
        from pygenn_lite.declaration.language.names import nearest

        raise ArgumentError(
            f"{what} {value!r} is not known{nearest(str(value), known)}",
            where=WHERE,
            hint=f"choose one of {', '.join(known)}",
        )


def _is_number(value: object) -> bool:
    import numpy as np

    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def _fields(loss: SingleLoss) -> tuple[Any, ...]:
    return fields(loss)  # type: ignore[arg-type]


def _parts(loss: Loss) -> tuple[tuple[float, Loss], ...]:
    return loss.parts if isinstance(loss, WeightedSum) else ((1.0, loss),)


def _constants(factor: float, loss: Loss) -> tuple[float, ...]:
    if not isinstance(loss, SingleLoss):
        return ()
    return (factor, *(loss.number(name) for name in loss.numbers()))


def _scaled(loss: SingleLoss) -> Term:
    from pygenn_lite.codegen.systems.system import symbol

    term = loss.term()
    constants = (FACTOR, *loss.numbers())
    return replace(term, value=symbol(FACTOR) * term.value, constants=constants)
