"""``pygenn-lite inspect``: what a network becomes, without building or compiling it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pygenn_lite.cli.networks import load
from pygenn_lite.cli.output import make_console
from pygenn_lite.declaration import Network, SpikeSource
from pygenn_lite.errors import UnsupportedFeatureError
from pygenn_lite.records import dataclass

if TYPE_CHECKING:
    from pygenn_lite.codegen import NetworkStructure


@dataclass(frozen=True)
class Inspected:
    """What is to be shown.

    Attributes
    ----------
    network : str
        A library name or a file.
    changes : tuple of str
        ``--set``.
    precision : str
    scale : float or None
    source : bool
        Whether to print the generated source, and nothing else.
    backend : str
        "cpp" or "cuda".
    architecture : str or None
        Of cards; None: "sm_90".
    """

    network: str
    changes: tuple[str, ...] = ()
    precision: str = "float32"
    scale: float | None = None
    source: bool = False
    backend: str = "cpp"
    architecture: str | None = None


def inspect_network(wanted: Inspected) -> None:
    """Print the populations and groups, the update rules, the memory they will need, and for whom
    code is made."""
    from pygenn_lite import codegen
    from pygenn_lite.declaration.origins import located_in
    from pygenn_lite.runtime.backends import check_precision

    check_precision(wanted.precision)
    if wanted.backend not in ("cpp", "cuda"):
        raise UnsupportedFeatureError(
            f"there is nothing to inspect of a backend {wanted.backend!r}",
            hint="choose --backend cpp or --backend cuda",
        )
    if wanted.backend != "cuda" and wanted.architecture is not None:
        raise UnsupportedFeatureError(
            f"--arch {wanted.architecture}: the backend {wanted.backend!r} uses no card",
            hint="add --backend cuda",
        )
    network, settings = load(wanted.network, wanted.changes, wanted.scale)
    with located_in(network.origins):
        structure = codegen.network_structure(network, wanted.precision)
        code = _Code.of(wanted, network, structure)
    console = make_console()
    if wanted.source:
        console.out(code.source, highlight=False)
        return
    if settings.description:
        console.print(settings.description, markup=False)
    _print_parts(console, network, structure, wanted.precision)
    console.print(f"\n{code.title}", style="bold")
    console.out(code.described, highlight=False)


@dataclass(frozen=True)
class _Code:
    """Generated code, and what is to be said of it."""

    source: str
    title: str
    described: str

    @classmethod
    def of(cls, wanted: Inspected, network: Network, structure: NetworkStructure) -> _Code:
        from pygenn_lite import codegen

        if wanted.backend == "cpp":
            from pygenn_lite.runtime.cpp.processor import find_target

            return cls(codegen.generate(structure).source, "Code", f"for {find_target()}")
        if wanted.source:  # for that NVIDIA's compiler is not needed
            return cls(codegen.generate_cuda(structure).source, "", "")
        from pygenn_lite.runtime.cuda.drivers.nvrtc import named_target
        from pygenn_lite.runtime.cuda.without_a_card import on_card

        target = named_target(wanted.architecture or "sm_90")
        found = on_card(network, structure, wanted.precision, target)
        return cls(found.source, "Steps on a card", str(found))


def _print_parts(
    console: Any, network: Network, structure: NetworkStructure, precision: str
) -> None:
    from pygenn_lite import codegen
    from pygenn_lite.codegen.plan.described import Described
    from pygenn_lite.codegen.plan.memory import readable, table
    from pygenn_lite.codegen.plan.network_plan import plan_network
    from pygenn_lite.codegen.program.sign import signatures_of
    from pygenn_lite.codegen.program.spelling import (
        spelled_program,
        spelled_rows,
        spelled_systems,
    )
    from pygenn_lite.runtime.inspection import recording_table
    from pygenn_lite.runtime.processors import available_cpus
    from pygenn_lite.runtime.recording import recording_requests

    program = codegen.derive_program(structure)
    described = Described(network, structure, signatures_of(program), np.dtype(precision))
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


def inspect_adjoint(name: str, changes: tuple[str, ...], scale: float | None) -> None:
    """Print the adjoint of a network: how gradients flow back through it, as formulas."""
    from pygenn_lite import codegen
    from pygenn_lite.declaration.origins import located_in

    network, _ = load(name, changes, scale)
    with located_in(network.origins):
        found = codegen.adjoint_of(codegen.network_structure(network))
    make_console().out(str(found), highlight=False)


def inspect_trial(name: str, changes: tuple[str, ...], scale: float | None, gradient: str) -> None:
    """Print the training program of a network's weights: "exact", or a surrogate by its name."""
    from pygenn_lite import codegen
    from pygenn_lite.codegen.trial.derivation import trial_program
    from pygenn_lite.declaration.origins import located_in
    from pygenn_lite.training.surrogates import as_surrogate

    surrogate = None if gradient == "exact" else as_surrogate(gradient)
    adjoint = "exact" if surrogate is None else "surrogate"
    network, _ = load(name, changes, scale)
    with located_in(network.origins):
        structure = codegen.network_structure(network)
        found = trial_program(structure, "groups.*.weight", adjoint, surrogate)
    make_console().out(str(found), highlight=False)


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
