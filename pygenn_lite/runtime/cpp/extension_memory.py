"""What an extension keeps in one instance, and where its kernels find what they read and write."""

from __future__ import annotations

import ctypes as c
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.program.extension import NETWORK, Extension, StateRecord
from pygenn_lite.codegen.program.signature import KernelSignature
from pygenn_lite.errors import Location, SimulationError, UnsupportedFeatureError
from pygenn_lite.runtime.cpp import abi
from pygenn_lite.runtime.cpp.arrays import InstanceArrays, NeuronArray, aligned_zeros
from pygenn_lite.runtime.cpp.network_memory import NetworkMemory
from pygenn_lite.runtime.values.philox import stream_of

Array = npt.NDArray[Any]


class ExtensionMemory:
    """Variables and records of an extension in one instance.

    Parameters
    ----------
    instance : NetworkMemory
    extension : Extension
    """

    def __init__(self, instance: NetworkMemory, extension: Extension) -> None:
        self.instance, self.extension = instance, extension
        self.shards = instance.partition.shards
        self.kept: list[Any] = []  # memory that arguments point to
        memory = InstanceArrays(self.shards, 1).of(0)
        self.signal_index = {v.name: k for k, v in enumerate(extension.signals)}
        self.signals = np.array([v.initial for v in extension.signals] or [0.0])
        self.neurons: dict[tuple[str, str], NeuronArray] = {}
        self.synapses: dict[tuple[str, str], list[Array]] = {}
        for variable in extension.variables:
            place = variable.owner, variable.name
            if variable.owner in instance.populations:
                self.neurons[place] = NeuronArray.in_shards(
                    instance.partition, variable.owner, instance.dtype, memory
                )
                self.neurons[place].write(variable.initial)
            elif variable.owner in instance.groups:
                sizes = (self.view(variable.owner, s).n_synapses for s in range(self.shards))
                self.synapses[place] = [aligned_zeros(n, instance.dtype) for n in sizes]
                for part in self.synapses[place]:
                    part[:] = variable.initial
        self.states = {record.name: self._room(record) for record in extension.states}

    def view(self, group: str, shard: int) -> abi.StoreView:
        """A group's synapses in one shard."""
        return self.instance.groups[group].store.shard_view(shard)

    def _room(self, record: StateRecord) -> list[Array]:
        counts = [self.instance.partition.count(record.population, s) for s in range(self.shards)]
        dtype = self.instance.dtype
        return [aligned_zeros(record.room * record.width * n, dtype) for n in counts]

    # ------------------------------------------------------------------ values

    def owns(self, owner: str, name: str) -> bool:
        """Whether a variable is the extension's."""
        place = owner, name
        signal = owner == NETWORK and name in self.signal_index
        return signal or place in self.neurons or place in self.synapses

    def read(self, owner: str, name: str) -> Array:
        """A copy of a variable of the extension; of synapses in canonical order."""
        if owner == NETWORK:
            return np.array(self.signals[self.signal_index[name]])
        if (owner, name) in self.neurons:
            return self.neurons[owner, name].read()
        pieces, positions = self._positions(owner)
        values = np.empty(len(pieces), self.instance.dtype)
        for s, part in enumerate(self.synapses[owner, name]):
            values[pieces == s] = part[positions[pieces == s]]
        return values

    def write(self, owner: str, name: str, values: npt.ArrayLike) -> None:
        """Set a variable of the extension."""
        if owner == NETWORK:
            self.signals[self.signal_index[name]] = values
        elif (owner, name) in self.neurons:
            self.neurons[owner, name].write(values)
        else:
            pieces, positions = self._positions(owner)
            whole = np.broadcast_to(np.asarray(values, self.instance.dtype), pieces.shape)
            for s, part in enumerate(self.synapses[owner, name]):
                part[positions[pieces == s]] = whole[pieces == s]

    def _positions(self, group: str) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
        """Shard and place in it of every synapse, in canonical order."""
        stored = self.instance.groups[group]
        pieces, positions = np.empty(stored.size, np.uint32), np.empty(stored.size, np.uint32)
        store = stored.store
        store.builder.check(
            store.builder.store_positions(
                store.pointer, stored.member, pieces.ctypes.data, positions.ctypes.data
            ),
            f"reading the synapses of {group!r}",
        )
        return pieces, positions

    # ------------------------------------------------------------------ addresses

    def neuron_array(self, population: str, name: str, asker: str) -> NeuronArray:
        """A variable of a population, the network's or the extension's."""
        own = self.instance.populations[population].arrays
        if name in own:
            return own[name]
        if (population, name) in self.neurons:
            return self.neurons[population, name]
        raise _unknown(asker, population, name)

    def neuron_table(self, population: str, name: str, asker: str) -> Any:
        """Where it begins in each shard."""
        array = self.neuron_array(population, name, asker)
        return self.keep(pointers([array.address(s) for s in range(self.shards)]))

    def target_table(self, group: str, name: str, asker: str) -> Any:
        """The same for a variable of a group's target, by the places that its synapses name."""
        target = self.instance.plan.deliveries[group].target
        array, offsets = self.neuron_array(target, name, asker), self._offsets(group)
        width = array.dtype.itemsize
        begin = [array.address(s) - int(offsets[s]) * width for s in range(self.shards)]
        return self.keep(pointers(begin))

    def synapse_table(self, group: str, name: str, asker: str) -> Any:
        """Where a variable of a group's synapses begins in each shard."""
        begin = [self._synapse_address(group, name, s, asker) for s in range(self.shards)]
        return self.keep(pointers(begin))

    def signal(self, name: str) -> Any:
        """A shared signal."""
        if name not in self.signal_index:
            raise _unknown("the schedule", NETWORK, name)
        return self.keep(c.c_double.from_buffer(self.signals.data, 8 * self.signal_index[name]))

    def keep(self, value: Any) -> Any:
        """The same, alive as long as this."""
        self.kept.append(value)
        return value

    def _offsets(self, group: str) -> Array:
        delivery = self.instance.plan.deliveries[group]
        if not delivery.is_static:
            return np.zeros(self.shards, np.uint32)
        return self.instance.arenas.offset[delivery.target, delivery.adds_to]

    def _synapse_address(self, group: str, name: str, shard: int, asker: str) -> int:
        if (group, name) in self.synapses:
            return int(self.synapses[group, name][shard].ctypes.data)
        memory = self.instance.synapses.get(group)
        if memory is not None and name in memory.variables:
            return int(memory.variables[name][shard].ctypes.data)
        own = self.instance.records.weights.get((self.instance.index, (group,)))
        if name == "weight" and own is not None:
            return int(own.pieces[shard].ctypes.data)
        if name == "weight":
            return int(self.view(group, shard).weight or 0)
        raise _unknown(asker, group, name)

    def _shared_address(self, owner: str, name: str, asker: str) -> int:
        population = self.instance.populations.get(owner)
        if population is not None and name in population.scalar_index:
            return int(population.scalars.ctypes.data) + 8 * population.scalar_index[name]
        group = self.instance.synapses.get(owner)
        if group is not None and name in group.signature.scalar_names:
            return int(group.scalars.ctypes.data) + 8 * group.signature.scalar_names.index(name)
        if name in self.signal_index:
            return int(self.signals.ctypes.data) + 8 * self.signal_index[name]
        raise _unknown(asker, owner, name)

    # ------------------------------------------------------------------ arguments of kernels

    def arguments(self, kernel: KernelSignature, on: str) -> Any:
        """What a kernel gets where it is called on a population, a group or the network."""
        shared = [self._shared_address(on, name, kernel.name) for name in kernel.shared]
        if on == NETWORK:
            table = self.keep(pointers(shared))
            once = abi.Once(arrays=c.addressof(table), dt=self.instance.network.dt)
            return self.keep(once)
        if on in self.instance.populations:
            return self._population_arguments(kernel, on, shared)
        return self._synapse_arguments(kernel, on, shared)

    def _population_arguments(self, kernel: KernelSignature, on: str, shared: list[int]) -> Any:
        instance = self.instance
        args = self.keep((abi.PopulationArgs * self.shards)())
        arrays = [self.neuron_array(on, name, kernel.name) for name in kernel.own]
        for s in range(self.shards):
            table = self.keep(pointers([*(a.address(s) for a in arrays), *shared]))
            args[s] = abi.PopulationArgs(
                arrays=c.addressof(table),
                count=instance.partition.count(on, s),
                first=int(instance.partition.begin[on][s]),
                seed=instance.seed,
                stream=stream_of(f"population:{on}"),
                dt=instance.network.dt,
            )
        return args

    def _synapse_arguments(self, kernel: KernelSignature, on: str, shared: list[int]) -> Any:
        instance, memory = self.instance, self.instance.synapses.get(on)
        args = self.keep((abi.SynapseArgs * self.shards)())
        own = [self.synapse_table(on, name, kernel.name) for name in kernel.own]
        post = [self.target_table(on, name, kernel.name) for name in kernel.target]
        base = None
        if memory is not None:
            base, kept = memory.arguments()
            self.keep(kept)
        target = instance.plan.deliveries[on].target
        for s in range(self.shards):
            view = self.view(on, s)
            if base is not None:
                args[s] = base[s]
            else:
                self._check_targets(kernel, on, view)
                args[s] = abi.SynapseArgs(
                    target=view.target,
                    n_synapses=view.n_synapses,
                    wide_target=view.wide_target,
                    dt=instance.network.dt,
                    first=int(instance.partition.begin[target][s]),
                )
            args[s].synapse = c.addressof(self.keep(pointers([*(t[s] for t in own), *shared])))
            args[s].post = c.addressof(self.keep(pointers([t[s] for t in post])))
        return args

    def _check_targets(self, kernel: KernelSignature, group: str, view: abi.StoreView) -> None:
        if kernel.target and view.n_synapses and not view.target:
            raise UnsupportedFeatureError(
                f"kernel {kernel.name!r} reads {', '.join(kernel.target)} of target neurons, which "
                "is offered for synapses that are stored one by one",
                where=Location.of("synapse group", group),
                hint="declare the group with storage='sparse'",
            )


def pointers(addresses: Sequence[int | None]) -> Any:
    """A table of addresses."""
    return (c.c_void_p * max(len(addresses), 1))(*addresses)


def _unknown(asker: str, owner: str, name: str) -> SimulationError:
    what = f"{owner!r} has no variable {name!r}" if owner else f"there is no signal {name!r}"
    return SimulationError(
        f"{asker} asks for a variable that is not there: {what}",
        hint="add it to the extension's variables",
    )
