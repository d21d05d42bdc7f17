"""Fills the memory plan of a network before anything is allocated (the table itself: plan.py)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pygenn_lite.codegen import NetworkStructure, Signatures
from pygenn_lite.codegen.plan.memory import MemoryRow, check_memory
from pygenn_lite.codegen.plan.partition import (
    ARENA_LIMIT,
    BLOCK,
    Partition,
    make_partition,
)
from pygenn_lite.codegen.program.signature import Variable
from pygenn_lite.declaration.connectivity import Ends
from pygenn_lite.declaration.connectivity.distance import PAIRS_AT_ONCE
from pygenn_lite.declaration.distributions import Distribution
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.population import SpikeSource, SynapseGroup, ends_of
from pygenn_lite.declaration.steps import delay_steps
from pygenn_lite.declaration.values import FrozenArray
from pygenn_lite.errors import MemoryPlanError
from pygenn_lite.runtime.cpp import abi
from pygenn_lite.runtime.cpp.descriptors import (
    GroupDescription,
    Structure,
    delay_range,
    describe_group,
    is_native,
)
from pygenn_lite.runtime.cpp.stores import StorePlan, plan_stores
from pygenn_lite.runtime.cpp.toolchain import available_cpus
from pygenn_lite.runtime.threads import UNCONNECTED_DELAY, automatic_threads
from pygenn_lite.runtime.values.spike_trains import repeated_spikes

SCATTERED_DELAYS = 64  # different delays in a row, where only drawing could tell
BUILDING = 0.25  # of the largest store: what the builder needs for a while
# Bytes per synapse, measured:
DRAWN_FIRST = 24  # pairs and delays that are kept where the builder drew the pairs for the host
DRAWN_PAIR = 16  # twice: in parts, and joined
DRAWING, EVALUATING = 140, 40  # at most, while the host draws values or evaluates an expression
REPLAYED = 48  # bytes per spike of a source, those for sorting included
COMPUTING = "values of synapses, for a while"
MOST_IN_SHARD = 0xFFFFFFFF


def cut_network(
    network: Network, structure: NetworkStructure, signatures: Signatures, threads: int
) -> Partition:
    """Cut the populations of a network for a number of threads."""
    arena_variables, whole = {}, []
    for name in network.populations:
        kernel = structure.populations[name].kernel
        signature = signatures.of_population(kernel)
        in_arena = {v.symbol for v in signature.variables if v.addressed}
        arena_variables[name] = len(in_arena)
        if in_arena & set(signature.published):
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
    network: Network, structure: NetworkStructure, signatures: Signatures, precision: str
) -> list[MemoryRow]:
    """What a network will need, told without drawing a synapse."""
    threads = automatic_threads(network, structure, signatures, available_cpus())
    partition = cut_network(network, structure, signatures, threads)
    real = np.dtype(precision)
    plans = plans_of(foreseen_groups(network), structure, real)
    return _foreseen_rows(network, structure, signatures, partition, plans, real)


def plans_of(
    descriptions: Mapping[str, GroupDescription], structure: NetworkStructure, real: np.dtype[Any]
) -> list[StorePlan]:
    """Which groups share a store."""
    groups = [(d, structure.groups[n]) for n, d in descriptions.items()]
    return plan_stores(groups, real.itemsize)


def check_foreseen(
    network: Network,
    structure: NetworkStructure,
    signatures: Signatures,
    partition: Partition,
    foreseen: Mapping[str, GroupDescription],
    real: np.dtype[Any],
) -> None:
    """Refuse what does not fit before a synapse is drawn.

    Raises
    ------
    MemoryPlanError
        Too much memory, or more synapses in a shard than can be numbered.
    """
    plans = plans_of(foreseen, structure, real)
    check_memory(_foreseen_rows(network, structure, signatures, partition, plans, real))
    for plan in plans:
        _check_numbering(plan, partition)


def foreseen_groups(network: Network) -> dict[str, GroupDescription]:
    """Descriptions of all groups, told without drawing a synapse: final ones where ``is_final``."""
    return {name: _foreseen(network, group) for name, group in network.groups.items()}


def _foreseen_rows(
    network: Network,
    structure: NetworkStructure,
    signatures: Signatures,
    partition: Partition,
    plans: Sequence[StorePlan],
    real: np.dtype[Any],
) -> list[MemoryRow]:
    delays = [_foreseen_delays(m, network.dt) for plan in plans for m in plan.members]
    slots = ring_slots(*network_delays(delays))
    return planned_rows(network, structure, signatures, partition, plans, real, slots)


def _check_numbering(plan: StorePlan, partition: Partition) -> None:
    """Refuse at once what the builder would refuse after drawing for minutes."""
    if plan.flags & abi.STORE_PROCEDURAL:
        return
    for piece in range(partition.shards):
        count = sum(
            _entries(m, plan) * partition.count(m.group.target, piece) / max(m.n_post, 1)
            for m in plan.members
        )
        if count > MOST_IN_SHARD:
            raise MemoryPlanError(
                "more than 2^32 synapses in the part of one thread",
                where=f"synapse group {', '.join(m.group.name for m in plan.members)}",
                hint="use more threads, fewer synapses, or storage='procedural'",
            )


def is_final(group: SynapseGroup) -> bool:
    """Whether its description is known without drawing a synapse."""
    return not (waits_for_synapses(group) or _drawn_by_python(group))


def expected_counts(network: Network) -> dict[str, tuple[float, bool]]:
    """Expected number of synapses by group, and whether it is only an expectation."""
    return {
        name: (_expected(description), _is_random(description))
        for name, description in foreseen_groups(network).items()
    }


def waits_for_synapses(group: SynapseGroup) -> bool:
    """Whether delays can only be computed once the builder has drawn the synapses."""
    return not (group.connectivity.by_python or is_native(group.delay))


def _drawn_by_python(group: SynapseGroup) -> bool:
    """Whether its synapses are drawn by Python, so that their number is not known before."""
    rule = group.connectivity
    return not rule.by_builder and rule.numbered(0) is None


def arrays_held(descriptions: Iterable[GroupDescription]) -> int:
    """Bytes of synapses and delays that were computed on the host, and are kept."""
    held = 0
    for description in descriptions:
        if waits_for_synapses(description.group) and description.structure is not None:
            arrays = (description.structure.pre, description.structure.post, description.delay)
            held += sum(array.nbytes for array in arrays)
    return held


def planned_rows(
    network: Network,
    structure: NetworkStructure,
    signatures: Signatures,
    partition: Partition,
    plans: Sequence[StorePlan],
    real: np.dtype[Any],
    ring_slots: int,
) -> list[MemoryRow]:
    """What a network will need, with the expected number of synapses."""
    rows: list[MemoryRow] = []
    for population in network.populations.values():
        kernel = structure.populations[population.name].kernel
        if isinstance(population.model, SpikeSource):
            spikes = len(population.model.times.array)
            rows.append(MemoryRow(population.name, "spike times", spikes, spikes * REPLAYED))
        if kernel is None:
            continue
        padded = -(-population.size // BLOCK) * BLOCK
        signature = signatures.neurons[kernel]
        for stored in signature.variables:
            what = f"{stored.symbol} ({stored.role})"
            used = _width(stored, real) * padded
            rows.append(MemoryRow(population.name, what, population.size, used))
        for variable in signature.published:
            count = padded * ring_slots
            what = f"{variable} (past values)"
            rows.append(MemoryRow(population.name, what, count, count * real.itemsize))
            repeated = len(repeated_spikes(population, network.dt))
            if repeated:
                what = f"{variable} (spikes of one step)"
                rows.append(MemoryRow(population.name, what, repeated, repeated * real.itemsize))
        if signature.update is not None:  # room for a step in which all of them spike
            rows.append(MemoryRow(population.name, "spikes of a step", population.size, 4 * padded))
    stores = [_store_row(network, structure, signatures, partition, p, real) for p in plans]
    rows += stores
    largest = max((row.bytes for row in stores), default=0)
    if largest:
        rows.append(MemoryRow("building", "for a while", 1, int(largest * BUILDING)))
    computed = max((_computing(m) for plan in plans for m in plan.members), default=0)
    if computed:
        rows.append(MemoryRow("building", COMPUTING, 1, computed))
    return rows


def _foreseen(network: Network, group: SynapseGroup) -> GroupDescription:
    waits, source = waits_for_synapses(group), network.populations[group.source]
    target, structure = network.populations[group.target], None
    if _drawn_by_python(group):
        count = group.connectivity.count(ends_of(group, source, target))
        number = 0 if count is None else round(count.total)
        nowhere = np.broadcast_to(np.int64(0), (number,))  # takes no memory
        structure = Structure(nowhere, nowhere, expected=True)

    def never(description: GroupDescription) -> Structure:
        raise AssertionError("the synapses are known, or the delays do not depend on them")

    simple = replace(group, delay=network.dt) if waits else group
    if structure is not None:
        simple = replace(
            simple,
            delay=group.delay if is_native(group.delay) else network.dt,
            weight=group.weight if is_native(group.weight) else 0.0,
        )
    description = describe_group(simple, source, target, network.seed, never, network.dt, structure)
    if structure is not None:
        weight = description.weight if is_native(group.weight) else np.zeros(0)
        return replace(description, group=group, weight=weight, delay=group.delay)
    return replace(description, group=group, delay=group.delay) if waits else description


def _foreseen_delays(description: GroupDescription, dt: float) -> tuple[int, int]:
    """Shortest and longest delay in steps; where only drawing could tell the longest, the one that
    so many synapses exceed once in two networks."""
    low, high = delay_range(description, dt)
    if high is None and isinstance(description.delay, FrozenArray):
        high = int(delay_steps(float(description.delay.array.max(initial=dt)), dt))
    elif high is None and not isinstance(description.delay, Distribution):
        high = low  # an expression
    elif high is None:
        beyond = 0.5 / max(_expected(description), 1.0)
        high = int(delay_steps(description.delay.ppf(np.array(1.0 - beyond)), dt))
    return low, high


def _store_row(
    network: Network,
    structure: NetworkStructure,
    signatures: Signatures,
    partition: Partition,
    plan: StorePlan,
    real: np.dtype[Any],
) -> MemoryRow:
    names = ", ".join(m.group.name for m in plan.members)
    count = sum(_expected(m) for m in plan.members)
    random = any(_is_random(m) for m in plan.members)
    n_source = network.populations[plan.source].size
    weight = real.itemsize if plan.flags & abi.STORE_WEIGHTS else 0
    if plan.flags & abi.STORE_PROCEDURAL:
        return MemoryRow(names, "synapses, not stored", int(count), 8 * n_source, random)
    if plan.flags & abi.STORE_DENSE:
        entries = n_source * plan.members[0].n_post
        each = weight + (_own_variables(structure, signatures, plan, real) if plan.general else 0)
        return MemoryRow(names, "synapses, dense", int(count), entries * each, random)
    each = weight + (2 if _short_targets(partition, plan) else 4)
    each += 2 if plan.flags & abi.STORE_DELAYS else 0
    each += 4 if plan.flags & abi.STORE_SOURCES else 0
    each += 8 if plan.flags & abi.STORE_TRANSPOSED else 0
    if plan.general:
        each += _own_variables(structure, signatures, plan, real)
    per_row = 4 + (2 * (_delays(network, plan) + 1) if _delays(network, plan) > 1 else 0)
    total = int(count * each) + partition.shards * n_source * per_row
    for member in plan.members:
        waits = waits_for_synapses(member.group)
        if member.structure is not None or waits:  # kept as given, for reading back
            given = 4 + (0 if is_native(member.group.delay) else 8) + (DRAWN_FIRST if waits else 0)
            total += int(given * _expected(member)) + 8 * n_source
    return MemoryRow(names, "synapses", int(count), total, random)


def _own_variables(
    structure: NetworkStructure,
    signatures: Signatures,
    plan: StorePlan,
    real: np.dtype[Any],
) -> int:
    """Bytes per synapse of a general group besides its weight."""
    kernel = structure.groups[plan.members[0].group.name].kernel
    assert kernel is not None
    variables = signatures.synapses[kernel].variables
    each = sum(_width(v, real) for v in variables if v.symbol != "weight")
    if not isinstance(plan.members[0].weight, float):
        each += real.itemsize  # initial weights, for reset
    return each


def _computing(member: GroupDescription) -> int:
    """Bytes of arrays on the host while values of a group's synapses are computed there."""
    group, values = member.group, [member.group.weight]
    if member.structure is not None and member.structure.expected:
        pairs = min(member.n_pre * member.n_post, max(PAIRS_AT_ONCE, member.n_post))
        drawn = 2 * DRAWN_PAIR * len(member.structure.pre)
        return pairs * group.connectivity.drawing_bytes + drawn
    if waits_for_synapses(group):
        values.append(group.delay)
    elif not member.weight_later:
        return 0
    drawn = any(isinstance(v, Distribution) and not is_native(v) for v in values)
    kept = DRAWN_FIRST if waits_for_synapses(group) else 0  # counted with the store
    return int(_expected(member) * ((DRAWING if drawn else EVALUATING) - kept))


