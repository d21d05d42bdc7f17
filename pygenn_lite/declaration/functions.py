"""SymPy functions that equations may use beyond SymPy's own. Imported only when SymPy is."""

from __future__ import annotations

from typing import Any

import sympy


class exprel(sympy.Function):
    """(exp(x) - 1) / x, continued by 1 at 0."""

    nargs = 1

    @classmethod
    def eval(cls, x: sympy.Expr) -> sympy.Expr | None:
        """exprel(0) = 1."""
        return sympy.S.One if x.is_zero else None

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """(exp(x) - exprel(x)) / x; singular in form only."""
        x = self.args[0]
        return (sympy.exp(x) - exprel(x)) / x

    def _eval_evalf(self, prec: int) -> Any:
        x = self.args[0]._eval_evalf(prec)
        if x == 0:
            return sympy.Float(1)
        return ((sympy.exp(x) - 1) / x)._eval_evalf(prec)


class _Draw(sympy.Symbol):
    """A random number: to SymPy a symbol, so that it neither compares it nor works it out. (As a
    function without symbols it would count as a constant, and `Piecewise` would turn the sides of
    ``rand() < p`` around for ever.) Its name is none that a user can give."""

    def __new__(cls, number: int) -> _Draw:
        drawn: _Draw = super().__new__(cls, f"{cls.__name__}()_{int(number)}", real=True)
        return drawn

    def __getnewargs_ex__(self) -> tuple[tuple[int], dict[str, bool]]:
        return (int(self.name.rpartition("_")[2]),), {}


class rand(_Draw):
    """A uniform random number in (0, 1); the argument numbers the draw."""


class randn(_Draw):
    """A standard normal random number; the argument numbers the draw."""
