"""Equations as MathML, which browsers set by themselves. Imports SymPy."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from sympy import Symbol
from sympy.printing.mathml import MathMLPresentationPrinter

from pygenn_lite.declaration.language.equations import Equation, Expression
from pygenn_lite.errors import EquationError

_RELATIONS = {"=": "\N{LEFTWARDS ARROW}", **{f"{o}=": f"{o}=" for o in "+-*/"}}
_ROOM = '<mspace width="0.17em"></mspace>'  # between factors
_MINUS = "<mo>\N{MINUS SIGN}</mo>"


def equation_mathml(equation: Equation) -> str:
    """One equation as a line of its own.

    Examples
    --------
    >>> from pygenn_lite.reports.mathml import equation_mathml
    >>> model = pg.NeuronModel(derivatives="dV/dt = -V / tau", parameters={"tau": 10.0})
    >>> equation_mathml(model.equations[0])[21:64]
    '<math displaystyle="true"><mfrac><mrow><mi>'
    """
    name = _mathml_of(Symbol(equation.name))
    if equation.kind == "derivative":
        left = f"<mfrac><mrow><mi>d</mi>{name}</mrow><mrow><mi>d</mi><mi>t</mi></mrow></mfrac>"
        relation = "="
    else:
        left = name
        relation = "=" if equation.kind == "definition" else _RELATIONS[equation.operator]
    right = expression_mathml(equation)
    return _line(f"{left}<mo>{escape(relation)}</mo>{right}")


def condition_mathml(expression: Expression) -> str:
    """An expression as a line of its own."""
    return _line(expression_mathml(expression))


def expression_mathml(expression: Expression) -> str:
    """MathML of an expression; its text where it has no mathematical form."""
    try:
        return _mathml_of(expression.sympy())
    except EquationError:
        return f"<mtext>{escape(expression.text)}</mtext>"


def lines_mathml(equations: Iterable[Equation]) -> str:
    """Several equations, one below the other."""
    return "\n".join(map(equation_mathml, equations))


def _line(mathml: str) -> str:
    return f'<div class="formula"><math displaystyle="true">{mathml}</math></div>'


def _mathml_of(expression: Any) -> str:
    text = str(_Printer().doprint(expression))
    text = text.replace("<mo>&InvisibleTimes;</mo>", _ROOM).replace("<mo>-</mo>", _MINUS)
    return f"<mrow>{text}</mrow>"


class _Printer(MathMLPresentationPrinter):  # type: ignore[misc]
    """SymPy's own notation, with our random numbers and step function as functions."""

    def _call(self, name: str, inside: Any = None) -> Any:
        row = self.dom.createElement("mrow")
        word = self.dom.createElement("mi")
        word.appendChild(self.dom.createTextNode(name))
        row.appendChild(word)
        for sign in ("(", inside, ")"):
            if isinstance(sign, str):
                mark = self.dom.createElement("mo")
                mark.appendChild(self.dom.createTextNode(sign))
                row.appendChild(mark)
            elif sign is not None:
                row.appendChild(self._print(sign))
        return row

    def _print_rand(self, expr: Any) -> Any:
        return self._call(type(expr).__name__)

    _print_randn = _print_rand

    def _print_Heaviside(self, expr: Any) -> Any:
        return self._call("heaviside", expr.args[0])
