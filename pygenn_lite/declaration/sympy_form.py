"""Builds SymPy expressions from checked syntax trees (imports SymPy)."""

from __future__ import annotations

import ast
from typing import Any

import sympy

from pygenn_lite.declaration.functions import exprel, rand, randn

_FUNCTIONS: dict[str, Any] = {
    "exp": sympy.exp,
    "log": sympy.log,
    "log10": lambda x: sympy.log(x) / sympy.log(10),
    "sqrt": sympy.sqrt,
    "sin": sympy.sin,
    "cos": sympy.cos,
    "tan": sympy.tan,
    "sinh": sympy.sinh,
    "cosh": sympy.cosh,
    "tanh": sympy.tanh,
    "abs": sympy.Abs,
    "Abs": sympy.Abs,
    "sign": sympy.sign,
    "floor": sympy.floor,
    "ceil": sympy.ceiling,
    "heaviside": lambda x: sympy.Heaviside(x, 1),
    "exprel": exprel,
    "min": sympy.Min,
    "Min": sympy.Min,
    "max": sympy.Max,
    "Max": sympy.Max,
    "clip": lambda x, low, high: sympy.Min(sympy.Max(x, low), high),
    "where": lambda c, a, b: sympy.Piecewise((a, c), (b, True)),
}
_COMPARE: dict[type[ast.cmpop], Any] = {
    ast.Lt: sympy.Lt,
    ast.LtE: sympy.Le,
    ast.Gt: sympy.Gt,
    ast.GtE: sympy.Ge,
    ast.Eq: sympy.Eq,
    ast.NotEq: sympy.Ne,
}


class SympyBuilder:
    """One expression; numbers its random draws."""

    def __init__(self) -> None:
        self.draws = 0

    def build(self, node: ast.AST) -> Any:
        """SymPy form of a node."""
        return getattr(self, f"_{type(node).__name__}")(node)

    def _Name(self, node: ast.Name) -> Any:
        return sympy.pi if node.id == "pi" else sympy.Symbol(node.id, real=True)

    def _Constant(self, node: ast.Constant) -> Any:
        if isinstance(node.value, bool):
            return sympy.true if node.value else sympy.false
        if isinstance(node.value, int):
            return sympy.Integer(node.value)
        assert isinstance(node.value, float)
        return (
            sympy.Integer(int(node.value))
            if node.value.is_integer() and abs(node.value) < 2**53
            else sympy.Float(node.value)
        )

    def _BinOp(self, node: ast.BinOp) -> Any:
        left, right = self.build(node.left), self.build(node.right)
        match node.op:
            case ast.Add():
                return left + right
            case ast.Sub():
                return left - right
            case ast.Mult():
                return left * right
            case ast.Div():
                return left / right
            case ast.BitAnd():
                return sympy.And(left, right)
            case ast.BitOr():
                return sympy.Or(left, right)
        return left**right

    def _UnaryOp(self, node: ast.UnaryOp) -> Any:
        value = self.build(node.operand)
        if isinstance(node.op, (ast.Not, ast.Invert)):
            return sympy.Not(value)
        return -value if isinstance(node.op, ast.USub) else value

    def _BoolOp(self, node: ast.BoolOp) -> Any:
        function = sympy.And if isinstance(node.op, ast.And) else sympy.Or
        return function(*(self.build(v) for v in node.values))

    def _Compare(self, node: ast.Compare) -> Any:
        sides = [self.build(node.left), *(self.build(c) for c in node.comparators)]
        parts = [
            _COMPARE[type(op)](a, b) for op, a, b in zip(node.ops, sides, sides[1:], strict=False)
        ]
        return parts[0] if len(parts) == 1 else sympy.And(*parts)

    def _IfExp(self, node: ast.IfExp) -> Any:
        return sympy.Piecewise(
            (self.build(node.body), self.build(node.test)), (self.build(node.orelse), True)
        )

    def _Call(self, node: ast.Call) -> Any:
        assert isinstance(node.func, ast.Name)
        name = node.func.id
        if name in ("rand", "randn"):
            self.draws += 1
            return (rand if name == "rand" else randn)(self.draws)
        if name == "Piecewise":
            pairs = [b.elts for b in node.args if isinstance(b, ast.Tuple)]
            return sympy.Piecewise(*((self.build(v), self.build(c)) for v, c in pairs))
        return _FUNCTIONS[name](*(self.build(a) for a in node.args))
