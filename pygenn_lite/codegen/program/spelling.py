"""Spells the symbols of generated code as users do, for texts that people read: dotted paths such
as ``exc_inh.I_syn`` and ``drive.weight`` in place of ``I_syn__r0`` and ``poisson__0_weight``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pygenn_lite.codegen.plan.memory import MemoryRow
from pygenn_lite.codegen.structure.structures import NetworkStructure
from pygenn_lite.codegen.structure.symbol_paths import paths_of_symbols
from pygenn_lite.declaration.summary import listed

if TYPE_CHECKING:
    from pygenn_lite.codegen.program.program import Program
    from pygenn_lite.codegen.systems.system_records import NetworkSystems


def spelled_systems(structure: NetworkStructure, systems: NetworkSystems) -> str:
    """The continuous systems of a network as text."""
    shown = [
        spelled(str(system), paths_of_symbols(structure, name))
        for name, system in systems.populations.items()
    ]
    shown += [
        spelled(str(system), paths_of_symbols(structure, system.target))
        for system in systems.groups.values()
    ]
    return "\n\n".join(shown)


def spelled_program(structure: NetworkStructure, program: Program) -> str:
    """A program as text: each kernel with those who use it, spelled as for the first of them."""
    shown = []
    for index, neurons in enumerate(program.neurons):
        users = [n for n, one in structure.populations.items() if one.kernel == index]
        shown.append(_kernel(str(neurons), users, paths_of_symbols(structure, users[0])))
    for index, synapses in enumerate(program.synapses):
        users = [
            f"{n} (weights of {one.transpose_of}, transposed)" if one.transpose_of else n
            for n, one in structure.groups.items()
            if one.kernel == index
        ]
        shown.append(_kernel(str(synapses), users, {}))
    return "\n\n".join([*shown, *map(str, program.added), str(program.schedule)])


def spelled_rows(structure: NetworkStructure, rows: Iterable[MemoryRow]) -> list[MemoryRow]:
    """What takes how much memory."""
    paths = {name: paths_of_symbols(structure, name) for name in structure.populations}
    return [
        replace(row, what=spelled(row.what, paths[row.name])) if row.name in paths else row
        for row in rows
    ]


def spelled(text: str, paths: Mapping[str, str]) -> str:
    """A text with the symbols of one population or group spelled as users do.

    Entries of propagators, ``P__V__I_syn__r0``, are written ``P[V, exc_inh.I_syn]``.
    """
    text = re.sub(r"\w+", lambda found: _word(found[0], paths), text)
    text = re.sub(r"Poisson input (\d+)", lambda found: _input(found, paths), text)
    return re.sub(r"(\S+) \(\1\)", r"\1", text)  # a parameter and the symbol that it had


def _kernel(text: str, users: Sequence[str], paths: Mapping[str, str]) -> str:
    head, _, body = text.partition("\n")
    return f"{head}: {listed(users, 10)}\n{spelled(body, paths)}"


def _word(word: str, paths: Mapping[str, str]) -> str:
    if word in paths:
        return paths[word]
    if word.startswith("d") and word[1:] in paths:  # of a derivative
        return f"d({paths[word[1:]]})"
    for start in ("decay__", "gain__"):
        if word.startswith(start):
            return f"{start.removesuffix('__')}[{_word(word.removeprefix(start), paths)}]"
    if word.startswith("P__"):
        return _entry(word.removeprefix("P__"), paths)
    return _word(word.removesuffix("__sum"), paths) if word.endswith("__sum") else word.strip("_")


def _entry(pair: str, paths: Mapping[str, str]) -> str:
    """Row and column of a propagator; symbols may themselves have two underscores."""
    cuts = [cut.start() for cut in re.finditer("__", pair)]
    ends = [(pair[:cut], pair[cut + 2 :]) for cut in cuts]
    best = max(ends, key=lambda ab: sum("__" not in name or name in paths for name in ab))
    return f"P[{', '.join(_word(name, paths) for name in best)}]"


def _input(found: re.Match[str], paths: Mapping[str, str]) -> str:
    path = paths.get(f"count__{found[1]}", "")
    return path.removesuffix(".count") if path else found[0]
