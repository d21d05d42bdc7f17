"""Dotted paths to the values of a network: ``populations.exc.parameters.tau``, ``groups.exc_inh.
weight``, ``inputs.poisson_exc.rate``. The same words change a file (``--set``), a declaration
(``network.with_values``), the instances of a simulation, and the runs of a sweep."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from pygenn_lite.declaration.connectivity import Connectivity
from pygenn_lite.declaration.distribution_base import Distribution
from pygenn_lite.declaration.inputs import (
    CurrentInput,
    Input,
    NoiseCurrent,
    PoissonInput,
    StepCurrent,
)
from pygenn_lite.declaration.language.names import nearest_or_all
from pygenn_lite.declaration.population import Population, SpikeSource, SynapseGroup
from pygenn_lite.declaration.summary import counted
from pygenn_lite.declaration.synapse_model import SynapseModel
from pygenn_lite.errors import Location, NetworkError, PygennLiteError
from pygenn_lite.old_names import new_path_part, warn_old_name
from pygenn_lite.records import dataclass

if TYPE_CHECKING:
    from pygenn_lite.declaration.members import Members

_PART = re.compile(r"([^.\[\]]+)|\[(-?\d{1,9})\]", re.ASCII)
_INDEX = re.compile(r"-?\d{1,9}", re.ASCII)
_WILD = re.compile(r"[*?]")
ALIASES = {"connections": "groups"}  # what files call them
INPUT_FIELDS: dict[type[Any], tuple[str, ...]] = {
    PoissonInput: ("rate", "weight", "sources"),
    CurrentInput: ("value",),
    StepCurrent: ("times", "values"),
    NoiseCurrent: ("mean", "std"),
}
# What instances of one compiled network cannot differ in, and what to do instead.
STRUCTURE = {
    "network.dt": "a time step holds for all instances",
    "network.name": "the name is that of the whole simulation",
    "network.seed": "seeds of instances are given as seeds=[...]",
    "size": "a size is part of the structure",
    "model": "a model is part of the structure",
    "synapse": "a synapse model is part of the structure",
    "storage": "the way synapses are stored is part of the structure",
}


@dataclass(frozen=True)
class Place:
    """Where a value stands: in which part of the network, and under which keys there."""

    section: str  # network, populations, groups, inputs
    part: str
    keys: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join(filter(None, (self.section, self.part, *self.keys)))

    @property
    def structural(self) -> str:
        """Why instances of one compiled network cannot differ in it; nothing if they can."""
        if self.section == "network":
            return STRUCTURE[str(self)]
        return STRUCTURE.get(self.keys[0], "") if len(self.keys) == 1 else ""


class NetworkValues(Mapping[str, Any]):
    """All values of a network by their paths: ``net.values["populations.exc.parameters.tau"]``.

    It is read only: ``net.with_values({path: value})`` gives a changed network.
    """

    def __init__(self, network: Members) -> None:
        self._values: dict[Place, Any] = dict(_all_values(network))
        self._places = {str(place): place for place in self._values}
        self._order = {
            "groups": list(network.groups),
            "inputs": [declared.name for declared in network.inputs],
        }

    def __getitem__(self, path: str) -> Any:
        return self._values[self.place(path)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, path: object) -> bool:
        try:
            return isinstance(path, str) and self.place(path) is not None
        except NetworkError:
            return False

    def place(self, path: str) -> Place:
        """What a path leads to.

        Raises
        ------
        NetworkError
            Nowhere: with the nearest path that exists.
        """
        if path in self._places:
            return self._places[path]
        parts = self._canonical(path)
        name = ".".join(parts)
        if name in self._places:
            return self._places[name]
        if (renamed := ".".join(new_path_part(part) or part for part in parts)) in self._places:
            for part in filter(new_path_part, parts):
                warn_old_name("path", "paths to values", part)
            return self._places[renamed]
        raise self._nowhere(path, parts)

    def matching(self, path: str) -> list[Place]:
        """The places of a path in which ``*`` and ``?`` stand for any characters of one part.

        Raises
        ------
        NetworkError
            There is none.
        """
        if not isinstance(path, str):
            raise NetworkError(
                f"{path!r} is not a path", hint="write it like 'populations.exc.parameters.tau'"
            )
        if not _WILD.search(path):
            return [self.place(path)]
        wanted = self._canonical(path)
        found = [
            place
            for text, place in self._places.items()
            if len(parts := text.split(".")) == len(wanted)
            and all(fnmatchcase(a, b) for a, b in zip(parts, wanted, strict=True))
        ]
        if not found:
            raise NetworkError(
                f"no value matches '{path[:120]}'", hint="network.values lists all paths"
            )
        return found

    def _canonical(self, path: str) -> list[str]:
        parts = split_path(path, Location("values"), NetworkError)
        parts[0] = ALIASES.get(parts[0], parts[0])
        order = self._order.get(parts[0], [])
        if len(parts) > 1 and _INDEX.fullmatch(parts[1]):
            index = int(parts[1])
            if -len(order) <= index < len(order):
                parts[1] = order[index]
        return parts

    def _nowhere(self, path: str, parts: list[str]) -> NetworkError:
        """Say at which part of a path nothing follows, and what could."""
        where = Location(f"values ({path[:120]})")
        known = [text.split(".") for text in self._places]
        for depth, part in enumerate(parts):
            following = list(dict.fromkeys(k[depth] for k in known if len(k) > depth))
            if part not in following:
                before = ".".join(parts[:depth])
                if not following:
                    return NetworkError(
                        f"{before} holds a single value", where=where, hint=f"leave out .{part}"
                    )
                inside = f"{before} has no {part!r}" if before else f"no {part!r} in a network"
                return NetworkError(f"{inside}{nearest_or_all(part, following)}", where=where)
            known = [k for k in known if len(k) > depth and k[depth] == part]
        following = list(dict.fromkeys(k[len(parts)] for k in known if len(k) > len(parts)))
        return NetworkError(
            "this is a part of the network, not a value of it",
            where=where,
            hint=f"add one of {', '.join(following[:20])}",
        )

    def __repr__(self) -> str:
        return f"<{counted(len(self), 'value')} of a network, by path>"

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)


def split_path(path: str, where: Location, error: type[PygennLiteError]) -> list[str]:
    """Split ``a.b[0].c`` into its parts."""
    parts = [name or index for name, index in _PART.findall(path)]
    dotted = re.sub(r"\[(-?\d{1,9})\]", r".\1", path).split(".")
    if not parts or [part for part in dotted if part != ""] != parts or "" in dotted[1:]:
        raise error(
            f"'{path[:80]}' is not a valid path",
            where=where,
            hint="write it like populations.exc.size",
        )
    return parts


def _all_values(network: Members) -> Iterator[tuple[Place, Any]]:
    for name in ("dt", "seed", "name"):
        yield Place("network", "", (name,)), getattr(network, name)
    for population in network.populations.values():
        yield from _of("populations", population.name, _of_population(population))
    for group in network.groups.values():
        yield from _of("groups", group.name, _of_group(group))
    for declared in network.inputs:
        yield from _of("inputs", declared.name, _of_input(declared))


def _of(
    section: str, part: str, values: Iterator[tuple[tuple[str, ...], Any]]
) -> Iterator[tuple[Place, Any]]:
    for keys, value in values:
        yield Place(section, part, keys), value
        if isinstance(value, Distribution):
            for field in fields(value):
                yield Place(section, part, (*keys, field.name)), getattr(value, field.name)


def _of_population(population: Population) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield ("size",), population.size
    if isinstance(population.model, SpikeSource):
        yield ("spike_source",), (population.model.times, population.model.indices)
        yield ("spike_source", "times"), population.model.times
        yield ("spike_source", "indices"), population.model.indices
        return
    model = population.model
    yield ("model",), model
    yield ("positions",), population.places
    given = {**dict(model.parameters), **dict(population.parameters)}
    for name, value in given.items():
        yield ("parameters", name), value
    start = {**dict.fromkeys(model.state_names, 0.0), **dict(model.initial)}
    for name, value in {**start, **dict(population.initial)}.items():
        yield ("initial", name), value


def _of_group(group: SynapseGroup) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield ("weight",), group.weight
    yield ("delay",), group.delay
    yield ("storage",), group.storage
    yield from _of_synapse(group.synapse)
    yield from _of_rule(group.connectivity.plain)


def _of_rule(rule: Connectivity) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield ("connectivity",), rule
    for name, value in rule.given().items():
        yield ("connectivity", name), value


def _of_synapse(model: SynapseModel) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield ("synapse",), model
    for name, value in model.parameters:
        yield ("synapse", "parameters", name), value
    start = {**dict.fromkeys(model.state_names, 0.0), **dict(model.initial)}
    for name, value in start.items():
        yield ("synapse", "initial", name), value
    for name, value in model.variables:
        yield ("synapse", "variables", name), value


def _of_input(declared: Input) -> Iterator[tuple[tuple[str, ...], Any]]:
    for field in INPUT_FIELDS[type(declared)]:
        yield (field,), getattr(declared, field)
    if isinstance(declared, PoissonInput) and declared.synapse is not None:
        yield from _of_synapse(declared.synapse)
