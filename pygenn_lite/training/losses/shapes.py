"""Shapes of losses over a trial: how much each time counts."""

from __future__ import annotations

from typing import Any

from pygenn_lite.declaration.language.equations import is_sympy, parse_expression
from pygenn_lite.errors import ArgumentError
from pygenn_lite.training.losses.loss import WHERE

SHAPES = {
    "uniform": "1",
    "exponential": "exp(-t/T)",
    "linear": "1 - t/T",
    "sigmoid": "1/(1 + exp((t/T - 0.5)/0.2))",
}


def shape_text(given: Any) -> str:
    """A shape as an expression of ``t`` and ``T``, both in ms.

    Parameters
    ----------
    given : str or sympy.Expr
        "uniform", "exponential", "linear", "sigmoid", or an expression.

    Raises
    ------
    ArgumentError
        It reads something else.
    """
    text = SHAPES.get(given, given) if isinstance(given, str) else given
    if not isinstance(text, str) and not is_sympy(text):
        raise ArgumentError(
            f"{given!r} is not a shape of a loss",
            where=WHERE,
            hint=f'give one of {", ".join(SHAPES)}, or an expression such as "exp(-2*t/T)"',
        )
    parsed = parse_expression(text, WHERE)
    others = sorted(parsed.symbols - {"t", "T"})
    if others:
        raise ArgumentError(
            f"the shape {text} reads {', '.join(others)}",
            where=WHERE,
            hint=f"t is the time and T the length of the trial, ms; or one of {', '.join(SHAPES)}",
        )
    return str(parsed)
