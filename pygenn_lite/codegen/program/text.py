"""Expressions as people read them: in the notation of equations."""

from __future__ import annotations

from typing import Any

import sympy
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter


def shown(value: sympy.Basic) -> str:
    """Text of an expression."""
    return str(_Printer().doprint(value))


class _Printer(StrPrinter):  # type: ignore[misc]
    def _print_Piecewise(self, expr: Any) -> str:
        *cases, (last, otherwise) = expr.args
        text = str(self._print(last))
        if otherwise != sympy.true:
            text = f"where({self._print(otherwise)}, {text}, nan)"
        for value, condition in reversed(cases):
            text = f"where({self._print(condition)}, {self._print(value)}, {text})"
        return text

    def _print_Relational(self, expr: Any) -> str:
        return f"{self._print(expr.lhs)} {expr.rel_op} {self._print(expr.rhs)}"

    _print_Equality = _print_Unequality = _print_Relational

    def _print_Not(self, expr: Any) -> str:
        return f"not {self.parenthesize(expr.args[0], PRECEDENCE['Not'])}"

    def _print_And(self, expr: Any) -> str:
        return self._joined(expr, " and ", sympy.Or)

    def _print_Or(self, expr: Any) -> str:
        return self._joined(expr, " or ", sympy.And)

    def _joined(self, expr: Any, word: str, other: type) -> str:
        parts = (
            f"({self._print(a)})" if isinstance(a, other) else str(self._print(a))
            for a in sorted(expr.args, key=str)
        )
        return word.join(parts)
