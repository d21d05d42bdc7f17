"""What ``compile(instances=..., seeds=..., values=...)`` asks for: a network for each instance.
Instance k is nothing but the network in which its values stand, with its seed."""

from __future__ import annotations

import copy
import weakref
from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, overload

import numpy as np

from pygenn_lite import codegen
from pygenn_lite.declaration.checks import check_seed
from pygenn_lite.declaration.compile_options import OneEach
from pygenn_lite.declaration.distribution_base import Distribution
from pygenn_lite.declaration.language.equations import Expression
from pygenn_lite.declaration.language.names import check_choice
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.numeric import Whole, whole_number
from pygenn_lite.declaration.values import FrozenArray
from pygenn_lite.errors import NOWHERE, ArgumentError, Location, NetworkError, ShapeError
from pygenn_lite.records import dataclass

if TYPE_CHECKING:
    from pygenn_lite.declaration.paths import Place

CONNECTIVITY = ("own", "shared")
LAST_SEED = 2**64
# What instances with shared connectivity have in common besides.
OF_SYNAPSES = frozenset({"delay", "connectivity"})


@dataclass(frozen=True)
class InstanceOptions:
    """What the user says about instances; see :func:`pygenn_lite.compile_network`."""

    instances: Whole | None = None
    seeds: Sequence[Whole] | None = None
    values: Mapping[str, OneEach] | None = None
    connectivity: str = "own"
    connectivity_seed: Whole | None = None


@dataclass(frozen=True)
class PlannedInstances:
    """One network, structure and seed of the connectivity for each instance.

    Attributes
    ----------
    networks : sequence of Network
    structures : sequence of NetworkStructure
        All with the same key.
    connectivity_seeds : sequence of int
    shared : bool
        Whether the synapses are laid down once for all.
    own_weights : frozenset of str
        Groups of which each has weights of its own all the same.
    axis : bool
        Whether results and values have an axis of instances.
    """

    networks: Sequence[Network]
    structures: Sequence[codegen.NetworkStructure]
    connectivity_seeds: Sequence[int]
    shared: bool
    own_weights: frozenset[str]
    axis: bool


Declared = TypeVar("Declared")


class DeclaredOnDemand(Sequence[Declared]):
    """Declarations of all instances, each made when it is asked for: they are large beside the
    state of a small network."""

    def __init__(self, count: int, make: Callable[[int], Declared]) -> None:
        self._count, self._make = count, make
        self._made: weakref.WeakValueDictionary[int, Declared] = weakref.WeakValueDictionary()

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Declared: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Declared]: ...

    def __getitem__(self, index: int | slice) -> Declared | Sequence[Declared]:
        if isinstance(index, slice):
            return [self[k] for k in range(self._count)[index]]
        k = range(self._count)[index]
        found = self._made.get(k)
        if found is None:
            found = self._made[k] = self._make(k)
        return found


def plan_instances(
    network: Network, options: InstanceOptions, precision: str, check_finite: bool
) -> PlannedInstances:
    """The networks of all instances, checked.

    Raises
    ------
    ArgumentError
        A number of instances, a seed, or a choice that is none.
    ShapeError
        Values that are not one for each instance.
    NetworkError
        A path that leads nowhere, or to what instances cannot differ in.
    """

    def structure_of(one: Network) -> codegen.NetworkStructure:
        return codegen.network_structure(one, precision, check_finite)

    check_choice(options.connectivity, CONNECTIVITY, "connectivity", NOWHERE, NetworkError)
    given = options.connectivity_seed
    wiring = None if given is None else check_seed(given)
    if options.instances is None:
        _refuse_without_instances(options)
        only = network.copy()
        seed = only.seed if wiring is None else wiring
        return PlannedInstances((only,), (structure_of(only),), (seed,), False, frozenset(), False)
    count = whole_number(options.instances)
    if count is None or not 1 <= count < 2**31:
        raise ArgumentError(
            f"instances = {options.instances!r}", hint="give a whole number from 1 on"
        )
    shared = options.connectivity == "shared"
    if wiring is not None and not shared:
        raise ArgumentError(
            "connectivity_seed is given, but each instance draws its own connectivity",
            hint="write connectivity='shared', or leave out connectivity_seed",
        )
    seeds = array("Q", _seeds(network, options.seeds, count))  # a fifth of the list's memory
    values = _values(network, options.values or {}, count, shared)
    declared = network.copy()
    networks = DeclaredOnDemand(count, lambda k: _instance(declared, values, k, seeds[k]))
    first = structure_of(networks[0])
    structures: Sequence[codegen.NetworkStructure] = (first,) * count
    if values:

        def structure(k: int) -> codegen.NetworkStructure:
            return _alike(first, structure_of(networks[k]), k, list(values)) if k else first

        # Checked when each is built: to make all of them twice takes longer than many a run.
        structures = DeclaredOnDemand(count, structure)
    wirings = (network.seed if wiring is None else wiring,) * count if shared else tuple(seeds)
    own_weights = {
        p.part for p in values if shared and p.section == "groups" and p.keys[0] == "weight"
    }
    return PlannedInstances(networks, structures, wirings, shared, frozenset(own_weights), True)


