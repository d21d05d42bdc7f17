"""Integrators in files: a name, or ``runge_kutta`` with a tableau."""

from __future__ import annotations

from typing import Any

from pygenn_lite.declaration.integrator_records import AUTO, IntegratorLike
from pygenn_lite.declaration.runge_kutta import Row, RungeKutta
from pygenn_lite.yaml_format.context import Context
from pygenn_lite.yaml_format.marks import Place

KEY = "runge_kutta"
FIELDS = {"a", "b", "c"}


def check_form(value: Any) -> Any:
    """Refuse what is neither a name nor a tableau."""
    if isinstance(value, dict) and set(value) == {KEY}:
        fields = value[KEY]
        if isinstance(fields, dict) and {"a", "b"} <= fields.keys() <= FIELDS:
            return value
    elif isinstance(value, str) and len(value) <= 64:
        return value
    raise ValueError("should be a name, or runge_kutta: {a: [[], [1/2]], b: [0, 1]}")


def read_integrator(context: Context, form: Any, place: Place) -> IntegratorLike:
    """An integrator as a file gives it."""
    if not isinstance(form, dict):
        return str(form)
    with context.at((*place, "integrator")):
        return RungeKutta(**form[KEY])


def integrator_form(integrator: IntegratorLike) -> Any:
    """The same for a file; None where it is chosen automatically."""
    if not isinstance(integrator, RungeKutta):
        return integrator if integrator != AUTO else None
    rows = [_row(row) for row in integrator.a]
    return {KEY: {"a": rows, "b": _row(integrator.b), "c": _row(integrator.c)}}


def _row(row: Row) -> list[Any]:
    return [int(x) if x.denominator == 1 else str(x) for x in row]
