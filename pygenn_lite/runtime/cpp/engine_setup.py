"""Hands what a machine holds to its engine: populations, synapses, recorders."""

from __future__ import annotations

import ctypes as c
from typing import TYPE_CHECKING

from pygenn_lite.runtime.cpp import abi
from pygenn_lite.runtime.cpp.population_memory import PopulationMemory
from pygenn_lite.runtime.cpp.synapse_memory import SynapseMemory
from pygenn_lite.runtime.recording import Recorders
from pygenn_lite.runtime.values.spike_trains import spike_train

if TYPE_CHECKING:
    from pygenn_lite.runtime.cpp.machine import Machine


def new_engine(machine: Machine) -> int:
    """An engine that knows nothing yet; its pgl_engine."""
    engine = machine.engine
    pointer = engine.engine_create(
        machine.threads,
        machine.partition.shards,
        machine.min_delay,
        machine.max_delay,
        machine.real.itemsize,
    )
    engine.check(pointer, "making an engine")
    return int(pointer)


def fill_engine(machine: Machine) -> tuple[dict[str, int], Recorders]:
    """Hand everything to a new engine.

    Returns
    -------
    numbers : dict of str to int
        What the engine calls the populations.
    recorders : Recorders
    """
    numbers = {
        name: _add_population(machine, memory) for name, memory in machine.populations.items()
    }
    for store in machine.stores:
        if not store.plan.general:
            arenas = (c.c_void_p * machine.partition.shards)(
                *(a.ctypes.data for a in machine.arenas.data)
            )
            machine.call(
                "static_add",
                numbers[store.plan.source],
                store.pointer,
                arenas,
                store.plan.lead,
            )
    for memory in machine.synapses.values():
        _add_synapses(machine, memory, numbers)
    recorders = Recorders(
        machine.engine,
        machine.pointer,
        machine.requests,
        machine.populations,
        numbers,
        {name: group.receptor for name, group in machine.structure.groups.items()},
        machine.real,
    )
    return numbers, recorders


def _add_population(machine: Machine, memory: PopulationMemory) -> int:
    signature = memory.signature
    number = machine.call(
        "population_add",
        memory.size,
        machine.partition.begin[memory.name].ctypes.data,
        _symbol(machine, signature.integrate),
        _symbol(machine, signature.update),
        _symbol(machine, signature.after),
        memory.arguments(machine.seed),
    )
    train = spike_train(memory.declared, machine.network.dt)
    if train is not None:
        steps, indices = train.steps, train.indices
        machine.call("source_set", number, len(train), steps.ctypes.data, indices.ctypes.data)
    for name, published in memory.published.items():
        machine.call(
            "publish_add",
            number,
            memory.arrays[name].whole().ctypes.data,
            published.ring.ctypes.data,
            published.stride,
            published.mask,
            memory.repeats_argument(),
            published.repeated.ctypes.data,
        )
    return number


def _add_synapses(machine: Machine, memory: SynapseMemory, numbers: dict[str, int]) -> None:
    signature = memory.signature
    args, memory.kept = memory.arguments()
    machine.call(
        "synapse_add",
        numbers[memory.source.name],
        numbers[memory.target.name],
        memory.stored.store.pointer,
        _symbol(machine, signature.on_pre),
        _symbol(machine, signature.on_post),
        _symbol(machine, signature.step),
        args,
        signature.lead,
    )


def _symbol(machine: Machine, name: str | None) -> int | None:
    return None if machine.kernels is None else abi.symbol_address(machine.kernels, name)
