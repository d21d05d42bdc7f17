"""Checks of auxiliary definitions (``I_K = g_K*n**4*(E_K - V)``) as a whole: no circles, no
constants beyond double precision, and no equation that explodes when they are written out."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable

from pygenn_lite.declaration.language.constants import constant_value
from pygenn_lite.declaration.language.equations import Equation, Expression
from pygenn_lite.declaration.language.parser import parse_tree
from pygenn_lite.errors import NOWHERE, EquationError, Location

LARGEST_EXPANSION = 20_000  # operations and names; the largest model of the library has 300


def check_definitions(
    equations: Iterable[Equation], users: Iterable[Expression] = (), where: Location = NOWHERE
) -> None:
    """Check definitions, and every expression that may use them.

    Parameters
    ----------
    equations : iterable of Equation
        Derivatives and definitions.
    users : iterable of Expression
        Thresholds, resets, ... into which the definitions are put.

    Raises
    ------
    EquationError
        Naming the definition and what is wrong with it.
    """
    equations = tuple(equations)
    definitions = {e.name: e for e in equations if e.kind == "definition"}
    sizes: dict[str, int] = {}
    constants: dict[str, float] = {}
    for name in _in_order(definitions, where):
        definition = definitions[name]
        sizes[name] = _expanded_size(definition, sizes, where)
        value = _constant(definition, constants, where)
        if value is not None:
            constants[name] = value
    for user in (*(e for e in equations if e.kind != "definition"), *users):
        _expanded_size(user, sizes, where)
        _constant(user, constants, where)


def _in_order(definitions: dict[str, Equation], where: Location) -> list[str]:
    """Names of definitions, each after those that it uses (without recursion: chains are long)."""
    ordered: dict[str, None] = {}
    for start in definitions:
        path: dict[str, list[str]] = {start: _used(definitions, start)}
        while path:
            name = next(reversed(path))
            if name in ordered or not path[name]:
                ordered[name] = None
                del path[name]
                continue
            following = path[name].pop()
            if following in path:
                circle = [*path][[*path].index(following) :]
                raise EquationError(
                    "auxiliary definitions refer to each other in a circle: "
                    + " -> ".join([*circle, following][:12]),
                    where=definitions[following].where or where,
                    hint=f"break the circle, e.g. make {following!r} a state variable: "
                    f"d{following}/dt = ...",
                )
            if following not in ordered:
                path[following] = _used(definitions, following)
    return list(ordered)


def _used(definitions: dict[str, Equation], name: str) -> list[str]:
    return sorted(definitions[name].symbols & definitions.keys())


def _expanded_size(expression: Expression, sizes: dict[str, int], where: Location) -> int:
    counts = Counter(
        node.id if isinstance(node, ast.Name) else ""
        for node in ast.walk(parse_tree(expression.text))
    )
    size = sum(number * sizes.get(name, 1) for name, number in counts.items())
    if size > LARGEST_EXPANSION:
        shown = str(expression)
        raise EquationError(
            f"{shown if len(shown) <= 80 else shown[:77] + '...'} has {min(size, 10**12)} terms "
            "when all definitions are written out",
            where=expression.where or where,
            hint=f"at most {LARGEST_EXPANSION} are possible: use each definition less often, or "
            "make one of them a state variable",
        )
    return size


def _constant(expression: Expression, known: dict[str, float], where: Location) -> float | None:
    return constant_value(parse_tree(expression.text), expression.where or where, known)
