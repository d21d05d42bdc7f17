"""Writes what a training program has in place of a loss where derivatives come from outside:
``struct Loss``, which gives out values of every step (templates/training/traces.hpp.jinja)."""

from __future__ import annotations

from collections.abc import Sequence

from pygenn_lite.codegen.render.environment import environment
from pygenn_lite.codegen.trial.trace_outputs import TraceOutput


def render_traces(outputs: Sequence[TraceOutput]) -> str:
    """C++ source of a ``Loss`` that gives out some values and takes in their derivatives."""

    def any_of(populations: set[int]) -> str:
        return " || ".join(f"population == {k}" for k in sorted(populations)) or "false"

    driven = {o.population for o in outputs if o.adjoint >= 0 or o.smooth}
    priced = {o.population for o in outputs if o.priced}
    return (
        environment()
        .get_template("training/traces.hpp.jinja")
        .render(outputs=outputs, drives=any_of(driven), prices=any_of(priced))
    )
