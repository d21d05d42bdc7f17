"""Numbers written as formulas (``"-g * J"``), computed without ever running text as code."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from pygenn_lite.declaration.language.constants import constant_value
from pygenn_lite.declaration.language.equations import parse_expression
from pygenn_lite.declaration.language.habits import UNITS, symbol_hint, units_hint
from pygenn_lite.declaration.language.names import nearest_or_all
from pygenn_lite.declaration.language.parser import parse_tree
from pygenn_lite.declaration.language.vocabulary import RANDOM, VALUE_SYMBOLS
from pygenn_lite.declaration.summary import shortened
from pygenn_lite.errors import EquationError


def evaluate_constant(text: str, names: Mapping[str, float]) -> float:
    """Compute a formula of numbers, named constants and functions.

    Parameters
    ----------
    text : str
        The formula. It passes the same checks as any equation: length, depth, allowed names.
    names : mapping
        The constants that may be used.

    Returns
    -------
    float
        Always finite.
    """
    expression = parse_expression(text)
    unknown = sorted(expression.symbols - set(names))
    if unknown:
        raise _unknown_constant(unknown[0], text, names)
    value = constant_value(parse_tree(expression.text), known=names)
    if value is None:  # a condition, or random
        raise EquationError(
            f"'{text}' is not a number", hint="write a formula of numbers and constants"
        )
    return value


def substitute_constants(text: str, names: Mapping[str, float]) -> float | str:
    """Put numbers for the named constants of a formula.

    Returns
    -------
    float or str
        The number, if nothing else was in the formula; else the formula of what remains
        (``"exp(-distance / lambda_)"`` with ``lambda_`` replaced).
    """
    expression = parse_expression(text)
    symbols = set(expression.symbols)
    if not symbols - set(names) and not expression.functions & RANDOM:
        return evaluate_constant(text, names)
    if not symbols & set(names):
        unknown = sorted(symbols - VALUE_SYMBOLS)
        if unknown:
            known = [*names, *sorted(VALUE_SYMBOLS)]
            places = ("value of neurons", "value of synapses")
            hint = next(
                filter(None, (symbol_hint(unknown[0], text, place) for place in places)), ""
            )
            raise _unknown_constant(unknown[0], text, known, hint)
        return text
    tree = ast.parse(" ".join(text.split()), mode="eval")
    return ast.unparse(_Substitution(names).visit(tree))


def _unknown_constant(name: str, text: str, known: Any, hint: str = "") -> EquationError:
    hint = hint or (units_hint(text) if name in UNITS else "")
    near = "" if hint else nearest_or_all(name, known)
    return EquationError(
        f"unknown name '{name}' in '{shortened(text)}'{near}",
        hint=hint or "name the number under 'constants:'",
    )


class _Substitution(ast.NodeTransformer):
    def __init__(self, names: Mapping[str, float]) -> None:
        self.names = names

    def visit_Call(self, node: ast.Call) -> ast.Call:
        node.args = [self.visit(argument) for argument in node.args]  # not the function's name
        return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self.names:
            return node
        value = self.names[node.id]
        number = ast.Constant(abs(value))
        # A sign of its own, so that -5 squared is written (-5) ** 2.
        return ast.UnaryOp(ast.USub(), number) if value < 0 else number
