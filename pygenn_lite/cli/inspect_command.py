"""``pygenn-lite inspect``: what a network becomes, without building or compiling it."""

from __future__ import annotations

from typing import Any

import numpy as np

from pygenn_lite.cli.networks import load
from pygenn_lite.cli.output import make_console
from pygenn_lite.declaration import Network, SpikeSource


def inspect_network(
    name: str, changes: tuple[str, ...], *, precision: str, scale: float | None, source: bool
) -> None:
    """Print the populations and groups, the update rules, and the memory they will need."""
    from pygenn_lite import codegen
    from pygenn_lite.codegen.plan.described import Described
    from pygenn_lite.codegen.plan.memory import readable, table
    from pygenn_lite.codegen.plan.network_plan import plan_network
    from pygenn_lite.codegen.program.spelling import (
        spelled_program,
        spelled_rows,
        spelled_systems,
    )
    from pygenn_lite.declaration.origins import located_in
    from pygenn_lite.runtime.backends import check_precision
    from pygenn_lite.runtime.cpp.processor import find_target
    from pygenn_lite.runtime.cpp.toolchain import available_cpus
    from pygenn_lite.runtime.inspection import recording_table
    from pygenn_lite.runtime.recording import recording_requests

    check_precision(precision)
    network, settings = load(name, changes, scale)
    with located_in(network.origins):
        structure = codegen.network_structure(network, precision)
        program = codegen.derive_program(structure)
        generated = codegen.render_program(program)
    console = make_console()
    if source:
        console.out(generated.source, highlight=False)
        return
    if settings.description:
        console.print(settings.description, markup=False)
    described = Described(network, structure, generated.signatures, np.dtype(precision))
    plan = plan_network(described, cpus=available_cpus())
    _print_network(console, network, plan, integrators_of(structure, program))
    console.print("\nSystems", style="bold")
    systems = codegen.systems_of(structure)
    console.out(spelled_systems(structure, systems), highlight=False)
    console.print("\nUpdate rules", style="bold")
    console.out(spelled_program(structure, program), highlight=False)
    console.print("\nMemory", style="bold")
    console.out(table(spelled_rows(structure, plan.rows), most=1000), highlight=False)
    console.out(f"  {readable(sum(row.bytes for row in plan.rows)):>10}  total", highlight=False)
    recorded = recording_table(recording_requests(network), np.dtype(precision), network.dt)
    if recorded:
        console.print("\nRecording", style="bold")
        console.out(recorded, highlight=False)
    console.print("\nCode", style="bold")
    console.out(f"for {find_target()}", highlight=False)


def integrators_of(structure: Any, program: Any) -> dict[str, str]:
    """How each population, and each group's variables per synapse, are integrated, as chosen."""
    chosen = {}
    for name, instance in structure.populations.items():
        if instance.kernel is not None:
            used = dict.fromkeys(i for _, i in program.neurons[instance.kernel].integrators)
            chosen[name] = ", ".join(used)
    for name, group in structure.groups.items():
        if group.kernel is not None:
            used = dict.fromkeys(i for _, i in program.synapses[group.kernel].integrators)
            chosen[name] = ", ".join(used)
    return chosen


def _print_network(console: Any, network: Network, plan: Any, integrators: dict[str, str]) -> None:
    from rich.table import Table

    populations = Table(title="Populations", title_justify="left")
    for column in ("name", "neurons", "model", "integrator"):
        populations.add_column(column, justify="right" if column == "neurons" else "left")
    for population in network.populations.values():
        model = population.model
        source = isinstance(model, SpikeSource)
        kind = "spike source" if source else (model.name or "equations")
        integrator = integrators.get(population.name, "")
        populations.add_row(population.name, f"{population.size:,}", kind, integrator)
    console.print(populations)
    if not network.groups:
        return
    groups = Table(title="Synapse groups", title_justify="left")
    shown = any(integrators.get(name) for name in network.groups)  # few have dynamics of their own
    columns = ("name", "synapses", "model", "connectivity", "storage")
    for column in (*columns, "integrator") if shown else columns:
        groups.add_column(column, justify="right" if column == "synapses" else "left")
    total, any_random = 0.0, False
    for group in network.groups.values():
        planned = plan.groups[group.name]
        count, random = planned.count, not planned.exact
        total, any_random = total + count, any_random or random
        rule = type(group.connectivity.plain).__name__
        name = group.synapse.name or "equations"
        own = [integrators.get(group.name, "")] if shown else []
        groups.add_row(group.name, _count(count, random), name, rule, group.storage, *own)
    groups.add_section()
    groups.add_row("total", _count(total, any_random), *[""] * (len(groups.columns) - 2))
    console.print(groups)


def _count(number: float, random: bool) -> str:
    """A number of synapses; where only drawing would tell it, the expected one, said to be that."""
    return f"{'about ' if random else ''}{number:,.0f}"
