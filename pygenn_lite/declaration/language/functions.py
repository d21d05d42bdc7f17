"""SymPy forms of the functions of equations. Imported only when SymPy is."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import sympy

from pygenn_lite.declaration.language.vocabulary import FUNCTIONS, HELPERS, Function


def symbolic(name: str) -> Callable[..., Any]:
    """The SymPy form of a function of equations: one of this module, SymPy's own, or a new one that
    knows what its row says."""
    row = FUNCTIONS.get(name) or HELPERS[name]
    form: Callable[..., Any] = (
        globals().get(row.symbolic) or getattr(sympy, row.symbolic, None) or _of_row(row)
    )
    return form


@cache
def _of_row(row: Function) -> type[sympy.Function]:
    """A function that SymPy does not know: its derivatives, and its value for numbers."""

    def fdiff(self: Any, argindex: int = 1) -> sympy.Expr:
        if len(row.derivative) < argindex:
            raise NotImplementedError(f"the derivative of {row.symbolic}")
        names: dict[str, Any] = {f"a{k}": argument for k, argument in enumerate(self.args)}
        names |= {name: symbolic(name) for name in (*FUNCTIONS, *HELPERS)}
        return sympy.sympify(row.derivative[argindex - 1], names)  # text of ours, not of a user

    def evalf(self: Any, prec: int) -> Any:
        numbers = [argument._eval_evalf(prec) for argument in self.args]
        if row.number is None or not all(number.is_Float for number in numbers):
            return None
        return sympy.Float(row.number(*map(float, numbers)))

    methods = {"nargs": tuple(range(row.least, row.most + 1)), "fdiff": fdiff, "_eval_evalf": evalf}
    return type(row.symbolic, (sympy.Function,), methods)


def cpp_names() -> dict[Any, str]:
    """The name in C++ by the SymPy form, of all functions that have one."""
    rows = {**FUNCTIONS, **HELPERS}
    return {symbolic(name): row.cpp for name, row in rows.items() if row.cpp}


def numpy_forms() -> dict[str, Any]:
    """By their names, the functions that SymPy itself cannot evaluate with NumPy."""
    rows = {**FUNCTIONS, **HELPERS}
    return {row.symbolic: row.array for row in rows.values() if not hasattr(sympy, row.symbolic)}


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
