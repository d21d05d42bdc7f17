"""What a network asks to record: joined, resolved, and handed to where it is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen import NetworkStructure
from pygenn_lite.codegen.plan.memory import MemoryRow
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.recorded import SpikesOf, SynapsesOf
from pygenn_lite.declaration.selection import Neurons, Part
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.layout import NetworkLayout, StoredVariable
from pygenn_lite.runtime.variable_names import resolve

NO_SPIKES = (np.zeros(0, np.int64), np.zeros(0, np.uint32))
TIME_BYTES = 8  # of a sample
Indices = npt.NDArray[np.uint32]
Steps = npt.NDArray[np.int64]


@dataclass(frozen=True)
class SpikeRequest:
    """Record spikes of ``population``: neurons ``range(begin, end, stride)``, and of these only
    ``chosen`` where given."""

    population: str
    begin: int
    end: int
    stride: int
    whole: bool
    chosen: Indices | None = None

    @property
    def recorded(self) -> range | Indices:
        """Indices of the neurons."""
        if self.chosen is not None:
            return self.chosen
        return range(self.begin, self.end, self.stride)


@dataclass(frozen=True)
class VariableRequest:
    """Record a variable of some neurons of ``population`` every so many steps.

    ``owner`` is the population, or the synapse group whose postsynaptic variable it is; ``name``
    is what results call it: the variable, or where it has several intervals ``V_every_10ms``;
    ``unit`` is what the model says of it."""

    owner: str
    variable: str
    name: str
    indices: Indices
    every: int
    population: str
    unit: str = ""


@dataclass(frozen=True)
class SynapseRequest:
    """Record a variable of some synapses of the group ``owner`` every so many steps."""

    owner: str
    variable: str
    name: str
    parts: tuple[Part, ...]
    every: int


@dataclass(frozen=True)
class Requests:
    """All that a network asks to record, one request per population and per variable."""

    spikes: tuple[SpikeRequest, ...]
    variables: tuple[VariableRequest, ...]
    synapses: tuple[SynapseRequest, ...] = ()


def recording_requests(network: Network) -> Requests:
    """Join the recordings of a network: what is asked for twice is recorded once."""
    spikes: dict[str, list[Neurons]] = {}
    variables: dict[tuple[str, str, int], list[Neurons]] = {}
    population: dict[str, str] = {}
    synapses: dict[tuple[str, str, int], list[Part]] = {}
    for recording in network.recordings:
        what, every = recording.what, recording.steps(network.dt)
        if isinstance(what, SpikesOf):
            spikes.setdefault(what.population, []).append(what.neurons)
        elif isinstance(what, SynapsesOf):
            synapses.setdefault((what.group, what.variable, every), []).append(what.part)
        else:
            population[what.owner] = what.population
            key = (what.owner, what.variable, every)
            variables.setdefault(key, []).append(what.neurons)
    names: dict[tuple[str, str, int], str] = {}
    for owner, variable, every in (*variables, *synapses):
        taken = any((owner, variable) == (o, v) for o, v, _ in names)
        names[owner, variable, every] = (
            f"{variable}_every_{every * network.dt:.12g}ms" if taken else variable
        )
    return Requests(
        tuple(_spike_request(p, r, network.populations[p].size) for p, r in spikes.items()),
        tuple(
            VariableRequest(
                *key[:2],
                names[key],
                _union(parts),
                key[2],
                population[key[0]],
                _unit(network, *key[:2]),
            )
            for key, parts in variables.items()
        ),
        tuple(
            SynapseRequest(*key[:2], names[key], tuple(parts), key[2])
            for key, parts in synapses.items()
        ),
    )


def _unit(network: Network, owner: str, variable: str) -> str:
    if owner not in network.populations:  # a synapse group: its units are those of its weights
        return ""
    return str(dict(network.populations[owner].model.units).get(variable, ""))


def _spike_request(population: str, parts: list[Neurons], size: int) -> SpikeRequest:
    first = parts[0]
    if isinstance(first, range) and all(isinstance(p, range) and p == first for p in parts):
        whole = first == range(size)
        return SpikeRequest(population, first.start, first.stop, first.step, whole)
    chosen = _union(parts)
    if not len(chosen):
        return SpikeRequest(population, 0, 0, 1, False)
    begin, end = int(chosen[0]), int(chosen[-1]) + 1
    if len(chosen) == end - begin:
        return SpikeRequest(population, begin, end, 1, len(chosen) == size)
    return SpikeRequest(population, begin, end, 1, False, chosen)


def _union(parts: list[Neurons]) -> Indices:
    arrays = [np.arange(p.start, p.stop, p.step) if isinstance(p, range) else p for p in parts]
    return np.unique(np.concatenate(arrays)).astype(np.uint32)


def samples_between(start: int, stop: int, every: int) -> int:
    """Number of samples that a run over the steps ``start`` to ``stop`` takes."""
    return -(-stop // every) - -(-start // every)


def recording_rows(
    requests: Requests, dtype: np.dtype[Any], start: int, stop: int
) -> list[MemoryRow]:
    """What samples of variables will take; the number of spikes is not known in advance."""
    rows = []
    for request in requests.variables:
        samples = samples_between(start, stop, request.every)
        columns = len(request.indices)
        each = columns * dtype.itemsize + TIME_BYTES
        what = f"{request.name} (recorded)"
        rows.append(MemoryRow(request.owner, what, samples * columns, samples * each))
    return rows


class Sink(Protocol):
    """Where recorded data goes."""

    def add_spikes(self, population: str, steps: Steps, indices: Indices) -> None:
        """Take spikes."""

    def add_samples(
        self, population: str, variable: str, steps: Steps, values: npt.NDArray[Any]
    ) -> None:
        """Take samples."""

    def room_for(self, population: str, variable: str, rows: int) -> npt.NDArray[Any] | None:
        """Where the next samples should be put before they are added, if that saves a copy."""

    def add_counts(self, step: int, totals: Mapping[str, int]) -> None:
        """Take the number of spikes since the start of the run."""

    def reached(self, step: int) -> None:
        """All up to this step has been added."""


def recorded_variable(
    request: VariableRequest, layout: NetworkLayout, structure: NetworkStructure
) -> StoredVariable:
    """The variable that a request is for. Of a group's variables the population knows the names of
    generated code."""
    group = structure.groups.get(request.owner)
    names = {} if group is None else group.receptor
    population = layout.populations[request.population]
    return resolve(population, names.get(request.variable, request.variable))


def sample_bytes(requests: Requests, dtype: np.dtype[Any]) -> int:
    """Bytes of samples in a step, on average."""
    return sum(len(r.indices) * dtype.itemsize // r.every for r in requests.variables)


def hand_over(
    sink: Sink,
    spikes: Sequence[tuple[SpikeRequest, Steps, Indices]],
    samples: Sequence[tuple[VariableRequest, Steps, npt.NDArray[Any]]],
) -> None:
    """Give a sink what was fetched. All of it is there by now: where memory runs out, it does so
    before the sink has taken a part."""
    for wanted, steps, indices in spikes:
        if len(steps):
            sink.add_spikes(wanted.population, steps, indices)
    for request, steps, values in samples:
        sink.add_samples(request.owner, request.name, steps, values)
