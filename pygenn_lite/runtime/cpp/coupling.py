"""What groups with continuous transmission need of the runtime: who of them begins the sum of an
input, and memory to keep values aside."""

from __future__ import annotations

import ctypes as c
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.program.schedule import Call, Op
from pygenn_lite.runtime.cpp.arrays import aligned_zeros

if TYPE_CHECKING:
    from pygenn_lite.runtime.cpp.synapse_memory import SynapseMemory

LINE = 64  # bytes: arrays in scratch memory begin at multiples of it


def begin_sums(step: Iterable[Op], memories: Mapping[str, SynapseMemory]) -> None:
    """Tell each group which sums it begins: the first that acts on an input in a step sets its sum,
    the others add to it. (Sums of variables begin at 0: what adds them clears them.)"""
    begun: set[tuple[str, str]] = set()
    for op in step:
        memory = memories.get(op.of)
        if not isinstance(op, Call) or memory is None or op.kernel != memory.signature.step:
            continue
        memory.sets = 0
        for k, sink in enumerate(memory.signature.sinks):
            internal = memory.binding.post[sink]
            target = (memory.target.name, internal)
            if memory.target.known[internal].role == "coupled" and target not in begun:
                begun.add(target)
                memory.sets |= 1 << k


def scratch(memory: SynapseMemory, columns: int) -> npt.NDArray[Any]:
    """Memory for a group's values by source and by target neuron, on one shard."""
    signature = memory.signature
    each = LINE // memory.real.itemsize
    padded = [-(-n // each) * each for n in (memory.source.size, columns)]
    return aligned_zeros(
        signature.source_scratch * padded[0] + signature.target_scratch * padded[1], memory.real
    )


def present(memory: SynapseMemory, piece: int) -> npt.NDArray[np.uint8] | None:
    """Which entries of a shard's matrix are synapses; None: all, or no matrix."""
    entries = memory.views[piece].n_synapses
    if not memory.binding.dense or memory.stored.size == memory.source.size * memory.target.size:
        return None
    masks = memory.stored.store.masks  # of one store for all instances that have it
    if (memory.name, piece) not in masks:
        pieces, positions = memory.positions()
        mask = masks[memory.name, piece] = np.zeros(max(entries, 1), np.uint8)
        mask[positions[pieces == piece]] = 1
    return masks[memory.name, piece]


def matrix_of(memory: SynapseMemory, kept: list[Any]) -> dict[str, Any]:
    """Arguments of a group that has another's weights, transposed; `kept` keeps their memory."""
    parent = memory.parent
    if parent is None:
        return {}
    begin = memory.partition.begin[memory.source.name]
    pointers = (c.c_void_p * len(parent.views))(
        *(weights.ctypes.data for weights in parent.variables["weight"])
    )
    kept += [pointers, begin]
    return {
        "of_shards": len(parent.views),
        "of": c.addressof(pointers),
        "of_begin": begin.ctypes.data,
        "factor": memory.binding.factor,
    }
