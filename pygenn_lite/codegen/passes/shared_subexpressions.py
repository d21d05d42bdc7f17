"""Puts assignments into an order in which everything is known before it is used, and computes
shared subexpressions once."""

from __future__ import annotations

from collections.abc import Sequence

import sympy
from sympy.logic.boolalg import Boolean

from pygenn_lite.codegen.program.program import Assign
from pygenn_lite.codegen.systems.system import symbol


def share_subexpressions(assigns: Sequence[Assign], prefix: str) -> tuple[Assign, ...]:
    """Common-subexpression elimination over single-assignment code.

    `assigns` define each target once and refer to targets defined anywhere in the sequence; the
    result is sorted so that definitions come first.
    """
    if not assigns:
        return ()
    names = (symbol(f"{prefix}{k}__") for k in range(10**9))
    shared, values = sympy.cse([a.value for a in assigns], symbols=names, order="none")
    # Temporaries are numbers: shared conditions go back to where they are used.
    conditions: dict[sympy.Basic, sympy.Basic] = {}
    everything = []
    for s, value in shared:
        value = value.xreplace(conditions)
        if isinstance(value, Boolean) and not value.is_Symbol:
            conditions[s] = value
        else:
            everything.append(Assign(s.name, value))
    values = [value.xreplace(conditions) for value in values]
    everything += [Assign(a.target, v) for a, v in zip(assigns, values, strict=True)]
    return _ordered(everything)


def _ordered(assigns: Sequence[Assign]) -> tuple[Assign, ...]:
    """Stable topological order by use of targets."""
    defined = {a.target: a for a in assigns}
    done: set[str] = set()
    result: list[Assign] = []

    def visit(assign: Assign) -> None:
        if assign.target in done:
            return
        done.add(assign.target)
        for s in sorted(assign.value.free_symbols, key=str):
            if s.name in defined:
                visit(defined[s.name])
        result.append(assign)

    for assign in assigns:
        visit(assign)
    return tuple(result)
