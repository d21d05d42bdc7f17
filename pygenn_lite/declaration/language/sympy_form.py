"""Builds SymPy expressions from checked syntax trees (imports SymPy)."""

from __future__ import annotations

import ast
import math
from typing import Any

import sympy

from pygenn_lite.declaration.language.constants import LARGEST_EXPONENT
from pygenn_lite.declaration.language.functions import rand, randn, symbolic
from pygenn_lite.declaration.language.vocabulary import CONSTANTS, FUNCTIONS, RANDOM

EXACT = 2**53  # up to here doubles hold every whole number

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
        if node.id in CONSTANTS:
            return getattr(sympy, node.id)
        return sympy.Symbol(node.id, real=True)

    def _Constant(self, node: ast.Constant) -> Any:
        if isinstance(node.value, bool):
            return sympy.true if node.value else sympy.false
        assert isinstance(node.value, (int, float))
        return (
            sympy.Integer(int(node.value))
            if abs(node.value) < EXACT and float(node.value).is_integer()
            else sympy.Float(float(node.value))
        )

    def _BinOp(self, node: ast.BinOp) -> Any:
        left, right = self.build(node.left), self.build(node.right)
        match node.op:
            case ast.Add():
                return _bounded(left + right)
            case ast.Sub():
                return _bounded(left - right)
            case ast.Mult():
                return _bounded(left * right)
            case ast.Div():
                return _bounded(left / right)
            case ast.BitAnd():
                return sympy.And(left, right)
            case ast.BitOr():
                return sympy.Or(left, right)
        return _power(left, right)

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
        if name in RANDOM:
            self.draws += 1
            return (rand if name == "rand" else randn)(self.draws)
        if name == "Piecewise":
            pairs = [b.elts for b in node.args if isinstance(b, ast.Tuple)]
            return sympy.Piecewise(*((self.build(v), self.build(c)) for v, c in pairs))
        arguments = [self.build(a) for a in node.args]
        if FUNCTIONS[name].number and not any(a.free_symbols for a in arguments):
            return _constant_call(name, arguments)
        return symbolic(name)(*arguments)


def _bounded(value: Any) -> Any:
    """Exact fractions only as long as they are short: SymPy's grow without end."""
    if value.is_Rational and max(abs(value.p), value.q) >= EXACT:
        return sympy.Float(value)
    return value


def _power(base: Any, exponent: Any) -> Any:
    if exponent.is_number:
        if abs(_double(exponent)) > LARGEST_EXPONENT:
            raise OverflowError("a power is too large")
        factor = base.as_coeff_Mul()[0]
        if base.is_number and not (base.is_Rational and abs(exponent) <= 1):
            value = _double(base) ** _double(exponent)
            if isinstance(value, complex):
                raise ValueError("a root of a negative number")
            exact = base.is_Rational and exponent.is_Integer and abs(value) < EXACT
            return _bounded(base**exponent) if exact and abs(exponent) < 64 else sympy.Float(value)
        if factor.is_Rational and factor not in (1, -1) and exponent.is_Rational:
            bits = factor.p.bit_length() + factor.q.bit_length()
            if bits * abs(exponent) > 4096:
                raise OverflowError("a power is too large")
    return _bounded(base**exponent)


def _constant_call(name: str, arguments: list[Any]) -> Any:
    """A function of constants: exact where its arguments are plain numbers, else a double (SymPy
    would compute exp(exp(15)) to its last digit to know its integer part)."""
    number = FUNCTIONS[name].number
    assert number is not None
    value = number(*(_double(a) for a in arguments))
    if not math.isfinite(value):
        raise OverflowError(f"{name}() is too large")
    if all(a.is_Rational for a in arguments):
        return _bounded(symbolic(name)(*arguments))
    return sympy.Float(value)


def _double(value: Any) -> float:
    result = float(value)
    if not math.isfinite(result):
        raise OverflowError(f"{str(value)[:60]} is too large")
    return result
