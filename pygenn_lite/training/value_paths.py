"""The paths by which users call what systems name: ``populations.exc.parameters.tau``."""

from __future__ import annotations

from collections.abc import Mapping

from pygenn_lite.codegen.structure.parts import OWN, Part
from pygenn_lite.codegen.systems.system_records import Parameter
from pygenn_lite.declaration.network import Network

OF_INPUTS = ("value", "values", "mean", "std", "weight", "rate")


def paths_of(network: Network, parameter: Parameter) -> list[str]:
    """Paths of a parameter, by each of its owners."""
    owners = (parameter.owner, *parameter.others)
    return [_path(network, owner, parameter.name) for owner in owners]


def _path(network: Network, owner: str, name: str) -> str:
    if owner in network.populations:
        return f"populations.{owner}.parameters.{name}"
    if owner in network.groups:
        return group_path(network, owner, name)
    if name in OF_INPUTS:
        return f"inputs.{owner}.{name}"
    return f"inputs.{owner}.synapse.parameters.{name}"


def group_path(network: Network, group: str, name: str) -> str:
    """The path of a value of a synapse group."""
    if name in ("weight", "delay"):
        return f"groups.{group}.{name}"
    variables = dict(network.groups[group].synapse.variables)
    kind = "variables" if name in variables else "parameters"
    return f"groups.{group}.synapse.{kind}.{name}"


def initial_path(
    network: Network,
    population: str,
    named: tuple[str, Part],
    owners: Mapping[Part, tuple[str, ...]],
) -> str:
    """The path of an initial value; "" where a trace begins by itself."""
    name, part = named
    if part == OWN:
        return f"populations.{population}.initial.{name}"
    if part.kind != "receptor":
        return ""
    owner = owners[part][0]
    section = "groups" if owner in network.groups else "inputs"
    return f"{section}.{owner}.synapse.initial.{name}"
