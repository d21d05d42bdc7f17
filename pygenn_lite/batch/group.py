"""Groups runs by structure, so that each group is compiled once. Which names change structure is
found by trying values of one name at a time, not run by run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from pygenn_lite import codegen
from pygenn_lite.batch.source import NetworkSource
from pygenn_lite.batch.sweep_spec import Group, Run
from pygenn_lite.batch.value_text import as_text
from pygenn_lite.declaration import Network
from pygenn_lite.declaration.digest import value_digest
from pygenn_lite.errors import InputError

TRIED = 6  # values of a name, spread over all that occur
TRIED_OF_STRUCTURE = 256


def group_runs(
    runs: Sequence[Run], source: NetworkSource, precision: str = "float32"
) -> list[Group]:
    """Runs of one structure together, in the order of their first runs.

    Parameters
    ----------
    runs : sequence of Run
    source : NetworkSource
    precision : {"float32", "float64"}

    Returns
    -------
    list of Group
        Within each, runs with the same synapses stand together: with the same seed and the same
        values of what decides about rules, delays and positions.

    Raises
    ------
    InputError
        None of the networks that are tried can be made: a name means nothing, a script fails.

    Notes
    -----
    It is a plan, not a promise: two names that make another structure only together are not found,
    nor is one of many values that is an exception. Who compiles a group looks at what it gets.
    """
    if not runs:
        return []
    trial = _Trial(runs, source, precision)
    trial.check()
    classes = {name: trial.structure_classes(name) for name in trial.names}
    wiring = [name for name in trial.names if trial.decides_about_synapses(name)]
    found: dict[tuple[str, ...], list[Run]] = {}
    for run in runs:
        key = tuple(
            of_value.get(as_text(run.values[name]), as_text(run.values[name]))
            for name, of_value in classes.items() if of_value
        )  # fmt: skip
        found.setdefault(key, []).append(run)
    structural = [name for name, of_value in classes.items() if of_value]
    ranks = {name: trial.ranks(name) for name in wiring}
    groups = []
    for key, members in found.items():
        members.sort(key=lambda run: [ranks[n][as_text(run.values[n])] for n in wiring])
        values = {
            name: members[0].values[name] for name in structural
            if len({as_text(run.values[name]) for run in members}) == 1
        }  # fmt: skip
        digest = hashlib.sha256("\0".join((source.digest, precision, *key)).encode())
        groups.append(Group(digest.hexdigest()[:16], values, members))
    return groups


def structure_of(network: Network, precision: str = "float32") -> str:
    """64 hexadecimal digits of all in which runs that one compiled network does are alike."""
    structure = codegen.network_structure(network, precision, True)
    populations = [
        (name, p.size, p.shape, structure.populations[name].kernel)
        for name, p in network.populations.items()
    ]
    groups = [
        (name, b.kernel, b.target_variable, b.receptor, g.storage)
        for (name, g), b in zip(network.groups.items(), structure.groups.values(), strict=True)
    ]
    inputs = [(declared.name, type(declared).__name__) for declared in network.inputs]
    code = (structure.key, network.dt, populations, groups, inputs)
    return hashlib.sha256(repr(code).encode()).hexdigest()


def compiled_structure(network: Network, precision: str = "float32") -> str:
    """64 hexadecimal digits of all that generated code depends on: networks of other sizes, which
    are other structures, share it."""
    return codegen.network_structure(network, precision, True).key


def synapses_of(network: Network) -> str:
    """64 hexadecimal digits of all that decides, with the seed, which synapses there are."""
    groups = [
        (name, g.connectivity, None if g.one_step else g.delay, g.synapse.variables)
        for name, g in network.groups.items()
    ]
    places = [(p.name, p.size, p.places) for p in network.populations.values()]
    return value_digest([[*map(list, groups)], [*map(list, places)]])


class _Trial:
    """Networks that differ from that of the first run in the value of one name."""

    def __init__(self, runs: Sequence[Run], source: NetworkSource, precision: str) -> None:
        self.source, self.precision = source, precision
        self.base = runs[0].values
        self.names = tuple(self.base)
        self.distinct: dict[str, dict[str, Any]] = {
            name: {as_text(run.values[name]): run.values[name] for run in runs}
            for name in self.names
        }
        self._networks: dict[str, dict[str, Network | None]] = {name: {} for name in self.names}

    def check(self) -> None:
        """Raise what is wrong where no value that is tried makes a network."""
        try:
            self.source.make(self.base)
        except InputError:
            tried = ((name, text) for name in self.names for text in self._some(name))
            if all(self._network(name, text) is None for name, text in tried):
                raise

    def structure_classes(self, name: str) -> dict[str, str]:
        """The structure by each value of a name; nothing where all have the same."""
        values = self.distinct[name]
        tried = {self._structure(name, text) for text in self._some(name)}
        if len(tried - {""}) < 2 or self._is_seed(name):
            return {}
        if len(values) > TRIED_OF_STRUCTURE:
            return dict(zip(values, values, strict=True))
        return {text: self._structure(name, text) or text for text in values}

    def decides_about_synapses(self, name: str) -> bool:
        """Whether runs that differ in it may have other synapses."""
        if self._is_seed(name):
            return True
        networks = [self._network(name, text) for text in self._some(name)]
        return len({synapses_of(made) for made in networks if made is not None}) > 1

    def ranks(self, name: str) -> dict[str, int]:
        """The order of the values of a name: that in which they occur."""
        return {text: rank for rank, text in enumerate(self.distinct[name])}

    def _is_seed(self, name: str) -> bool:
        return self.source.canonical(name) == "network.seed"

    def _some(self, name: str) -> list[str]:
        texts = list(self.distinct[name])
        step = max(1, -(-len(texts) // TRIED))
        return list(dict.fromkeys([*texts[::step], texts[-1]])) if len(texts) > 1 else []

    def _structure(self, name: str, text: str) -> str:
        made = self._network(name, text)
        if made is None:
            return ""
        try:
            return structure_of(made, self.precision)
        except InputError:  # told when it is run
            return ""

    def _network(self, name: str, text: str) -> Network | None:
        """The network with one value; None where the value does not fit, which its run will say."""
        known = self._networks[name]
        if text not in known:
            values: Mapping[str, Any] = {**self.base, name: self.distinct[name][text]}
            try:
                known[text] = self.source.make(values)
            except InputError:
                known[text] = None
        return known[text]
