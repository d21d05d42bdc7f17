"""Several given networks as instances of one compiled network: which are alike, and which of those
have the same synapses."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from pygenn_lite import codegen
from pygenn_lite.declaration.inputs import PoissonInput
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.population import SpikeSource, SynapseGroup
from pygenn_lite.declaration.values import FrozenArray
from pygenn_lite.errors import Location, NetworkError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.instances import PlannedInstances, layout_of_structure


@dataclass(frozen=True)
class GivenNetwork:
    """A network that is to run, with what compiling it needs.

    Attributes
    ----------
    network : Network
    structure : NetworkStructure
    connectivity_seed : int
        Of synapses, drawn weights and delays.
    """

    network: Network
    structure: codegen.NetworkStructure
    connectivity_seed: int


def given_network(
    network: Network,
    precision: str = "float32",
    check_finite: bool = True,
    connectivity_seed: int | None = None,
    before: GivenNetwork | None = None,
) -> GivenNetwork:
    """A network with its structure; that of the one before where they have all parts in common.

    Raises
    ------
    NetworkError
        Its parts do not fit together.
    """
    seed = network.seed if connectivity_seed is None else connectivity_seed
    if before is not None and _have_same_parts(before.network, network):
        return GivenNetwork(network, before.structure, seed)
    return GivenNetwork(network, codegen.network_structure(network, precision, check_finite), seed)


def _have_same_parts(a: Network, b: Network) -> bool:
    """Whether two networks consist of the very same objects."""
    return (
        a.dt == b.dt
        and _are_same(a.populations.values(), b.populations.values())
        and _are_same(a.groups.values(), b.groups.values())
        and _are_same(a.inputs, b.inputs)
        and _are_same(a.updates, b.updates)
    )


def _are_same(some: Collection[object], others: Collection[object]) -> bool:
    return len(some) == len(others) and all(map(operator.is_, some, others))


def alike(networks: Sequence[GivenNetwork]) -> list[list[int]]:
    """Which of some networks can be instances of one: their numbers, in sets.

    Parameters
    ----------
    networks : sequence of GivenNetwork

    Returns
    -------
    list of list of int
        Each network is in one of them; the order is kept.
    """
    return _sets(networks, lambda a, b: not difference(a, b))


def alike_in_synapses(networks: Sequence[GivenNetwork]) -> list[list[int]]:
    """Which of some networks, that are alike, have the same synapses: their numbers, in sets."""
    return _sets(networks, have_same_synapses)


def _sets(
    networks: Sequence[GivenNetwork], belong: Callable[[GivenNetwork, GivenNetwork], bool]
) -> list[list[int]]:
    sets: list[list[int]] = []
    for k, one in enumerate(networks):
        for members in reversed(sets):  # as a rule it is like the one before
            if belong(networks[members[0]], one):
                members.append(k)
                break
        else:
            sets.append([k])
    return sets


def plan_given(networks: Sequence[GivenNetwork]) -> PlannedInstances:
    """The instances that some networks are; synapses that do not differ are laid down once.

    Raises
    ------
    NetworkError
        Two of them are not alike: which, and in what.
    """
    first = networks[0]
    for k, other in enumerate(networks):
        what = difference(first, other)
        if what:
            raise NetworkError(
                f"network {k} differs from network 0 in {what}, and cannot be an instance of the "
                "same compiled network",
                where=Location("compile_networks"),
                hint="compile those that are alike together: sizes, models, dt and what is "
                "recorded are part of the structure",
            )
    shared = len(networks) > 1 and all(have_same_synapses(first, n) for n in networks[1:])
    return PlannedInstances(
        tuple(one.network for one in networks),
        tuple(one.structure for one in networks),
        tuple(one.connectivity_seed for one in networks),
        shared,
        _own_weights(networks) if shared else frozenset(),
        True,
    )


def apart(planned: PlannedInstances) -> PlannedInstances:
    """The same instances, each with synapses of its own."""
    return PlannedInstances(
        planned.networks,
        planned.structures,
        planned.connectivity_seeds,
        False,
        frozenset(),
        True,
    )


def difference(a: GivenNetwork, b: GivenNetwork) -> str:
    """In what two networks are not alike; nothing where one compiled network can be both."""
    if a is b:
        return ""
    one, other = a.network, b.network
    if one.dt != other.dt:
        return "dt"
    for what, mine, its in (
        ("its populations", _populations(one), _populations(other)),
        ("its synapse groups", _groups(one), _groups(other)),
        ("its inputs", _inputs(one), _inputs(other)),
        ("what is recorded", one.recordings, other.recordings),
        ("what it does every so many ms", one.updates, other.updates),
    ):
        if mine != its:
            return what
    if a.structure is b.structure:
        return ""
    if layout_of_structure(a.structure) != layout_of_structure(b.structure):
        return "its structure (a value is one number, or one per neuron, in all alike)"
    return ""


def _populations(network: Network) -> list[Any]:
    of = network.populations.values()
    return [(p.name, p.size, p.shape, isinstance(p.model, SpikeSource)) for p in of]


def _groups(network: Network) -> list[Any]:
    return [
        (g.name, g.source, g.target, g.storage, g.weight_precision, g.spare)
        for g in network.groups.values()
    ]


def _inputs(network: Network) -> list[Any]:
    return [
        (type(i), i.name, i.target, i.variable if isinstance(i, PoissonInput) else None)
        for i in network.inputs
    ]


def have_same_synapses(a: GivenNetwork, b: GivenNetwork) -> bool:
    """Whether two networks, which are alike, have the same synapses with the same delays; their
    weights may be others, of the same kind."""
    if a.connectivity_seed != b.connectivity_seed:
        return False
    for one, other in _pairs(a.network, b.network):
        if one.spare:  # synapses that come and go belong to one instance
            return False
        if one is other:
            continue
        if one.connectivity != other.connectivity or one.delay != other.delay:
            return False
        if one.synapse is not other.synapse and one.synapse.variables != other.synapse.variables:
            return False
        if _kind(one.weight) != _kind(other.weight):
            return False
    joined = {name for group in a.network.groups.values() for name in (group.source, group.target)}
    here, there = a.network.populations, b.network.populations
    return all(here[name].places == there[name].places for name in joined)


def _own_weights(networks: Sequence[GivenNetwork]) -> frozenset[str]:
    """Groups whose weights are not the same in all networks."""
    first = networks[0].network
    return frozenset(
        one.name
        for given in networks[1:]
        for one, other in _pairs(first, given.network)
        if one is not other and one.weight != other.weight
    )


def _pairs(one: Network, other: Network) -> Iterator[tuple[SynapseGroup, SynapseGroup]]:
    return zip(one.groups.values(), other.groups.values(), strict=True)


def _kind(weight: Any) -> Any:
    """Weights of one kind are kept in one way."""
    return type(weight), weight.array.shape if isinstance(weight, FrozenArray) else None
