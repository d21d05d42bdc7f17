"""Refuses a plan that does not fit a card, before anything is allocated there, and says what would
fit."""

from __future__ import annotations

from collections.abc import Sequence

from pygenn_lite.codegen.plan.memory import MemoryRow, readable, table
from pygenn_lite.declaration.summary import counted
from pygenn_lite.errors import InsufficientMemoryError
from pygenn_lite.runtime.cuda.drivers.base import Card

RESERVE = 64 << 20  # left free for what the driver needs itself: code, stacks of threads, logs


def check_card_memory(
    rows: Sequence[MemoryRow],
    card: Card,
    free_bytes: int,
    *,
    instances: int = 1,
    reserve: int = RESERVE,
) -> None:
    """Refuse a plan that needs more memory than a card has left.

    Parameters
    ----------
    rows : sequence of MemoryRow
        What needs how many bytes, all instances together.
    card : Card
    free_bytes : int
        Of the card's memory: ``driver.free_bytes()``.
    instances : int
        Networks that share the plan.
    reserve : int
        Bytes to be left free.

    Raises
    ------
    InsufficientMemoryError
        With the table of what needs how much, and what would fit.

    Examples
    --------
    >>> from pygenn_lite.runtime.cuda.drivers import open_driver
    >>> driver = open_driver("emulator")
    >>> rows = [MemoryRow("exc_inh", "synapses", 1000, 4000)]
    >>> check_card_memory(rows, driver.card, driver.free_bytes())
    """
    needed = sum(row.bytes for row in rows)
    usable = max(free_bytes - reserve, 0)
    if needed <= usable:
        return
    who = "the network needs" if instances == 1 else f"the {instances:,} instances need"
    raise InsufficientMemoryError(
        f"{who} about {readable(needed)} of memory on {card.name}, {readable(usable)} of its "
        f"{readable(card.memory_bytes)} are available:\n{table(rows)}",
        hint=f"{_fitting(needed, usable, instances)}; or use fewer synapses, constant weights and "
        "delays, storage='procedural', or a card with more memory",
    )


def _fitting(needed: int, usable: int, instances: int) -> str:
    if instances > 1:
        fit = usable * instances // needed
        if fit:
            return f"{counted(fit, 'instance')} would fit: run them in groups of so many"
        return "not even one instance would fit"
    share = usable / needed
    return (
        f"a network {share:.0%} of this size would fit (pg.scale_network)"
        if share >= 0.01
        else "next to nothing is free: other processes use the card (nvidia-smi lists them)"
    )
