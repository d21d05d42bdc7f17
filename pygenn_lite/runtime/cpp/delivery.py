"""Has deliveries run: hands the stores of an instance, and where they add to, to its engine.

What is delivered is decided in codegen/program/delivery.py, where it lies in
codegen/plan/delivery.py; the loops are those of templates/cpp/engine/delivery.hpp.
"""

from __future__ import annotations

import ctypes as c
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from pygenn_lite.codegen.plan.partition import Partition
from pygenn_lite.codegen.program.delivery import Delivery
from pygenn_lite.runtime.cpp.arrays import Arenas

if TYPE_CHECKING:
    from pygenn_lite.runtime.cpp.stores import Offsets, Store
    from pygenn_lite.runtime.cpp.synapse_memory import SynapseMemory

EngineCall = Callable[..., int]  # a function of the engine by its name, and its arguments


def add_static(
    call: EngineCall, stores: Iterable[Store], arenas: Arenas, populations: Mapping[str, int]
) -> dict[str, int]:
    """Hand the stores of static groups to the engine; returns what it calls their deliveries, by
    group: those that share a store share a number."""
    numbers: dict[str, int] = {}
    places = (c.c_void_p * len(arenas.data))(*(a.ctypes.data for a in arenas.data))
    for store in stores:
        if not store.plan.general:
            source, lead = populations[store.plan.source], store.plan.lead
            number = call("static_add", source, store.pointer, places, lead)
            numbers |= {m.group.name: number for m in store.members}
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
