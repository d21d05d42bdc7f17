"""Sums of what arrives at the variables of a population, in whole numbers: they depend on no order,
so that threads of a card may add in any.

What static groups add waits in the slot of the step at which it arrives; what kernels over synapses
add is added to the variable within the operation. Both sums have units of their own: those of
static groups are 2^-20 of the largest weight where sums fit 32 bits (``accumulator="int32"``: the
same bits as on other backends), 2^-40 or less otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.plan.accumulators import LARGEST_SUM, resolution, unit_of
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cuda import records
from pygenn_lite.runtime.cuda.card_memory import CardArray, CardMemory

Array = npt.NDArray[Any]
# Of the largest weight, where sums have 64 bits; so many of it may arrive in a step: 2^22 and 2^18.
FINE_BITS = {4: 40, 8: 44}  # by bytes of a real
LARGEST_FINE = 2**62


@dataclass
class Inbox:
    """The sum of what some groups add to one variable.

    Attributes
    ----------
    variable : str
        Symbol.
    is_static : bool
        Whether static groups add to it; else kernels over synapses.
    groups : list of str
    largest : int
        A sum that lies beyond is a fault.
    sums : CardArray
        Of static groups [instances, slots, neurons], of others [instances, neurons].
    units : list of float
        In each instance, what the whole number 1 stands for.
    """

    variable: str
    is_static: bool
    groups: list[str]
    largest: int
    sums: CardArray
    units: list[float]

    @property
    def what(self) -> str:
        """For people: its resolution and its bound, in the first instance."""
        return f"{self.variable} ({resolution(self.units[0], self.largest)})"


def fine_unit_of(largest: float, real_bytes: int) -> float:
    """The unit of sums of 64 bits for weights up to a size, kept in so many bytes.

    Examples
    --------
    >>> fine_unit_of(1.0, 4) == 2.0**-40, fine_unit_of(0.0, 8) == 2.0**-44
    (True, True)
    """
    if not largest:
        largest = 1.0
    return math.ldexp(1.0, math.frexp(largest)[1] - 1 - FINE_BITS[real_bytes])


class Inboxes:
    """All inboxes of a population.

    Parameters
    ----------
    memory : CardMemory
    variables : mapping of str to CardArray
        Of the population, [instances, neurons and some more].
    size : int
        Neurons.
    instances : int
    """

    def __init__(
        self, memory: CardMemory, variables: Mapping[str, CardArray], size: int, instances: int
    ) -> None:
        self._memory, self._variables, self._size = memory, variables, size
        self._instances = instances
        self.all: list[Inbox] = []
        self._table: CardArray | None = None

    def __len__(self) -> int:
        return len(self.all)

    def add(self, variable: str, group: str, *, static: bool, whole: bool, slots: int) -> Inbox:
        """Let a group add to a variable.

        Parameters
        ----------
        variable, group : str
        static : bool
        whole : bool
            Whether it must fit 32 bits.
        slots : int
            Steps in which arrivals of static groups lie ahead: a power of two.
        """
        for inbox in self.all:
            if (inbox.variable, inbox.is_static) == (variable, static):
                inbox.groups.append(group)
                return inbox
        shape = (self._instances, slots, self._size) if static else (self._instances, self._size)
        largest = LARGEST_SUM if whole and static else LARGEST_FINE
        sums = self._memory.array(shape, np.int64)
        units = [1.0] * self._instances
        made = Inbox(variable, static, [group], largest, sums, units)
        self.all.append(made)
        return made

    def fit(self, instance: int, largest: Mapping[str, float]) -> bool:
        """Take units for the largest weights of groups in an instance; whether one has changed."""
        changed = False
        for inbox in self.all:
            weight = max((largest[group] for group in inbox.groups), default=0.0)
            unit = (
                unit_of(weight)
                if inbox.largest == LARGEST_SUM
                else fine_unit_of(weight, self._variables[inbox.variable].dtype.itemsize)
            )
            changed |= unit != inbox.units[instance]
            inbox.units[instance] = unit
        return changed

    def forget(self) -> None:
        """Nothing is to arrive, in no instance."""
        for inbox in self.all:
            inbox.sums.fill_zero()

    def records(self) -> CardArray | None:
        """pgl_inbox of each, [instances, inboxes]."""
        if not self.all:
            return None
        instances, dtype = self._instances, records.dtype_of(records.Inbox)
        if self._table is None or self._table.shape[1] != len(self.all):
            self._table = self._memory.array((instances, len(self.all)), dtype)
        rows = self._table.change()
        for k, inbox in enumerate(self.all):
            slots = inbox.sums.shape[1] if inbox.is_static else 1
            for instance in range(instances):
                record = records.Inbox(
                    variable=self._variables[inbox.variable].at(instance),
                    later=inbox.sums.at(instance) if inbox.is_static else 0,
                    now=0 if inbox.is_static else inbox.sums.at(instance),
                    mask=slots - 1,
                    per_unit=1.0 / inbox.units[instance],
                    largest=inbox.largest,
                    number=k,
                )
                rows[instance, k] = records.row_of(record)
        return self._table

    def record_of(self, instance: int, inbox: Inbox) -> int:
        """The address of an inbox's record."""
        assert self._table is not None
        each = self._table.stride // len(self.all)
        return self._table.at(instance) + each * next(
            k for k, one in enumerate(self.all) if one is inbox
        )
