"""Optimisers as equations: what becomes of a number, from its gradient, in one update.

A rule is a few assignments, each seen by the next::

    m = beta_1*m + (1 - beta_1)*gradient
    v = beta_2*v + (1 - beta_2)*gradient**2
    value = value - rate*m/(1 - beta_1**number)/(sqrt(v/(1 - beta_2**number)) + epsilon)

Names that are read before they are assigned are *slots*: numbers that are kept beside each value,
0 at first. What depends on nothing but the rate, the number of the update and the settings is the
same for all values, and is computed once per update, in double precision.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import sympy

from pygenn_lite.codegen.program.kernel import Assign, names_in
from pygenn_lite.codegen.systems.system import symbol
from pygenn_lite.declaration.language.equations import EquationsLike, parse_equations
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
    body : tuple of Assign
        In order; one of them assigns ``value``.
    slots : tuple of str
        What is kept from one update to the next, beside each value; 0 at first.
    settings : tuple of str
        Names of the settings, in the order in which kernels are given them.
    """

    name: str
    body: tuple[Assign, ...]
    slots: tuple[str, ...]
    settings: tuple[str, ...]

    def __str__(self) -> str:
        slots = f"  (slots {', '.join(self.slots)})" if self.slots else ""
        return "\n  ".join([f"{self.name}{slots}", *map(str, self.body)])


@dataclass(frozen=True)
class SharedRule:
    """A rule of which that is taken out which is the same for all values.

    Attributes
    ----------
    rule : UpdateRule
    once : tuple of Assign
        Computed once per update, in double precision.
    body : tuple of Assign
        For each value; it reads what `once` assigns.
    """

    rule: UpdateRule
    once: tuple[Assign, ...]
    body: tuple[Assign, ...]


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
      v = gradient + mu*v
      value = -rate*v + value
    """
    where = Location.of("optimiser", name)
    body = tuple(
        _assigned(e.name, e.operator, e.sympy())
        for e in parse_equations(equations, where, assignments=True)
    )
    targets = {s.target for s in body}
    given = {GRADIENT, *SHARED, *settings}
    _refuse_wrong_targets(targets, given, where)
    slots: list[str] = []
    known = {VALUE, *given}
    for statement in body:
        for read in sorted(names_in(statement.value) - known):
            if read not in targets:
                raise EquationError(
                    f"{read} is neither given nor assigned",
                    where=where,
                    hint=f"known are {', '.join(sorted(known | targets))}",
                )
            slots.append(read)
            known.add(read)
        known.add(statement.target)
    return UpdateRule(name, body, tuple(slots), tuple(settings))


def shared_rule(rule: UpdateRule) -> SharedRule:
    """The rule with what is the same for all values taken out of it.

    Examples
    --------
    >>> made = shared_rule(update_rule("SGD", "value = value - rate*gradient/number"))
    >>> print(made.once[0], made.body[0], sep="; ")
    once0 = -rate/number; value = gradient*once0 + value
    """
    hoist = _Hoist({*SHARED, *rule.settings})
    body = tuple(replace(s, value=hoist(s.value)) for s in rule.body)
    return SharedRule(rule, tuple(hoist.once), body)


class _Hoist:
    """Names the largest parts of expressions that read nothing but what is shared."""

    def __init__(self, shared: set[str]) -> None:
        self.shared = shared
        self.once: list[Assign] = []
        self.known: dict[sympy.Basic, sympy.Symbol] = {}

    def __call__(self, value: sympy.Basic) -> sympy.Basic:
        names = names_in(value)
        if not names & self.shared:
            return value
        if names <= self.shared:
            return self._name(value)
        if isinstance(value, (sympy.Add, sympy.Mul)):
            own = [a for a in value.args if names_in(a) <= self.shared]
            rest = [self(a) for a in value.args if a not in own]
            return value.func(self(value.func(*own)), *rest) if own else value.func(*rest)
        return value.func(*(self(a) for a in value.args))

    def _name(self, value: sympy.Basic) -> sympy.Symbol:
        if value not in self.known:
            self.known[value] = symbol(f"once{len(self.once)}")
            self.once.append(Assign(self.known[value].name, value))
        return self.known[value]


def _assigned(name: str, operator: str, value: sympy.Expr) -> Assign:
    before = symbol(name)
    changes: Mapping[str, sympy.Expr] = {
        "=": value,
        "+=": before + value,
        "-=": before - value,
        "*=": before * value,
        "/=": before / value,
    }
    return Assign(name, changes[operator])


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
