"""Update rules of optimisers in SymPy, as kernels compute them: what depends on nothing but the
rate, the number of the update and the settings is computed once per update, in double precision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import sympy

from pygenn_lite.codegen.program.kernel import Assign, names_in
from pygenn_lite.codegen.systems.system import check_number, symbol
from pygenn_lite.codegen.trial.update_rule import SHARED, UpdateRule
from pygenn_lite.declaration.language.equations import Equation
from pygenn_lite.errors import Location
from pygenn_lite.records import dataclass


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


def shared_rule(rule: UpdateRule) -> SharedRule:
    """The rule with what is the same for all values taken out of it.

    Examples
    --------
    >>> from pygenn_lite.codegen.trial.update_rule import update_rule
    >>> made = shared_rule(update_rule("SGD", "value = value - rate*gradient/number"))
    >>> print(made.once[0], made.body[0], sep="; ")
    once0 = -rate/number; value = gradient*once0 + value
    """
    hoist = _Hoist({*SHARED, *rule.settings})
    statements = map(_assigned, rule.equations)
    body = tuple(replace(s, value=hoist(s.value)) for s in statements)
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


def _assigned(equation: Equation) -> Assign:
    before, value = symbol(equation.name), equation.sympy()
    check_number(value, equation.name, Location("optimiser"))
    changes: Mapping[str, sympy.Expr] = {
        "=": value,
        "+=": before + value,
        "-=": before - value,
        "*=": before * value,
        "/=": before / value,
    }
    return Assign(equation.name, changes[equation.operator])
