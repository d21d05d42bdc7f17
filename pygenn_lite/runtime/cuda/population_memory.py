"""What a card keeps of a population: the variables of all instances, spikes, what arrives, values
of the past; and the records that tell kernels where it lies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen import NetworkStructure, PopulationBinding
from pygenn_lite.codegen.program.signature import NeuronSignature
from pygenn_lite.codegen.structure.structures import is_spike_source
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.population import Population
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cuda import records
from pygenn_lite.runtime.cuda.card_memory import CardArray, CardMemory
from pygenn_lite.runtime.cuda.inboxes import Inboxes
from pygenn_lite.runtime.cuda.input_tables import PoissonTables, TimedTables, Trains
from pygenn_lite.runtime.cuda.past_values import PastValues
from pygenn_lite.runtime.values.philox import stream_of
from pygenn_lite.runtime.values.population_values import (
    PopulationValues,
    check_parameter,
    check_poisson,
    check_refractory_steps,
)
from pygenn_lite.runtime.values.spike_trains import (
    NO_TRAIN,
    SpikeTrain,
    repeated_spikes,
    spike_train,
)

Array = npt.NDArray[Any]
ROW = 32  # arrays of an instance begin at multiples of so many entries
DRAWN_AT_ONCE = 1 << 18  # neurons; a multiple of 4


@dataclass(frozen=True)
class Place:
    """What the populations of a device have in common.

    Attributes
    ----------
    memory : CardMemory
    networks : sequence of Network
        Of each instance.
    structures : sequence of NetworkStructure
    dtype : dtype
        Of real numbers.
    slots : int
        Steps of which spikes and past values are kept: a power of two.
    """

    memory: CardMemory
    networks: Sequence[Network]
    structures: Sequence[NetworkStructure]
    dtype: np.dtype[Any]
    slots: int

    @property
    def instances(self) -> int:
        """How many."""
        return len(self.networks)

    @property
    def dt(self) -> float:
        """ms."""
        return self.networks[0].dt


class CardPopulation:
    """One population of all instances.

    Parameters
    ----------
    place : Place
    name : str
    number : int
        Of the population, as faults count them.
    signature : NeuronSignature
        Of its kernels.
    """

    def __init__(
        self,
        place: Place,
        name: str,
        number: int,
        signature: NeuronSignature,
    ) -> None:
        self.place, self.name, self.number, self.signature = place, name, number, signature
        self.size = place.networks[0].populations[name].size
        self.stride = -(-self.size // ROW) * ROW
        memory, instances = place.memory, place.instances
        self.known = {v.symbol: v for v in signature.all_variables}
        self.called = {v.symbol: v.name for v in signature.all_variables}
        self.variables: dict[str, CardArray] = {
            v.symbol: memory.array(
                (instances, self.stride), place.dtype if v.dtype == "real" else v.dtype
            )
            for v in signature.variables
        }
        self.scalar_index = {v.symbol: k for k, v in enumerate(signature.scalars)}
        self.scalars = memory.array((instances, max(len(signature.scalars), 1)), np.float64)
        self.trains = self._declared_trains()
        most = 0 if self.trains is None else self.trains.most_at_once
        self.room = max(self.size, most, 1)
        self.spikes = memory.array((instances, place.slots, self.room), np.uint32)
        self.spike_counts = memory.array((instances, place.slots), np.uint32)
        self.totals = memory.array((instances, self.stride), np.uint32)
        self.total = memory.array((instances, 1), np.uint64)
        self.marks = memory.array((instances, self.stride), np.uint8)
        self.past = PastValues(
            memory,
            signature.exposed,
            self.variables,
            size=self.size,
            slots=place.slots,
            repeats=self._repeated_spikes(),
        )
        self.inboxes = Inboxes(memory, self.variables, self.size, instances)
        self._arrays = memory.array((instances, max(len(self.variables), 1)), np.uint64)
        self._set_parameters()
        self.poisson = self._poisson_tables()
        self.timed = self._timed_tables()

    def declared(self, instance: int) -> Population:
        """Its declaration in an instance."""
        return self.place.networks[instance].populations[self.name]

    def binding(self, instance: int) -> PopulationBinding:
        """Where its values come from."""
        return self.place.structures[instance].populations[self.name]

    @property
    def is_source(self) -> bool:
        """Whether it replays a train."""
        return self.trains is not None

    # ------------------------------------------------------------------ values

    def initialise(self, instance: int, seed: int) -> None:
        """Initial states of an instance; no neuron is refractory."""
        for name, array in self.variables.items():
            role = self.known[name].role
            if role == "state":
                self._fill(instance, array, self.binding(instance).initial[name], name, seed)
            elif role in ("refractory", "accumulator", "coupled"):
                array.change()[instance] = 0
        self.past.begin(instance)

    def read(self, instance: int, name: str) -> Array:
        """A copy of a variable: shape () where it is shared."""
        if name in self.scalar_index:
            return np.array(self.scalars.host()[instance, self.scalar_index[name]])
        return self.variables[name].host()[instance, : self.size].copy()

    def write(self, instance: int, name: str, values: npt.ArrayLike) -> None:
        """Set a variable: one value, or one per neuron."""
        if name in self.scalar_index:
            self.scalars.change()[instance, self.scalar_index[name]] = values
        else:
            self.variables[name].change()[instance, : self.size] = values

    def check_refractory(self, instance: int) -> None:
        """Refuse refractory periods that cannot be counted.

        Raises
        ------
        ArgumentError
        """
        name = "refractory_steps"
        if name in self.known:
            check_refractory_steps(self.name, self.read(instance, name), self.place.dt)

    def _values(self, instance: int) -> PopulationValues:
        return PopulationValues(self.declared(instance), self.binding(instance), self.called)

    def _fill(self, instance: int, array: CardArray, value: Any, name: str, seed: int) -> None:
        """Some neurons at a time, so that what is drawn in double precision stays small."""
        row = array.change()[instance]
        if isinstance(value, (int, float)):
            row[: self.size] = value
            return
        values = self._values(instance)
        for begin in range(0, self.size, DRAWN_AT_ONCE):
            end = min(begin + DRAWN_AT_ONCE, self.size)
            with np.errstate(over="ignore"):
                row[begin:end] = values.numbers(value, name, seed, (begin, end))

    def _set_parameters(self) -> None:
        for instance, network in enumerate(self.place.networks):
            given = self.binding(instance).values
            for name, index in self.scalar_index.items():
                if self.known[name].role == "parameter":
                    self.scalars.change()[instance, index] = float(given[name])  # type: ignore[arg-type]
            for name, array in self.variables.items():
                if self.known[name].role == "parameter":
                    self._fill(instance, array, given[name], name, network.seed)
                    check_parameter(self.declared(instance), name, self.read(instance, name))

    # ------------------------------------------------------------------ inputs

    def _declared_trains(self) -> Trains | None:
        if not is_spike_source(self.declared(0)):
            return None
        # By declaration: instances mostly have it in common. It is held here, since what is gone
        # may have the identity of another.
        alike: dict[int, tuple[object, SpikeTrain]] = {}
        trains = []
        for instance in range(self.place.instances):
            declared = self.declared(instance)
            if id(declared.model) not in alike:
                train = spike_train(declared, self.place.dt)
                alike[id(declared.model)] = declared.model, NO_TRAIN if train is None else train
            trains.append(alike[id(declared.model)][1])
        return Trains(self.place.memory, trains)

    def _repeated_spikes(self) -> list[SpikeTrain]:
        if not (self.is_source and self.signature.exposed):
            return []
        every = range(self.place.instances)
        found = [repeated_spikes(self.declared(k), self.place.dt) for k in every]
        return found if any(map(len, found)) else []

    def _poisson_tables(self) -> dict[str, PoissonTables]:
        place, tables = self.place, {}
        for k, declared in enumerate(self.binding(0).poisson):
            given = []
            for instance, network in enumerate(place.networks):
                own = self.binding(instance).poisson[k]
                rate, sources = self._values(instance).poisson(own, network.seed)
                check_poisson(declared.name, rate, sources, place.dt)
                given.append((rate, sources))
            tables[declared.name] = PoissonTables(
                place.memory, declared.name, self.size, place.dt, given
            )
        return tables

    def _timed_tables(self) -> dict[str, TimedTables]:
        place = self.place
        return {
            declared.name: TimedTables(
                place.memory,
                [self.binding(instance).timed[k] for instance in range(place.instances)],
                self.size,
                place.dt,
                place.dtype,
            )
            for k, declared in enumerate(self.binding(0).timed)
        }

    # ------------------------------------------------------------------ spikes

    def forget_spikes(self) -> None:
        """No spikes are on their way or counted, in no instance."""
        self.spike_counts.fill_zero()
        self.totals.fill_zero()
        self.total.fill_zero()

    def spikes_of(self, instance: int, steps: Iterable[int]) -> tuple[Array, Array]:
        """Steps and neurons of the spikes at some steps, sorted by step, then neuron."""
        mask, counts = self.place.slots - 1, self.spike_counts.host()[instance]
        rows = [(step, step & mask) for step in steps if counts[step & mask]]
        if not rows:
            return np.zeros(0, np.int64), np.zeros(0, np.uint32)
        spikes = self.spikes.host()[instance]
        neurons = [np.sort(spikes[row, : counts[row]]) for _, row in rows]
        lengths = [len(some) for some in neurons]
        return np.repeat([step for step, _ in rows], lengths), np.concatenate(neurons)

    def put_spikes(self, instance: int, steps: Array, neurons: Array) -> None:
        """Let an instance have these spikes and no others."""
        mask = self.place.slots - 1
        counts, spikes = self.spike_counts.change()[instance], self.spikes.change()[instance]
        counts[:] = 0
        for step in np.unique(steps):
            some = np.sort(neurons[steps == step])[: self.room]
            spikes[int(step) & mask, : len(some)] = some
            counts[int(step) & mask] = len(some)

    # ------------------------------------------------------------------ records

    def describe(self, seeds: Sequence[int], out: Array) -> list[Any]:
        """Fill in pgl_population of each instance; returns what it points to, to be kept."""
        memory, instances = self.place.memory, self.place.instances
        table = self._arrays.change()
        for k, array in enumerate(self.variables.values()):
            table[:, k] = array.address + array.stride * np.arange(instances, dtype=np.uint64)
        poisson = _table(memory, records.Poisson, instances, self.poisson.values())
        timed = _table(memory, records.Timed, instances, self.timed.values())
        past, inboxes = self.past.records(), self.inboxes.records()
        for instance in range(instances):
            record = records.Population(
                arrays=self._arrays.at(instance),
                scalars=self.scalars.at(instance),
                poisson=poisson.at(instance) if poisson else 0,
                timed=timed.at(instance) if timed else 0,
                seed=seeds[instance],
                dt=self.place.dt,
                count=self.size,
                stream=stream_of(f"population:{self.name}"),
                spikes=self.spikes.at(instance),
                spike_counts=self.spike_counts.at(instance),
                slots_mask=self.place.slots - 1,
                room=self.room,
                number=self.number,
                totals=self.totals.at(instance),
                total=self.total.at(instance),
                past=past.at(instance) if past else 0,
                inboxes=inboxes.at(instance) if inboxes else 0,
                n_past=len(self.past.names),
                n_inboxes=len(self.inboxes),
                marks=self.marks.at(instance),
                **({} if self.trains is None else self.trains.record(instance)),
            )
            out[instance] = records.row_of(record)
        return [poisson, timed, past, inboxes]


def _table(
    memory: CardMemory, kind: type[Any], instances: int, parts: Iterable[Any]
) -> CardArray | None:
    """Records of inputs, [instances, inputs]."""
    parts = list(parts)
    if not parts:
        return None
    table = memory.array((instances, len(parts)), records.dtype_of(kind))
    rows = table.change()
    for k, part in enumerate(parts):
        for instance in range(instances):
            rows[instance, k] = records.row_of(part.record(instance))
    return table
