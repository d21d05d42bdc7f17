"""Which variables a device keeps for a network: names, roles, types; not where they lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any

import numpy as np

from pygenn_lite.codegen import NetworkStructure, PopulationBinding, Signatures
from pygenn_lite.codegen.program.signature import SynapseSignature, Variable
from pygenn_lite.codegen.structure.parts import OWN, Part
from pygenn_lite.declaration.inputs import Input, PoissonInput, StepCurrent
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.population import Population
from pygenn_lite.records import dataclass

LAST_UPDATE = "last_update"
SLOT = "slot"  # the role of what says where synapses that come and go are


@dataclass(frozen=True)
class StoredVariable:
    """A variable of a population, a synapse group, or an input.

    Attributes
    ----------
    owner : str
        Name of the population, group or input.
    name : str
        Its symbol in generated code; of an input's value, what it is.
    role : str
        state, parameter, coefficient, accumulator, refractory (steps left), stamp (step of the last
        event), coupled (sums of continuous transmission), slot (see GroupLayout), or input.
    dtype : dtype
    shared : bool
        One value for all elements. Rate and sources of a Poisson input may be either: their
        values tell.
    called : str
        What its part, and so the user, calls it.
    part : Part
        Of a population: what it belongs to.
    """

    owner: str
    name: str
    role: str
    dtype: np.dtype[Any]
    shared: bool = False
    called: str = ""
    part: Part = OWN

    @property
    def is_public(self) -> bool:
        """Whether a user can get and set it."""
        return self.role in ("state", "parameter")


@dataclass(frozen=True)
class PopulationLayout:
    """One population.

    Attributes
    ----------
    name : str
    size : int
    variables : dict of str to StoredVariable
        By their names in generated code, in its order.
    exposed : tuple of str
        Those of which past values are kept.
    checked : tuple of str
        Those that must stay finite.
    integrators : dict of str to str
        By variable, for people.
    owners : dict of Part to tuple of str
        Groups and inputs that its receptors, traces and inputs belong to.
    """

    name: str
    size: int
    variables: Mapping[str, StoredVariable]
    exposed: tuple[str, ...] = ()
    checked: tuple[str, ...] = ()
    integrators: Mapping[str, str] = field(default_factory=dict)
    owners: Mapping[Part, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class GroupLayout:
    """One synapse group.

    Attributes
    ----------
    name : str
    plastic : bool
        Whether it has kernels of its own: then its variables change while it runs, and ``reset``
        puts them back.
    variables : dict of str to StoredVariable
        Per synapse; ``weight`` first.
    parameters : dict of str to StoredVariable
        Shared by the group: what its kernels read.
    integrators : dict of str to str
    slots : dict of str to StoredVariable
        Of a group whose synapses come and go, over all places: "slot_source", "slot_target" (-1:
        empty), "slot_weight".
    """

    name: str
    plastic: bool
    variables: Mapping[str, StoredVariable]
    parameters: Mapping[str, StoredVariable]
    integrators: Mapping[str, str]
    slots: Mapping[str, StoredVariable] = field(default_factory=dict)

    @property
    def weight(self) -> StoredVariable:
        """The weight."""
        return self.variables["weight"]


@dataclass(frozen=True)
class NetworkLayout:
    """All that an instance keeps: populations, groups, and the values of inputs by input."""

    populations: Mapping[str, PopulationLayout]
    groups: Mapping[str, GroupLayout]
    inputs: Mapping[str, Mapping[str, StoredVariable]]


def layout_of(
    network: Network, structure: NetworkStructure, signatures: Signatures, dtype: np.dtype[Any]
) -> NetworkLayout:
    """The layout of a network.

    Parameters
    ----------
    network : Network
    structure : NetworkStructure
    signatures : Signatures
        Of its kernels.
    dtype : dtype
        Of states and weights.
    """
    populations = {
        name: _population(population, structure.populations[name], signatures, dtype)
        for name, population in network.populations.items()
    }
    groups = {
        name: _group(name, None if g.kernel is None else signatures.synapses[g.kernel], dtype)
        for name, g in structure.groups.items()
    }
    for name, group in network.groups.items():
        if group.spare:
            groups[name] = replace(groups[name], slots=_slots(name, dtype))
    inputs = {declared.name: _input(declared, dtype) for declared in network.inputs}
    return NetworkLayout(populations, groups, inputs)


def variable_of(layout: NetworkLayout, owner: str, name: str) -> StoredVariable:
    """The record of a variable of a population, group or input.

    Raises
    ------
    KeyError
        There is none of this name.
    """
    if owner in layout.populations:
        return layout.populations[owner].variables[name]
    if owner in layout.groups:
        group = layout.groups[owner]
        return {**group.variables, **group.parameters}[name]
    return layout.inputs[owner][name]


def _population(
    declared: Population,
    binding: PopulationBinding,
    signatures: Signatures,
    dtype: np.dtype[Any],
) -> PopulationLayout:
    signature = signatures.of_population(binding.kernel)
    return PopulationLayout(
        declared.name,
        declared.size,
        {v.symbol: _stored(declared.name, v, dtype) for v in signature.all_variables},
        signature.exposed,
        signature.checked,
        dict(signature.integrators or {}),
        binding.owners,
    )


def _group(name: str, signature: SynapseSignature | None, dtype: np.dtype[Any]) -> GroupLayout:
    weight = StoredVariable(name, "weight", "state", dtype, called="weight")
    if signature is None:
        return GroupLayout(name, False, {"weight": weight}, {}, {})
    return GroupLayout(
        name,
        True,
        {"weight": weight} | {v.symbol: _stored(name, v, dtype) for v in signature.variables},
        {v.symbol: _stored(name, v, dtype) for v in signature.scalars},
        dict(signature.integrators or {}),
    )


def _slots(name: str, dtype: np.dtype[Any]) -> dict[str, StoredVariable]:
    integer = np.dtype(np.int64)
    dtypes = {"slot_source": integer, "slot_target": integer, "slot_weight": dtype}
    return {own: StoredVariable(name, own, SLOT, kind) for own, kind in dtypes.items()}


def _stored(owner: str, variable: Variable, dtype: np.dtype[Any]) -> StoredVariable:
    if variable.shared:
        dtype = np.dtype(np.float64)
    else:
        dtype = dtype if variable.dtype == "real" else np.dtype(variable.dtype)
    return StoredVariable(
        owner, variable.symbol, variable.role, dtype, variable.shared, variable.name, variable.part
    )


def _input(declared: Input, dtype: np.dtype[Any]) -> dict[str, StoredVariable]:
    """Values of an input that are not variables of its population."""
    name, double = declared.name, np.dtype(np.float64)
    if isinstance(declared, PoissonInput):
        return {n: StoredVariable(name, n, "input", double) for n in ("rate", "sources")}
    if isinstance(declared, StepCurrent):
        return {"values": StoredVariable(name, "values", "input", dtype)}
    return {}
