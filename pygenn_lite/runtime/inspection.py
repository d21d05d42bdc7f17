"""What a simulation consists of, for people: derived rules, memory, generated source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pygenn_lite import codegen
from pygenn_lite.codegen.plan.memory import MemoryRows, readable, table
from pygenn_lite.codegen.program.spelling import spelled_program, spelled_rows, spelled_systems
from pygenn_lite.codegen.structure.symbol_paths import paths_of_symbols
from pygenn_lite.declaration.html import heading, preformatted, safe
from pygenn_lite.declaration.html import table as html_table
from pygenn_lite.declaration.summary import counted
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.recording import Requests, recording_rows

if TYPE_CHECKING:
    from pygenn_lite.runtime.device import Device
    from pygenn_lite.runtime.views.changed_weights import ChangedWeights


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
        The generated source.
    recording : str
        What is recorded of how many neurons, how often, and what that takes.
    compiler : str
        The command that compiled it; "" where nothing was.
    target : str
        The processor that it was compiled for; ``$PYGENN_LITE_MARCH`` chooses.
    plan : str
        How steps are carried out on a card: the plan, why it was chosen, its kernels with
        registers, shared memory, block sizes; "" on the CPU.
    """

    systems: str
    rules: str
    integrators: dict[str, dict[str, str]]
    memory: MemoryRows
    source: str
    recording: str = ""
    compiler: str = ""
    target: str = ""
    plan: str = ""

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
        ]
        if self.compiler:
            parts.append(heading("compiled by", f"{self.compiler} for {self.target}"))
        if self.plan:
            parts.append(f"{heading('steps')}<pre>{safe(self.plan)}</pre>")
        if self.recording:
            parts.append(f"{heading('recording')}<pre>{safe(self.recording)}</pre>")
        return "\n".join(parts)

    def __str__(self) -> str:
        parts = [self.systems, self.rules, f"memory\n{table(self.memory, most=1000)}"]
        if self.recording:
            parts.append(f"recording\n{self.recording}")
        if self.compiler:
            parts.append(f"compiled by {self.compiler} for {self.target}")
        if self.plan:
            parts.append(f"steps\n{self.plan}")
        return "\n\n".join(parts)


def inspect_device(device: Device, changed: ChangedWeights) -> Inspection:
    """Describe a loaded network (derives its rules again, with SymPy)."""
    layout, instance = device.layout, device.instances[0]
    structure = instance.structure
    extension = None if device.programs is None else device.programs.extension
    paths = {name: paths_of_symbols(structure, name) for name in structure.populations}
    integrators = {
        name: {paths[name].get(v, v): method for v, method in p.integrators.items()}
        for name, p in layout.populations.items()
    }
    integrators |= {n: dict(g.integrators) for n, g in layout.groups.items() if g.integrators}
    return Inspection(
        systems=spelled_systems(structure, codegen.systems_of(structure)),
        rules=spelled_program(structure, codegen.derive_program(structure, extension)),
        integrators=integrators,
        memory=memory_rows(device, changed),
        source=device.code.source(),
        recording=recording_table(device.requests, device.dtype, instance.network.dt),
        compiler=device.code.compiler,
        target=device.code.target,
        plan=device.code.plan(),
    )


def memory_rows(device: Device, changed: ChangedWeights) -> MemoryRows:
    """What takes how many bytes, as it is."""
    rows = spelled_rows(device.instances[0].structure, device.memory_rows())
    return MemoryRows([*rows, *changed.memory_rows()])


def recording_table(requests: Requests, dtype: np.dtype[Any], dt: float) -> str:
    """What a run records, as text."""
    lines = [
        f"  {r.population}: spikes of {len(r.recorded):,} neurons (12 B per spike)"
        for r in requests.spikes
    ]
    second = recording_rows(requests, dtype, 0, max(1, round(1000.0 / dt)))
    for request, row in zip(requests.variables, second, strict=True):
        often = "step" if request.every == 1 else f"{request.every * dt:.6g} ms"
        lines.append(
            f"  {request.owner}: {request.variable} of {len(request.indices):,} neurons, every "
            f"{often} ({readable(row.bytes)} per second of simulated time)"
        )
    lines += [
        f"  {r.owner}: {r.variable} of synapses, every {r.every * dt:.6g} ms"
        for r in requests.synapses
    ]
    return "\n".join(lines)
