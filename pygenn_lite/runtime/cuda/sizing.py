"""How many blocks of how many threads a planned launch gets on a card, with what it needs of it: as
data, and as a table for people. No card is needed for that."""

from __future__ import annotations

from collections.abc import Sequence

from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cuda.block_size import KernelNeeds, choose_block_size
from pygenn_lite.runtime.cuda.drivers.base import Card, KernelReport
from pygenn_lite.runtime.cuda.occupancy import Occupancy, occupancy
from pygenn_lite.runtime.cuda.planned_launches import PlannedLaunch

MOST_WARPS = 64  # of a multiprocessor
WARP = 32
NAMES_SHOWN = 3


@dataclass(frozen=True)
class Sizes:
    """A launch as a card carries it out.

    Attributes
    ----------
    planned : PlannedLaunch
    report : KernelReport
        What its kernel needs.
    grid : (int, int)
        Blocks.
    threads : int
        Of a block.
    occupancy : Occupancy
    reason : str
        Why blocks have this size.
    """

    planned: PlannedLaunch
    report: KernelReport
    grid: tuple[int, int]
    threads: int
    occupancy: Occupancy
    reason: str


def sizes_of(planned: PlannedLaunch, report: KernelReport, card: Card, instances: int) -> Sizes:
    """Choose the size of a launch.

    Parameters
    ----------
    planned : PlannedLaunch
    report : KernelReport
        Of its kernel.
    card : Card
    instances : int
        Of the network.
    """
    threads, blocks = planned.threads, planned.blocks
    reason = "one block" if threads else ""
    rows = 1 if planned.for_all else planned.count * instances
    if not threads:
        needs = KernelNeeds(
            planned.elements * rows,
            report.registers,
            report.shared_bytes,
            waits_for=planned.waits_for,
        )
        sizes = tuple(range(64, max(report.threads, 64) + 1, 32))
        chosen = choose_block_size(
            card.compute_capability, card.multiprocessors, needs, sizes=sizes
        )
        threads, reason = chosen.threads, chosen.reason
    if not blocks:
        at_once = card.multiprocessors * MOST_WARPS * WARP // threads
        blocks = max(1, min(-(-planned.elements // threads), -(-at_once // rows)))
    fit = occupancy(card.compute_capability, threads, report.registers, report.shared_bytes)
    return Sizes(planned, report, (blocks, rows), threads, fit, reason)


def table_of_launches(launches: Sequence[Sizes]) -> str:
    """The launches of a step, one a line, and why their blocks have these sizes."""
    head = ("kernel", "of", "blocks", "threads", "registers", "shared", "spilled", "occupancy")
    rows = [head, *(_row(one) for one in launches)]
    widths = [max(len(row[k]) for row in rows) for k in range(len(head))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
    reasons = [f"{one.planned.kernel}: {one.planned.role}; {one.reason}" for one in launches]
    return "\n".join([*(line.rstrip() for line in lines), "", *reasons])


def _row(one: Sizes) -> tuple[str, ...]:
    names, report = one.planned.of, one.report
    more = len(names) - NAMES_SHOWN
    of = ", ".join(names[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
    return (
        one.planned.kernel,
        of,
        f"{one.grid[0]:,} x {one.grid[1]:,}",
        str(one.threads),
        str(report.registers),
        f"{report.shared_bytes:,} B",
        f"{report.spill_bytes:,} B",
        f"{one.occupancy.fraction:.0%}",
    )
