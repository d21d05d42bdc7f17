"""Fills the memory plan of a network before anything is allocated (the table itself: plan.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pygenn_lite.codegen import NetworkStructure
from pygenn_lite.declaration.connectivity import expected_synapses
from pygenn_lite.declaration.network import Network
from pygenn_lite.runtime import abi
from pygenn_lite.runtime.descriptors import GroupDescription, delay_range
from pygenn_lite.runtime.partition import ARENA_LIMIT, BLOCK, Partition
from pygenn_lite.runtime.plan import MemoryRow
from pygenn_lite.runtime.stores import StorePlan

SCATTERED_DELAYS = 64  # different delays in a row, where only drawing could tell
BUILDING = 0.25  # of the largest store: what the builder needs for a while


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
        bytes_each = sum(_width(a, real) for a in entry["arrays"])
        rows.append(MemoryRow(population.name, "neurons", population.size, bytes_each * padded))
        published = len(entry["published"])
        if published:
            count = published * padded * ring_slots
            rows.append(MemoryRow(population.name, "past values", count, count * real.itemsize))
    stores = [_store_row(network, structure, manifest, partition, p, real) for p in plans]
    rows += stores
    largest = max((row.bytes for row in stores), default=0)
    if largest:
        rows.append(MemoryRow("building", "for a while", 1, int(largest * BUILDING)))
    return rows


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
