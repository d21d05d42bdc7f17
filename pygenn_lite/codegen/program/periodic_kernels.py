"""Builds the kernels of what a network does every so many ms (imports SymPy)."""

from __future__ import annotations

from collections.abc import Iterable

import sympy

from pygenn_lite.codegen.program.kernel import Add, Assign, Domain, Kernel, names_in
from pygenn_lite.codegen.program.signature import Variable
from pygenn_lite.codegen.structure.structures import NetworkStructure, statements
from pygenn_lite.codegen.systems.system import assignments, symbol
from pygenn_lite.declaration.periodic_update import SUM, PeriodicUpdate, update_location


def periodic_kernels(update: PeriodicUpdate, structure: NetworkStructure) -> list[Kernel]:
    """The kernels of one update."""
    where = update_location(update.name)
    given = assignments(statements(update.equations), where)
    renamed = {symbol(n): symbol(f"{update.name}__{n}") for n, _ in update.parameters}
    sums = {symbol(SUM + n): symbol(f"{update.name}__{SUM}{n}") for n in update.summed}
    body = tuple(Assign(name, value.xreplace({**renamed, **sums})) for name, value in given)
    shared = {s.name for s in renamed.values()}
    if update.on in structure.populations:
        kernel = structure.populations[update.on].kernel
        assert kernel is not None  # it has variables
        own = structure.kernels[kernel]
        shared |= {name for name, is_shared in own.parameters if is_shared}
        known = _variables(body, shared, ())
        return [Kernel(f"{update.name}__set", Domain("population"), known, body, own.real)]
    group = structure.groups[update.on]
    target = structure.populations[group.target].kernel
    real = structure.kernels[0 if target is None else target].real
    dense = group.kernel is not None and structure.synapse_kernels[group.kernel].dense
    kernels = []
    if sums:
        names = tuple(s.name for s in sums.values())
        clear = tuple(Assign(name, sympy.S.Zero) for name in names)
        kernels.append(
            Kernel(
                f"{update.name}__clear",
                Domain("population"),
                tuple(Variable(name, name) for name in names),
                clear,
                real,
            )
        )
        adds = tuple(Add(f"{update.name}__{SUM}{n}", symbol(n)) for n in update.summed)
        known = _variables(adds, (), names)
        kernels.append(
            Kernel(f"{update.name}__sum", Domain("synapses"), known, adds, real, matrix=dense)
        )
        known = _variables(body, shared, names)
    else:
        known = _variables(body, shared, ())
    kernels.append(
        Kernel(f"{update.name}__set", Domain("synapses"), known, body, real, matrix=dense)
    )
    return kernels


def _variables(
    body: Iterable[Assign | Add], shared: Iterable[str], target: Iterable[str]
) -> tuple[Variable, ...]:
    """All that statements name; a synapse's weight first."""
    names: set[str] = set()
    for statement in body:
        names |= names_in(statement.value) | {statement.target}
    names -= {"t", "dt"}
    ordered = sorted(names, key=lambda n: (n != "weight", n))
    return tuple(
        Variable(n, n, shared=n in shared, side="target" if n in target else "own") for n in ordered
    )
