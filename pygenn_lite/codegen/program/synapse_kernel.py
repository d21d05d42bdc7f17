"""Builds the kernels of a plastic group from its structure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sympy

from pygenn_lite.codegen.program.kernel import (
    Add,
    Assign,
    Domain,
    Elapsed,
    Kernel,
    LinearFlow,
    Statement,
    Update,
    names_in,
)
from pygenn_lite.codegen.program.program import SynapseKernels
from pygenn_lite.codegen.program.signature import Variable
from pygenn_lite.codegen.structure.structures import Statement as Text
from pygenn_lite.codegen.structure.structures import SynapseStructure
from pygenn_lite.codegen.systems.rules import Next, Rule
from pygenn_lite.codegen.systems.synapse_dynamics import ELAPSED, between_events, every_step
from pygenn_lite.codegen.systems.system import (
    DT,
    assignments,
    check_number,
    continuous,
    symbol,
)
from pygenn_lite.codegen.systems.transmission import transmitted
from pygenn_lite.errors import Location
from pygenn_lite.records import dataclass

STAMP = "last_update"
REFRACTORY = "refractory"


@dataclass(frozen=True)
class _Parts:
    """What the kernels of one group are built from."""

    name: str
    structure: SynapseStructure
    variables: tuple[Variable, ...]  # of all sides

    def kernel(self, role: str, visit: str, body: Iterable[Statement], ahead: int = 0) -> Kernel:
        return Kernel(
            f"{self.name}_{role}",
            Domain("synapses", visit),
            self.variables,
            tuple(body),
            self.structure.real,
            ahead=ahead,
            matrix=self.structure.dense,
            transposed=self.structure.transposed,
        )


def synapse_kernels(structure: SynapseStructure, name: str) -> SynapseKernels:
    """Derive the kernels of a general synapse group."""
    where = Location.of("synapse group", structure.name)
    derivatives, _ = continuous(structure.equations, {}, where)
    for n, v in derivatives.items():
        check_number(v, f"d{n}/dt", where)
    dynamics = (between_events if structure.event_driven else every_step)(
        derivatives, structure, where
    )
    own, scalars = _own(structure), _scalars(structure)
    parts = _Parts(name, structure, (*own, *scalars, *_others(structure)))
    first = _since_last_event(dynamics.flows, dynamics.rules) if structure.event_driven else []
    kernels = {}
    if structure.on_pre:
        arrival = _event(_increments(structure.on_pre, structure, where), structure.summed)
        kernels["on_pre"] = parts.kernel("on_pre", "arrival", (*first, *arrival))
    if structure.on_post:
        spike = _event(_increments(structure.on_post, structure, where), (), structure.clamped)
        kernels["on_post"] = parts.kernel("on_post", "target", (*first, *spike))
    sums, sent = dict(structure.sinks), transmitted(structure, where)
    if sent:  # of every synapse in every step, before the dynamics change it
        adds = (Add(sums[target], value) for target, value in sent.items())
        kernels["couple"] = parts.kernel("couple", "all", adds, ahead=1)
    if dynamics.rules and not structure.event_driven:
        flows: list[Statement] = [flow.over(DT) for flow in dynamics.flows]
        kernels["step"] = parts.kernel("step", "all", (*flows, *_rules(dynamics.rules)))
    if first:
        kernels["settle"] = parts.kernel("settle", "all", first)
    return SynapseKernels(
        name=name,
        kernels=kernels,
        lead=1 if structure.summed else 0,
        variables=own,
        scalars=scalars,
        pre=structure.pre,
        post=structure.post,
        flows=dynamics.flows,
        integrators=dynamics.integrators,
        real=structure.real,
        sinks=tuple(sums[target] for target in sent),
    )


def _own(structure: SynapseStructure) -> tuple[Variable, ...]:
    return tuple(
        Variable(n, n, role="stamp", dtype="uint32")
        if n == STAMP
        else Variable(n, n, role="coefficient" if structure.transposed else "state")
        for n in structure.synapse
    )


def _scalars(structure: SynapseStructure) -> tuple[Variable, ...]:
    return tuple(Variable(n, n, role="parameter", shared=True) for n in structure.scalars)


def _others(structure: SynapseStructure) -> tuple[Variable, ...]:
    """Variables of source and target neurons."""
    return (
        *(Variable(n, n, side="source") for n in structure.pre),
        *(
            Variable(n, n, role="refractory", dtype="uint16", side="target")
            if n == REFRACTORY
            else Variable(n, n, side="target")
            for n in structure.post
        ),
    )


def _since_last_event(flows: Iterable[LinearFlow], rules: Sequence[Rule]) -> list[Statement]:
    """Brings variables that are integrated between events up to date."""
    if not rules:
        return []
    return [
        Elapsed(ELAPSED.name, STAMP),
        *(flow.over(ELAPSED) for flow in flows),
        *_rules(rules),
    ]


def _rules(rules: Sequence[Rule]) -> list[Statement]:
    temporaries: list[Statement] = [r for r in rules if isinstance(r, Assign)]
    values = tuple((r.target, r.value) for r in rules if isinstance(r, Next))
    return [*temporaries, *([Update(values)] if values else [])]


def _increments(
    statements: Iterable[Text], structure: SynapseStructure, where: Location
) -> list[Statement]:
    """Ordered statements; variables of the target neuron are added to."""
    result: list[Statement] = []
    for name, value in assignments(statements, where):
        check_number(value, name, where)
        adds = name in structure.post
        result.append(Add(name, value - symbol(name)) if adds else Assign(name, value))
    return result


def _event(
    body: Sequence[Statement], summed: Sequence[str], clamped: Sequence[str] = ()
) -> list[Statement]:
    """What is added to variables in `summed` goes into their sums, which the threshold will see;
    statements that follow see it at once. Variables in `clamped` stay while their neuron is
    refractory."""
    read = set().union(*(names_in(s.value) for s in body if isinstance(s, (Add, Assign))))
    seen = {symbol(n): symbol(f"{n}__seen") for n in summed if n in read}
    result: list[Statement] = [Assign(view.name, own) for own, view in seen.items()]
    for k, statement in enumerate(body):
        assert isinstance(statement, (Add, Assign))
        value = statement.value.xreplace(seen)
        if isinstance(statement, Assign):
            result.append(Assign(statement.target, value))
        elif statement.target in summed and symbol(statement.target) in seen:
            jump, view = symbol(f"{statement.target}__jump{k}"), seen[symbol(statement.target)]
            result += [
                Assign(jump.name, value),
                Assign(view.name, view + jump),
                Add(f"{statement.target}__sum", jump),
            ]
        elif statement.target in summed:
            result.append(Add(f"{statement.target}__sum", value))
        elif statement.target in clamped:
            waits = sympy.Ne(symbol(REFRACTORY), 0)
            result.append(
                Add(statement.target, sympy.Piecewise((sympy.S.Zero, waits), (value, True)))
            )
        else:
            result.append(Add(statement.target, value))
    return result