def _entries(member: GroupDescription, plan: StorePlan) -> float:
    dense = plan.flags & abi.STORE_DENSE and plan.flags & abi.STORE_WEIGHTS
    return float(member.n_pre) * member.n_post if dense else _expected(member)


def _expected(description: GroupDescription) -> float:
    if description.structure is not None:
        return float(len(description.structure.pre))
    group = description.group
    same = group.source == group.target
    count = group.connectivity.count(Ends(description.n_pre, description.n_post, same))
    assert count is not None  # of rules that the builder draws
    return count.total


def _is_random(description: GroupDescription) -> bool:
    """Whether only drawing tells the number of synapses."""
    structure, group = description.structure, description.group
    if structure is not None:
        return structure.expected
    count = group.connectivity.count(Ends(description.n_pre, description.n_post))
    return count is not None and not count.exact


def _delays(network: Network, plan: StorePlan) -> int:
    """Different delays in a store, at most."""
    ranges = [delay_range(m, network.dt) for m in plan.members]
    ends = [low + SCATTERED_DELAYS - 1 if high is None else high for low, high in ranges]
    return max(ends) - min(low for low, _ in ranges) + 1


def _short_targets(partition: Partition, plan: StorePlan) -> bool:
    if not plan.general:
        return True
    target = plan.members[0].group.target
    return max(partition.count(target, s) for s in range(partition.shards)) <= ARENA_LIMIT


def _width(variable: Variable, real: np.dtype[Any]) -> int:
    return real.itemsize if variable.dtype == "real" else np.dtype(variable.dtype).itemsize
