"""Fills the memory plan of a network before anything is allocated (the table itself: plan.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pygenn_lite.codegen import NetworkStructure
from pygenn_lite.declaration.connectivity import (
    CSR,
    DistanceDependent,
    Explicit,
    OneToOne,
    expected_synapses,
)
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.population import SynapseGroup
from pygenn_lite.declaration.steps import delay_steps
from pygenn_lite.runtime import abi
from pygenn_lite.runtime.descriptors import (
    GroupDescription,
    Structure,
    delay_range,
    describe_group,
    is_native,
)
from pygenn_lite.runtime.partition import (
    ARENA_LIMIT,
    BLOCK,
    Partition,
    automatic_threads,
    make_partition,
)
from pygenn_lite.runtime.plan import MemoryRow
from pygenn_lite.runtime.stores import StorePlan, plan_stores
from pygenn_lite.runtime.toolchain import available_cpus

UNCONNECTED_DELAY = 16  # steps that slices take at a time where nothing is connected
SCATTERED_DELAYS = 64  # different delays in a row, where only drawing could tell
BUILDING = 0.25  # of the largest store: what the builder needs for a while
_NOTHING: Mapping[str, Any] = {"arrays": (), "published": ()}  # of a spike source


def cut_network(
    network: Network, structure: NetworkStructure, manifest: Mapping[str, Any], threads: int
) -> Partition:
    """Cut the populations of a network for a number of threads."""
    arena_variables, whole = {}, []
    for name in network.populations:
        kernel = structure.populations[name].kernel
        entry = _NOTHING if kernel is None else manifest["populations"][kernel]
        in_arena = {a["name"] for a in entry["arrays"] if a["arena"]}
        arena_variables[name] = len(in_arena)
        if in_arena & set(entry["published"]):
            whole.append(name)  # published variables must be contiguous
    sizes = {p.name: p.size for p in network.populations.values()}
    return make_partition(sizes, arena_variables, threads, whole)


def network_delays(ranges: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Shortest and longest delay of a network in steps, from those of its groups."""
    if not ranges:
        return UNCONNECTED_DELAY, UNCONNECTED_DELAY
    greatest = max(high for _, high in ranges)
    return min(greatest, *(low for low, _ in ranges)), greatest


def ring_slots(min_delay: int, max_delay: int) -> int:
    """Steps of published variables that are kept: a power of two."""
    return 1 << (max_delay + min_delay + 1).bit_length()


def planned_memory(
    network: Network, structure: NetworkStructure, manifest: Mapping[str, Any], precision: str
) -> list[MemoryRow]:
    """What a network will need, told without drawing a synapse."""
    threads = automatic_threads(sum(p.size for p in network.populations.values()), available_cpus())
    partition = cut_network(network, structure, manifest, threads)
    groups = [
        (_described(network, group), structure.groups[name])
        for name, group in network.groups.items()
    ]
    slots = ring_slots(*network_delays([_foreseen_delays(d, network.dt) for d, _ in groups]))
    real = np.dtype(precision)
    plans = plan_stores(groups, real.itemsize)
    return planned_rows(network, structure, manifest, partition, plans, real, slots)


