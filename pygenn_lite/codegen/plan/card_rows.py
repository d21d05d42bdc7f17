"""The memory that a network needs on a card, array by array, before anything is allocated there."""

from __future__ import annotations

from collections.abc import Iterator

from pygenn_lite.codegen.plan.extension_rows import extension_rows
from pygenn_lite.codegen.plan.groups import GroupPlan
from pygenn_lite.codegen.plan.memory import MemoryRow, MemoryRows
from pygenn_lite.codegen.plan.network_plan import NetworkPlan
from pygenn_lite.codegen.program.signature import SynapseSignature

ROW = 32  # arrays of an instance begin at multiples of so many entries
SUM_BYTES, COUNT_BYTES, INDEX_BYTES, DELAY_BYTES = 8, 4, 4, 2
TRAIN_BYTES = 12  # of a spike: its step and its neuron


def card_rows(plan: NetworkPlan, instances: int = 1, *, shared: bool = False) -> MemoryRows:
    """What all instances of a network need together.

    Parameters
    ----------
    plan : NetworkPlan
        Of one instance.
    instances : int
    shared : bool
        Whether they have their synapses in common.
    """
    rows = MemoryRows()
    for name in plan.described.network.populations:
        rows += _of_population(plan, name, instances)
    for group in plan.groups.values():
        rows += _of_group(plan, group, instances, 1 if shared else instances)
    described = plan.described
    if described.extension is not None:
        found = extension_rows(described.network, described.dtype, described.extension, plan.groups)
        rows += (
            MemoryRow(r.name, r.what, r.count * instances, r.bytes * instances, r.estimated)
            for r in found
        )
    return rows


def slots_for(max_delay: int) -> int:
    """Steps of which spikes and past values are kept: those that may still arrive, the step that is
    being made, and one that is made ready for the next. A power of two.

    Examples
    --------
    >>> slots_for(1), slots_for(5), slots_for(6)
    (4, 8, 16)
    """
    return 1 << (max_delay + 2).bit_length()


def slots_ahead(max_delay: int) -> int:
    """Steps for which arrivals of static synapses are summed ahead: a power of two.

    Examples
    --------
    >>> slots_ahead(1), slots_ahead(15), slots_ahead(16)
    (2, 16, 32)
    """
    return 1 << max_delay.bit_length()


def _of_population(plan: NetworkPlan, name: str, instances: int) -> Iterator[MemoryRow]:
    described = plan.described
    population = described.network.populations[name]
    signature = described.signatures.of_population(described.structure.populations[name].kernel)
    count = population.size * instances
    padded = -(-population.size // ROW) * ROW * instances
    for variable in signature.variables:
        what = f"{variable.symbol} ({variable.role})"
        yield MemoryRow(name, what, count, described.width(variable) * padded)
    slots = slots_for(plan.max_delay)
    for symbol in signature.exposed:
        size = padded * slots * described.dtype.itemsize
        yield MemoryRow(name, f"{symbol} (past values)", count * slots, size)
    yield MemoryRow(name, "spikes of the last steps", count * slots, INDEX_BYTES * count * slots)
    yield MemoryRow(name, "spikes, counted", count, (COUNT_BYTES + 1) * padded)
    ahead = slots_ahead(plan.max_delay)
    targets = {d.adds_to for d in plan.deliveries.values() if d.is_static and d.target == name}
    for symbol in sorted(targets):
        what = f"{symbol} (sums of whole numbers)"
        yield MemoryRow(name, what, count * ahead, SUM_BYTES * count * ahead)
    times = getattr(population.model, "times", None)
    if times is not None:
        spikes = len(times.array)
        yield MemoryRow(name, "spike times", spikes, TRAIN_BYTES * spikes)


def _of_group(
    plan: NetworkPlan, group: GroupPlan, instances: int, laid_down: int
) -> Iterator[MemoryRow]:
    described, store = plan.described, plan.store_of(group.name)
    real, random = described.dtype.itemsize, not group.exact
    kernel = described.structure.groups[group.name].kernel
    weights = 2 if store.codes else real if store.weights else 0
    if store.storage == "procedural":
        rows = INDEX_BYTES * (group.n_pre + 1) * laid_down
        yield MemoryRow(group.name, "synapses, not stored", int(group.count), rows, random)
        return
    places = group.count
    if store.storage == "dense":
        places = float(group.n_pre) * group.n_post
        each = weights
    else:
        each = INDEX_BYTES + weights + (DELAY_BYTES if group.delay != "one" else 0)
        each += 2 * INDEX_BYTES if store.transposed else 0
        each += INDEX_BYTES if store.sources else 0
    size = int(places * each) + INDEX_BYTES * (group.n_pre + 1)
    yield MemoryRow(group.name, "synapses", int(group.count), size * laid_down, random)
    if kernel is not None:
        own = _width(plan, described.signatures.synapses[kernel], shared=laid_down < instances)
        count = int(places) * instances
        if own:
            yield MemoryRow(group.name, "synapse variables", count, count * own, random)


def _width(plan: NetworkPlan, signature: SynapseSignature, *, shared: bool) -> int:
    """Bytes of a synapse's variables, its weight only where it lies apart from the synapses."""
    return sum(
        plan.described.width(v) for v in signature.variables if shared or v.symbol != "weight"
    )