def _refuse_without_instances(options: InstanceOptions) -> None:
    given = [name for name in ("seeds", "values") if getattr(options, name) is not None]
    given += ["connectivity"] if options.connectivity != "own" else []
    if given:
        number = len(options.seeds) if isinstance(options.seeds, Sequence) else "4"
        raise ArgumentError(
            f"{given[0]} is given, but not the number of instances",
            hint=f"write instances={number}",
        )


def _seeds(network: Network, given: Sequence[Whole] | None, count: int) -> list[int]:
    if given is None:
        return [(network.seed + k) % LAST_SEED for k in range(count)]
    return check_seeds(given, count)


def check_seeds(given: Any, count: int) -> list[int]:
    """One seed for each instance.

    Raises
    ------
    ArgumentError
        Another number of them, or none at all.
    """
    if isinstance(given, (str, bytes)) or not hasattr(given, "__len__"):
        raise ArgumentError(
            f"seeds = {given!r:.60} is not a list of seeds", hint=f"give {count} whole numbers"
        )
    if len(given) != count:
        raise ArgumentError(
            f"{len(given)} seeds for {count} instances", hint="give one seed for each instance"
        )
    return [check_seed(seed) for seed in given]


def _values(
    network: Network, given: Mapping[str, OneEach], count: int, shared: bool
) -> dict[Place, Sequence[Any]]:
    """Values for each instance by their places."""
    from pygenn_lite.declaration.paths import NetworkValues

    if not isinstance(given, Mapping):
        raise ArgumentError(
            f"values = {given!r:.60} is not a mapping of paths to lists of values",
            hint="write {'populations.exc.parameters.tau': [10.0, 20.0]}",
        )
    known, places = NetworkValues(network), {}
    for path, values in given.items():
        for place in known.matching(path):
            _check_may_differ(place, shared)
            if shared and place.keys == ("positions",):
                _check_not_connected(network, place)
            places[place] = _one_each(values, count, str(place))
    return places


def _one_each(values: Any, count: int, path: str) -> Sequence[Any]:
    single = (str, bytes, Mapping, FrozenArray, Distribution, Expression)
    length = None if isinstance(values, single) else getattr(values, "__len__", None)
    if length is None or (isinstance(values, np.ndarray) and values.ndim == 0):
        raise ShapeError(
            "one value is given, and not one for each instance",
            where=Location(f"values ({path})"),
            hint=f"give a list of {count}; what all instances have in common is declared in the "
            "network: network.with_values(...)",
        )
    if length() != count:
        raise ShapeError(
            f"{length()} values for {count} instances",
            where=Location(f"values ({path})"),
            hint=f"give {count}: one for each instance, along the first axis of an array",
        )
    return list(copy.deepcopy(values))  # what the user does to arrays later changes nothing


def _check_may_differ(place: Place, shared: bool) -> None:
    where = Location(f"values ({place})")
    if place.structural:
        raise NetworkError(
            f"instances of one compiled network cannot differ in it: {place.structural}",
            where=where,
            hint="compile a simulation for each value: "
            f"network.with_values({{'{place}': value}}).compile()"
            if place.keys[-1] != "seed"
            else "write seeds=[...]",
        )
    of_synapses = place.keys[0] in OF_SYNAPSES or place.keys[:2] == ("synapse", "variables")
    if shared and place.section == "groups" and of_synapses:
        raise NetworkError(
            "instances with shared connectivity have the same synapses, with the same delays; only "
            "their weights may differ",
            where=where,
            hint="write connectivity='own'",
        )


def _check_not_connected(network: Network, place: Place) -> None:
    """Positions decide about synapses, and about their weights and delays."""
    groups = [g.name for g in network.groups.values() if place.part in (g.source, g.target)]
    if groups:
        raise NetworkError(
            f"positions may decide about the synapses of {groups[0]!r}, and instances with shared "
            "connectivity have the same synapses",
            where=Location(f"values ({place})"),
            hint="write connectivity='own'",
        )


def _instance(
    network: Network, values: Mapping[Place, Sequence[Any]], index: int, seed: int
) -> Network:
    from pygenn_lite.declaration.changes import apply_changes

    own = network.copy()
    own.seed = seed
    if values:
        apply_changes(own, {place: each[index] for place, each in values.items()})
    return own


def _alike(
    first: codegen.NetworkStructure,
    other: codegen.NetworkStructure,
    index: int,
    places: list[Place],
) -> codegen.NetworkStructure:
    """The structure of an instance: all run the same code, on variables that are shared or not in
    all of them."""
    if other is first or layout_of_structure(first) == layout_of_structure(other):
        return other
    raise NetworkError(
        f"the values of instance {index} make another structure than those of instance 0",
        where=Location(f"values ({', '.join(map(str, places[:3]))})"),
        hint="a value is one number, or one per neuron, in all instances alike; groups onto one "
        "population whose synapses have equal values share their variables: change all of them, "
        "as in 'groups.*.synapse.parameters.tau', or none",
    )


def layout_of_structure(structure: codegen.NetworkStructure) -> list[Any]:
    """The kernels, and which of them each population and group has."""
    populations = [(name, p.kernel) for name, p in structure.populations.items()]
    groups = [(n, g.kernel, g.target_variable, g.receptor) for n, g in structure.groups.items()]
    return [structure.kernels, structure.synapse_kernels, populations, groups]
