"""How many threads a network gets by default.

Threads meet once per shortest delay, and for each of them a meeting takes as long as the update of
a thousand neurons. So the work between two meetings is estimated, and shared among as many as make
its time and that of meeting shortest together. Figures were measured on a processor with AVX-512;
others need longer for the work, and for meeting too.
"""

from __future__ import annotations

import math

from pygenn_lite.codegen import NetworkStructure, Signatures
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.population import SynapseGroup, ends_of
from pygenn_lite.declaration.steps import nearest_steps

BLOCK = 64  # neurons that are updated together
LONGEST_BLOCK = 64  # steps between two meetings at most (engine.hpp)
UNCONNECTED_DELAY = 16  # steps that shards take at a time where nothing is connected
MEETING = 400.0  # ns, for each thread that one has to wait for
WORTH = 1.3  # times faster than one thread: below that a busy machine would make it slower
NEURON, OPERATION, DRAW = 0.15, 0.012, 0.4  # ns
POPULATION = 15.0  # ns per population and step
EVENT, PLASTIC_EVENT, SYNAPSE_STEP = 1.5, 6.0, 1.0  # ns
RATE = 5.0  # Hz, assumed before anything has been simulated


def automatic_threads(
    network: Network, structure: NetworkStructure, signatures: Signatures, cpus: int
) -> int:
    """Threads that are worth their while: 1 to ``cpus``, but not more than blocks of neurons."""
    work = neuron_work(network, structure, signatures)
    work += sum(_group_work(network, structure, signatures, g) for g in network.groups.values())
    blocks = sum(-(-population.size // BLOCK) for population in network.populations.values())
    return _fastest(work * _steps_between_meetings(network), min(cpus, blocks))


def _fastest(work: float, most: int) -> int:
    """Threads for ns of work between two meetings."""
    best = max(1, min(most, round(math.sqrt(work / MEETING))))
    return best if work >= WORTH * (work / best + MEETING * (best - 1)) else 1


def neuron_work(network: Network, structure: NetworkStructure, signatures: Signatures) -> float:
    """ns per step that the neurons will take, about."""
    work = 0.0
    for name, population in network.populations.items():
        work += POPULATION
        kernel = structure.populations[name].kernel
        if kernel is not None:
            signature = signatures.neurons[kernel]
            draws = signature.draws + len(signature.poisson)
            each = NEURON + OPERATION * signature.operations + DRAW * draws
            work += each * -(-population.size // BLOCK) * BLOCK
    return work


def _group_work(
    network: Network,
    structure: NetworkStructure,
    signatures: Signatures,
    group: SynapseGroup,
) -> float:
    source, target = network.populations[group.source], network.populations[group.target]
    count = group.connectivity.count(ends_of(group, source, target))
    synapses = 0.0 if count is None else count.total
    events = synapses * RATE * network.dt / 1000.0
    instance = structure.groups[group.name]
    if instance.kind != "general":
        return EVENT * events
    assert instance.kernel is not None
    stepped = signatures.synapses[instance.kernel].step is not None
    return PLASTIC_EVENT * events + (SYNAPSE_STEP * synapses if stepped else 0.0)


def _steps_between_meetings(network: Network) -> int:
    """The shortest delay where it is known at once, else one step."""
    steps = [
        int(nearest_steps(float(group.delay), network.dt))
        if isinstance(group.delay, (int, float))
        else 1
        for group in network.groups.values()
    ]
    return max(1, min([*(steps or [UNCONNECTED_DELAY]), LONGEST_BLOCK]))
