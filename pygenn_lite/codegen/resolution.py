"""Separates what of a network decides its generated code from what is mere data."""

from __future__ import annotations

from pygenn_lite.codegen.assembly import PopulationAssembly, jump_target
from pygenn_lite.codegen.structure import (
    GroupInstance,
    Link,
    NetworkStructure,
    PopulationStructure,
    SynapseStructure,
)
from pygenn_lite.codegen.synapse_structure import general_link
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.origins import part_of
from pygenn_lite.declaration.population import SynapseGroup
from pygenn_lite.declaration.usage import check_usage
from pygenn_lite.errors import NetworkError


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
    links = []
    for group in network.groups.values():
        with part_of(f"synapse group {group.name!r}"):
            links.append(assemble_group(group, assemblies))
    for declared in network.inputs:
        with part_of(f"input {declared.name!r}"):
            assemblies[declared.target].add_input(declared)

    kernels: dict[PopulationStructure, int] = {}
    populations = {}
    for name, assembly in assemblies.items():
        structure = assembly.structure(real, check_finite)
        index = None if structure is None else kernels.setdefault(structure, len(kernels))
        populations[name] = assembly.instance(index)

    synapse_kernels: dict[SynapseStructure, int] = {}
    groups = {}
    for link in links:
        instance, synapse = link(real)
        if synapse is not None:
            instance.kernel = synapse_kernels.setdefault(synapse, len(synapse_kernels))
        groups[instance.name] = instance
    return NetworkStructure(tuple(kernels), tuple(synapse_kernels), populations, groups)


def assemble_group(group: SynapseGroup, assemblies: dict[str, PopulationAssembly]) -> Link:
    """Attach a group's receptor and traces to its populations.

    Returns a function of the real type that gives the group's data and structure; it is called when
    all groups and inputs have been seen, since only then it is known which variables must be summed
    in accumulators."""
    target = assemblies[group.target]
    receptor = target.receptor(group.synapse)
    if target.is_source:
        raise NetworkError(
            f"{group.target!r} replays spike trains and cannot receive synapses",
            cure="choose another target",
        )
    if group.synapse.is_static:
        variable = jump_target(group.synapse, target)

        def static_link(real: str) -> tuple[GroupInstance, SynapseStructure | None]:
            instance = GroupInstance(group.name, "static", group.source, group.target, variable)
            instance.lead = leads[group.name]
            instance.receptor = receptor
            return instance, None

        leads = {group.name: target.static_target(variable)}
        return static_link

    return general_link(group, assemblies[group.source], target, receptor)
