"""What of a network can be trained: by the path that users call it, where it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from pygenn_lite.codegen.structure.parts import OWN, Part
from pygenn_lite.codegen.structure.structures import (
    NetworkStructure,
    PopulationBinding,
    PopulationStructure,
)
from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.records import dataclass


@dataclass(frozen=True)
class ValuePlace:
    """Where a value is.

    Attributes
    ----------
    kind : str
        "weight", "delay", "parameter" or "initial".
    owner : str
        The group that has a weight or delay; the population that has all else.
    symbol : str
        Of a parameter or state of that population.
    shared : bool
        One number for all neurons, else one for each (or one for each synapse).
    """

    kind: str
    owner: str
    symbol: str
    shared: bool = False


def value_places(structure: NetworkStructure) -> dict[str, ValuePlace]:
    """By path, all values of a network's populations, static groups and inputs.

    Examples
    --------
    >>> from pygenn_lite import codegen
    >>> net = pg.Network()
    >>> cells = net.population("cells", 2, pg.LIF())
    >>> group = net.connect(cells, cells, pg.ExponentialCurrent(5.0), pg.OneToOne(), weight=1.0)
    >>> places = value_places(codegen.network_structure(net))
    >>> places["groups.cells_cells.synapse.parameters.tau"].symbol
    'tau__r0'
    """
    found: dict[str, ValuePlace] = {}
    for name, binding in structure.populations.items():
        if binding.kernel is not None:
            kernel = structure.kernels[binding.kernel]
            found |= dict(_of_population(structure, name, kernel, binding))
    for name, group in structure.groups.items():
        if group.kernel is None:
            for kind in ("weight", "delay"):
                found[f"groups.{name}.{kind}"] = ValuePlace(kind, name, kind)
    return found


def _of_population(
    structure: NetworkStructure,
    name: str,
    kernel: PopulationStructure,
    binding: PopulationBinding,
) -> Iterator[tuple[str, ValuePlace]]:
    shared = _shared_parameters(kernel)
    for symbol, (called, part) in kernel.names.items():
        place = ValuePlace("initial", name, symbol)
        if symbol in shared:
            place = ValuePlace("parameter", name, symbol, shared[symbol])
        elif part not in (OWN,) and part.kind != "receptor":
            continue
        section = "parameters" if symbol in shared else "initial"
        for path in _paths(structure, name, part, binding, f"{section}.{called}"):
            yield path, place


def _paths(
    structure: NetworkStructure, name: str, part: Part, binding: PopulationBinding, end: str
) -> Iterator[str]:
    if part == OWN:
        yield f"populations.{name}.{end}"
    for owner in binding.owners.get(part, ()):
        if owner in structure.groups:
            yield f"groups.{owner}.synapse.{end}"
        elif part.kind == "receptor":
            yield f"inputs.{owner}.synapse.{end}"
        else:
            yield f"inputs.{owner}.{end.removeprefix('parameters.')}"


def _shared_parameters(kernel: PopulationStructure) -> dict[str, bool]:
    """By symbol of a parameter: whether it is shared."""
    found = dict(kernel.parameters)
    for k, receptor in enumerate(kernel.receptors):
        found |= {Part("receptor", k).symbol(n): True for n in receptor.parameters}
    for k, (_, shared) in enumerate(kernel.currents):
        found[Part("current", k).symbol("value")] = shared
    return found


def path_fits(path: str, pattern: str) -> bool:
    """Whether a path is one that a pattern means, in which ``*`` stands for any characters.

    Examples
    --------
    >>> path_fits("groups.w_in.weight", "groups.*.weight")
    True
    """
    parts = map(re.escape, pattern.split("*"))
    return re.fullmatch(".*".join(parts), path) is not None


def chosen(places: Mapping[str, ValuePlace], patterns: str | Iterable[str]) -> tuple[str, ...]:
    """Paths that match any of some patterns (``*``: any characters), each place once.

    Raises
    ------
    ArgumentError
        Nothing matches one of them.
    """
    wanted = (patterns,) if isinstance(patterns, str) else tuple(patterns)
    found: dict[ValuePlace, str] = {}
    for pattern in wanted:
        matching = [path for path in places if path_fits(path, pattern)]
        if not matching:
            raise ArgumentError(
                f"no value {pattern!r}{nearest(pattern, places)}",
                where=Location.of("trainable"),
                hint=f"values are {', '.join(places)}",
            )
        for path in matching:
            found.setdefault(places[path], path)
    return tuple(found.values())
