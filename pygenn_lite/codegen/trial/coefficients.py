"""Coefficients of a population's step, from its parameters; and gradients of parameters, from those
of coefficients."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import sympy

from pygenn_lite.codegen.program.kernel import (
    Add,
    Assign,
    Body,
    Kernel,
    LinearFlow,
    Propagate,
    names_in,
    written_by,
)
from pygenn_lite.codegen.systems.linear import reachability
from pygenn_lite.codegen.systems.system import symbol
from pygenn_lite.codegen.trial.reverse import reverse
from pygenn_lite.codegen.trial.trial_records import Chain, FlowGradient
from pygenn_lite.records import dataclass

GRADIENT = "grad__"


@dataclass(frozen=True)
class Coefficients:
    """How coefficients are computed: shared ones, and those of each neuron.

    Attributes
    ----------
    shared, own : Body
    """

    shared: Body
    own: Body

    @staticmethod
    def of(prepare: Kernel) -> Coefficients:
        """From the kernel that computes them."""
        each = {v.symbol for v in prepare.variables if not v.shared}
        shared: list[Assign | Propagate] = []
        own: list[Assign | Propagate] = []
        for statement in prepare.body:
            if isinstance(statement, Assign):
                (own if statement.target in each else shared).append(statement)
            elif isinstance(statement, Propagate):
                for flow, body in _split(statement.flow, each):
                    (own if body else shared).append(Propagate(flow, statement.h))
        return Coefficients(tuple(shared), tuple(own))

    def moved_by(self, parameters: Iterable[str]) -> set[str]:
        """Coefficients that depend on any of these."""
        moved = set(parameters)
        for statement in (*self.shared, *self.own):
            if isinstance(statement, Assign):
                if any(_slope(statement, n) != 0 for n in names_in(statement.value) & moved):
                    moved.add(statement.target)
            elif isinstance(statement, Propagate):
                moved |= _outputs_moved(statement.flow, moved)
        return moved - set(parameters)

    def chain(self, gradients: Iterable[str], parameters: Iterable[str]) -> tuple[Chain, Chain]:
        """Gradients of parameters from those of coefficients: of each neuron, then shared."""
        known, wanted = set(gradients), tuple(parameters)
        return (_chain(self.own, known, wanted), _chain(self.shared, known, wanted))


def _split(flow: LinearFlow, each: set[str]) -> list[tuple[LinearFlow, bool]]:
    """A flow's outputs that are shared, and those of each neuron. What differs from neuron to
    neuron does not reach shared ones: it is left out there."""
    own = tuple(o for o in flow.outputs if o[2] in flow.per_neuron)
    shared = tuple(o for o in flow.outputs if o[2] not in flow.per_neuron)
    common = tuple(e for e in flow.matrix if not names_in(e[2]) & each)
    found = []
    if shared:
        found.append((replace(flow, matrix=common, outputs=shared, per_neuron=()), False))
    if own:
        found.append((replace(flow, outputs=own), True))
    return found


def _slope(statement: Assign, name: str) -> sympy.Expr:
    """0 where a coefficient only jumps, as numbers of steps do."""
    if statement.value.has(sympy.floor, sympy.ceiling):
        return sympy.S.Zero
    return sympy.diff(statement.value, symbol(name))


def _outputs_moved(flow: LinearFlow, moved: set[str]) -> set[str]:
    size = len(flow.variables) + len(flow.inputs)
    reaches = reachability(size, {(i, j): v for i, j, v in flow.matrix})
    entries = [(i, j) for i, j, v in flow.matrix if names_in(v) & moved]
    return {
        name
        for row, column, name in flow.outputs
        if any(reaches[row][i] and reaches[j][column] for i, j in entries)
    }


def _chain(body: Body, gradients: set[str], parameters: Sequence[str]) -> Chain:
    """Reverse mode over coefficients, each of which is made of parameters alone."""
    flows: list[FlowGradient] = []
    terms: dict[str, list[sympy.Expr]] = {}
    for statement in body:
        if isinstance(statement, Assign) and statement.target in gradients:
            seed = (statement.target, symbol(GRADIENT + statement.target))
            for name, value in reverse([statement], [seed], parameters).by.items():
                terms.setdefault(name, []).append(value)
        elif isinstance(statement, Propagate) and gradients & set(written_by(statement)):
            found = _flow_gradient(statement, gradients, set(parameters), len(flows))
            flows.append(found)
            values = {(i, j): v for i, j, v in found.flow.matrix}
            for i, j, entry in found.entries:
                for name in sorted(names_in(values[i, j]) & set(parameters)):
                    slope = sympy.diff(values[i, j], symbol(name))
                    terms.setdefault(name, []).append(symbol(entry) * slope)
    adds = (Add(name, sympy.Add(*terms[name])) for name in parameters if name in terms)
    return (*flows, *adds)


def _flow_gradient(
    statement: Propagate, gradients: set[str], parameters: set[str], number: int
) -> FlowGradient:
    flow = statement.flow
    kept = tuple(o for o in flow.outputs if o[2] in gradients)
    return FlowGradient(
        replace(flow, outputs=kept),
        statement.h,
        tuple(
            (i, j, f"entry{number}__{i}__{j}")
            for i, j, v in flow.matrix
            if names_in(v) & parameters
        ),
    )
