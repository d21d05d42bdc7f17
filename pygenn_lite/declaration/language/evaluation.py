"""Evaluates a declared expression with NumPy, for initial values, parameters, weights and delays.

The checked syntax tree of the declaration is walked node by node; nothing is ever handed to
``eval``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from pygenn_lite.declaration.language.equations import Expression
from pygenn_lite.declaration.language.parser import parse_tree
from pygenn_lite.declaration.language.vocabulary import CONSTANTS, FUNCTIONS, folded
from pygenn_lite.errors import EquationError, Location

Values = Mapping[str, Any]


def evaluate(expression: Expression, names: Values) -> Any:
    """Value of ``expression`` with arrays (or numbers) for its symbols.

    Parameters
    ----------
    expression : Expression
    names : mapping of str to array_like
        What each symbol stands for; all must broadcast.

    Raises
    ------
    EquationError
        A symbol that is not in ``names``, or a function that values cannot use.
    """
    tree = parse_tree(expression.text, expression.where)
    with np.errstate(all="ignore"):  # the caller looks for values that are not finite
        return _Walk(expression, names).visit(tree)


_BINARY: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.true_divide,
    ast.Pow: np.power,
    ast.BitAnd: np.logical_and,
    ast.BitOr: np.logical_or,
}
_COMPARE: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
}
_UNARY: dict[type[ast.AST], Callable[[Any], Any]] = {
    ast.USub: np.negative,
    ast.UAdd: np.positive,
    ast.Not: np.logical_not,
    ast.Invert: np.logical_not,
}


class _Walk:
    """One evaluation."""

    def __init__(self, expression: Expression, names: Values) -> None:
        self.expression, self.names = expression, names

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.Constant) and isinstance(node.value, bool):
            return np.bool_(node.value)
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
            return np.float64(node.value)
        if isinstance(node, ast.Name):
            return self._name(node.id)
        if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
            return _BINARY[type(node.op)](self.visit(node.left), self.visit(node.right))
        if isinstance(node, ast.UnaryOp) and type(node.op) in _UNARY:
            return _UNARY[type(node.op)](self.visit(node.operand))
        if isinstance(node, ast.BoolOp):
            join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
            return folded(join)(*(self.visit(v) for v in node.values))
        if isinstance(node, ast.Compare):
            return self._compare(node)
        if isinstance(node, ast.IfExp):
            return np.where(self.visit(node.test), self.visit(node.body), self.visit(node.orelse))
        if isinstance(node, ast.Tuple):
            return tuple(self.visit(e) for e in node.elts)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            function = FUNCTIONS.get(node.func.id)
            if function is not None and function.array is not None:
                return function.array(*(self.visit(a) for a in node.args))
            raise self._error(f"the function {node.func.id!r} cannot be used in a value")
        raise self._error(f"cannot evaluate {ast.unparse(node)!r}")

    def _name(self, name: str) -> Any:
        if name in self.names:
            return np.asarray(self.names[name], dtype=np.float64)
        if name in CONSTANTS:
            return np.float64(CONSTANTS[name])
        raise self._error(f"unknown symbol {name!r}", f"known here: {sorted(self.names)}")

    def _compare(self, node: ast.Compare) -> Any:
        left = self.visit(node.left)
        result: Any = True
        for operator, right_node in zip(node.ops, node.comparators, strict=True):
            if type(operator) not in _COMPARE:
                raise self._error(f"cannot evaluate {ast.unparse(node)!r}")
            right = self.visit(right_node)
            result = np.logical_and(result, _COMPARE[type(operator)](left, right))
            left = right
        return result

    def _error(self, message: str, hint: str = "") -> EquationError:
        where = self.expression.where or Location(f"'{self.expression.text}'")
        return EquationError(message, where=where, hint=hint)
