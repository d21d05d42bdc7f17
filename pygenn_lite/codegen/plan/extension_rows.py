"""The memory that an extension needs, array by array."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pygenn_lite.codegen.plan.groups import GroupPlan
from pygenn_lite.codegen.plan.memory import MemoryRow
from pygenn_lite.codegen.plan.partition import BLOCK
from pygenn_lite.declaration.network import Network

if TYPE_CHECKING:
    from pygenn_lite.codegen.program.extension import Extension

INDEX = 4  # bytes of a neuron in a record
GATHERED = 8  # bytes for what is gathered for a spike


def extension_rows(
    network: Network,
    dtype: np.dtype[Any],
    extension: Extension,
    groups: Mapping[str, GroupPlan],
) -> list[MemoryRow]:
    """Variables, records of spikes and records of states."""
    width, rows = dtype.itemsize, []
    populations = network.populations
    for variable in extension.variables:
        what = f"{variable.name} (extension)"
        if variable.owner in populations:
            count = -(-populations[variable.owner].size // BLOCK) * BLOCK
            rows.append(MemoryRow(variable.owner, what, count, count * width))
        elif variable.owner in groups:
            plan = groups[variable.owner]
            count = int(plan.count)
            rows.append(MemoryRow(variable.owner, what, count, count * width, not plan.exact))
    for spikes in extension.spikes:
        each = INDEX + GATHERED + len(spikes.values) * width
        what = "record of spikes (extension)"
        rows.append(MemoryRow(spikes.population, what, spikes.room, spikes.room * each))
    for states in extension.states:
        count = states.room * states.width * populations[states.population].size
        what = f"{states.name}: record of states (extension)"
        rows.append(MemoryRow(states.population, what, count, count * width))
    return rows
