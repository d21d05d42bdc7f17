"""Works out the constant parts of equations in double precision, without SymPy.

SymPy computes constants exactly: ``floor(exp(exp(15)))`` would keep it busy for years. What does
not fit a double is of no use to a simulation either, so it is refused before SymPy sees it.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping

from pygenn_lite.errors import EquationError

LARGEST_NUMBER = 1e300
LARGEST_EXPONENT = 1000
FUNCTIONS: dict[str, Callable[..., float]] = {
    "exp": math.exp,
    "log": math.log,
    "log10": math.log10,
    "sqrt": math.sqrt,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "sinh": math.sinh,
    "cosh": math.cosh,
    "tanh": math.tanh,
    "abs": abs,
    "Abs": abs,
    "sign": lambda x: float((x > 0) - (x < 0)),
    "floor": lambda x: float(math.floor(x)),
    "ceil": lambda x: float(math.ceil(x)),
    "heaviside": lambda x: float(x >= 0),
    "exprel": lambda x: math.expm1(x) / x if x else 1.0,
    "min": min,
    "Min": min,
    "max": max,
    "Max": max,
    "clip": lambda x, low, high: min(max(x, low), high),
}
_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
}


def constant_value(
    tree: ast.AST, where: str = "", known: Mapping[str, float] | None = None
) -> float | None:
    """Value of an expression of numbers, or None if it depends on anything else.

    Parameters
    ----------
    tree : ast.AST
        A syntax tree that `parse_tree` lets through.
    known : mapping
        Values of names that stand for constants (besides ``pi``).

    Raises
    ------
    EquationError
        The expression, or a part of it, is constant and no finite double; or powers of powers
        exceed `LARGEST_EXPONENT`.
    """
    return _Constants(where, {"pi": math.pi, **(known or {})}).value(tree, 1.0)


class _Constants:
    """One walk over a tree, which looks at every part of it."""

    def __init__(self, where: str, known: Mapping[str, float]) -> None:
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
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            values = [self.value(a, power) for a in node.args]
            function = FUNCTIONS.get(node.func.id)
            if function is None or not values or None in values:
                return None
            return self._checked(node, function, values, shrinks=node.func.id == "exp")
        for child in ast.iter_child_nodes(node):  # conditions and their branches
            self.value(child, power)
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
            cure = "look for a division by zero, or the root or logarithm of a negative number"
            raise self._error(node, "{} has no real value", cure)
        if abs(result) > LARGEST_NUMBER:
            is_power = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow)
            raise self._error(node, f"{'a power in ' if is_power else ''}{{}} is too large")
        if result == 0 and shrinks:
            raise self._error(node, "{} is too small to be told from zero")
        return result

    def _error(self, node: ast.AST, message: str, cure: str = "") -> EquationError:
        text = ast.unparse(node)
        shown = repr(text if len(text) <= 60 else text[:57] + "...")
        return EquationError(
            message.format(shown),
            where=self.where,
            cure=cure or "write numbers that fit double precision (up to 1e300)",
        )


def as_float(value: int | float) -> float:
    """A number as a double; infinity where it is too large."""
    try:
        return float(value)
    except OverflowError:
        return math.inf
