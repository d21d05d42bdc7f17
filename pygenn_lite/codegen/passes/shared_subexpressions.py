"""Puts rules into an order in which everything is known before it is used, and computes shared
subexpressions once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sympy
from sympy.logic.boolalg import Boolean

from pygenn_lite.codegen.program.kernel import Assign
from pygenn_lite.codegen.systems.rules import Rule
from pygenn_lite.codegen.systems.system import symbol


def share_subexpressions(assigns: Sequence[Rule], prefix: str) -> tuple[Rule, ...]:
    """Common-subexpression elimination over single-assignment code.

    `assigns` define each temporary once and refer to temporaries defined anywhere in the sequence;
    the result is sorted so that definitions come first.
    """
    if not assigns:
        return ()
    names = (symbol(f"{prefix}{k}__") for k in range(10**9))
    shared, values = sympy.cse([a.value for a in assigns], symbols=names, order="none")
    # Temporaries are numbers: shared conditions go back to where they are used.
    conditions: dict[sympy.Basic, sympy.Basic] = {}
    everything: list[Rule] = []
    for s, value in shared:
        value = value.xreplace(conditions)
        if isinstance(value, Boolean) and not value.is_Symbol:
            conditions[s] = value
        else:
            everything.append(Assign(s.name, value))
    values = [value.xreplace(conditions) for value in values]
    everything += [replace(a, value=v) for a, v in zip(assigns, values, strict=True)]
    return _ordered(everything)


def _ordered(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """Stable topological order by use of temporaries."""
    defined = {rule.target: rule for rule in rules if isinstance(rule, Assign)}
    done: set[int] = set()
    result: list[Rule] = []

    def visit(rule: Rule) -> None:
        if id(rule) in done:
            return
        done.add(id(rule))
        for s in sorted(rule.value.free_symbols, key=str):
            if s.name in defined:
                visit(defined[s.name])
        result.append(rule)

    for rule in rules:
        visit(rule)
    return tuple(result)
