"""How many threads a network gets by default.

Threads meet once per shortest delay, and for each of them a meeting takes as long as the update of
a thousand neurons. So the work between two meetings is estimated, and shared among as many as make
its time and that of meeting shortest together. Figures were measured on a processor with AVX-512;
others need longer for the work, and for meeting too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from pygenn_lite.codegen.plan.described import Described
from pygenn_lite.codegen.plan.groups import UNCONNECTED_DELAY, GroupPlan

BLOCK = 64  # neurons that are updated together
LONGEST_BLOCK = 64  # steps between two meetings at most (engine.hpp)
MEETING = 400.0  # ns, for each thread that one has to wait for
WORTH = 1.3  # times faster than one thread: below that a busy machine would make it slower
NEURON, OPERATION, DRAW = 0.15, 0.012, 0.4  # ns
POPULATION = 15.0  # ns per population and step
EVENT, PLASTIC_EVENT, SYNAPSE_STEP = 1.5, 6.0, 1.0  # ns
RATE = 5.0  # Hz, assumed before anything has been simulated


def automatic_threads(described: Described, groups: Mapping[str, GroupPlan], cpus: int) -> int:
    """Threads that are worth their while: 1 to ``cpus``, but not more than blocks of neurons."""
    populations = described.network.populations.values()
    work = neuron_work(described) + sum(_group_work(described, plan) for plan in groups.values())
    blocks = sum(-(-population.size // BLOCK) for population in populations)
    return _fastest(work * _steps_between_meetings(groups), min(cpus, blocks))


def _fastest(work: float, most: int) -> int:
    """Threads for ns of work between two meetings."""
    best = max(1, min(most, round(math.sqrt(work / MEETING))))
    return best if work >= WORTH * (work / best + MEETING * (best - 1)) else 1


def neuron_work(described: Described) -> float:
    """ns per step that the neurons will take, about."""
    work = 0.0
    for name, population in described.network.populations.items():
        work += POPULATION
        kernel = described.structure.populations[name].kernel
        if kernel is not None:
            signature = described.signatures.neurons[kernel]
            draws = signature.draws + len(signature.poisson)
            each = NEURON + OPERATION * signature.operations + DRAW * draws
            work += each * -(-population.size // BLOCK) * BLOCK
    return work


def _group_work(described: Described, plan: GroupPlan) -> float:
    events = plan.count * RATE * described.network.dt / 1000.0
    kernel = described.structure.groups[plan.name].kernel
    if kernel is None:
        return EVENT * events
    stepped = described.signatures.synapses[kernel].step is not None
    return PLASTIC_EVENT * events + (SYNAPSE_STEP * plan.count if stepped else 0.0)


def _steps_between_meetings(groups: Mapping[str, GroupPlan]) -> int:
    """The shortest delay where it is the only one, else one step."""
    steps = [plan.low if plan.delay == "one" else 1 for plan in groups.values()]
    return max(1, min([*(steps or [UNCONNECTED_DELAY]), LONGEST_BLOCK]))
