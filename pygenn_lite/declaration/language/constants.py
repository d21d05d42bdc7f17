"""Computes the constant parts of equations in double precision, without SymPy.

SymPy computes constants exactly: ``floor(exp(exp(15)))`` would keep it busy for years. What does
not fit a double is of no use to a simulation either, so it is refused before SymPy sees it.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from pygenn_lite.declaration.language.vocabulary import CONSTANTS, FUNCTIONS
from pygenn_lite.errors import NOWHERE, EquationError, Location

LARGEST_NUMBER = 1e300
LARGEST_EXPONENT = 1000
_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def constant_value(
    tree: ast.AST, where: Location = NOWHERE, known: Mapping[str, float] | None = None
) -> float | None:
    """Value of an expression of numbers, or None if it depends on anything else.

    Parameters
    ----------
    tree : ast.AST
        A syntax tree that `parse_tree` lets through.
    known : mapping
        Values of names that stand for constants (besides those of the language, such as ``pi``).

    Raises
    ------
    EquationError
        The expression, or a part of it, is constant and no finite double; or powers of powers
        exceed `LARGEST_EXPONENT`.
    """
    return _Constants(where, {**CONSTANTS, **(known or {})}).value(tree, 1.0)


class _Constants:
    """One walk over a tree, which looks at every part of it."""

    def __init__(self, where: Location, known: Mapping[str, float]) -> None:
        self.where, self.known = where, known

    def value(self, node: ast.AST, power: float) -> float | None:
        """The value of a node; `power` is the product of the exponents around it."""
        if isinstance(node, ast.Constant):
            number = not isinstance(node.value, bool) and isinstance(node.value, (int, float))
            return as_float(node.value) if number else None  # type: ignore[arg-type]
        if isinstance(node, ast.Name):
            return self.known.get(node.id)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            inner = self.value(node.operand, power)
            return -inner if inner is not None and isinstance(node.op, ast.USub) else inner
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            return self._operation(node, power)
        function = _number_function(node)
        if function is not None and isinstance(node, ast.Call):
            values = [self.value(a, power) for a in node.args]
            if None in values:
                return None
            return self._checked(node, function, values, shrinks=function is math.exp)
        if isinstance(node, ast.IfExp):
            return self._chosen(node, [(node.body, node.test)], node.orelse, power)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self._conditional(node, node.func.id, power)
        for child in ast.iter_child_nodes(node):
            self.value(child, power)
        return None

    def _conditional(self, node: ast.Call, name: str, power: float) -> float | None:
        """``where`` and ``Piecewise``; nothing of random numbers."""
        if name == "where":
            condition, yes, no = node.args
            return self._chosen(node, [(yes, condition)], no, power)
        if name == "Piecewise":
            pairs = [branch.elts for branch in node.args if isinstance(branch, ast.Tuple)]
            return self._chosen(node, [(value, test) for value, test in pairs], None, power)
        return None

    def _chosen(
        self,
        node: ast.AST,
        branches: list[tuple[ast.expr, ast.expr]],
        otherwise: ast.expr | None,
        power: float,
    ) -> float | None:
        """The first branch whose condition holds, if all conditions and branches are constant."""
        values = [self.value(value, power) for value, _ in branches]
        tests = [self.truth(test, power) for _, test in branches]
        last = math.nan if otherwise is None else self.value(otherwise, power)
        if last is None or None in values or None in tests:
            return None
        found = next((v for v, test in zip(values, tests, strict=True) if test), last)
        if found is not None and math.isnan(found):
            hint = "end it with a pair (value, True)"
            raise self._error(node, "no condition of {} holds", hint)
        return found

    def truth(self, node: ast.AST, power: float) -> bool | None:
        """Whether a condition holds, or None if that depends on anything but constants."""
        if isinstance(node, ast.Constant):
            return bool(node.value)
        if isinstance(node, ast.UnaryOp):
            inner = self.truth(node.operand, power)
            return None if inner is None else not inner
        if isinstance(node, ast.Compare):
            sides = [self.value(side, power) for side in (node.left, *node.comparators)]
            if None in sides:
                return None
            return all(
                _COMPARE[type(op)](a, b)
                for op, a, b in zip(node.ops, sides, sides[1:], strict=False)
            )
        if isinstance(node, (ast.BoolOp, ast.BinOp)):
            both = node.values if isinstance(node, ast.BoolOp) else (node.left, node.right)
            parts = [self.truth(part, power) for part in both]
            if None in parts:
                return None
            return all(parts) if isinstance(node.op, (ast.And, ast.BitAnd)) else any(parts)
        return None

    def _operation(self, node: ast.BinOp, power: float) -> float | None:
        right = self.value(node.right, power)
        if isinstance(node.op, ast.Pow):
            power *= max(1.0, abs(right) if right is not None else 1.0)
            if power > LARGEST_EXPONENT:
                raise self._error(node, "a power in {} is too large", "use smaller exponents")
        left = self.value(node.left, power)
        if left is None or right is None:
            return None
        shrinks = not isinstance(node.op, (ast.Add, ast.Sub)) and left != 0
        if isinstance(node.op, ast.Mult) and right == 0:  # a constant that was set to 0, say
            shrinks = False
        return self._checked(node, _OPERATORS[type(node.op)], [left, right], shrinks)

    def _checked(
        self,
        node: ast.AST,
        function: Callable[..., float],
        values: list[float | None],
        shrinks: bool,
    ) -> float:
        try:
            result = function(*values)
        except OverflowError:
            result = math.inf
        except (ValueError, ZeroDivisionError):
            result = math.nan
        if isinstance(result, complex) or math.isnan(result):
            hint = "look for a division by zero, or the root or logarithm of a negative number"
            raise self._error(node, "{} has no real value", hint)
        if abs(result) > LARGEST_NUMBER:
            is_power = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow)
            raise self._error(node, f"{'a power in ' if is_power else ''}{{}} is too large")
        if result == 0 and shrinks:
            raise self._error(node, "{} is too small to be told from zero")
        return result

    def _error(self, node: ast.AST, message: str, hint: str = "") -> EquationError:
        text = ast.unparse(node)
        shown = repr(text if len(text) <= 60 else text[:57] + "...")
        return EquationError(
            message.format(shown),
            where=self.where,
            hint=hint or "write numbers that fit double precision (up to 1e300)",
        )


def _number_function(node: ast.AST) -> Callable[..., float] | None:
    """The function that a call applies to doubles."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return None
    function = FUNCTIONS.get(node.func.id)
    return function.number if function else None


def as_float(value: int | float) -> float:
    """A number as a double; infinity where it is too large."""
    try:
        return float(value)
    except OverflowError:
        return math.inf
