"""Populations and synapse groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.declaration.connectivity import Connectivity, Ends
from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.declaration.named import Named, as_name
from pygenn_lite.declaration.neuron_model import NeuronModel
from pygenn_lite.declaration.numeric import whole_number
from pygenn_lite.declaration.recorded import SpikesOf, SynapsesOf, VariableOf
from pygenn_lite.declaration.selection import Part
from pygenn_lite.declaration.summary import counted, line, shortened
from pygenn_lite.declaration.synapse_model import SynapseModel
from pygenn_lite.declaration.values import FrozenArray, Value
from pygenn_lite.errors import Location, NetworkError
from pygenn_lite.records import dataclass


@dataclass(frozen=True)
class SpikeSource:
    """Replays given spike trains: neuron ``indices[k]`` spikes at ``times[k]`` (ms)."""

    times: FrozenArray
    indices: FrozenArray
    name: str = "spike_source"

    def __repr__(self) -> str:
        return line("SpikeSource", "", counted(len(self.times), "spike"))


@dataclass(frozen=True)
class Population(Named):
    """`size` neurons of one model, or a spike source. A population may have a `shape`, e.g.
    (channels, height, width): its neurons are numbered as the entries of such an array."""

    name: str
    size: int
    model: NeuronModel | Any  # SpikeSource has no equations
    initial: tuple[tuple[str, Value], ...] = ()
    parameters: tuple[tuple[str, Value], ...] = ()
    places: FrozenArray | None = None
    shape: tuple[int, ...] = field(default=(), metadata={"later": True})

    def __repr__(self) -> str:
        return line("Population", self.name, f"{self.size:,} x {self.model.name or 'neurons'}")

    @property
    def positions(self) -> NDArray[Any] | None:
        """Where the neurons are: an array of shape (size, 1 to 3) that cannot be written to."""
        return None if self.places is None else self.places.array

    @property
    def spikes(self) -> SpikesOf:
        """All spikes, for recording."""
        return SpikesOf(self.name, self.size)

    @property
    def names(self) -> list[str]:
        """State variables: what can be recorded besides the spikes."""
        return [] if isinstance(self.model, SpikeSource) else list(self.model.state_names)

    @overload
    def __getitem__(self, variable: str) -> VariableOf: ...

    @overload
    def __getitem__(
        self, variable: slice | int | Sequence[int] | NDArray[Any]
    ) -> SubPopulation: ...

    def __getitem__(self, variable: Any) -> VariableOf | SubPopulation:
        """A state variable by its name; some of the neurons by index, slice, list or mask."""
        if isinstance(variable, (slice, Sequence, np.ndarray)) and not isinstance(variable, str):
            return SubPopulation(self, Part(self.size)[variable])
        if whole_number(variable) is not None:
            return SubPopulation(self, Part(self.size)[variable])
        variable = as_name(variable)
        if variable not in self.names:
            spikes = "; spikes are recorded as .spikes" if "spike" in variable else ""
            raise NetworkError(
                f"no state variable {variable!r}{nearest(str(variable), self.names)}",
                where=Location.of("population", self.name),
                hint=f"its state variables are {self.names}{spikes}",
            )
        return VariableOf(self.name, variable, self.size)


@dataclass(frozen=True, repr=False)
class SubPopulation:
    """Some neurons of a population, ``exc[:5]``: a source or target of connections, a target of
    inputs; its spikes and variables can be recorded."""

    population: Population
    part: Part

    def __repr__(self) -> str:
        return f"<{self.population.name}{self.part!r}: {counted(len(self.part), 'neuron')}>"

    def __len__(self) -> int:
        return len(self.part)

    @property
    def size(self) -> int:
        """Number of neurons."""
        return len(self.part)

    @property
    def name(self) -> str:
        """Name of the population."""
        return self.population.name

    @property
    def spikes(self) -> SpikesOf:
        """Their spikes, for recording."""
        return self.population.spikes[self.part.indices]

    @overload
    def __getitem__(self, key: str) -> VariableOf: ...

    @overload
    def __getitem__(self, key: slice | int | Sequence[int] | NDArray[Any]) -> SubPopulation: ...

    def __getitem__(self, key: Any) -> VariableOf | SubPopulation:
        if isinstance(key, str):
            return self.population[key][self.part.indices]
        return SubPopulation(self.population, self.part[key])


@dataclass(frozen=True)
class SynapseGroup(Named):
    """Synapses of one model from one population to another (or the same)."""

    name: str
    source: str
    target: str
    synapse: SynapseModel
    connectivity: Connectivity
    weight: Value
    delay: Value
    storage: str = "auto"
    weight_precision: str = field(default="full", metadata={"later": True})  # see digest.py
    target_size: int = field(default=0, compare=False)
    one_step: bool = (
        False  # the delay was not given: it is the network's dt, also when that changes
    )
    spare: int = field(default=0, metadata={"later": True})  # synapses of a neuron, to be added

    def __repr__(self) -> str:
        ends, model = f"{self.source} -> {self.target}", self.synapse.name or "equations"
        return line("SynapseGroup", self.name, ends, model, shortened(str(self.connectivity)))

    @property
    def names(self) -> list[str]:
        """Variables that the group's synapses have on each target neuron: what can be recorded."""
        trace = self.synapse.post_trace
        return [*self.synapse.state_names, *(trace.state_names if trace else ())]

    @property
    def synapse_names(self) -> list[str]:
        """Variables that each synapse has: they can be recorded, too."""
        return list(dict.fromkeys(["weight", *(name for name, _ in self.synapse.variables)]))

    def __getitem__(self, variable: str) -> VariableOf | SynapsesOf:
        variable = as_name(variable)
        if variable in self.synapse_names:
            return SynapsesOf(self.name, variable)
        if variable not in self.names:
            known = [*self.names, *self.synapse_names]
            raise NetworkError(
                f"no variable {variable!r} of the target neurons or of the synapses"
                f"{nearest(str(variable), known)}",
                where=Location.of("synapse group", self.name),
                hint=f"its postsynaptic variables are {self.names}, its synapses have "
                f"{self.synapse_names}",
            )
        return VariableOf(self.target, variable, self.target_size, group=self.name)


def ends_of(group: SynapseGroup, source: Population, target: Population) -> Ends:
    """The populations of a group, or the parts that it connects, as its rule and its values see
    them."""
    parts, places = group.connectivity.parts, []
    sizes = [source.size, target.size]
    for k, (part, population) in enumerate(zip(parts, (source, target), strict=True)):
        places.append(coordinates(population))
        if part is not None:
            sizes[k], place = len(part), places[k]
            places[k] = None if place is None else place[part.indices]
    same = group.source == group.target
    alike = parts[0] == parts[1]
    return Ends(
        sizes[0],
        sizes[1],
        same and alike,
        (places[0], places[1]),
        Location.of("synapse group", group.name),
        parts,
        overlapping=same and not alike,
        periodic=group.connectivity.box,
    )


def coordinates(population: Population) -> NDArray[np.float64] | None:
    """Positions of a population's neurons."""
    if population.positions is None:
        return None
    return np.asarray(population.positions, dtype=np.float64)
