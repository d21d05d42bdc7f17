"""Has deliveries run: hands the stores of an instance, and where they add to, to its engine.

What is delivered is decided in codegen/program/delivery.py, where it lies in
codegen/plan/delivery.py; the loops are those of templates/cpp/engine/delivery.hpp.
"""

from __future__ import annotations

import ctypes as c
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pygenn_lite.codegen.plan.accumulators import WholeSum, plan_sums
from pygenn_lite.codegen.plan.partition import Partition
from pygenn_lite.codegen.program.delivery import Delivery
from pygenn_lite.runtime.cpp import abi
from pygenn_lite.runtime.cpp.arrays import Arenas, aligned_zeros

if TYPE_CHECKING:
    from pygenn_lite.runtime.cpp.stores import Offsets, Store
    from pygenn_lite.runtime.cpp.synapse_memory import SynapseMemory

EngineCall = Callable[..., int]  # a function of the engine by its name, and its arguments


class WholeSums:
    """Memory for sums of arrivals in whole numbers, of one engine.

    Parameters
    ----------
    arenas : Arenas
        The places of what is summed.
    numbers : mapping of str to int
        What the engine calls the populations.
    """

    def __init__(self, arenas: Arenas, numbers: Mapping[str, int]) -> None:
        self.planned: tuple[WholeSum, ...] = ()
        self._arenas, self._numbers = arenas, numbers
        self._sums = [aligned_zeros(len(data), np.int64) for data in arenas.data]
        self._per_unit = [aligned_zeros(len(data), np.float64) for data in arenas.data]
        self._records: list[Any] = []

    @property
    def nbytes(self) -> int:
        """Bytes of all shards."""
        return sum(array.nbytes for array in (*self._sums, *self._per_unit))

    def fit(self, planned: tuple[WholeSum, ...]) -> None:
        """Take units for the weights there are now."""
        self.planned = planned
        for one in planned:
            begins = self._arenas.offset[one.population, one.variable]
            for s, per_unit in enumerate(self._per_unit):
                count = self._arenas.partition.count(one.population, s)
                per_unit[begins[s] : begins[s] + count] = 1.0 / one.unit

    def argument(self) -> Any:
        """pgl_sums of all shards."""
        shards = range(self._arenas.partition.shards)
        of = [(abi.Sum * len(self.planned))(*self._places(s)) for s in shards]
        sums = [
            abi.Sums(
                sums=self._sums[s].ctypes.data,
                per_unit=self._per_unit[s].ctypes.data,
                of=c.addressof(of[s]),
                n=len(self.planned),
                arena=self._arenas.data[s].ctypes.data,
            )
            for s in shards
        ]
        self._records = of
        return (abi.Sums * len(sums))(*sums)

    def _places(self, shard: int) -> Iterator[abi.Sum]:
        partition = self._arenas.partition
        for one in self.planned:
            yield abi.Sum(
                begin=int(self._arenas.offset[one.population, one.variable][shard]),
                count=partition.count(one.population, shard),
                population=self._numbers[one.population],
                first=int(partition.begin[one.population][shard]),
            )


def fitting_sums(
    deliveries: Iterable[Delivery], largest: Callable[[str], float]
) -> tuple[WholeSum, ...]:
    """Sums in whole numbers with units for the weights as they are: ``largest`` gives the largest
    size of a group's."""
    static = [d for d in deliveries if d.is_static]
    return plan_sums(static, {d.group: largest(d.group) for d in static})


def add_static(
    call: EngineCall, stores: Iterable[Store], arenas: Arenas, populations: Mapping[str, int]
) -> dict[str, int]:
    """Hand the stores of static groups to the engine; returns what it calls their deliveries, by
    group: those that share a store share a number."""
    stores = list(stores)
    if not stores:
        return {}
    from pygenn_lite.runtime.cpp.stores import static_numbers

    numbers = static_numbers(stores)
    places = (c.c_void_p * len(arenas.data))(*(a.ctypes.data for a in arenas.data))
    for store in stores:
        if not store.plan.general:
            source, lead = populations[store.plan.source], store.plan.lead
            number = call("static_add", source, store.pointer, places, lead)
            assert number == numbers[store.members[0].group.name]
    return numbers


def add_by_kernels(
    call: EngineCall,
    address: Callable[[str | None], int | None],
    memory: SynapseMemory,
    delivery: Delivery,
    populations: Mapping[str, int],
) -> int:
    """Hand a group with kernels to the engine; returns what it calls it."""
    args, memory.kept = memory.arguments()
    return call(
        "synapse_add",
        populations[delivery.source],
        populations[delivery.target],
        memory.stored.store.pointer,
        address(delivery.on_pre or None),
        args,
        delivery.lead,
    )


def target_offsets(delivery: Delivery, arenas: Arenas | None, partition: Partition) -> Offsets:
    """Where the places that a group's synapses name begin in each shard: at its target variable in
    the arena, or at the shard's first neuron (for kernels, and where only pairs matter)."""
    if arenas is None or not delivery.is_static:
        return neuron_offsets(partition)
    return arenas.offset[delivery.target, delivery.adds_to]


def neuron_offsets(partition: Partition) -> Offsets:
    """For synapses that name neurons of the shard."""
    return np.zeros(partition.shards, dtype=np.uint32)
