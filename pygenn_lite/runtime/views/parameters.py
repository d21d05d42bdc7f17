"""Parameters between runs: a number that lives in several places changes in all of them.

Code of synapses keeps what it reads with the group; receptors and traces keep theirs with their
population. So one declared number may live in both, and so does a neuron's parameter that synapse
code reads (``V_th_post``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pygenn_lite.declaration.domains import Domains, check_bounds, check_numbers
from pygenn_lite.errors import ArgumentError, Location, SimulationError
from pygenn_lite.runtime.values.population_values import check_parameter
from pygenn_lite.runtime.variable_names import path_of
from pygenn_lite.runtime.views.state_array import Change

if TYPE_CHECKING:
    from pygenn_lite.codegen import GroupBinding
    from pygenn_lite.runtime.device import Instance
    from pygenn_lite.runtime.layout import NetworkLayout, StoredVariable


class Place(NamedTuple):
    """Where a number is kept: a population or a synapse group, and its name there."""

    owner: str
    name: str


class Parameters:
    """The parameters of an instance.

    Parameters
    ----------
    instance : Instance
    layout : NetworkLayout
    changed : set of str
        Takes the populations whose coefficients are to be computed again.
    """

    def __init__(self, instance: Instance, layout: NetworkLayout, changed: set[str]) -> None:
        self.instance, self.layout, self.changed = instance, layout, changed
        self._of_group = {
            (group, name): places
            for group in instance.network.groups
            for name, places in _places_of_group(instance, layout, group)
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
        return float(self.instance.read(self._variable(place)))

    def change(self, place: Place, value: float) -> Change:
        """What changes the number wherever it lives, once it has been checked.

        Raises
        ------
        ArgumentError
            It makes no sense there.
        """
        self._check(place, value)
        return lambda: self._set(place, value)

    def _set(self, place: Place, value: float) -> None:
        for one in self._together.get(place, {place}):
            if one.owner in self.layout.groups:
                self.instance.settle(one.owner)
            self.instance.write(self._variable(one), value)
            if one.owner in self.layout.populations:
                self.changed.add(one.owner)

    def change_for_group(self, group: str, name: str, value: float) -> Change:
        """What changes a parameter of a group, once it has been checked.

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
            layout = self.layout.populations[shared.owner]
            path = path_of(layout, layout.variables[shared.name])
            raise SimulationError(
                f"{name!r} is shared with {', '.join(sorted(others))}",
                where=Location.of("synapse group", group),
                hint=f"change it for all of them, simulation[{shared.owner!r}][{path!r}] = "
                "..., or declare values that differ",
            )
        return self.change(place, value)

    def _check(self, place: Place, value: float) -> None:
        """Hold a number against the domains of all models that call it their parameter."""
        together = self._together.get(place, {place})
        for one in together:
            if one.owner in self.layout.populations:
                declared = self.instance.network.populations[one.owner]
                check_parameter(declared, one.name, np.array(value))
        for (group, name), places in self._of_group.items():
            if together & set(places):
                domains = self.instance.network.groups[group].synapse.domains
                where = Location.of("synapse group", group)
                check_numbers(domains, name, np.array(value), where, ArgumentError)
                self._check_bounds(domains, group, {name: value})

    def _check_bounds(self, domains: Domains, group: str, new: Mapping[str, float]) -> None:
        """Hold a bound that is about to change against the other."""
        now = self.numbers_of(group)
        concerned = tuple(d for d in domains if d[1].between and new.keys() & set(d[1].between))

        def number(name: str) -> float:
            return new[name] if name in new else now(name)

        check_bounds(concerned, number, Location.of("synapse group", group), ArgumentError)

    def _variable(self, place: Place) -> StoredVariable:
        """The number's record."""
        if place.owner in self.layout.populations:
            return self.layout.populations[place.owner].variables[place.name]
        return self.layout.groups[place.owner].parameters[place.name]

    def _join(self, places: Iterable[Place]) -> None:
        """All these are one number."""
        together = {one for place in places for one in self._together.get(place, {place})}
        for place in together:
            self._together[place] = together


def _places_of_group(
    instance: Instance, layout: NetworkLayout, group: str
) -> Iterable[tuple[str, tuple[Place, ...]]]:
    """The parameters of one group, and where it uses them."""
    declared, link = instance.network.groups[group], instance.structure.groups[group]
    names = [name for name, _ in declared.synapse.parameters]
    read = layout.groups[group].parameters
    for name in dict.fromkeys([*names, *read]):
        kept = [Place(group, name)] if name in read else []
        if name in names:
            kept += _attached(link, name)
        elif name.endswith("_pre"):
            kept.append(Place(link.source, name.removesuffix("_pre")))
        else:
            kept.append(Place(link.target, name.removesuffix("_post")))
        there = tuple(p for p in kept if p.owner == group or _is_shared(layout, p))
        if there:
            yield name, there


def _is_shared(layout: NetworkLayout, place: Place) -> bool:
    variable = layout.populations[place.owner].variables.get(place.name)
    return variable is not None and variable.shared


def _attached(link: GroupBinding, name: str) -> list[Place]:
    """Where a parameter would be kept by the group's receptor and traces."""
    parts = (
        (link.target, link.receptor_part),
        (link.target, link.post_part),
        (link.source, link.pre_part),
    )
    return [Place(owner, part.symbol(name)) for owner, part in parts if part is not None]
