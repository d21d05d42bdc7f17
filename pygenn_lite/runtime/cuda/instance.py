"""One instance of the CUDA backend, as the device shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen import NetworkStructure
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.steps import times_of
from pygenn_lite.errors import SimulationError
from pygenn_lite.runtime.device import Fault, Instance, Past
from pygenn_lite.runtime.layout import SLOT, StoredVariable
from pygenn_lite.runtime.recording import Sink
from pygenn_lite.runtime.values.connections import Connections
from pygenn_lite.runtime.values.spike_trains import SpikeTrain
from pygenn_lite.runtime.values.weights import check_settable

if TYPE_CHECKING:
    from pygenn_lite.runtime.cuda.machine import Machine
    from pygenn_lite.runtime.cuda.population_memory import CardPopulation

Array = npt.NDArray[Any]
OF_SUMS = 1 << 63  # the bit of a fault that says that a sum does not fit


class CardInstance(Instance):
    """An instance of a :class:`~pygenn_lite.runtime.cuda.device.CardDevice`: a number, and the way
    to what the device keeps for it."""

    def __init__(self, device: Machine, index: int) -> None:
        self._device, self.index, self._network = device, index, device.network

    @property
    def network(self) -> Network:
        """Its declaration."""
        return self._network.place.networks[self.index]

    @property
    def structure(self) -> NetworkStructure:
        """Of this."""
        return self._network.place.structures[self.index]

    @property
    def seed(self) -> int:
        """Of initial values and noise."""
        return self._network.seeds[self.index]

    @property
    def connectivity_seed(self) -> int:
        """Of the synapses."""
        return self._network.connectivity_seeds[self.index]

    # ------------------------------------------------------------------ time

    def initialise(self, seed: int) -> None:
        """Initial values for a seed, plastic groups as built, coefficients; the clock, which all
        instances share, goes to step 0."""
        self._device.restarting.initialise(self.index, seed)
        self._device.prepare(self._network.populations, self.index)
        self.set_step(0, seed)

    def set_step(self, step: int, seed: int) -> None:
        """Go to a step, without spikes in flight; all instances do."""
        seeds = list(self._network.seeds)
        seeds[self.index] = seed
        self._device.set_step(step, seeds)

    def prepare(self, populations: Iterable[str]) -> None:
        """Compute the coefficients of some populations from their parameters."""
        self._device.prepare(populations, self.index)

    @property
    def replayed(self) -> Mapping[str, SpikeTrain]:
        """Spike sources that replay another train than the declared one, and which."""
        found = {}
        for name, population in self._network.populations.items():
            trains = population.trains
            train = None if trains is None else trains.replayed[self.index]
            if train is not None:
                found[name] = train
        return found

    def replay(self, population: str, train: SpikeTrain | None) -> None:
        """Let a spike source replay another train from the next step on; None: the declared."""
        trains = self._population(population).trains
        assert trains is not None
        trains.replay(self.index, train)
        self._network.are_records_new = True

    # ------------------------------------------------------------------ values

    def read(self, variable: StoredVariable, *, stored: bool = False) -> Array:
        """A copy of a variable: shape () where it is shared, else one value per element."""
        owner, name = variable.owner, variable.name
        if owner in self._network.populations:
            return self._population(owner).read(self.index, name)
        if owner not in self._network.groups:
            return self._read_input(owner, name)
        group = self._network.groups[owner]
        if variable.role == SLOT:
            rewired: Any = group.synapses[self.index]
            return np.asarray(rewired.slots.part(name), variable.dtype)
        if variable.shared:
            return np.array(group.scalars.host()[self.index, group.scalar(name)])
        if stored or not self._device.stepping.launches(f"settle {owner}"):
            values = group.read(self.index, name)
        else:
            values = self._device.settled(owner, self.index, name)
        return values.astype(np.float64) if name == "weight" and not stored else values

    def _read_input(self, owner: str, name: str) -> Array:
        population = self._target_of(owner)
        if owner in population.timed:
            return population.timed[owner].values(self.index)
        rate, sources = population.poisson[owner].given(self.index)
        return np.array(rate if name == "rate" else sources, np.float64)

    def write(self, variable: StoredVariable, values: npt.ArrayLike) -> None:
        """Set a variable: one value, or one per element."""
        owner, name = variable.owner, variable.name
        if owner in self._network.populations:
            population = self._population(owner)
            population.write(self.index, name, values)
            population.past.set_now(self.index, name, self._device.step)
        elif owner not in self._network.groups:
            self._write_input(owner, name, values)
        elif variable.role == SLOT:
            rewired: Any = self._network.groups[owner].synapses[self.index]
            rewired.write_slots(name, np.asarray(values))
            self._weights_set(owner)
        elif variable.shared:
            group = self._network.groups[owner]
            group.scalars.change()[self.index, group.scalar(name)] = values
        else:
            group = self._network.groups[owner]
            group.write(self.index, name, values)
            if group.is_static:
                self._weights_set(owner)

    def _weights_set(self, group: str) -> None:
        self._network.are_records_new = True
        self._device.restarting.weights_set(self.index)
        self._device.plan.synapses_changed(group)

    def _write_input(self, owner: str, name: str, values: npt.ArrayLike) -> None:
        population = self._target_of(owner)
        if owner in population.timed:
            population.timed[owner].set(self.index, values)
            return
        rate, sources = population.poisson[owner].given(self.index)
        given: dict[str, Any] = {"rate": rate, "sources": sources, name: np.array(values)}
        population.poisson[owner].set(self.index, given["rate"], given["sources"])
        self._network.are_records_new = True

    def settle(self, group: str) -> None:
        """Bring the event-driven variables of a group up to date."""
        self._device.settle(group, self.index)

    def synapse_count(self, group: str) -> int:
        """Synapses of a group."""
        return self._network.groups[group].synapses[self.index].size

    def connections(self, group: str) -> Connections:
        """The synapses of a group, weights as of now."""
        pre, post, delay = self._network.groups[group].synapses[self.index].read()
        weight = self.read(self._network.layout.groups[group].weight)
        return Connections(pre, post, times_of(delay, self.network.dt), weight)

    def has_own_weights(self, group: str) -> bool:
        """Whether the weights of a group may differ from synapse to synapse."""
        return self._network.plan.store_of(group).weights

    def check_weights(self, group: str, weights: npt.NDArray[np.float64]) -> None:
        """Refuse weights that are right for the group, and that cannot be kept."""
        kept = self._network.layout.groups[group].weight.dtype
        own = self.has_own_weights(group)
        check_settable(group, weights, self.synapse_count(group), kept, own)
        self._network.groups[group].check_weights(self.index, weights)

    # ------------------------------------------------------------------ spikes

    def spike_totals(self) -> npt.NDArray[np.int64]:
        """Spikes of each population since the start (or the last reset)."""
        totals: npt.NDArray[np.int64] = self._device.spike_totals()[self.index]
        return totals

    def spike_counts(self, population: str) -> npt.NDArray[np.uint32]:
        """Spikes of each neuron since the start (or the last reset)."""
        own = self._population(population)
        return own.totals.host()[self.index, : own.size].copy()

    def set_spike_counts(self, population: str, counts: npt.NDArray[np.uint32]) -> None:
        """Go on counting from here."""
        own = self._population(population)
        own.totals.change()[self.index, : own.size] = counts
        own.total.change()[self.index] = int(np.sum(counts, dtype=np.uint64))

    def spikes_in_flight(
        self, population: str
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint32]]:
        """Steps and neurons of the spikes that may still have to arrive somewhere."""
        now = self._device.step
        steps = range(now - self._network.plan.max_delay, now + 1)
        return self._population(population).spikes_of(self.index, steps)

    def set_spikes_in_flight(
        self, population: str, steps: npt.NDArray[np.int64], indices: npt.NDArray[np.uint32]
    ) -> None:
        """Put spikes back on their way, after ``set_step``."""
        own, now = self._population(population), self._device.step
        if np.any(indices >= own.size):
            raise SimulationError("a spike in flight belongs to no neuron of its population")
        if np.any(steps > now):
            raise SimulationError("a spike in flight lies in the future")
        kept = steps >= now - self._network.plan.max_delay
        own.put_spikes(self.index, steps[kept], indices[kept])
        self._device.restarting.spikes_set(now)

    def past(self, variable: StoredVariable) -> Past:
        """Past values of an exposed variable, newest first."""
        rows = self._network.plan.max_delay + 1
        past = self._population(variable.owner).past
        return past.read(self.index, variable.name, self._device.step, rows)

    def set_past(self, variable: StoredVariable, past: Past) -> None:
        """Put past values back, after ``set_step``."""
        own = self._population(variable.owner).past
        own.write(self.index, variable.name, past, self._device.step)

    # ------------------------------------------------------------------ what came of a run

    def drain(self, sink: Sink | None) -> None:
        """Hand over what was recorded since the last call; without a sink it is dropped."""
        self._network.recorders.drain(self.index, sink)

    def fault(self) -> Fault | None:
        """The variable that ended the last run, if one stopped being finite."""
        if self.index not in self._device.failed():
            return None
        found, step = (int(of_all[self.index]) for of_all in self._network.status.faults())
        overflow, found = bool(found & OF_SUMS), found & ~OF_SUMS
        layout = list(self._network.layout.populations.values())[found >> 40]
        neuron, number = found >> 8 & 0xFFFFFFFF, found & 0xFF
        population = self._population(layout.name)
        name = population.inboxes.all[number].variable if overflow else layout.checked[number]
        value = population.read(self.index, name)[neuron]
        return Fault(layout.name, neuron, name, step, float(value), overflow)

    # ------------------------------------------------------------------ for the above

    def _population(self, name: str) -> CardPopulation:
        return self._network.populations[name]

    def _target_of(self, owner: str) -> CardPopulation:
        """The population of an input."""
        target = next(i.target for i in self.network.inputs if i.name == owner)
        return self._population(target)


class CardInstances(Sequence[CardInstance]):
    """The instances of a device, each made when it is asked for."""

    def __init__(self, device: Machine) -> None:
        self._device = device

    def __len__(self) -> int:
        return self._device.network.instances

    @overload
    def __getitem__(self, index: int) -> CardInstance: ...
    @overload
    def __getitem__(self, index: slice) -> list[CardInstance]: ...

    def __getitem__(self, index: int | slice) -> CardInstance | list[CardInstance]:
        if isinstance(index, slice):
            return [self[k] for k in range(len(self))[index]]
        return CardInstance(self._device, range(len(self))[index])
