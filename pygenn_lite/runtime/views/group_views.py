"""What a user holds of a simulation: populations and synapse groups as named arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.declaration.named import Named, as_name
from pygenn_lite.declaration.summary import counted, line, listed
from pygenn_lite.declaration.values import Value
from pygenn_lite.errors import SimulationError
from pygenn_lite.runtime.cpp.descriptors import check_weights
from pygenn_lite.runtime.cpp.population_memory import PopulationMemory
from pygenn_lite.runtime.cpp.stores import StoredGroup
from pygenn_lite.runtime.cpp.synapse_memory import SynapseMemory
from pygenn_lite.runtime.live import Live
from pygenn_lite.runtime.values.connections import Connections
from pygenn_lite.runtime.views.assigned import assigned_to_neurons, assigned_to_synapses
from pygenn_lite.runtime.views.parameters import Parameters, Place
from pygenn_lite.runtime.views.state_array import StateArray, numbers_of

if TYPE_CHECKING:
    from pygenn_lite.runtime.cpp.machine import Machine

Array = npt.NDArray[Any]


class PopulationView(Live, Named):
    """Variables and parameters of a population: ``view["V"]`` is an array to read and to assign.

    A parameter that all neurons share has shape (); ``view["tau"] = 10`` sets it.
    """

    def __init__(self, machine: Machine, memory: PopulationMemory, parameters: Parameters) -> None:
        self.machine, self.memory, self._parameters = machine, memory, parameters
        self.name, self.size = memory.name, memory.size

    @property
    def names(self) -> list[str]:
        """Variables and parameters: all that can be read and set (see `PopulationMemory.names`)."""
        return list(self.memory.names())

    def __getitem__(self, name: str) -> StateArray:
        name = as_name(name)
        internal = self.memory.resolve(name)
        return StateArray(
            f"{self.name}[{name!r}]",
            lambda: self._read(internal),
            lambda values: self._write(internal, values),
            lambda value: assigned_to_neurons(value, self.machine, self.name, internal),
        )

    def __setitem__(self, name: str, values: Any) -> None:
        self[name][...] = values

    def __len__(self) -> int:
        return self.size

    def spike_counts(self) -> npt.NDArray[np.uint32]:
        """Spikes of each neuron since the start (or the last reset)."""
        return self.machine.spike_counts(self.name)

    def _read(self, internal: str) -> Array:
        memory = self.memory
        if internal in memory.scalar_index:
            return np.array(memory.scalars[memory.scalar_index[internal]])
        return memory.arrays[internal].read()

    def _write(self, internal: str, values: Array) -> None:
        memory = self.memory
        if not np.all(np.isfinite(values)):
            raise SimulationError(
                f"{memory.path(internal)!r} of {self.name!r} is set to NaN or infinity"
            )
        if internal in memory.scalar_index:
            self._parameters.set(Place(self.name, internal), float(values))
            return
        if memory.known[internal].role == "parameter":
            memory.check_parameter(internal, values)
            self._parameters.changed.add(self.name)
        memory.arrays[internal].write(values)
        if internal in memory.published:
            step = int(self.machine.engine.step_get(self.machine.pointer))
            memory.publish_now(internal, step)

    def __repr__(self) -> str:
        return line("population", self.name, counted(self.size, "neuron"), listed(self.names))


class GroupView(Live, Named):
    """A synapse group: ``view["weight"]`` and the model's other variables, ``connections()``.

    Variables per synapse are ordered by pre, post, delay. Variables and parameters of receptor and
    traces are those of the populations, with the model's names: groups that share a receptor share
    them. A parameter changes wherever the group uses it. This is refused where another group shares
    it and uses it elsewhere, too.
    """

    def __init__(
        self,
        machine: Machine,
        stored: StoredGroup,
        plastic: SynapseMemory | None,
        source: PopulationView,
        target: PopulationView,
        parameters: Parameters,
    ) -> None:
        self._machine, self._stored, self._plastic = machine, stored, plastic
        self._source, self._target, self._parameters = source, target, parameters
        self._instance = machine.structure.groups[stored.name]
        self.name, self.size = stored.name, stored.size

    @property
    def names(self) -> list[str]:
        """All that can be read and set: variables per synapse, variables of receptor and traces,
        parameters of the model and those that it reads of its neurons."""
        own = [] if self._plastic is None else self._plastic.names()
        parameters = self._parameters.names_of_group(self.name)
        variables = [*self._instance.receptor, *self._instance.pre_trace]
        return list(dict.fromkeys(["weight", *own, *variables, *parameters]))

    @property
    def shape(self) -> tuple[int, int]:
        """Neurons of the source and of the target."""
        sizes = self._machine.network.populations
        return sizes[self._instance.source].size, sizes[self._instance.target].size

    def connections(self) -> Connections:
        """All synapses as arrays: pre, post, delay (ms), weight."""
        return replace(self._stored.connections(), weight=self._weights())

    def __getitem__(self, name: str) -> StateArray:
        name = as_name(name)
        label = f"{self.name}[{name!r}]"
        plastic = self._plastic
        if name == "weight":
            return StateArray(label, self._weights, self._set_weights, self._drawn(name))
        if plastic is not None and name in plastic.names():
            return StateArray(
                label,
                lambda: plastic.read(name),
                lambda values: self._set(name, values),
                self._drawn(name),
            )
        if name in self._instance.receptor:
            return self._target[self._instance.receptor[name]]
        if name in self._instance.pre_trace:
            return self._source[self._instance.pre_trace[name]]
        places = self._parameters.of_group(self.name, name)
        if places:
            return StateArray(
                label,
                lambda: np.array(self._parameters.get(places[0])),
                lambda value: self._set_parameter(name, value),
            )
        raise SimulationError(
            f"synapse group {self.name!r} has no variable or parameter {name!r}"
            f"{nearest(str(name), self.names)}",
            hint=f"it has {self.names}",
        )

    def __setitem__(self, name: str, values: Any) -> None:
        if name == "weight":  # without reading them all first
            label = f"{self.name}['weight']"
            self._set_weights(numbers_of(values, label, self._drawn(name)))
        else:
            self[name][...] = values

    def __len__(self) -> int:
        return self.size

    def _set(self, name: str, values: Array) -> None:
        assert self._plastic is not None
        self._plastic.write(name, values)

    def _drawn(self, name: str) -> Callable[[Value], Array]:
        """Works out formulas and distributions for one of the group's variables."""
        return lambda value: assigned_to_synapses(
            value, self._machine, self.name, name, self._stored.connections()
        )

    def _weights(self) -> Array:
        return self._stored.weights() if self._plastic is None else self._plastic.weights()

    def _set_weights(self, values: npt.ArrayLike) -> None:
        group, present = self._stored.description.group, self._parameters.numbers_of(self.name)
        check_weights(group, np.asarray(values, np.float64), present)
        if self._plastic is None:
            self._stored.change_weights(values)
        else:  # a checkpoint holds them in any case
            self._plastic.settle_now()
            self._stored.set_weights(values)

    def _set_parameter(self, name: str, value: Array) -> None:
        if not np.isfinite(value):
            raise SimulationError(f"{name!r} of {self.name!r} is set to NaN or infinity")
        self._parameters.set_for_group(self.name, name, float(value))

    def __repr__(self) -> str:
        ends = f"{self._instance.source} -> {self._instance.target}"
        return line(
            "synapse group", self.name, counted(self.size, "synapse"), ends, listed(self.names)
        )
