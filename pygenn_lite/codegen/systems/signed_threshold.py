"""A threshold as a number: g > 0 where the condition holds, and g = 0 where it begins to."""

from __future__ import annotations

from collections.abc import Mapping

import sympy
from sympy.core.relational import Equality, Relational, Unequality
from sympy.logic.boolalg import And, Boolean, Not, Or


def signed_threshold(
    condition: sympy.Basic | None, draws: Mapping[str, str] = {}
) -> tuple[sympy.Expr | None, str]:
    """The signed form of a condition, or None and why there is none.

    A comparison gives the difference of its sides; "and" the lesser, "or" the greater of its parts.

    Parameters
    ----------
    condition : sympy.Basic or None
        None: there is no threshold.
    draws : mapping
        Symbols that stand for random numbers.
    """
    if condition is None:
        return None, ""
    random = sorted(s.name for s in condition.free_symbols if s.name in draws)
    if random:
        kind = "rand()" if draws[random[0]] == "uniform" else "randn()"
        return None, f"no signed form: it is drawn, with {kind}"
    return _signed(condition)


def _signed(condition: sympy.Basic) -> tuple[sympy.Expr | None, str]:
    if isinstance(condition, (Equality, Unequality)):
        return None, f"no signed form: {condition} is not a crossing"
    if isinstance(condition, Relational):
        return condition.gts - condition.lts, ""
    if isinstance(condition, (And, Or)):
        parts = [_signed(part) for part in sorted(condition.args, key=str)]
        for g, reason in parts:
            if g is None:
                return None, reason
        fold = sympy.Min if isinstance(condition, And) else sympy.Max
        return fold(*(g for g, _ in parts)), ""
    if isinstance(condition, Not):
        g, reason = _signed(condition.args[0])
        return (None, reason) if g is None else (-g, "")
    if isinstance(condition, Boolean) and not condition.is_Symbol:
        return None, f"no signed form: {condition} is not made of comparisons"
    return None, f"no signed form: {condition} is not a comparison"
