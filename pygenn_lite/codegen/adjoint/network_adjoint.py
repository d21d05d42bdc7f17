"""From the structure of a network to its adjoint (see `adjoint_records`)."""

from __future__ import annotations

from collections.abc import Iterable

from pygenn_lite.codegen.adjoint.adjoint_records import NetworkAdjoint, NeuronAdjoint
from pygenn_lite.codegen.adjoint.neuron_adjoint import given_spikes, neuron_adjoint, without_states
from pygenn_lite.codegen.adjoint.synapse_adjoint import synapse_adjoint
from pygenn_lite.codegen.structure.structures import NetworkStructure, PopulationStructure
from pygenn_lite.codegen.systems.network_systems import systems_of
from pygenn_lite.codegen.systems.sympy_errors import equations_of
from pygenn_lite.codegen.systems.system_records import NetworkSystems, NeuronSystem
from pygenn_lite.errors import UnsupportedFeatureError

UNTRAINED = "nothing in the population or before it is trained"


def adjoint_of(structure: NetworkStructure, trainable: str | Iterable[str] = ()) -> NetworkAdjoint:
    """The adjoint of a network.

    Parameters
    ----------
    structure : NetworkStructure
    trainable : str or iterable of str
        Paths of parameters whose gradients are needed: ``"exc.tau"``, ``"exc_inh.weight"``. None:
        all. Populations that have none of them, and that spikes of none reach which have, are
        not differentiated: their spikes are data.

    Raises
    ------
    UnsupportedFeatureError
        Something on the way from a parameter to the spikes cannot be differentiated, or a
        trainable parameter has no gradient. (Spikes that are drawn by a population that no
        synapse reaches are data.)
    ArgumentError
        There is no such parameter.
    """
    systems = systems_of(structure)
    if trainable:
        systems = systems.with_trainable(trainable)
    needed = _needed(systems) if trainable else set(structure.populations)
    reached = {group.target for group in systems.groups.values()}
    carried: dict[str, set[str]] = {name: set() for name in structure.populations}
    for group in systems.groups.values():
        carried[group.source] |= set(group.pre.values())
    populations = {}
    for name, binding in structure.populations.items():
        if binding.kernel is None:
            populations[name] = without_states(name)
            continue
        kernel, system = structure.kernels[binding.kernel], systems.populations[name]
        with equations_of(kernel):
            if name in needed:
                reaches = name in reached
                populations[name] = _of_population(kernel, system, carried[name], reaches)
            else:
                populations[name] = given_spikes(system, _traces(kernel), UNTRAINED)
    groups = {}
    for name, group in systems.groups.items():
        if group.target not in needed:
            continue
        groups[name] = synapse_adjoint(group, populations[group.source], populations[group.target])
    found = NetworkAdjoint(systems, populations, groups)
    _check_trainable(found)
    return found


def _of_population(
    kernel: PopulationStructure, system: NeuronSystem, carried: set[str], reached: bool
) -> NeuronAdjoint:
    traces = _traces(kernel)
    if kernel.is_source:
        return given_spikes(system, traces, "a spike source")
    drawn = system.threshold is not None and system.g is None and not system.update
    if drawn and not reached and not any(p.trainable for p in system.parameters):
        return given_spikes(system, traces, f"the threshold has {system.no_g}")
    return neuron_adjoint(system, carried)


def _traces(kernel: PopulationStructure) -> list[str]:
    """Symbols of the traces of a population's spikes."""
    return [s for s, (_, part) in kernel.names.items() if part.kind == "pre"]


def _needed(systems: NetworkSystems) -> set[str]:
    """Populations with a trainable parameter, and all that their spikes reach."""
    groups = systems.groups.values()
    found = {n for n, s in systems.populations.items() if any(p.trainable for p in s.parameters)}
    found |= {group.target for group in groups if any(p.trainable for p in group.parameters)}
    while more := {g.target for g in groups if g.source in found} - found:
        found |= more
    return found


def _check_trainable(found: NetworkAdjoint) -> None:
    """Refuse a trainable parameter that has no gradient."""
    for where, p, why in found.without_gradient():
        if p.trainable:
            raise UnsupportedFeatureError(
                f"{p.name} has no gradient: {why}",
                where=where,
                hint="make what depends on it smooth, or do not train it",
            )
