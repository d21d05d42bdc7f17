"""What a network has, by name: looks it up for those who add to it, and keeps names apart."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from pygenn_lite.declaration.connectivity.ends import Parts
from pygenn_lite.declaration.inputs import (
    CurrentInput,
    Input,
    NoiseCurrent,
    PoissonInput,
    StepCurrent,
)
from pygenn_lite.declaration.language.names import check_name, nearest
from pygenn_lite.declaration.named import Named, as_name
from pygenn_lite.declaration.periodic_update import PeriodicUpdate
from pygenn_lite.declaration.population import Population, SpikeSource, SubPopulation, SynapseGroup
from pygenn_lite.declaration.recorded import Recording
from pygenn_lite.declaration.selection import Part
from pygenn_lite.errors import Location, NetworkError

AnyPopulation = Population | SubPopulation | str
AnyInput = TypeVar("AnyInput", PoissonInput, CurrentInput, StepCurrent, NoiseCurrent)


class Members(Named):
    """Base of a network: its populations, synapse groups and inputs."""

    name: str
    dt: float
    seed: int
    recordings: list[Recording]
    updates: list[PeriodicUpdate]

    def __init__(self) -> None:
        self.populations: dict[str, Population] = {}
        self.groups: dict[str, SynapseGroup] = {}
        self.inputs: list[Input] = []
        self._input_names: set[str] = set()

    def _new_name(self, name: str, what: str) -> None:
        check_name(name, what, reserved=False)
        if name in self.populations or name in self.groups:
            raise NetworkError(
                f"the name {name!r} is used twice",
                where=Location.of(what),
                hint="give each its own name",
            )

    def _add_input(self, declared: AnyInput, part: Part | None) -> AnyInput:
        known = declared if part is None else replace(declared, part=part)
        self.inputs.append(known)
        self._input_names.add(known.name)
        return known

    def _input_name(self, name: str | None, base: str) -> str:
        taken = self._input_names
        if name is not None:
            check_name(name, "input", reserved=False)
            if name in taken:
                raise NetworkError(f"the name {name!r} is used twice", where=Location.of("input"))
            return name
        return free_name(base, taken)

    def _population(self, which: Population | str) -> Population:
        name = which.name if isinstance(which, Population) else which
        found = self.populations.get(name) if isinstance(name, str) else None
        if found is None:
            raise NetworkError(
                f"no population {name!r} in this network{nearest(str(name), self.populations)}",
                hint=f"its populations are {list(self.populations)}",
            )
        if isinstance(which, Population) and found is not which:
            raise NetworkError(
                f"this population {name!r} belongs to another network",
                hint="use what population() of this network returned",
            )
        return found

    def _ends(
        self, source: AnyPopulation, target: AnyPopulation
    ) -> tuple[tuple[Population, Population], Parts]:
        """Both populations of a connection, and which part of them is meant."""
        pre, post = self._population(whole_of(source)), self._receiver(whole_of(target))
        return (pre, post), (part_of(source), part_of(target))

    def _receiver(self, which: Population | str) -> Population:
        population = self._population(which)
        if isinstance(population.model, SpikeSource):
            raise NetworkError(
                f"{population.name!r} replays spike trains and cannot receive input",
                hint="choose another target",
            )
        return population

    def _input_target(self, target: Population | str, input: str) -> Population:
        population = self._population(target)
        known = () if isinstance(population.model, SpikeSource) else population.model.inputs
        input = as_name(input)
        if input not in known:
            raise NetworkError(
                f"no input {input!r}{nearest(input, known)}",
                where=Location.of("population", population.name),
                hint=f"its inputs are {list(known)}",
            )
        return population


def whole_of(which: AnyPopulation) -> Population | str:
    """The population that a part belongs to."""
    return which.population if isinstance(which, SubPopulation) else which


def part_of(which: AnyPopulation) -> Part | None:
    """Which neurons are meant; None: all."""
    if not isinstance(which, SubPopulation) or which.size == which.population.size:
        return None
    return which.part


def free_name(base: str, taken: set[str]) -> str:
    """The name, or one with a number that is not taken."""
    name, count = base, 2
    while name in taken:
        name, count = f"{base}_{count}", count + 1
    return name
