"""SymPy forms of the functions of equations. Imported only when SymPy is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy

from pygenn_lite.declaration.language.vocabulary import FUNCTIONS


def symbolic(name: str) -> Callable[..., Any]:
    """The SymPy form of a function of equations: one of this module, or SymPy's own."""
    form: Callable[..., Any] = globals().get(FUNCTIONS[name].symbolic) or getattr(
        sympy, FUNCTIONS[name].symbolic
    )
    return form


def log10(x: Any) -> Any:
    """The decimal logarithm."""
    return sympy.log(x) / sympy.log(10)


def heaviside(x: Any) -> Any:
    """1 from 0 on, 0 below."""
    return sympy.Heaviside(x, 1)


def clip(x: Any, low: Any, high: Any) -> Any:
    """The nearest number in [low, high]."""
    return sympy.Min(sympy.Max(x, low), high)


def where(condition: Any, yes: Any, no: Any) -> Any:
    """One of two numbers."""
    return sympy.Piecewise((yes, condition), (no, True))


class exprel(sympy.Function):
    """(exp(x) - 1) / x, continued by 1 at 0."""

    nargs = 1

    @classmethod
    def eval(cls, x: sympy.Expr) -> sympy.Expr | None:
        """exprel(0) = 1."""
        return sympy.S.One if x.is_zero else None

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """A function of its own: written out, it is 0/0 at 0."""
        return exprel_slope(self.args[0])

    def _eval_evalf(self, prec: int) -> Any:
        x = self.args[0]._eval_evalf(prec)
        if x == 0:
            return sympy.Float(1)
        return ((sympy.exp(x) - 1) / x)._eval_evalf(prec)


class exprel_slope(sympy.Function):
    """The derivative of exprel, (exp(x) (x - 1) + 1) / x^2, continued by 1/2 at 0: for Jacobians;
    equations of users do not know it."""

    nargs = 1

    @classmethod
    def eval(cls, x: sympy.Expr) -> sympy.Expr | None:
        """exprel_slope(0) = 1/2."""
        return sympy.S.Half if x.is_zero else None

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Not offered: no form of it would be sound near 0."""
        raise NotImplementedError("the second derivative of exprel")

    def _eval_evalf(self, prec: int) -> Any:
        x = self.args[0]._eval_evalf(prec)
        return (sympy.hyper((2,), (3,), x) / 2)._eval_evalf(prec)


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
