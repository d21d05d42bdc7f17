"""What becomes of adjoints where a spike arrives, from the jump that it makes; and jumps that are
made of several statements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sympy

from pygenn_lite.codegen.adjoint.adjoint_parts import ArrivalAdjoint, adjoint
from pygenn_lite.codegen.adjoint.smoothness import derivative
from pygenn_lite.codegen.systems.system import symbol

ZERO = sympy.S.Zero


def arrival(
    jump: Mapping[str, sympy.Expr],
    f: Mapping[str, sympy.Expr],
    parameters: Iterable[str],
    carried: Mapping[str, str] = {},
) -> ArrivalAdjoint:
    """The adjoint of a jump of some states of a target.

    Parameters
    ----------
    jump : mapping of str to sympy.Expr
        States after it, of those before.
    f : mapping of str to sympy.Expr
        Derivatives of the target's states.
    parameters : iterable of str
        Symbols of the synapse.
    carried : mapping of str to str
        Symbols that stand for states of the source, and these.
    """
    there = {symbol(x): value for x, value in jump.items()}
    price = ZERO
    for x, derivative_of_x in f.items():
        value = jump.get(x, symbol(x))
        moved = derivative(value, "t")
        moved += sympy.Add(*(derivative(value, j) * f[j] for j in f))
        price += adjoint(x) * (moved - derivative_of_x.xreplace(there))

    def along(by: str) -> sympy.Expr:
        return sympy.Add(*(adjoint(x) * derivative(value, by) for x, value in jump.items()))

    back = {
        j: along(j) + (ZERO if j in jump else adjoint(j))
        for j in f
        if j in jump or any(symbol(j) in value.free_symbols for value in jump.values())
    }
    sent = {state: along(name) for name, state in carried.items()}
    return ArrivalAdjoint(
        jump=dict(jump),
        price=price,
        back={j: value for j, value in back.items() if value != adjoint(j)},
        gradients={p: value for p in parameters if (value := along(p)) != 0},
        sent={state: value for state, value in sent.items() if value != 0},
    )


def clamped_jump(jump: Mapping[str, sympy.Expr], clamped: Iterable[str]) -> dict[str, sympy.Expr]:
    """What is left of a jump while its target is refractory."""
    return {x: value for x, value in jump.items() if x not in set(clamped)}


def composed(statements: Iterable[tuple[str, sympy.Expr]]) -> dict[str, sympy.Expr]:
    """Ordered assignments as all at once: what variables are after them, of those before."""
    now: dict[sympy.Basic, sympy.Expr] = {}
    for name, value in statements:
        now[symbol(name)] = value.xreplace(now)
    return {s.name: value for s, value in now.items()}
