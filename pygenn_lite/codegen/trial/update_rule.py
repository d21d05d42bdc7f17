"""Optimisers as equations: what becomes of a number, from its gradient, in one update. They stay
text, so that a program that is compiled already needs no SymPy.

A rule is a few assignments, each seen by the next::

    m = beta_1*m + (1 - beta_1)*gradient
    v = beta_2*v + (1 - beta_2)*gradient**2
    value = value - rate*m/(1 - beta_1**number)/(sqrt(v/(1 - beta_2**number)) + epsilon)

Names that are read before they are assigned are *slots*: numbers that are kept beside each value,
0 at first.
"""

from __future__ import annotations

from collections.abc import Iterable

from pygenn_lite.declaration.language.equations import Equation, EquationsLike, parse_equations
from pygenn_lite.errors import EquationError, Location
from pygenn_lite.records import dataclass

VALUE, GRADIENT = "value", "gradient"
SHARED = ("rate", "number", "weight_decay")
"""The same for all numbers of an array: the rate of this update, its number (the first is 1), and
the decay of weights (0 for arrays that do not decay)."""


@dataclass(frozen=True)
class UpdateRule:
    """What an update does to a number.

    Attributes
    ----------
    name : str
        "Adam".
    equations : tuple of Equation
        Assignments, in order; one of them assigns ``value``.
    slots : tuple of str
        What is kept from one update to the next, beside each value; 0 at first.
    settings : tuple of str
        Names of the settings, in the order in which kernels are given them.
    """

    name: str
    equations: tuple[Equation, ...]
    slots: tuple[str, ...]
    settings: tuple[str, ...]

    @property
    def key(self) -> str:
        """All that decides its kernels."""
        return f"{self}\n{self.settings}"

    def __str__(self) -> str:
        slots = f"  (slots {', '.join(self.slots)})" if self.slots else ""
        return "\n  ".join([f"{self.name}{slots}", *map(str, self.equations)])


def update_rule(name: str, equations: EquationsLike, settings: Iterable[str] = ()) -> UpdateRule:
    """A rule from its equations.

    Parameters
    ----------
    name : str
    equations : str or mapping or list
        Assignments over ``value``, ``gradient``, ``rate``, ``number``, ``weight_decay``, the
        settings, slots and temporaries.
    settings : iterable of str

    Raises
    ------
    EquationError
        ``value`` is not assigned, something that is given is assigned, or a name stands for
        nothing.

    Examples
    --------
    >>> print(update_rule("Momentum", "v = mu*v + gradient; value = value - rate*v", ["mu"]))
    Momentum  (slots v)
      v = mu * v + gradient
      value = value - rate * v
    """
    where = Location.of("optimiser", name)
    body = parse_equations(equations, where, assignments=True)
    targets = {e.name for e in body}
    given = {GRADIENT, *SHARED, *settings}
    _refuse_wrong_targets(targets, given, where)
    slots: list[str] = []
    known = {VALUE, *given}
    for equation in body:
        own: set[str] = set() if equation.operator == "=" else {equation.name}
        for read in sorted((equation.symbols | own) - known):
            if read not in targets:
                raise EquationError(
                    f"{read} is neither given nor assigned",
                    where=where,
                    hint=f"known are {', '.join(sorted(known | targets))}",
                )
            slots.append(read)
            known.add(read)
        known.add(equation.name)
    return UpdateRule(name, body, tuple(slots), tuple(settings))


def _refuse_wrong_targets(targets: set[str], given: set[str], where: Location) -> None:
    if VALUE not in targets:
        raise EquationError(
            "nothing is assigned to value",
            where=where,
            hint="the last equation is value = ..., for example value = value - rate*gradient",
        )
    wrong = sorted(targets & given - {GRADIENT})
    if wrong:
        raise EquationError(
            f"{wrong[0]} is assigned, but it is given",
            where=where,
            hint="assign to value, to a slot or to a temporary of another name",
        )
