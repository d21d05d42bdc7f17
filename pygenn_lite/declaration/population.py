"""Populations, synapse groups, and references to what can be recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from pygenn_lite.declaration.connectivity import Connectivity
from pygenn_lite.declaration.names import nearest
from pygenn_lite.declaration.neuron import NeuronModel
from pygenn_lite.declaration.numeric import whole_number
from pygenn_lite.declaration.summary import counted, line, shortened
from pygenn_lite.declaration.synapse import SynapseModel
from pygenn_lite.declaration.values import FrozenArray, Value
from pygenn_lite.errors import NetworkError


@dataclass(frozen=True)
class SpikeSource:
    """Replays given spike trains: neuron ``indices[k]`` spikes at ``times[k]`` (ms)."""

    times: FrozenArray
    indices: FrozenArray
    name: str = "spike_source"

    def __repr__(self) -> str:
        return line("SpikeSource", "", counted(len(self.times), "spike"))


@dataclass(frozen=True, repr=False)
class SpikesOf:
    """The spikes of (a slice of) a population."""

    population: str
    size: int
    start: int = 0
    stop: int | None = None
    step: int = 1

    def __repr__(self) -> str:
        return f"<{self}>"

    def __str__(self) -> str:
        return f"spikes of {self.population}, {_part(len(self.neurons), self.size)}"

    def __getitem__(self, key: slice) -> SpikesOf:
        start, stop, step = _slice(key, self.size, f"{self.population}.spikes")
        return SpikesOf(self.population, self.size, start, stop, step)

    @property
    def neurons(self) -> range:
        """The recorded neurons."""
        return range(self.start, self.size if self.stop is None else self.stop, self.step)


@dataclass(frozen=True, repr=False)
class VariableOf:
    """A variable of (a slice of) a population; with `group`, one that the synapses of this group
    have on each target neuron."""

    population: str
    variable: str
    size: int
    start: int = 0
    stop: int | None = None
    step: int = 1
    group: str = ""

    def __repr__(self) -> str:
        return f"<{self}>"

    def __str__(self) -> str:
        return f"{self.variable} of {self.owner}, {_part(len(self.neurons), self.size)}"

    @property
    def owner(self) -> str:
        """Under which name it is found in results: the group's, else the population's."""
        return self.group or self.population

    def __getitem__(self, key: slice) -> VariableOf:
        start, stop, step = _slice(key, self.size, f"{self.owner}.{self.variable}")
        return replace(self, start=start, stop=stop, step=step)

    @property
    def neurons(self) -> range:
        """The recorded neurons."""
        return range(self.start, self.size if self.stop is None else self.stop, self.step)


@dataclass(frozen=True)
class Recording:
    """What is recorded, and every how many steps (variables)."""

    what: SpikesOf | VariableOf
    every: int = 1


@dataclass(frozen=True)
class Population:
    """`size` neurons of one model, or a spike source."""

    name: str
    size: int
    model: NeuronModel | Any  # SpikeSource has no equations
    initial: tuple[tuple[str, Value], ...] = ()
    parameters: tuple[tuple[str, Value], ...] = ()
    positions: FrozenArray | None = None

    def __repr__(self) -> str:
        return line("Population", self.name, f"{self.size:,} x {self.model.name or 'neurons'}")

    @property
    def spikes(self) -> SpikesOf:
        """All spikes, for recording."""
        return SpikesOf(self.name, self.size)

    @property
    def names(self) -> list[str]:
        """State variables: what can be recorded besides the spikes."""
        return [] if isinstance(self.model, SpikeSource) else list(self.model.state_names)

    def __getitem__(self, variable: str) -> VariableOf:
        if variable not in self.names:
            raise NetworkError(
                f"no state variable {variable!r}{nearest(str(variable), self.names)}",
                where=f"population {self.name!r}",
                cure=f"its state variables are {self.names}",
            )
        return VariableOf(self.name, variable, self.size)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def _ipython_key_completions_(self) -> list[str]:
        return self.names


@dataclass(frozen=True)
class SynapseGroup:
    """Synapses of one model from one population to another (or the same)."""

    name: str
    source: str
    target: str
    synapse: SynapseModel
    connectivity: Connectivity
    weight: Value
    delay: Value
    storage: str = "auto"
    target_size: int = field(default=0, compare=False)

    def __repr__(self) -> str:
        ends, model = f"{self.source} -> {self.target}", self.synapse.name or "equations"
        return line("SynapseGroup", self.name, ends, model, shortened(str(self.connectivity)))

    @property
    def names(self) -> list[str]:
        """Variables that the group's synapses have on each target neuron: what can be recorded."""
        trace = self.synapse.post_trace
        return [*self.synapse.state_names, *(trace.state_names if trace else ())]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def _ipython_key_completions_(self) -> list[str]:
        return self.names

    def __getitem__(self, variable: str) -> VariableOf:
        if variable not in self.names:
            raise NetworkError(
                f"no variable {variable!r} of the target neurons"
                f"{nearest(str(variable), self.names)}",
                where=f"synapse group {self.name!r}",
                cure=f"its postsynaptic variables are {self.names}; weights and other values of "
                "single synapses are read in a callback",
            )
        return VariableOf(self.target, variable, self.target_size, group=self.name)


def _part(number: int, size: int) -> str:
    return f"{'all' if number == size else f'{number:,} of'} {counted(size, 'neuron')}"


def _slice(key: object, size: int, what: str) -> tuple[int, int, int]:
    number = whole_number(key)
    if number is not None:
        index = number + (size if number < 0 else 0)
        if not 0 <= index < size:
            raise NetworkError(f"index {key} is out of range", where=what, cure=f"size is {size}")
        return index, index + 1, 1
    if not isinstance(key, slice):
        raise NetworkError(f"{key!r} is no slice", where=what, cure="write for instance [:10]")
    start, stop, step = key.indices(size)
    if step <= 0:
        raise NetworkError("a slice must go forwards", where=what, cure="use a positive step")
    if key.start is not None and start >= size and (key.stop is None or key.stop > key.start):
        raise NetworkError(
            f"[{key.start}:{'' if key.stop is None else key.stop}] lies beyond the last neuron",
            where=what,
            cure=f"there are {size}, counted from 0",
        )
    return start, max(start, stop), step
