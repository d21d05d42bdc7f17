"""Finds linear systems and describes their exact flow."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import sympy
from sympy.core.function import Application
from sympy.core.relational import Relational

from pygenn_lite.codegen.program.kernel import LinearFlow
from pygenn_lite.codegen.systems.rules import Next
from pygenn_lite.codegen.systems.system import System, symbol

CONSTANT = "1"
MOST_TERMS = 1000  # beyond that, an expression is taken as it is written


def linear_part(
    expression: sympy.Expr, variables: Iterable[str], varying: frozenset[str]
) -> tuple[dict[str, sympy.Expr], sympy.Expr] | None:
    """Coefficients of an expression that is linear in `variables`, and the rest.

    None if it is not linear, or if a coefficient contains a name in `varying`.
    """
    coefficients: dict[str, sympy.Expr] = {}
    inside = _inside_functions(expression)
    plain = [symbol(n) for n in variables if n not in inside]
    if any(_names(sympy.diff(expression, variable)) & varying for variable in plain):
        # What looks curved may be straight once it is multiplied out: (V**2 + V)/V.
        if _terms(expression) > MOST_TERMS:
            return None
        expression = sympy.expand(expression)
    rest = expression
    for name in variables:
        variable = symbol(name)
        if variable not in expression.free_symbols:
            continue
        if name in inside:
            return None
        coefficient = sympy.diff(expression, variable)
        if _names(coefficient) & varying:
            return None
        coefficients[name] = coefficient
        rest = rest.xreplace({variable: sympy.S.Zero})
    return coefficients, rest


def linear_variables(system: System, variables: Sequence[str]) -> tuple[str, ...]:
    """The largest subset of `variables` that is a linear system by itself, driven by forcings."""
    chosen = list(variables)
    while True:
        keep = [name for name in chosen if _row(system, name, chosen) is not None]
        if keep == chosen:
            return tuple(chosen)
        chosen = keep


def exact_flow(
    system: System, variables: Sequence[str], wanted: Sequence[str] = (), prefix: str = "P"
) -> tuple[LinearFlow, list[Next]]:
    """The propagator of a linear subsystem and the rules that apply it.

    `variables` must come from :func:`linear_variables`; `wanted` are those to compute (all if
    empty).
    """
    inputs = [*system.forcings, CONSTANT]
    columns = [*variables, *inputs]
    entries: dict[tuple[int, int], sympy.Expr] = {}
    for i, name in enumerate(variables):
        row = _row(system, name, variables)
        assert row is not None, f"{name} is not linear"
        for column, value in row.items():
            if value != 0:
                entries[i, columns.index(column)] = value

    used = [c for c in range(len(columns)) if c < len(variables) or any(k[1] == c for k in entries)]
    entries = {(i, used.index(j)): value for (i, j), value in entries.items()}
    columns = [columns[c] for c in used]
    reaches = reachability(len(columns), entries)
    outputs, rules = [], []
    for i, name in enumerate(variables):
        if wanted and name not in wanted:
            continue
        terms = []
        for j, column in enumerate(columns):
            if not reaches[i][j]:
                continue
            coefficient = f"{prefix}__{name}__{column}"
            outputs.append((i, j, coefficient))
            factor = sympy.S.One if column == CONSTANT else symbol(column)
            terms.append(symbol(coefficient) * factor)
        rules.append(Next(name, sympy.Add(*terms)))
    per_neuron = tuple(
        name for i, j, name in outputs if _depends_on_arrays(system, entries, reaches, i, j)
    )
    flow = LinearFlow(
        variables=tuple(variables),
        inputs=tuple(columns[len(variables) :]),
        matrix=tuple((i, j, value) for (i, j), value in sorted(entries.items())),
        outputs=tuple(outputs),
        per_neuron=per_neuron,
    )
    return flow, rules


def flow_of_clamped(
    system: System, variables: Sequence[str]
) -> tuple[LinearFlow, list[Next]] | None:
    """As :func:`exact_flow`, while clamped variables are clamped: for the variables that depend on
    them; None if there are none."""
    clamped = [name for name in variables if name in system.clamped]
    free = [name for name in variables if name not in clamped]
    still = replace(system, forcings=(*system.forcings, *clamped))
    rows = {name: _row(still, name, free) or {} for name in free}
    touched = {name for name, row in rows.items() if any(row.get(h, 0) != 0 for h in clamped)}
    while more := {n for n, row in rows.items() if touched & row.keys()} - touched:
        touched |= more
    if not touched:
        return None
    flow, rules = exact_flow(still, free, [n for n in free if n in touched], "held")
    return replace(flow, while_refractory=True), rules


def _row(system: System, name: str, variables: Sequence[str]) -> dict[str, sympy.Expr] | None:
    """Matrix row of a variable: coefficients of variables, forcings and the constant 1."""
    varying = frozenset({*system.states, *system.forcings, "t"})
    split = linear_part(system.derivatives[name], [*variables, *system.forcings], varying)
    if split is None:
        return None
    coefficients, rest = split
    if _names(rest) & varying or noise_symbols(system.derivatives[name]):
        return None
    return {**coefficients, CONSTANT: rest}


def reachability(size: int, entries: dict[tuple[int, int], sympy.Expr]) -> list[list[bool]]:
    """reaches[i][j]: column j acts on row i directly or through others (or i == j)."""
    reaches = [[i == j or (i, j) in entries for j in range(size)] for i in range(size)]
    for k in range(size):
        for i in range(size):
            if reaches[i][k]:
                reaches[i] = [a or b for a, b in zip(reaches[i], reaches[k], strict=True)]
    return reaches


def _depends_on_arrays(
    system: System,
    entries: dict[tuple[int, int], sympy.Expr],
    reaches: list[list[bool]],
    row: int,
    column: int,
) -> bool:
    """Whether propagator entry (row, column) differs between neurons: whether any path from the
    column to the row passes a matrix entry with a per-neuron parameter."""
    return any(
        reaches[row][i] and reaches[j][column] and not system.shared(value)
        for (i, j), value in entries.items()
    )


def noise_symbols(value: sympy.Expr) -> list[sympy.Symbol]:
    """White-noise symbols of an expression, sorted by name."""
    found = [s for s in value.free_symbols if s.name == "xi" or s.name.startswith("xi_")]
    return sorted(found, key=lambda s: str(s.name))


def _inside_functions(expression: sympy.Expr) -> frozenset[str]:
    """Names that functions, cases or conditions depend on. Differentiation does not see all of
    them: the derivative of ``where(V > 0, 1, 0)`` is 0, and yet it is not constant."""
    parts = expression.atoms(Application, Relational)
    return frozenset(s.name for part in parts for s in part.free_symbols)


def _terms(expression: sympy.Expr) -> int:
    """At most so many terms come out when an expression is multiplied out."""
    if expression.is_Add:
        return sum(_terms(part) for part in expression.args)
    if expression.is_Mul:
        return math.prod(_terms(part) for part in expression.args)
    if expression.is_Pow and expression.exp.is_Integer:
        several = _terms(expression.base)
        power = abs(int(expression.exp))
        return several if several == 1 else math.comb(power + several - 1, power)
    return 1


def _names(expression: sympy.Expr) -> frozenset[str]:
    return frozenset(s.name for s in expression.free_symbols)