def planned_rows(
    network: Network,
    structure: NetworkStructure,
    manifest: Mapping[str, Any],
    partition: Partition,
    plans: Sequence[StorePlan],
    real: np.dtype[Any],
    ring_slots: int,
) -> list[MemoryRow]:
    """What a network will need, with the expected number of synapses."""
    rows: list[MemoryRow] = []
    for population in network.populations.values():
        kernel = structure.populations[population.name].kernel
        if kernel is None:
            continue
        padded = -(-population.size // BLOCK) * BLOCK
        entry = manifest["populations"][kernel]
        for array in entry["arrays"]:
            what = f"{array['name']} ({array['role']})"
            used = _width(array, real) * padded
            rows.append(MemoryRow(population.name, what, population.size, used))
        for variable in entry["published"]:
            count = padded * ring_slots
            what = f"{variable} (past values)"
            rows.append(MemoryRow(population.name, what, count, count * real.itemsize))
        if entry["update"] is not None:  # room for a step in which all of them spike
            rows.append(MemoryRow(population.name, "spikes of a step", population.size, 4 * padded))
    stores = [_store_row(network, structure, manifest, partition, p, real) for p in plans]
    rows += stores
    largest = max((row.bytes for row in stores), default=0)
    if largest:
        rows.append(MemoryRow("building", "for a while", 1, int(largest * BUILDING)))
    return rows


def _described(network: Network, group: SynapseGroup) -> GroupDescription:
    """A group's description. Delays that could only be computed from synapses still to be drawn
    count as one of a step."""
    known = isinstance(group.connectivity, (Explicit, CSR, OneToOne, DistanceDependent))
    delay = group.delay if known or is_native(group.delay) else network.dt

    def never(description: GroupDescription) -> Structure:
        raise AssertionError("the synapses are known, or the delays do not depend on them")

    return describe_group(
        replace(group, delay=delay),
        network.populations[group.source],
        network.populations[group.target],
        network.seed,
        never,
        network.dt,
    )


def _foreseen_delays(description: GroupDescription, dt: float) -> tuple[int, int]:
    """Shortest and longest delay in steps; where only drawing could tell the longest, the one that
    so many synapses exceed once in two networks."""
    low, high = delay_range(description, dt)
    if high is None:
        beyond = 0.5 / max(_expected(description), 1.0)
        high = int(delay_steps(description.delay.ppf(np.array(1.0 - beyond)), dt))
    return low, high


def _store_row(
    network: Network,
    structure: NetworkStructure,
    manifest: Mapping[str, Any],
    partition: Partition,
    plan: StorePlan,
    real: np.dtype[Any],
) -> MemoryRow:
    names = ", ".join(m.group.name for m in plan.members)
    count = sum(_expected(m) for m in plan.members)
    n_source = network.populations[plan.source].size
    weight = real.itemsize if plan.flags & abi.STORE_WEIGHTS else 0
    if plan.flags & abi.STORE_PROCEDURAL:
        return MemoryRow(names, "synapses, not stored", int(count), 8 * n_source)
    if plan.flags & abi.STORE_DENSE:
        entries = n_source * plan.members[0].n_post
        return MemoryRow(names, "synapses, dense", int(count), entries * weight)
    each = weight + (2 if _short_targets(partition, plan) else 4)
    each += 2 if plan.flags & abi.STORE_DELAYS else 0
    each += 4 if plan.flags & abi.STORE_SOURCES else 0
    each += 8 if plan.flags & abi.STORE_TRANSPOSED else 0
    if plan.general:
        kernel = structure.groups[plan.members[0].group.name].kernel
        assert kernel is not None
        variables = manifest["synapses"][kernel]["synapse"]
        each += sum(_width(v, real) for v in variables if v["name"] != "weight")
        if not isinstance(plan.members[0].weight, float):
            each += real.itemsize  # initial weights, for reset
    per_row = 4 + (2 * (_delays(network, plan) + 1) if _delays(network, plan) > 1 else 0)
    total = int(count * each) + partition.slices * n_source * per_row
    for member in plan.members:
        if member.structure is not None:  # explicit synapses are kept as given, for reading back
            given = 4 + (8 if isinstance(member.delay, np.ndarray) else 0)
            total += given * len(member.structure.pre) + 8 * n_source
    return MemoryRow(names, "synapses", int(count), total)


def _expected(description: GroupDescription) -> float:
    if description.structure is not None:
        return float(len(description.structure.pre))
    group = description.group
    same = group.source == group.target
    return expected_synapses(group.connectivity, description.n_pre, description.n_post, same)


def _delays(network: Network, plan: StorePlan) -> int:
    """Different delays in a store, at most."""
    ranges = [delay_range(m, network.dt) for m in plan.members]
    ends = [low + SCATTERED_DELAYS - 1 if high is None else high for low, high in ranges]
    return max(ends) - min(low for low, _ in ranges) + 1


def _short_targets(partition: Partition, plan: StorePlan) -> bool:
    if not plan.general:
        return True
    target = plan.members[0].group.target
    return max(partition.count(target, s) for s in range(partition.slices)) <= ARENA_LIMIT


def _width(entry: Mapping[str, Any], real: np.dtype[Any]) -> int:
    return real.itemsize if entry["dtype"] == "real" else np.dtype(entry["dtype"]).itemsize
