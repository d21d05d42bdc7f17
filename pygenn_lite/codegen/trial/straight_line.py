"""A neuron kernel as straight-line code: what it does to the few elements of `Where` becomes
selections, and then every value has a name of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field

import sympy

from pygenn_lite.codegen.program.kernel import (
    Assign,
    Body,
    Check,
    Emit,
    TimedValue,
    Update,
    Where,
)
from pygenn_lite.codegen.systems.system import symbol
from pygenn_lite.codegen.trial.trial_records import SPIKE
from pygenn_lite.records import dataclass

Values = Mapping[str, sympy.Expr]


@dataclass(frozen=True)
class StraightStep:
    """The step of a neuron.

    Attributes
    ----------
    forward : Body
        Assignments in the order and the arithmetic of the kernel: a state may be assigned more than
        once, and is then what it was last. `SPIKE` says whether the neuron spikes.
    spikes : bool
        Whether it ever does.
    statements : tuple of Assign
        The same with a name of its own for every value; states are those at the beginning.
    flown : mapping of str to sympy.Expr
        States at the end of the step, before the threshold is looked at.
    after : mapping of str to sympy.Expr
        States at the end of the step of a neuron that spikes.
    spike : sympy.Basic
        Whether it does.
    """

    forward: Body
    spikes: bool
    statements: tuple[Assign, ...]
    flown: Values
    after: Values
    spike: sympy.Basic


def straight_step(body: Body, states: Iterable[str]) -> StraightStep:
    """Of a kernel "update" without random numbers."""
    known = tuple(states)
    flow = [s for s in body if isinstance(s, (Assign, Update))]
    rare = next((s for s in body if isinstance(s, Where)), None)
    unknown = [
        s for s in body if not isinstance(s, (Assign, Update, Where, Check, Emit, TimedValue))
    ]
    if unknown:
        raise ValueError(f"{unknown[0]} has no place in straight-line code")
    naming = _Naming({x: symbol(x) for x in known})
    for statement in flow:
        naming.add(statement)
    flown = naming.values(known)
    if rare is None:
        return StraightStep(tuple(flow), False, tuple(naming.statements), flown, flown, sympy.false)
    condition = sympy.And(rare.condition, rare.late)
    naming.add(Assign(SPIKE, condition))
    spike = naming.now[SPIKE]
    for inside in rare.body:
        if not isinstance(inside, Emit):
            naming.add(inside)
    return StraightStep(
        (*flow, *_selected(condition, rare.body, known)),
        True,
        tuple(naming.statements),
        flown,
        naming.values(known),
        spike,
    )


def _selected(condition: sympy.Basic, body: Body, states: tuple[str, ...]) -> list[Assign]:
    """What is done where a condition holds, for all: others keep what they have."""
    found = [Assign(SPIKE, condition)]
    for statement in body:
        if isinstance(statement, Emit):
            continue
        if not isinstance(statement, Assign):
            raise ValueError(f"{statement} has no place at a spike")
        value = statement.value
        if statement.target in states:
            own = symbol(statement.target)
            value = sympy.Piecewise((value, symbol(SPIKE)), (own, True))
        found.append(Assign(statement.target, value))
    return found


@dataclass
class _Naming:
    """Gives each assignment its own name."""

    now: dict[str, sympy.Expr]
    statements: list[Assign] = field(default_factory=list)
    count: dict[str, int] = field(default_factory=dict)

    def add(self, statement: object) -> None:
        if isinstance(statement, Assign):
            self._assign([(statement.target, statement.value)])
        elif isinstance(statement, Update):
            self._assign(list(statement.values))
        else:
            raise ValueError(f"{statement} has no place in straight-line code")

    def _assign(self, values: list[tuple[str, sympy.Basic]]) -> None:
        there = {symbol(n): v for n, v in self.now.items()}
        given = [(name, value.xreplace(there)) for name, value in values]
        for name, value in given:
            if value.is_Symbol or value.is_Number:
                self.now[name] = value
                continue
            own = self._name(name)
            self.statements.append(Assign(own, value))
            self.now[name] = symbol(own)

    def _name(self, name: str) -> str:
        if name not in self.now and name not in self.count:
            self.count[name] = 0
            return name
        self.count[name] = self.count.get(name, 0) + 1
        return f"{name}__v{self.count[name]}"

    def values(self, names: Iterable[str]) -> dict[str, sympy.Expr]:
        return {n: self.now[n] for n in names}


def needed(statements: Iterable[Assign], names: Iterable[str]) -> tuple[Assign, ...]:
    """Those that some names depend on, in order."""
    wanted, found = set(names), []
    for statement in reversed(tuple(statements)):
        if statement.target in wanted:
            found.append(statement)
            wanted |= {s.name for s in statement.value.free_symbols}
    return tuple(reversed(found))
