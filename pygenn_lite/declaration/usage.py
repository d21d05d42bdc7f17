"""What only the whole network shows: parameters that nothing reads, and inputs that are driven
though no equation reads them. Either is a misspelt name far more often than intended."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pygenn_lite.declaration.inputs import PoissonInput
from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.declaration.neuron_model import NeuronModel
from pygenn_lite.declaration.origins import part_of
from pygenn_lite.declaration.synapse_model import SynapseModel
from pygenn_lite.errors import Location, NetworkError

if TYPE_CHECKING:
    from pygenn_lite.declaration.network import Network


def check_usage(network: Network) -> None:
    """Check that what was declared is used.

    Raises
    ------
    NetworkError
        Naming the population, synapse group or input, the symbol and the hint.
    """
    _check_parameters(network)
    for group in network.groups.values():
        with part_of(Location.of("synapse group", group.name)):
            _check_driven(network, group.target, _driven(group.synapse))
    for declared in network.inputs:
        if not isinstance(declared, PoissonInput):
            driven = [declared.input]
        else:
            driven = [e.name for e in declared.synapse.inputs] if declared.synapse else []
        with part_of(Location.of("input", declared.name)):
            _check_driven(network, declared.target, driven)


def _check_parameters(network: Network) -> None:
    """A parameter of a neuron model may be read by synapses only, and only in some populations."""
    read: dict[int, set[str]] = {}
    for population in network.populations.values():
        if isinstance(population.model, NeuronModel):
            read.setdefault(id(population.model), population.model.symbols)

    def reads(population: str, symbols: Iterable[str]) -> None:
        read.setdefault(id(network.populations[population].model), set()).update(symbols)

    for group in network.groups.values():
        symbols = group.synapse.symbols
        reads(group.source, (s.removesuffix("_pre") for s in symbols if s.endswith("_pre")))
        reads(group.target, (s.removesuffix("_post") for s in symbols if s.endswith("_post")))
        reads(group.target, _read_of_target(group.synapse))
    for declared in network.inputs:
        if isinstance(declared, PoissonInput) and declared.synapse is not None:
            reads(declared.target, _read_of_target(declared.synapse))
    for population in network.populations.values():
        parameters = [n for n, _ in getattr(population.model, "parameters", ())]
        for name in parameters:
            if name not in read[id(population.model)]:
                raise NetworkError(
                    f"nothing reads the parameter {name!r}"
                    f"{nearest(name, [n for n in parameters if n != name])}",
                    where=Location.of("population", population.name).entry(name),
                    hint="use it in an equation, correct its name, or leave it out",
                )


def _check_driven(network: Network, target: str, driven: Iterable[str]) -> None:
    model = network.populations[target].model
    for name in driven:
        if name in model.inputs and name not in model.symbols:
            raise NetworkError(
                f"drives the input {name!r} of population {target!r}, which no equation reads",
                hint=f"use {name} in the equations, e.g. dV/dt = (E_L - V + {name})/tau",
            )


def _read_of_target(model: SynapseModel) -> set[str]:
    """What ``I = g*(E_rev - V)`` reads of the target neuron: all but the synapse's own names."""
    own = {*model.state_names, *(name for name, _ in model.parameters)}
    return {symbol for equation in model.inputs for symbol in equation.symbols} - own


def _driven(model: SynapseModel) -> list[str]:
    """Inputs of the target that a synapse model adds to."""
    continuous = (e.name.removesuffix("_post") for e in model.continuous if e.operator != "=")
    return [*(e.name for e in model.inputs), *continuous]
