"""What an extension keeps on a card, and where its kernels find what they read and write."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.program.extension import NETWORK, Extension
from pygenn_lite.codegen.program.schedule import Call, Reduce
from pygenn_lite.codegen.program.signature import KernelSignature
from pygenn_lite.errors import SimulationError
from pygenn_lite.runtime.cuda import records
from pygenn_lite.runtime.cuda.card_memory import CardArray
from pygenn_lite.runtime.cuda.network_memory import CardNetwork
from pygenn_lite.runtime.cuda.operations import Operation

Array = npt.NDArray[Any]
BLOCK = 64  # neurons whose sum is made first


class ExtensionMemory:
    """Variables of an extension in all instances, and the arguments of its kernels.

    Parameters
    ----------
    network : CardNetwork
    extension : Extension
    """

    def __init__(self, network: CardNetwork, extension: Extension) -> None:
        # A proxy: the network has this, and a card's memory is given back at once.
        self.network: CardNetwork = weakref.proxy(network)
        self.extension = extension
        memory, instances, real = network.memory, network.instances, network.place.dtype
        self.kernels = {kernel.name: kernel for kernel in network.code.signatures.added}
        self.signal_index = {v.name: k for k, v in enumerate(extension.signals)}
        initial = [v.initial for v in extension.signals] or [0.0]
        self.signals = memory.holding(np.tile(initial, (instances, 1)), np.float64)
        self.neurons: dict[tuple[str, str], CardArray] = {}
        self.synapses: dict[tuple[str, str], list[CardArray]] = {}
        for variable in extension.variables:
            place = variable.owner, variable.name
            if variable.owner in network.populations:
                stride = network.populations[variable.owner].stride
                self.neurons[place] = memory.array((instances, stride), real)
                self.neurons[place].put(np.asarray(variable.initial))
            elif variable.owner in network.groups:
                group = network.groups[variable.owner]
                self.synapses[place] = [memory.array(s.places, real) for s in group.synapses]
                for array in self.synapses[place]:
                    array.put(np.asarray(variable.initial))
        self._tables: dict[tuple[str, str], CardArray] = {}  # records by what they are for
        self._scratch: dict[tuple[str, str], CardArray] = {}
        self._of: dict[tuple[str, str], Operation] = {}
        self._kept: list[CardArray] = []

    # ------------------------------------------------------------------ values

    def owns(self, owner: str, name: str) -> bool:
        """Whether a variable is the extension's."""
        place = owner, name
        signal = owner == NETWORK and name in self.signal_index
        return signal or place in self.neurons or place in self.synapses

    def read(self, instance: int, owner: str, name: str) -> Array:
        """A copy of a variable of the extension; of synapses in canonical order."""
        if owner == NETWORK:
            return np.array(self.signals.host()[instance, self.signal_index[name]])
        if (owner, name) in self.neurons:
            size = self.network.populations[owner].size
            return self.neurons[owner, name].host()[instance, :size].copy()
        positions = self.network.groups[owner].synapses[instance].positions()
        return np.asarray(self.synapses[owner, name][instance].host()[positions])

    def write(self, instance: int, owner: str, name: str, values: npt.ArrayLike) -> None:
        """Set a variable of the extension."""
        if owner == NETWORK:
            self.signals.change()[instance, self.signal_index[name]] = values
        elif (owner, name) in self.neurons:
            size = self.network.populations[owner].size
            self.neurons[owner, name].change()[instance, :size] = values
        else:
            positions = self.network.groups[owner].synapses[instance].positions()
            self.synapses[owner, name][instance].change()[positions] = values

    # ------------------------------------------------------------------ arguments

    def arguments(self, op: Operation) -> int:
        """Where the records for an operation of the extension lie, by instance; 0: it is not one
        of these."""
        kind: type[Any]
        if isinstance(op.op, Reduce):
            kind, key = records.CardReduction, (op.op.into, op.of)
        elif isinstance(op.op, Call) and op.function in self.kernels:
            synapses = op.of in self.network.groups
            kind, key = records.Synapses if synapses else records.Population, (op.function, op.of)
        else:
            return 0
        if key not in self._tables:
            dtype = records.dtype_of(kind)
            self._tables[key] = self.network.memory.array(self.network.instances, dtype)
            self._of[key] = op
            self.network.are_records_new = True
        return self._tables[key].address

    def describe(self, populations: Array, groups: Array) -> None:
        """Fill in the records, from those that the network's own kernels get.

        Parameters
        ----------
        populations, groups : ndarray, [instances, populations or groups]
        """
        self._kept = []
        for key, op in self._of.items():
            rows = self._tables[key].change()
            if isinstance(op.op, Reduce):
                self._describe_reduction(op.op, key, rows)
            elif op.of == NETWORK:
                self._describe_once(self.kernels[op.function], rows)
            elif op.of in self.network.groups:
                base = groups[:, self.network.number_of(op.of)]
                self._describe_synapses(self.kernels[op.function], op.of, base, rows)
            else:
                base = populations[:, self.network.number_of(op.of)]
                self._describe_neurons(self.kernels[op.function], op.of, base, rows)

    def _describe_once(self, kernel: KernelSignature, rows: Array) -> None:
        rows[:] = 0
        rows["dt"] = self.network.place.dt
        rows["arrays"] = self._addresses(
            [[self._shared(NETWORK, n, k, kernel.name) for n in kernel.shared] for k in self._every]
        )

    def _describe_neurons(self, kernel: KernelSignature, on: str, base: Array, rows: Array) -> None:
        rows[:] = base
        rows["arrays"] = self._addresses(
            [
                [
                    *(self._neurons(on, name, kernel.name).at(k) for name in kernel.own),
                    *(self._shared(on, name, k, kernel.name) for name in kernel.shared),
                ]
                for k in self._every
            ]
        )

    def _describe_synapses(
        self, kernel: KernelSignature, on: str, base: Array, rows: Array
    ) -> None:
        target = self.network.groups[on].target.name
        rows[:] = base
        rows["variables"] = self._addresses(
            [
                [
                    *(self._synapses(on, name, k, kernel.name) for name in kernel.own),
                    *(self._shared(on, name, k, kernel.name) for name in kernel.shared),
                ]
                for k in self._every
            ]
        )
        rows["post"] = self._addresses(
            [
                [self._neurons(target, name, kernel.name).at(k) for name in kernel.target]
                for k in self._every
            ]
        )

    def _describe_reduction(self, op: Reduce, key: tuple[str, str], rows: Array) -> None:
        of, asker = op.population, "a reduction"
        size = self.network.populations[of].size
        end = size if op.end is None else op.end
        channels, height, width = op.shape or (end - op.begin, 1, 1)
        if key not in self._scratch:
            blocks = 2 * ((end - 1) // BLOCK + 1 - op.begin // BLOCK)
            room = max(blocks, -(-(end - op.begin) // 8), 1)
            self._scratch[key] = self.network.memory.array(
                (self.network.instances, room), np.float64
            )
        for k in self._every:
            record = records.CardReduction(
                how=records.REDUCTIONS[op.how],
                add=op.add,
                begin=op.begin,
                end=end,
                values=self._neurons(of, op.variable, asker).at(k) if op.variable else 0,
                value=self._shared(NETWORK, op.into, k, asker),
                index=self._shared(NETWORK, op.index_into, k, asker) if op.index_into else 0,
                scratch=self._scratch[key].at(k),
                mask=self._neurons(of, op.mask, asker).at(k) if op.mask else 0,
                least=op.least,
                winners=op.winners,
                radius=op.radius,
                channels=channels,
                height=height,
                width=width,
            )
            rows[k] = records.row_of(record)

    # ------------------------------------------------------------------ addresses

    @property
    def _every(self) -> range:
        return range(self.network.instances)

    def _addresses(self, rows: Sequence[Sequence[int]]) -> list[int]:
        """Tables of addresses, one for each instance."""
        table = self.network.memory.array((len(rows), max(len(rows[0]), 1)), np.uint64)
        table.change()[:, : len(rows[0])] = rows
        self._kept.append(table)
        return [table.at(k) for k in range(len(rows))]

    def _neurons(self, population: str, name: str, asker: str) -> CardArray:
        """A variable of a population, the network's or the extension's."""
        own = self.network.populations[population].variables
        found = own.get(name) or self.neurons.get((population, name))
        if found is None:
            raise _unknown(asker, population, name)
        return found

    def _synapses(self, group: str, name: str, instance: int, asker: str) -> int:
        """Where a variable of a group's synapses lies."""
        if (group, name) in self.synapses:
            return self.synapses[group, name][instance].address
        own = self.network.groups[group]
        if name in own.variables[instance]:
            return own.variables[instance][name].address
        weights = own.synapses[instance].weights
        if name == "weight" and weights is not None:
            return int(weights.address)
        raise _unknown(asker, group, name)

    def _shared(self, owner: str, name: str, instance: int, asker: str) -> int:
        """Where a shared value lies."""
        population = self.network.populations.get(owner)
        if population is not None and name in population.scalar_index:
            return population.scalars.at(instance) + 8 * population.scalar_index[name]
        group = self.network.groups.get(owner)
        if group is not None and group.signature and name in group.signature.scalar_names:
            return group.scalars.at(instance) + 8 * group.scalar(name)
        if name in self.signal_index:
            return self.signals.at(instance) + 8 * self.signal_index[name]
        raise _unknown(asker, owner, name)


def _unknown(asker: str, owner: str, name: str) -> SimulationError:
    what = f"{owner!r} has no variable {name!r}" if owner else f"there is no signal {name!r}"
    return SimulationError(
        f"{asker} asks for a variable that is not there: {what}",
        hint="add it to the extension's variables",
    )
