"""What users call the symbols of generated code: dotted paths such as ``exc_inh.I_syn``."""

from __future__ import annotations

from pygenn_lite.codegen.structure.parts import COUPLED, OWN, Part
from pygenn_lite.codegen.structure.structures import NetworkStructure

PER_INPUT = {"poisson": {"count": "count__{}"}, "noise": {"normal": "normal__noise__{}"}}


def paths_of_symbols(structure: NetworkStructure, population: str) -> dict[str, str]:
    """What users call the symbols of a population, where that is not the same.

    A receptor or trace that several groups share goes by the first of them; what continuous
    transmission gives to an input ``I`` is ``coupled.I``.
    """
    binding = structure.populations[population]
    if binding.kernel is None:
        return {}
    paths = {}
    for symbol, (name, part) in structure.kernels[binding.kernel].names.items():
        if part == COUPLED:
            paths[symbol] = f"coupled.{name}"
        elif part != OWN:
            paths[symbol] = f"{_owner(binding.owners, part)}.{name}"
    for part, owners in binding.owners.items():
        for name, symbol in PER_INPUT.get(part.kind, {}).items():
            paths[symbol.format(part.number)] = f"{owners[0]}.{name}"
    return paths


def _owner(owners: dict[Part, tuple[str, ...]], part: Part) -> str:
    return owners[part][0] if owners.get(part) else part.kind
