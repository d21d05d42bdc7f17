"""Takes what depends only on time and shared parameters out of the loop over elements, and computes
it in double precision: float32 could not tell steps apart late in a long run. Where time meets
values of single elements, sums with it and functions of it are in double, too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import sympy
from sympy.core.relational import Relational
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.logic.boolalg import Boolean

from pygenn_lite.codegen.program.kernel import Assign, Body, Kernel, Update, Where, names_in
from pygenn_lite.codegen.program.signature import Variable


class in_double(sympy.Function):  # type: ignore[misc]
    """Its argument, computed in double precision with the step's `time` for t, then rounded."""

    nargs = 1


def hoist_time(kernel: Kernel) -> tuple[tuple[Assign, ...], Kernel]:
    """What is to be computed once per step in double precision, and the kernel that uses it.

    Bodies for few elements (of `Where`) are left alone: they read t as it is.
    """
    scalars = [v.symbol for v in kernel.variables if v.shared]
    fixed = [
        v.symbol
        for v in kernel.variables
        if not v.shared and v.role in ("parameter", "coefficient")
    ]
    hoist = _TimeHoist(scalars, fixed)
    body = hoist.body(kernel.body)
    times = (Variable(a.target, a.target, role="time", shared=True) for a in hoist.lines)
    return tuple(hoist.lines), replace(kernel, variables=(*kernel.variables, *times), body=body)


class _TimeHoist:
    def __init__(self, scalars: Iterable[str], per_element: Iterable[str]) -> None:
        self.allowed = {*scalars, "t", "dt"}
        self.fixed = {*self.allowed, *per_element}
        self.lines: list[Assign] = []
        self.known: dict[sympy.Basic, sympy.Expr] = {}
        self.temporaries: dict[sympy.Basic, sympy.Basic] = {}

    def body(self, body: Body) -> Body:
        """The same statements; temporaries made of time alone are put into what uses them."""
        result = []
        for statement in body:
            if isinstance(statement, Assign):
                value = statement.value.xreplace(self.temporaries)
                if self._is_time(value) or (_grows(value) and names_in(value) <= self.fixed):
                    self.temporaries[sympy.Symbol(statement.target, real=True)] = value
                statement = Assign(statement.target, self(value))
            elif isinstance(statement, Update):
                values = tuple((n, self(v.xreplace(self.temporaries))) for n, v in statement.values)
                statement = Update(values)
            elif isinstance(statement, Where):
                statement = replace(
                    statement, condition=self(statement.condition), late=self(statement.late)
                )
            result.append(statement)
        return tuple(result)

    def __call__(self, value: Any) -> Any:
        if "t" not in names_in(value):
            return value
        if isinstance(value, Relational):
            difference = value.lhs - value.rhs
            if self._is_time(value):  # times are compared in double precision too
                return value.func(self._name(difference), sympy.S.Zero)
            if _grows(difference):
                return value.func(in_double(difference), sympy.S.Zero)
        elif self._is_time(value) and (value.is_Symbol or not isinstance(value, Boolean)):
            # SymPy counts symbols among the Booleans.
            return self._name(value)
        function = isinstance(value, sympy.Function) and not isinstance(value, sympy.Piecewise)
        if function and any(_grows(a) for a in value.args):
            return in_double(value)
        if isinstance(value, sympy.Add) and any(_grows(a, sums=False) for a in value.args):
            return in_double(value)
        if isinstance(value, (sympy.Add, sympy.Mul)):
            fixed = [a for a in value.args if names_in(a) <= self.allowed]
            rest = [self(a) for a in value.args if a not in fixed]
            return value.func(self(value.func(*fixed)), *rest) if fixed else value.func(*rest)
        return value.func(*(self(a) for a in value.args))

    def _is_time(self, value: Any) -> bool:
        names = names_in(value)
        return "t" in names and names <= self.allowed and not isinstance(value, ExprCondPair)

    def _name(self, value: sympy.Expr) -> sympy.Expr:
        if value not in self.known:
            name = f"time__{len(self.lines)}"
            self.lines.append(Assign(name, value))
            self.known[value] = sympy.Symbol(name, real=True)
        return self.known[value]


def _grows(value: sympy.Basic, sums: bool = True) -> bool:
    """Whether an expression is time, a multiple or a power of it, or (`sums`) a sum with such."""
    if isinstance(value, sympy.Pow):
        return _grows(value.base, sums)
    if isinstance(value, sympy.Mul) or (sums and isinstance(value, sympy.Add)):
        return any(_grows(a, sums) for a in value.args)
    return bool(value.is_Symbol and value.name == "t")
