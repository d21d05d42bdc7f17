"""Equations as LaTeX, for notebooks. Imports SymPy."""

from __future__ import annotations

from typing import Any

from sympy.printing.latex import LatexPrinter, greek_letters_set

from pygenn_lite.declaration.language.equations import Equation, Expression
from pygenn_lite.errors import EquationError

# LaTeX has no commands for capitals that look like Latin ones.
_CAPITALS = frozenset(
    ["Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega"]
)
_OPERATORS = {"=": r"\leftarrow", **{f"{o}=": rf"\mathrel{{{o}}}=" for o in "+-*/"}}


def expression_latex(expression: Expression) -> str:
    """LaTeX of an expression; its text where it has no mathematical form."""
    try:
        return str(_Printer().doprint(expression.sympy()))
    except EquationError:
        return rf"\texttt{{{expression.text}}}".replace("_", r"\_")


def equation_latex(equation: Equation) -> tuple[str, str]:
    """Left side and the rest, from the relation on, to be aligned there."""
    name = symbol_latex(equation.name)
    right = expression_latex(equation)
    if equation.kind == "derivative":
        return rf"\frac{{d {name}}}{{d t}}", f"= {right}"
    relation = "=" if equation.kind == "definition" else _OPERATORS[equation.operator]
    return name, f"{relation} {right}"


def symbol_latex(name: str) -> str:
    """A name as a symbol: Greek where it is spelt so, what follows ``_`` below the line."""
    head, *below = [part for part in name.split("_") if part]
    indices = ", ".join(_below(part) for part in below)
    return _letter(head) + (f"_{{{indices}}}" if indices else "")


def _letter(text: str) -> str:
    if text in _CAPITALS or (text in greek_letters_set and text.islower() and text != "omicron"):
        return rf"\{text}"
    return text if len(text) == 1 else rf"\mathrm{{{text}}}"


def _below(text: str) -> str:
    return text if text.isdigit() else _letter(text)


class _Printer(LatexPrinter):  # type: ignore[misc]
    """SymPy's own notation, with our names and random numbers, and room between factors."""

    def __init__(self) -> None:
        super().__init__({"mul_symbol": r" \, "})

    def _print_Symbol(self, expr: Any, style: str = "plain") -> str:
        return symbol_latex(expr.name)

    def _print_rand(self, expr: Any) -> str:
        return rf"\mathrm{{{type(expr).__name__}}}()"

    _print_randn = _print_rand

    def _print_Heaviside(self, expr: Any, exp: Any = None) -> str:
        return rf"\mathrm{{heaviside}}\left({self._print(expr.args[0])}\right)"
