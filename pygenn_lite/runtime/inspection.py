"""What a simulation consists of, for people: derived rules, memory, generated source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pygenn_lite import codegen
from pygenn_lite.codegen.plan.memory import MemoryRow, MemoryRows, readable, table
from pygenn_lite.declaration.html import heading, preformatted, safe
from pygenn_lite.declaration.html import table as html_table
from pygenn_lite.declaration.summary import counted
from pygenn_lite.runtime.recording import Requests, recording_rows

if TYPE_CHECKING:
    from pygenn_lite.runtime.cpp.machine import Machine


@dataclass(frozen=True)
class Inspection:
    """Printable; each part is also there for itself.

    Attributes
    ----------
    systems : str
        The continuous systems of populations and groups: f, g, R, J and their parameters.
    rules : str
        The update rules as formulas.
    integrators : dict
        By population: the integrator of each variable; by group, of variables per synapse.
    memory : MemoryRows
        What takes how many bytes: a list of MemoryRow.
    source : str
        The generated C++.
    recording : str
        What is recorded of how many neurons, how often, and what that takes.
    compiler : str
        The command that compiled it.
    target : str
        The processor that it was compiled for; ``$PYGENN_LITE_MARCH`` chooses.
    """

    systems: str
    rules: str
    integrators: dict[str, dict[str, str]]
    memory: MemoryRows
    source: str
    recording: str = ""
    compiler: str = ""
    target: str = ""

    def __repr__(self) -> str:
        lines = counted(len(self.source.splitlines()), "line")
        return f"<Inspection: .rules, .integrators, {self.memory!r}, .source of {lines}>"

    def _repr_html_(self) -> str:
        rows = [
            (name, variable, integrator)
            for name, chosen in self.integrators.items()
            for variable, integrator in chosen.items()
        ]
        parts = [
            preformatted("systems", self.systems),
            preformatted("update rules", self.rules),
            html_table(["of", "variable", "integrator"], rows),
            self.memory._repr_html_(),
            heading("compiled by", f"{self.compiler} for {self.target}"),
        ]
        if self.recording:
            parts.insert(-1, f"{heading('recording')}<pre>{safe(self.recording)}</pre>")
        return "\n".join(parts)

    def __str__(self) -> str:
        parts = [self.systems, self.rules, f"memory\n{table(self.memory, most=1000)}"]
        if self.recording:
            parts.append(f"recording\n{self.recording}")
        parts.append(f"compiled by {self.compiler} for {self.target}")
        return "\n\n".join(parts)


def inspect_machine(machine: Machine) -> Inspection:
    """Describe a loaded network (derives its rules again, with SymPy)."""
    integrators = {}
    for name in machine.populations:
        integrators[name] = dict(machine.signature_of(name).integrators or {})
    for name, synapses in machine.synapses.items():
        if synapses.signature.integrators:
            integrators[name] = dict(synapses.signature.integrators)
    source = machine.code.source
    return Inspection(
        systems=str(codegen.systems_of(machine.structure)),
        rules=str(codegen.derive_program(machine.structure)),
        integrators=integrators,
        memory=memory_rows(machine),
        source="" if source is None else source.read_text(encoding="utf-8"),
        recording=recording_table(machine.requests, machine.real, machine.network.dt),
        compiler=machine.code.compiler,
        target=machine.code.target,
    )


def recording_table(requests: Requests, real: np.dtype[Any], dt: float) -> str:
    """What a run records, as text."""
    lines = [
        f"  {r.population}: spikes of {len(r.recorded):,} neurons (12 B per spike)"
        for r in requests.spikes
    ]
    second = recording_rows(requests, real, 0, max(1, round(1000.0 / dt)))
    for request, row in zip(requests.variables, second, strict=True):
        often = "step" if request.every == 1 else f"{request.every} steps"
        lines.append(
            f"  {request.owner}: {request.variable} of {len(request.indices):,} neurons, every "
            f"{often} ({readable(row.bytes)} per second of simulated time)"
        )
    return "\n".join(lines)


def memory_rows(machine: Machine) -> MemoryRows:
    """What takes how many bytes, as it is."""
    rows = MemoryRows()
    for name, memory in machine.populations.items():
        for variable, array in memory.arrays.items():
            what = f"{variable} ({memory.known[variable].role})"
            rows.append(MemoryRow(name, what, memory.size, array.nbytes))
        for variable, published in memory.published.items():
            ring = published.ring
            rows.append(MemoryRow(name, f"{variable} (past values)", ring.size, ring.nbytes))
            repeated = published.repeated
            if repeated.size:
                what = f"{variable} (spikes of one step)"
                rows.append(MemoryRow(name, what, repeated.size, repeated.nbytes))
    for store in machine.stores:
        members = [m.group.name for m in store.plan.members]
        count = sum(machine.groups[n].size for n in members)
        rows.append(MemoryRow(", ".join(members), "synapses", count, store.nbytes))
    for name, group in machine.groups.items():
        if group.drawn is not None:
            rows.append(MemoryRow(name, "weights as drawn", group.size, group.drawn.nbytes))
    for name, synapses in machine.synapses.items():
        if synapses.nbytes:
            count = machine.groups[name].size
            rows.append(MemoryRow(name, "synapse variables", count, synapses.nbytes))
    return rows
