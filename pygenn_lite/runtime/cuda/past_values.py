"""Values of the past that plastic synapses read with a delay, on a card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.runtime.cuda import records
from pygenn_lite.runtime.cuda.card_memory import CardArray, CardMemory
from pygenn_lite.runtime.device import Past
from pygenn_lite.runtime.values.spike_trains import SpikeTrain

Array = npt.NDArray[Any]


class PastValues:
    """Past values of the exposed variables of a population: at step n in row ``n & mask``.

    Parameters
    ----------
    memory : CardMemory
    names : tuple of str
        The variables.
    variables : mapping of str to CardArray
        Of the population, [instances, neurons and some more].
    size : int
        Neurons.
    slots : int
        Steps that are kept: a power of two.
    repeats : sequence of SpikeTrain
        Of each instance: spikes that another of the same neuron and step follows; none: there are
        none at all.
    """

    def __init__(
        self,
        memory: CardMemory,
        names: tuple[str, ...],
        variables: Mapping[str, CardArray],
        *,
        size: int,
        slots: int,
        repeats: Sequence[SpikeTrain] = (),
    ) -> None:
        self.names, self._memory, self._variables = names, memory, variables
        self._size, self._mask = size, slots - 1
        self.base: dict[str, CardArray] = {}
        for name in names:
            instances, stride = variables[name].shape
            self.base[name] = memory.array((instances, slots, stride), variables[name].dtype)
        self._table: CardArray | None = None
        self._repeats_table: CardArray | None = None
        self.repeats = list(repeats) if names else []
        self._steps = [memory.holding(train.steps, np.int64) for train in self.repeats]
        self._sources = [memory.holding(train.indices, np.uint32) for train in self.repeats]
        self._repeated = {
            name: [memory.array(len(train), variables[name].dtype) for train in self.repeats]
            for name in names
        }

    # ------------------------------------------------------------------ values

    def begin(self, instance: int) -> None:
        """Before the start, synapses see the initial values."""
        for name, base in self.base.items():
            base.change()[instance] = self._variables[name].host()[instance]

    def set_now(self, instance: int, name: str, step: int) -> None:
        """A variable was set between runs: spikes of this step carry the new value."""
        if name not in self.base:
            return
        values = self._variables[name].host()[instance]
        self.base[name].change()[instance, step & self._mask] = values
        if self.repeats:
            now = self.repeats[instance].steps == step
            if now.any():
                left = self._repeated[name][instance].change()
                left[now] = values[self.repeats[instance].indices[now]]

    def read(self, instance: int, name: str, step: int, rows: int) -> Past:
        """The values at a step and so many before."""
        slots = (step - np.arange(rows)) & self._mask
        values = self.base[name].host()[instance][slots, : self._size]
        if not self.repeats:
            return Past(values)
        return Past(values, self._repeated[name][instance].host().copy())

    def write(self, instance: int, name: str, past: Past, step: int) -> None:
        """Put values back."""
        slots = (step - np.arange(len(past.values))) & self._mask
        base = self.base[name].change()[instance]
        base[slots, : self._size] = past.values
        if self.repeats:
            self._repeated[name][instance].change()[:] = past.repeated

    # ------------------------------------------------------------------ records

    def records(self) -> CardArray | None:
        """pgl_past of each variable, [instances, variables]."""
        if not self.names:
            return None
        dtype, instances = records.dtype_of(records.Past), self.base[self.names[0]].shape[0]
        if self._table is None:
            self._table = self._memory.array((instances, len(self.names)), dtype)
        rows, repeats = self._table.change(), self._repeats_records()
        for k, name in enumerate(self.names):
            for instance in range(instances):
                record = records.Past(
                    state=self._variables[name].at(instance),
                    base=self.base[name].at(instance),
                    stride=self.base[name].shape[2],
                    mask=self._mask,
                    repeats=repeats.at(instance) if repeats else 0,
                    repeated=self._repeated[name][instance].address if repeats else 0,
                )
                rows[instance, k] = records.row_of(record)
        return self._table

    def record_of(self, instance: int, name: str) -> int:
        """The address of a variable's pgl_past."""
        assert self._table is not None
        each = self._table.stride // len(self.names)
        return self._table.at(instance) + each * self.names.index(name)

    def _repeats_records(self) -> CardArray | None:
        if not self.repeats:
            return None
        dtype = records.dtype_of(records.Repeats)
        if self._repeats_table is None:
            self._repeats_table = self._memory.array(len(self.repeats), dtype)
        rows = self._repeats_table.change()
        for k, train in enumerate(self.repeats):
            record = records.Repeats(len(train), self._steps[k].address, self._sources[k].address)
            rows[k] = records.row_of(record)
        return self._repeats_table
