"""Which groups with continuous transmission begin the sum of an input: the first that acts on it in
a step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from pygenn_lite.codegen.program.schedule import Call, Op

if TYPE_CHECKING:
    from pygenn_lite.runtime.cpp.synapse_memory import SynapseMemory


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
