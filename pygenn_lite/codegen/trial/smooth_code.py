"""Brings straight-line code into a form that can be differentiated, and refuses what jumps with a
state or with a trained parameter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import sympy
from sympy.logic.boolalg import Boolean

from pygenn_lite.codegen.adjoint.smoothness import Smoothness
from pygenn_lite.codegen.program.kernel import Assign
from pygenn_lite.errors import Location, UnsupportedFeatureError


def smooth_statements(
    statements: Iterable[Assign],
    wanted: Iterable[str],
    where: Location,
    trained: Iterable[str] = (),
    given: Iterable[str] = (),
) -> tuple[Assign, ...]:
    """The same in a form that can be differentiated by what is wanted: Min, Max and Abs by cases.
    What assigns to `given` names is left as it is, and nothing is differentiated through these.

    Raises
    ------
    UnsupportedFeatureError
        A value jumps with something that is wanted, or with a trained parameter.
    """
    moving, constant, known, found = set(wanted), frozenset(trained), set(given), []
    for statement in statements:
        value = statement.value
        if statement.target in known or (isinstance(value, Boolean) and not value.is_Symbol):
            found.append(statement)
            continue
        read = {s.name for s in value.free_symbols}
        if read & (moving | constant):
            smoothness = Smoothness(frozenset(moving), constant)
            value = smoothness.form(value, _plain(statement.target), where)
            refuse_without(smoothness.without, constant, where)
            moving |= {statement.target} if read & moving else set()
        found.append(replace(statement, value=value))
    return tuple(found)


def refuse_without(without: Mapping[str, str], trained: Iterable[str], where: Location) -> None:
    """Refuse trained parameters of which it is known why they have no gradient.

    Raises
    ------
    UnsupportedFeatureError
        Naming one.
    """
    for p in trained:
        if p in without:
            raise UnsupportedFeatureError(
                f"{p} has no gradient: {without[p]}",
                where=where.key("parameters"),
                hint="do not train it, or make what depends on it smooth",
            )


def refuse_jumps(values: Mapping[str, sympy.Expr], trained: Iterable[str], where: Location) -> None:
    """Refuse trained parameters with which expressions jump, whatever becomes of these in a step.

    Raises
    ------
    UnsupportedFeatureError
        Naming one.
    """
    smoothness = Smoothness(frozenset(), frozenset(trained))
    for name, value in values.items():
        smoothness.form(value, name, where)
    refuse_without(smoothness.without, trained, where)


def _plain(name: str) -> str:
    """A temporary's name as users know what it is about: ``slope2__V`` is of V."""
    return name.split("__")[-1] if name.startswith(("slope", "stage", "update")) else name
