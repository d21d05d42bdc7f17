"""The memory that a plan needs, array by array."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from pygenn_lite.codegen.plan.delivery import StorePlan
from pygenn_lite.codegen.plan.described import Described
from pygenn_lite.codegen.plan.groups import GroupPlan, by_builder
from pygenn_lite.codegen.plan.memory import MemoryRow
from pygenn_lite.codegen.plan.ownership import Ownership
from pygenn_lite.codegen.plan.partition import ARENA_LIMIT, BLOCK
from pygenn_lite.codegen.program.delivery import Delivery
from pygenn_lite.declaration.connectivity.distance import PAIRS_AT_ONCE
from pygenn_lite.declaration.distribution_base import Distribution
from pygenn_lite.declaration.population import Population, SpikeSource
from pygenn_lite.declaration.steps import nearest_steps

BUILDING = 0.25  # of the largest store: what the builder needs for a while
# Bytes per synapse, measured:
DRAWN_FIRST = 24  # pairs and delays that are kept where the builder drew the pairs for the host
DRAWN_PAIR = 16  # twice: in parts, and joined
DRAWING, EVALUATING = 140, 40  # at most, while the host draws values or evaluates an expression
REPLAYED = 48  # bytes per spike of a source, those for sorting included
LAST_STEP = 2**62  # stands for what never comes
COMPUTING = "values of synapses, for a while"


def population_rows(described: Described, population: Population, slots: int) -> list[MemoryRow]:
    """Arrays of a population; `slots`: steps of past values that are kept."""
    rows: list[MemoryRow] = []
    name, model = population.name, population.model
    kernel = described.structure.populations[name].kernel
    if isinstance(model, SpikeSource):
        spikes = len(model.times.array)
        rows.append(MemoryRow(name, "spike times", spikes, spikes * REPLAYED))
    if kernel is None:
        return rows
    padded = -(-population.size // BLOCK) * BLOCK
    signature, width = described.signatures.neurons[kernel], described.dtype.itemsize
    for variable in signature.variables:
        what = f"{variable.symbol} ({variable.role})"
        rows.append(MemoryRow(name, what, population.size, described.width(variable) * padded))
    repeated = _repeated_spikes(population, described.network.dt) if signature.exposed else 0
    for symbol in signature.exposed:
        count = padded * slots
        rows.append(MemoryRow(name, f"{symbol} (past values)", count, count * width))
        if repeated:
            what = f"{symbol} (spikes of one step)"
            rows.append(MemoryRow(name, what, repeated, repeated * width))
    if signature.update is not None:  # room for a step in which all of them spike
        rows.append(MemoryRow(name, "spikes of a step", population.size, 4 * padded))
    return rows


def sum_rows(described: Described, deliveries: Iterable[Delivery]) -> list[MemoryRow]:
    """Sums of arrivals in whole numbers, one for each neuron that static synapses add to, and their
    units."""
    if described.accumulator == "float":
        return []
    targets = dict.fromkeys((d.target, d.adds_to) for d in deliveries if d.is_static)
    sizes = {name: described.network.populations[name].size for name, _ in targets}
    return [
        MemoryRow(name, f"{variable} (sums of whole numbers)", sizes[name], 16 * sizes[name])
        for name, variable in targets
    ]


def synapse_rows(
    described: Described,
    stores: Sequence[StorePlan],
    groups: Mapping[str, GroupPlan],
    ownership: Ownership,
) -> list[MemoryRow]:
    """All stores, and what building them takes for a while."""
    rows = []
    for store in stores:
        members = [groups[name] for name in store.groups]
        rows.append(_store_row(described, store, members, ownership))
    largest = max((row.bytes for row in rows), default=0)
    if largest:
        rows.append(MemoryRow("building", "for a while", 1, int(largest * BUILDING)))
    computed = max((_computing(plan) for plan in groups.values()), default=0)
    if computed:
        rows.append(MemoryRow("building", COMPUTING, 1, computed))
    return rows


def _store_row(
    described: Described, store: StorePlan, members: Sequence[GroupPlan], ownership: Ownership
) -> MemoryRow:
    names, count = ", ".join(store.groups), sum(m.count for m in members)
    random = not all(m.exact for m in members)
    n_source, first = members[0].n_pre, members[0]
    if store.storage == "procedural":
        return MemoryRow(names, "synapses, not stored", int(count), 8 * n_source, random)
    each = _bytes_each(described, store, first, ownership)
    if store.storage == "dense":
        entries = n_source * first.n_post
        return MemoryRow(names, "synapses, dense", int(count), entries * each, random)
    delays = max(m.last_delay for m in members) - min(m.low for m in members) + 1
    per_row = 4 + (2 * (delays + 1) if delays > 1 else 0)
    total = int(count * each) + ownership.shards * n_source * per_row
    for member in members:
        if member.host_has_pairs:  # kept as given, for reading back
            given = 4 + (0 if by_builder(member.group.delay) else 8)
            given += DRAWN_FIRST if member.delay == "later" else 0
            total += int(given * member.count) + 8 * n_source
    return MemoryRow(names, "synapses", int(count), total, random)


def _bytes_each(
    described: Described, store: StorePlan, first: GroupPlan, ownership: Ownership
) -> int:
    """Bytes per synapse; of a matrix, per pair."""
    each = described.dtype.itemsize if store.weights else 0
    each = 2 if store.codes else each
    if store.storage == "sparse":
        target = first.group.target
        most = max(ownership.count(target, s) for s in range(ownership.shards))
        each += 4 if store.general and most > ARENA_LIMIT else 2
        each += 2 * store.delays + 4 * store.sources + 8 * store.transposed
    if store.general:
        kernel = described.structure.groups[first.name].kernel
        assert kernel is not None
        variables = described.signatures.synapses[kernel].variables
        each += sum(described.width(v) for v in variables if v.symbol != "weight")
        if first.weight != "one":
            each += described.dtype.itemsize  # initial weights, for reset
    return each


def _computing(plan: GroupPlan) -> int:
    """Bytes of arrays on the host while values of a group's synapses are computed there."""
    if plan.pairs == "python" and not plan.drawn:
        pairs = min(plan.n_pre * plan.n_post, max(PAIRS_AT_ONCE, plan.n_post))
        return pairs * plan.group.connectivity.drawing_bytes + int(2 * DRAWN_PAIR * plan.count)
    values = [plan.group.weight]
    if plan.delay == "later":
        values.append(plan.group.delay)
    elif plan.weight != "later":
        return 0
    drawn = any(isinstance(v, Distribution) and not by_builder(v) for v in values)
    kept = DRAWN_FIRST if plan.delay == "later" else 0  # counted with the store
    return int(plan.count * ((DRAWING if drawn else EVALUATING) - kept))


def _repeated_spikes(population: Population, dt: float) -> int:
    """Of a spike source: spikes beyond the first that a neuron has in one step."""
    model = population.model
    if not isinstance(model, SpikeSource):
        return 0
    steps, indices = nearest_steps(model.times.array, dt), np.asarray(model.indices.array)
    order = np.lexsort((indices, steps))
    steps, indices = steps[order], indices[order]
    again = (steps[1:] == steps[:-1]) & (indices[1:] == indices[:-1])
    return int(np.count_nonzero(again & (steps[1:] < LAST_STEP)))
