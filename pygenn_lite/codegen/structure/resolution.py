"""Separates what of a network decides its generated code from what is mere data."""

from __future__ import annotations

from pygenn_lite.codegen.structure.group_assembly import check_transpose, general_group
from pygenn_lite.codegen.structure.population_assembly import PopulationAssembly, jump_target
from pygenn_lite.codegen.structure.structures import (
    GroupBinding,
    NetworkStructure,
    PopulationStructure,
    SynapseStructure,
)
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.origins import part_of
from pygenn_lite.declaration.population import SynapseGroup
from pygenn_lite.declaration.usage import check_usage
from pygenn_lite.errors import Location


def network_structure(
    network: Network, precision: str = "float32", check_finite: bool = True
) -> NetworkStructure:
    """Separate structure from data.

    Parameters
    ----------
    network : Network
        The declaration.
    precision : {"float32", "float64"}
        Type of states, weights and arithmetic.
    check_finite : bool
        Whether kernels look for NaN and infinity.

    Raises
    ------
    NetworkError
        A synapse names a variable or an input that its target does not have.
    """
    check_usage(network)
    real = {"float32": "float", "float64": "double"}[precision]
    assemblies = {
        name: PopulationAssembly(population) for name, population in network.populations.items()
    }
    changing = {update.on for update in network.updates}  # weights of synapses are then states
    groups: dict[str, GroupBinding] = {}
    synapse_kernels: dict[SynapseStructure, int] = {}
    for name, group in network.groups.items():
        with part_of(Location.of("synapse group", name)):
            check_transpose(group, network.groups)
            groups[name], synapse = assemble_group(group, assemblies, real, name in changing)
        if synapse is not None:
            groups[name].kernel = synapse_kernels.setdefault(synapse, len(synapse_kernels))
    for declared in network.inputs:
        with part_of(Location.of("input", declared.name)):
            assemblies[declared.target].add_input(declared)

    kernels: dict[PopulationStructure, int] = {}
    populations = {}
    for name, assembly in assemblies.items():
        structure = assembly.structure(real, check_finite)
        index = None if structure is None else kernels.setdefault(structure, len(kernels))
        populations[name] = assembly.binding(index)

    return NetworkStructure(tuple(kernels), tuple(synapse_kernels), populations, groups)


def assemble_group(
    group: SynapseGroup,
    assemblies: dict[str, PopulationAssembly],
    real: str,
    changing: bool = False,
) -> tuple[GroupBinding, SynapseStructure | None]:
    """Attach a group's receptor and traces to its populations; returns its data and, where its
    synapses do more than add a weight, or weights are `changing`, what their kernels are
    generated from."""
    target = assemblies[group.target]
    receptor = target.receptor(group.synapse)
    target.belongs(receptor.part, group.name)
    if changing or not group.synapse.is_static:
        return general_group(group, assemblies[group.source], target, receptor, real)
    variable = jump_target(group.synapse, target)
    binding = GroupBinding(
        group.name,
        "static",
        group.source,
        group.target,
        variable,
        lead=target.static_target(variable),
        receptor=receptor.symbols,
        receptor_part=receptor.part,
    )
    return binding, None
