"""Closed forms of linear flows, for people and for any step h.

The runtime computes propagators numerically (a matrix exponential in double precision, exact also
where time constants coincide); this module gives the formula of the same numbers. An entry is the
divided difference of exp over the rates met on the way from column to row.
"""

from __future__ import annotations

import itertools

import sympy

from pygenn_lite.codegen.program.kernel import LinearFlow
from pygenn_lite.codegen.systems.system import DT
from pygenn_lite.declaration.language.functions import exprel, exprel_slope

LONGEST_PATH = 3  # variables on a path; longer formulas help nobody
FAR = -40  # beyond, exp is nothing beside 1 in double precision


def closed_form(flow: LinearFlow, h: sympy.Expr = DT) -> dict[str, sympy.Expr]:
    """Formulas of the coefficients whose subsystem has no loops; others are left out."""
    size = len(flow.variables) + len(flow.inputs)
    matrix = {(i, j): value for i, j, value in flow.matrix}
    formulas = {}
    for row, column, name in flow.outputs:
        paths = _paths(matrix, size, column, row)
        if paths is not None:
            formulas[name] = sympy.Add(*(_along(matrix, path, h) for path in paths))
    return formulas


def safe_form(flow: LinearFlow, h: sympy.Expr) -> dict[str, sympy.Expr]:
    """Formulas that are accurate in single precision for every h and for equal rates: of the
    coefficients with at most one variable between the two, of subsystems without loops."""
    size = len(flow.variables) + len(flow.inputs)
    matrix = {(i, j): value for i, j, value in flow.matrix}
    formulas = {}
    for row, column, name in flow.outputs:
        paths = _paths(matrix, size, column, row)
        terms = [_safely_along(matrix, path, h) for path in paths or ()]
        if paths is not None and None not in terms:
            formulas[name] = sympy.Add(*terms)
    return formulas


def _safely_along(
    matrix: dict[tuple[int, int], sympy.Expr], path: tuple[int, ...], h: sympy.Expr
) -> sympy.Expr | None:
    rates = [matrix.get((i, i), sympy.S.Zero) for i in path]
    factors = (matrix[b, a] for a, b in itertools.pairwise(path))
    difference = _safe_difference(rates, h)
    return None if difference is None else sympy.Mul(*factors) * difference


def _safe_difference(rates: list[sympy.Expr], h: sympy.Expr) -> sympy.Expr | None:
    """exp[a, b, ...] at step h. Exponentials are taken relative to the largest: nothing overflows
    that does not grow. None where only cancellation of like numbers would give it."""
    distinct = list(dict.fromkeys(rates))
    if len(distinct) == 1:
        order = len(rates) - 1
        return h**order / sympy.factorial(order) * sympy.exp(rates[0] * h)
    if len(rates) == 2:
        if sympy.S.Zero in rates:
            return h * exprel((rates[0] + rates[1]) * h)
        return h * sympy.exp(sympy.Max(*rates) * h) * exprel(-sympy.Abs(rates[0] - rates[1]) * h)
    if len(rates) == 3 and len(distinct) == 2 and sympy.S.Zero in distinct:
        x = (distinct[0] + distinct[1]) * h
        if rates.count(sympy.S.Zero) == 1:
            return h**2 * exprel_slope(x)
        near = sympy.exp(x) * exprel_slope(-x)
        return h**2 * sympy.Piecewise((near, x > FAR), ((-1 - x) / x**2, True))
    return None


def _paths(
    matrix: dict[tuple[int, int], sympy.Expr], size: int, start: int, end: int
) -> list[tuple[int, ...]] | None:
    """All ways from column to row through off-diagonal entries; None if there is a loop or a path
    is long."""
    found: list[tuple[int, ...]] = []
    pending: list[tuple[int, ...]] = [(start,)]
    while pending:
        path = pending.pop()
        if path[-1] == end:
            found.append(path)
        for i in range(size):
            if i != path[-1] and (i, path[-1]) in matrix:
                if i in path:
                    return None
                pending.append((*path, i))
    return found if all(len(path) <= LONGEST_PATH for path in found) else None


def _along(
    matrix: dict[tuple[int, int], sympy.Expr], path: tuple[int, ...], h: sympy.Expr
) -> sympy.Expr:
    product = sympy.Mul(*(matrix[b, a] for a, b in itertools.pairwise(path)))
    rates = [matrix.get((i, i), sympy.S.Zero) for i in path]
    return product * _divided_difference(rates, h)


def _divided_difference(rates: list[sympy.Expr], h: sympy.Expr) -> sympy.Expr:
    """exp[a, b, ...] at step h; written with exprel, which has no singularity at a = b."""
    if len(rates) == 1:
        return sympy.exp(rates[0] * h)
    if len(rates) == 2:
        return h * sympy.exp(rates[1] * h) * exprel((rates[0] - rates[1]) * h)
    first, last = rates[0], rates[-1]
    if first == last:
        if rates[1] == first:
            return h**2 / 2 * sympy.exp(first * h)
        pair = _divided_difference([first, rates[1]], h)
        return (h * sympy.exp(first * h) - pair) / (first - rates[1])
    return (_divided_difference(rates[:-1], h) - _divided_difference(rates[1:], h)) / (first - last)
