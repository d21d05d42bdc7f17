"""Hands what an instance holds to its engine: populations and synapses."""

from __future__ import annotations

import numpy as np

from pygenn_lite.codegen.program.schedule import build_schedule
from pygenn_lite.runtime.cpp.coupling import begin_sums
from pygenn_lite.runtime.cpp.delivery import add_by_kernels, add_static
from pygenn_lite.runtime.cpp.network_memory import NetworkMemory
from pygenn_lite.runtime.cpp.population_memory import PopulationMemory
from pygenn_lite.runtime.cpp.schedule_ops import Numbers, engine_ops
from pygenn_lite.runtime.values.spike_trains import SpikeTrain, spike_train


def new_engine(instance: NetworkMemory) -> int:
    """An engine that knows nothing yet; its pgl_engine."""
    engine = instance.engine
    pointer = engine.engine_create(
        instance.threads,
        instance.partition.shards,
        instance.min_delay,
        instance.max_delay,
        instance.real.itemsize,
    )
    engine.check(pointer, "making an engine")
    return int(pointer)


def fill_engine(instance: NetworkMemory) -> dict[str, int]:
    """Hand everything to a new engine; returns what it calls the populations."""
    numbers = Numbers()
    for name, memory in instance.populations.items():
        numbers.populations[name] = _add_population(instance, memory)
    numbers.deliveries = add_static(
        instance.call, instance.stores, instance.arenas, numbers.populations
    )
    schedule = build_schedule(instance.structure, instance.loaded.code.signatures)
    begin_sums(schedule.step, instance.synapses)
    for name, synapses in instance.synapses.items():
        numbers.groups[name] = add_by_kernels(
            instance.call,
            instance.loaded.address,
            synapses,
            instance.plan.deliveries[name],
            numbers.populations,
        )
    ops = engine_ops(schedule.step, numbers, instance.loaded.address)
    instance.call("schedule_set", ops, len(ops))
    return numbers.populations


def set_train(instance: NetworkMemory, population: str, train: SpikeTrain) -> None:
    """Give a spike source another train."""
    _set_train(instance, instance.numbers[population], train)


def _set_train(instance: NetworkMemory, number: int, train: SpikeTrain) -> None:
    steps = np.ascontiguousarray(train.steps, np.int64)
    indices = np.ascontiguousarray(train.indices, np.uint32)
    instance.call("source_set", number, len(train), steps.ctypes.data, indices.ctypes.data)


def _add_population(instance: NetworkMemory, memory: PopulationMemory) -> int:
    signature = memory.signature
    number = instance.call(
        "population_add",
        memory.size,
        instance.partition.begin[memory.name].ctypes.data,
        instance.loaded.address(signature.update),
        instance.loaded.address(signature.after),
        memory.arguments(instance.seed),
    )
    train = spike_train(memory.declared, instance.network.dt)
    if train is not None:
        _set_train(instance, number, train)
    for name, published in memory.published.items():
        instance.call(
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
