"""Prints SymPy expressions as C++ (CUDA shares it: one dialect of functions, namespace pgl)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import sympy
from sympy.core.relational import Relational
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from pygenn_lite.declaration.language.functions import cpp_names
from pygenn_lite.errors import EquationError, Location

LARGEST_EXPANDED_POWER = 16
NO_INTEGERS: Mapping[str, str] = MappingProxyType({})


class CppPrinter(StrPrinter):
    """Arithmetic over variables of one real type; numbers become literals of that type. ``spell``
    says how a variable is reached, by default under its name; ``integers`` are variables of an
    integer type, which comparisons among them alone keep."""

    def __init__(
        self,
        real: str = "real",
        spell: Callable[[str], str] = str,
        integers: Mapping[str, str] = NO_INTEGERS,
    ) -> None:
        super().__init__()
        self.real, self.spell, self.integers = real, spell, integers

    def _print_Symbol(self, expr: sympy.Symbol) -> str:
        text = self.spell(str(expr.name))
        own = self.integers.get(expr.name)
        return text if own is None or own == self.real else f"{self.real}({text})"

    def _print_Float(self, expr: sympy.Float) -> str:
        return self._literal(expr)

    def _print_Integer(self, expr: sympy.Integer) -> str:
        return self._literal(int(expr.p))

    def _print_Rational(self, expr: sympy.Rational) -> str:
        return self._literal(Fraction(int(expr.p), int(expr.q)))

    _print_Zero = _print_One = _print_NegativeOne = _print_Integer
    _print_Half = _print_Rational

    def _print_Pi(self, expr: sympy.Expr) -> str:
        return self._literal(float(expr))

    _print_Exp1 = _print_Pi

    def _print_Infinity(self, expr: sympy.Expr) -> str:
        return f"pgl::infinity<{self.real}>()"

    def _print_NegativeInfinity(self, expr: sympy.Expr) -> str:
        return f"(-pgl::infinity<{self.real}>())"

    def _literal(self, value: Any) -> str:
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            shown = str(value) if len(str(value)) < 40 else f"{str(value)[:36]}..."
            raise EquationError(
                f"the number {shown} is too large",
                where=Location.of("an equation, after its constants were computed"),
                hint="look for products and powers of very large numbers",
            )
        if self.real.endswith("_t") and number.is_integer():
            return f"{self.real}({int(number)})"
        return f"{self.real}({number!r})"

    def _print_Add(self, expr: sympy.Add, order: str | None = None) -> str:
        """Sums, with subtraction where a term carries a minus sign. Products are fused with what
        they are added to: here and not by the compiler, whose choice would show in the results."""
        plain: list[tuple[bool, sympy.Expr]] = []
        products: list[tuple[str, str]] = []
        for term in self._as_ordered_terms(expr, order="none"):
            negative = term.could_extract_minus_sign()
            term = -term if negative else term
            above, below = _numerator_and_denominator(term) if term.is_Mul else ([], [])
            if below or len(above) < 2:
                plain.append((negative, term))
                continue
            *others, last = (self._factor(factor) for factor in above)
            products.append(("-" * negative + "*".join(others), last))
        text = self._sum(plain) if plain else "*".join(products.pop(0))
        for first, last in products:
            text = f"pgl::fma({first}, {last}, {text})"
        return text

    def _sum(self, terms: list[tuple[bool, sympy.Expr]]) -> str:
        text = " ".join(
            f"{'-' if negative else '+'} {self.parenthesize(term, PRECEDENCE['Add'] + 1)}"
            for negative, term in terms
        )
        return text[2:] if text.startswith("+ ") else "-" + text[2:]

    def _print_Mul(self, expr: sympy.Mul) -> str:
        """Products as one fraction."""
        if expr.could_extract_minus_sign():
            inner = -expr
            return f"-{self.parenthesize(inner, PRECEDENCE['Mul'])}"
        above, below = _numerator_and_denominator(expr)
        numerator = "*".join(self._factor(f) for f in above) or self._literal(1.0)
        if not below:
            return numerator
        denominator = "*".join(self._factor(f) for f in below)
        return f"{numerator}/({denominator})"

    def _factor(self, expr: sympy.Expr) -> str:
        if expr.is_Rational:  # printed as one literal
            return str(self._print(expr))
        return str(self.parenthesize(expr, PRECEDENCE["Mul"]))

    def _print_Pow(self, expr: sympy.Pow, rational: bool = False) -> str:
        base, exponent = expr.as_base_exp()
        if exponent == sympy.Rational(1, 2):
            return f"pgl::sqrt({self._print(base)})"
        if exponent.is_Rational and exponent < 0:
            return f"({self._literal(1.0)}/{self.parenthesize(base**-exponent, PRECEDENCE['Pow'])})"
        if exponent.is_Integer and int(exponent) <= LARGEST_EXPANDED_POWER:
            return f"pgl::power<{int(exponent)}>({self._print(base)})"
        return f"pgl::pow({self._print(base)}, {self._print(exponent)})"

    def _print_Function(self, expr: sympy.Function) -> str:
        name = cpp_names().get(type(expr))
        if name is None:
            raise NotImplementedError(f"no C++ form of {type(expr).__name__}")
        return f"pgl::{name}({', '.join(map(self._print, expr.args))})"

    def _print_ExpBase(self, expr: sympy.Expr) -> str:
        return f"pgl::exp({self._print(expr.exp)})"

    _print_exp = _print_ExpBase

    def _print_in_double(self, expr: sympy.Function) -> str:
        inner = CppPrinter("double", lambda n: "time" if n == "t" else f"double({self.spell(n)})")
        return f"{self.real}({inner.doprint(expr.args[0])})"

    def _print_Heaviside(self, expr: sympy.Heaviside) -> str:
        x, at_zero = expr.args
        cases = ((1, x > 0), (at_zero, sympy.Eq(x, 0)), (0, True))
        return self._print_Piecewise(sympy.Piecewise(*cases))

    _print_Abs = _print_sign = _print_floor = _print_Function
    _print_ceiling = _print_log = _print_Function

    def _print_Max(self, expr: sympy.Max) -> str:
        return self._fold("pgl::max", expr.args)

    def _print_Min(self, expr: sympy.Min) -> str:
        return self._fold("pgl::min", expr.args)

    def _fold(self, function: str, args: tuple[sympy.Expr, ...]) -> str:
        text = str(self._print(args[0]))
        for arg in args[1:]:
            text = f"{function}({text}, {self._print(arg)})"
        return text

    def _print_Piecewise(self, expr: sympy.Piecewise) -> str:
        text = f"pgl::not_a_number<{self.real}>()"
        for value, condition in reversed(expr.args):
            if condition == sympy.true:
                text = str(self._print(value))
            else:
                text = f"pgl::select({self._print(condition)}, {self._print(value)}, {text})"
        return text

    def _print_ITE(self, expr: sympy.logic.boolalg.ITE) -> str:
        condition, first, second = (self._print(a) for a in expr.args)
        return f"pgl::select<bool>({condition}, {first}, {second})"

    def _print_Relational(self, expr: Relational) -> str:
        types = {self.integers.get(s.name, "real") for s in expr.free_symbols} or {self.real}
        own = types.pop() if len(types) == 1 else "real"
        if own != self.real and self.integers:
            return CppPrinter(own, self.spell, self.integers)._print_Relational(expr)
        return f"({self._print(expr.lhs)} {expr.rel_op} {self._print(expr.rhs)})"

    _print_Equality = _print_Unequality = _print_Relational
    _print_StrictGreaterThan = _print_GreaterThan = _print_Relational
    _print_StrictLessThan = _print_LessThan = _print_Relational

    def _print_And(self, expr: sympy.And) -> str:
        return "(" + " & ".join(self._print(a) for a in expr.args) + ")"

    def _print_Or(self, expr: sympy.Or) -> str:
        return "(" + " | ".join(self._print(a) for a in expr.args) + ")"

    def _print_Not(self, expr: sympy.Not) -> str:
        return f"(!{self._print(expr.args[0])})"

    def _print_BooleanTrue(self, expr: sympy.Basic) -> str:
        return "true"

    def _print_BooleanFalse(self, expr: sympy.Basic) -> str:
        return "false"


def _numerator_and_denominator(expr: sympy.Mul) -> tuple[list[sympy.Expr], list[sympy.Expr]]:
    """Factors of a product above and below the line."""
    above, below = [], []
    for factor in expr.as_ordered_factors():
        base, exponent = factor.as_base_exp()
        if exponent.is_Rational and exponent < 0 and not isinstance(factor, sympy.exp):
            below.append(sympy.Pow(base, -exponent))
        else:
            above.append(factor)
    return above, below
