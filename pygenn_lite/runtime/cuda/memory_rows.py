"""What takes how many bytes of a card, as it is."""

from __future__ import annotations

from pygenn_lite.codegen.plan.memory import MemoryRow, MemoryRows
from pygenn_lite.runtime.cuda.network_memory import CardNetwork
from pygenn_lite.runtime.cuda.population_memory import CardPopulation
from pygenn_lite.runtime.cuda.synapse_memory import CardGroup


def network_rows(network: CardNetwork) -> MemoryRows:
    """The arrays of all instances."""
    rows = MemoryRows()
    for population in network.populations.values():
        rows += _of_population(population)
    for group in network.groups.values():
        rows += _of_group(group)
    for ring in network.recorders.rings:
        count = ring.rows * len(ring.request.indices) * network.instances
        what = f"{ring.request.name} (samples until they are fetched)"
        rows.append(MemoryRow(ring.request.owner, what, count, ring.nbytes))
    for log in network.recorders.logs:
        count = log.room * network.instances
        what = "spikes (recorded, until they are fetched)"
        rows.append(MemoryRow(log.request.population, what, count, log.nbytes))
    return rows


def _of_population(population: CardPopulation) -> MemoryRows:
    rows, name = MemoryRows(), population.name
    count = population.size * population.place.instances
    for symbol, array in population.variables.items():
        what = f"{symbol} ({population.known[symbol].role})"
        rows.append(MemoryRow(name, what, count, array.nbytes))
    for symbol, array in population.past.base.items():
        slots = population.place.slots
        rows.append(MemoryRow(name, f"{symbol} (past values)", count * slots, array.nbytes))
    for inbox in population.inboxes.all:
        rows.append(MemoryRow(name, inbox.what, inbox.sums.nbytes // 8, inbox.sums.nbytes))
    kept = population.spikes.nbytes + population.spike_counts.nbytes
    rows.append(MemoryRow(name, "spikes of the last steps", kept // 4, kept))
    return rows


def _of_group(group: CardGroup) -> MemoryRows:
    rows, seen = MemoryRows(), set[int]()
    for synapses in group.synapses:
        if id(synapses) not in seen:
            seen.add(id(synapses))
            rows.append(MemoryRow(group.name, synapses.contents, synapses.size, synapses.nbytes))
    own = [array for each in group.variables for name, array in each.items() if name != "weight"]
    if own:
        size = sum(array.nbytes for array in own)
        count = sum(array.shape[0] for array in own)
        rows.append(MemoryRow(group.name, "synapse variables", count, size))
    return rows
