"""A network as one immutable value."""

from __future__ import annotations

from pygenn_lite.declaration.inputs import Input
from pygenn_lite.declaration.periodic_update import PeriodicUpdate
from pygenn_lite.declaration.population import Population, SynapseGroup
from pygenn_lite.declaration.recorded import Recording
from pygenn_lite.declaration.summary import counted, line
from pygenn_lite.records import dataclass


@dataclass(frozen=True, repr=False)
class NetworkDeclaration:
    """All of a network, immutable: the key of equality, hashing and caching."""

    dt: float
    seed: int
    name: str
    populations: tuple[Population, ...]
    groups: tuple[SynapseGroup, ...]
    inputs: tuple[Input, ...]
    recordings: tuple[Recording, ...]
    updates: tuple[PeriodicUpdate, ...] = ()

    def __repr__(self) -> str:
        populations = counted(len(self.populations), "population")
        groups = counted(len(self.groups), "synapse group")
        return line("NetworkDeclaration", self.name, populations, groups)
