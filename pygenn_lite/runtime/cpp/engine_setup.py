"""Hands what an instance holds to its engine: populations and synapses."""

from __future__ import annotations

import ctypes as c
from collections.abc import Sequence

import numpy as np

from pygenn_lite.codegen.program.schedule import Op, Schedule, build_schedule
from pygenn_lite.runtime.cpp.coupling import begin_sums
from pygenn_lite.runtime.cpp.delivery import WholeSums, add_by_kernels, add_static, fitting_sums
from pygenn_lite.runtime.cpp.network_memory import NetworkMemory
from pygenn_lite.runtime.cpp.population_memory import PopulationMemory
from pygenn_lite.runtime.cpp.schedule_ops import Numbers, engine_ops
from pygenn_lite.runtime.recording import recorded_variable
from pygenn_lite.runtime.values.spike_trains import SpikeTrain, spike_train


def new_engine(instance: NetworkMemory) -> int:
    """An empty engine; its pgl_engine."""
    engine = instance.engine
    pointer = engine.engine_create(
        instance.threads,
        instance.partition.shards,
        instance.min_delay,
        instance.max_delay,
        instance.dtype.itemsize,
    )
    engine.check(pointer, "making an engine")
    return int(pointer)


def fill_engine(instance: NetworkMemory) -> None:
    """Hand everything to a new engine."""
    numbers = Numbers()
    for name, memory in instance.populations.items():
        numbers.populations[name] = _add_population(instance, memory)
        assert numbers.populations[name] == instance.common.numbers[name]
    static = any(d.is_static for d in instance.plan.deliveries.values())
    summing = static and instance.plan.described.accumulator == "int32"
    schedule = _schedule(instance, summing=summing)
    if summing:
        sums = WholeSums(instance.arenas, numbers.populations)
        sums.fit(fitting_sums(instance.plan.deliveries.values(), instance.largest_weight))
        instance.records.sums[instance.index] = sums
        instance.call_synapses("sums_set", sums.argument())
    if instance.stores:
        numbers.deliveries = add_static(
            instance.call_synapses, instance.stores, instance.arenas, numbers.populations
        )
    for store in instance.stores:
        own = instance.records.weights.get((instance.index, store.plan.groups))
        if own is not None:
            own.hand_over(instance.call_synapses, numbers.deliveries[store.plan.groups[0]])
    begin_sums(schedule.step, instance.synapses)
    for name, synapses in instance.synapses.items():
        numbers.groups[name] = add_by_kernels(
            instance.call_synapses,
            instance.loaded.address,
            synapses,
            instance.plan.deliveries[name],
            numbers.populations,
        )
        instance.records.kept[instance.index, name] = synapses.kept
    _set_schedule(instance, schedule.step, numbers)
    for population, train in instance.records.replayed.get(instance.index, {}).items():
        set_train(instance, population, train)
    _add_recorders(instance)


def _schedule(instance: NetworkMemory, *, summing: bool) -> Schedule:
    """What steps consist of."""
    schedule = build_schedule(instance.structure, instance.loaded.code.signatures)
    return schedule.with_collection() if summing else schedule


def _set_schedule(instance: NetworkMemory, step: Sequence[Op], numbers: Numbers) -> None:
    """Tell the engine. Those of instances that share their synapses have the same numbers, and
    one schedule in common."""
    engine, records = instance.engine, instance.records
    if not (instance.shared and records.schedule):
        ops = engine_ops(step, numbers, instance.loaded.address)
        if not instance.shared:
            instance.call("schedule_set", ops, len(ops))
            return
        pointer = engine.schedule_create(instance.pointer, ops, len(ops))
        records.keep_schedule(int(engine.check(pointer, "making a schedule")))
    instance.call("schedule_use", records.schedule)


def set_train(instance: NetworkMemory, population: str, train: SpikeTrain) -> None:
    """Give a spike source another train."""
    number = instance.common.numbers[population]
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
        set_train(instance, memory.name, train)
    for name, exposed in memory.exposed.items():
        instance.call(
            "expose_add",
            number,
            memory.arrays[name].whole().ctypes.data,
            exposed.ring.ctypes.data,
            exposed.stride,
            exposed.mask,
            memory.repeats_argument(),
            exposed.repeated.ctypes.data,
        )
    return number


def _add_recorders(instance: NetworkMemory) -> None:
    common, requests = instance.common, instance.common.recorders.requests
    for spikes in requests.spikes:
        number = common.numbers[spikes.population]
        instance.call("record_spikes", number, spikes.begin, spikes.end, spikes.stride)
    for request in requests.variables:
        memory = instance.populations[request.population]
        variable = recorded_variable(request, common.layout, instance.structure)
        array, shards = memory.arrays[variable.name], memory.partition.shards
        instance.call(
            "record_variable",
            common.numbers[request.population],
            (c.c_void_p * shards)(*(array.address(s) for s in range(shards))),
            request.indices.ctypes.data,
            len(request.indices),
            request.every,
        )
