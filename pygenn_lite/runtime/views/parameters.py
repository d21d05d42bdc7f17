"""Parameters between runs: a number that lives in several places changes in all of them.

Code of synapses keeps what it reads with the group; receptors and traces keep theirs with their
population. So one declared number may live in both, and so does a neuron's parameter that synapse
code reads (``V_th_post``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.domains import Domains, check_bounds, check_numbers
from pygenn_lite.errors import ArgumentError, SimulationError

if TYPE_CHECKING:
    from pygenn_lite.codegen import GroupInstance
    from pygenn_lite.runtime.cpp.machine import Machine


class Place(NamedTuple):
    """Where a number is kept: a population or a synapse group, and its name there."""

    owner: str
    name: str


class Parameters:
    """The parameters of a machine.

    Parameters
    ----------
    machine : Machine
    changed : set of str
        Takes the populations whose coefficients are to be computed again.
    """

    def __init__(self, machine: Machine, changed: set[str]) -> None:
        self.machine, self.changed = machine, changed
        self._of_group = {
            (group, name): places
            for group in machine.network.groups
            for name, places in _places_of_group(machine, group)
        }
        self._together: dict[Place, set[Place]] = {}
        for places in self._of_group.values():
            self._join(places)

    def of_group(self, group: str, name: str) -> tuple[Place, ...]:
        """Places of what a group's model calls ``name``; none if it has no such parameter."""
        return self._of_group.get((group, name), ())

    def names_of_group(self, group: str) -> list[str]:
        """What a group's model calls its parameters."""
        return [name for owner, name in self._of_group if owner == group]

    def numbers_of(self, group: str) -> Callable[[str], float]:
        """The parameters of a group as of now, by name."""
        return lambda name: self.get(self.of_group(group, name)[0])

    def get(self, place: Place) -> float:
        """The number."""
        numbers, index = self._slot(place)
        return float(numbers[index])

    def set(self, place: Place, value: float) -> None:
        """Change the number wherever it lives.

        Raises
        ------
        ArgumentError
            It makes no sense there.
        """
        self._check(place, value)
        for one in self._together.get(place, {place}):
            if one.owner in self.machine.synapses:
                self.machine.synapses[one.owner].settle_now()
            numbers, index = self._slot(one)
            numbers[index] = value
            if one.owner in self.machine.populations:
                self.changed.add(one.owner)

    def set_for_group(self, group: str, name: str, value: float) -> None:
        """Change a parameter of a group.

        Raises
        ------
        SimulationError
            Others share it, and keep it in places of their own besides.
        """
        place = self.of_group(group, name)[0]
        everywhere = self._together[place]
        others = {g for (g, _), p in self._of_group.items() if g != group and everywhere & set(p)}
        own = {p for (g, _), places in self._of_group.items() if g == group for p in places}
        if everywhere - own:
            shared = min(p for p in everywhere & own if p.owner != group)
            path = self.machine.populations[shared.owner].path(shared.name)
            raise SimulationError(
                f"{name!r} is shared with {', '.join(sorted(others))}",
                where=f"synapse group {group!r}",
                hint=f"change it for all of them, simulation[{shared.owner!r}][{path!r}] = "
                "..., or declare values that differ",
            )
        self.set(place, value)

    def _check(self, place: Place, value: float) -> None:
        """Hold a number against the domains of all models that call it their parameter."""
        together = self._together.get(place, {place})
        for one in together:
            if one.owner in self.machine.populations:
                self.machine.populations[one.owner].check_parameter(one.name, np.array(value))
        for (group, name), places in self._of_group.items():
            if together & set(places):
                domains = self.machine.network.groups[group].synapse.domains
                where = f"synapse group {group!r}"
                check_numbers(domains, name, np.array(value), where, ArgumentError)
                self._check_bounds(domains, group, {name: value})

    def _check_bounds(self, domains: Domains, group: str, new: Mapping[str, float]) -> None:
        """Hold a bound that is about to change against the other."""
        now = self.numbers_of(group)
        concerned = tuple(d for d in domains if d[1].between and new.keys() & set(d[1].between))

        def number(name: str) -> float:
            return new[name] if name in new else now(name)

        check_bounds(concerned, number, f"synapse group {group!r}", ArgumentError)

    def _slot(self, place: Place) -> tuple[npt.NDArray[np.float64], int]:
        """The array that holds a number, and its index there."""
        if place.owner in self.machine.populations:
            memory = self.machine.populations[place.owner]
            return memory.scalars, memory.scalar_index[place.name]
        synapses = self.machine.synapses[place.owner]
        return synapses.scalars, synapses.signature.scalar_names.index(place.name)

    def _join(self, places: Iterable[Place]) -> None:
        """All these are one number."""
        together = {one for place in places for one in self._together.get(place, {place})}
        for place in together:
            self._together[place] = together


def _places_of_group(machine: Machine, group: str) -> Iterable[tuple[str, tuple[Place, ...]]]:
    """The parameters of one group, and where it uses them."""
    declared, instance = machine.network.groups[group], machine.structure.groups[group]
    names = [name for name, _ in declared.synapse.parameters]
    synapses = machine.synapses.get(group)
    read = [] if synapses is None else synapses.signature.scalar_names
    for name in dict.fromkeys([*names, *read]):
        kept = [Place(group, name)] if name in read else []
        if name in names:
            kept += _attached(instance, name)
        elif name.endswith("_pre"):
            kept.append(Place(instance.source, name.removesuffix("_pre")))
        else:
            kept.append(Place(instance.target, name.removesuffix("_post")))
        there = tuple(
            p
            for p in kept
            if p.owner == group or p.name in machine.populations[p.owner].scalar_index
        )
        if there:
            yield name, there


def _attached(instance: GroupInstance, name: str) -> list[Place]:
    """Where a parameter would be kept by the group's receptor and traces."""
    parts = (
        (instance.target, instance.receptor_part),
        (instance.target, instance.post_part),
        (instance.source, instance.pre_part),
    )
    return [Place(owner, part.symbol(name)) for owner, part in parts if part is not None]
