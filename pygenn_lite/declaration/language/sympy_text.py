"""Writes SymPy expressions given by users as equation text, which then passes the same checks as
any other text (imports SymPy)."""

from __future__ import annotations

import math
from typing import Any

from sympy.printing.str import StrPrinter

from pygenn_lite.declaration.language.names import LONGEST_NAME, is_identifier
from pygenn_lite.errors import NOWHERE, EquationError, Location


def sympy_text(expression: Any, where: Location = NOWHERE) -> str:
    """Equation text of a SymPy expression.

    Raises
    ------
    EquationError
        It contains what equations cannot hold: infinity, the imaginary unit, odd names.
    """
    return str(_TextPrinter(where).doprint(expression))


class _TextPrinter(StrPrinter):
    """SymPy's own notation where it is ours too; the rest spelt out."""

    def __init__(self, where: Location) -> None:
        super().__init__()
        self.where = where

    def _print_Symbol(self, expr: Any) -> str:
        if not is_identifier(expr.name):
            raise EquationError(
                f"{repr(expr.name)[:80]} cannot be the name of a symbol",
                where=self.where,
                hint=f"use letters, digits and _, beginning with a letter, at most {LONGEST_NAME}",
            )
        return str(expr.name)

    _print_Dummy = _print_Symbol

    def _print_rand(self, expr: Any) -> str:
        return "rand()"

    def _print_randn(self, expr: Any) -> str:
        return "randn()"

    def _print_Float(self, expr: Any) -> str:
        value = float(expr)  # all its digits: SymPy itself shows 15
        if not math.isfinite(value):
            raise self._no_number(expr)
        return repr(value)

    def _print_NumberSymbol(self, expr: Any) -> str:
        return repr(float(expr))

    _print_GoldenRatio = _print_EulerGamma = _print_Catalan = _print_NumberSymbol

    def _print_Exp1(self, expr: Any) -> str:
        return "exp(1)"

    def _print_Pi(self, expr: Any) -> str:
        return "pi"

    def _no_number(self, expr: Any) -> EquationError:
        return EquationError(
            f"{expr} in a SymPy expression is not a real number",
            where=self.where,
            hint="equations hold real, finite numbers",
        )

    def _print_ImaginaryUnit(self, expr: Any) -> str:
        raise self._no_number(expr)

    _print_Infinity = _print_NegativeInfinity = _print_ComplexInfinity = _print_ImaginaryUnit
    _print_NaN = _print_ImaginaryUnit

    def _print_Relational(self, expr: Any) -> str:
        left, right = self._print(expr.lhs), self._print(expr.rhs)
        return f"(({left}) {expr.rel_op} ({right}))"

    def _print_ITE(self, expr: Any) -> str:
        condition, yes, no = (self._print(a) for a in expr.args)
        return f"((({condition}) and ({yes})) or (not ({condition}) and ({no})))"

    def _print_ceiling(self, expr: Any) -> str:
        return f"ceil({self._print(expr.args[0])})"

    def _print_Heaviside(self, expr: Any) -> str:
        x, at_zero = self._print(expr.args[0]), expr.args[1]
        if at_zero == 1:
            return f"heaviside({x})"
        return f"where({x} > 0, 1, where({x} < 0, 0, {self._print(at_zero)}))"
