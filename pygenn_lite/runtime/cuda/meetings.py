"""Where the threads of a block must meet when one kernel walks through all operations of a step:
between two of which one reads, or writes, what the other writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pygenn_lite.runtime.cuda import records

# What a thread does to its own neurons, which no other thread touches in operations of this kind.
# (Spikes are appended by atomic operations to a row that is read in later ones only.)
OF_NEURONS = {records.OP_COLLECT, records.OP_FOLD, records.OP_NEURONS, records.OP_FIRE}
# Kinds of which two operations leave alone what the other writes.
BESIDE = [
    *({kind} for kind in (records.OP_DELIVER, records.OP_SEND, records.OP_TRAIN, records.OP_SORT)),
    *({kind} for kind in (records.OP_REDUCE, records.OP_SAMPLE)),
    {records.OP_DELIVER, records.OP_ARRIVE},  # they read spikes; sums are added to by atomic ones
    {records.OP_DELIVER, records.OP_SAMPLE},
    {records.OP_FIRE, records.OP_TRAIN},
]
# Where one waits for memory most of the time, several are done side by side by parts of a block.
SHORT = {records.OP_DELIVER, records.OP_SEND, records.OP_TRAIN}
MOST_PARTS = 8
WARP = 32
TELL_FAULTS = {records.OP_COLLECT, records.OP_FOLD, records.OP_NEURONS, records.OP_FIRE}


class AnOp(Protocol):
    """What of an operation is asked for: fields of pgl_card_op."""

    kind: int
    args: int


def meetings(ops: Sequence[AnOp]) -> list[bool]:
    """Before which operations a barrier comes. (Behind the last one there is always one.)

    Parameters
    ----------
    ops : sequence of records.CardOp
        Of a step, in their order.

    Returns
    -------
    list of bool

    Examples
    --------
    >>> kinds = records.OP_DELIVER, records.OP_DELIVER, records.OP_COLLECT, records.OP_FIRE
    >>> meetings([records.CardOp(kind=kind) for kind in (*kinds, records.OP_SEND)])
    [False, False, True, False, True]
    """
    found: list[bool] = []
    since: list[AnOp] = []  # the last barrier
    for op in ops:
        meets = not all(_may_run_beside(op, other) for other in since)
        # Faults of the last step must have been read before there are new ones.
        meets = meets or (op.kind in TELL_FAULTS and not any(found))
        found.append(meets)
        since = [op] if meets else [*since, op]
    return found


def orders(ops: Sequence[AnOp], threads: int) -> list[int]:
    """What pgl_walk (templates/cuda/records.hpp) says of each operation: whether a barrier comes
    before it, and which part of the threads carries it out.

    Parameters
    ----------
    ops : sequence of records.CardOp
    threads : int
        Of a block.

    Examples
    --------
    >>> deliver = records.CardOp(kind=records.OP_DELIVER)
    >>> orders([deliver, deliver, deliver], threads=64)  # halves of the block; the first has two
    [2, 18, 2]
    """
    meets, found, at = meetings(ops), list[int](), 0
    while at < len(ops):
        end = at + 1
        if ops[at].kind in SHORT:
            while end < len(ops) and ops[end].kind == ops[at].kind and not meets[end]:
                end += 1
        halvings = (min(end - at, MOST_PARTS, max(threads // WARP, 1))).bit_length() - 1
        for k in range(at, end):
            part = (k - at) % (1 << halvings)
            found.append(int(meets[k]) | halvings << 1 | part << 4)
        at = end
    return found


def _may_run_beside(op: AnOp, other: AnOp) -> bool:
    if op.args or other.args:
        return False  # of an extension, with arguments of its own
    kinds = {op.kind, other.kind}
    return kinds <= OF_NEURONS or kinds in BESIDE
