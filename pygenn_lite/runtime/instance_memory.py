"""What many instances of a network need, and how many of them fit into memory."""

from __future__ import annotations

from collections.abc import Sequence

from pygenn_lite.codegen.plan.memory import SPARE, MemoryRow, available_memory, readable, table
from pygenn_lite.errors import MemoryPlanError


def check_instances(rows: Sequence[MemoryRow], count: int, shared: bool) -> None:
    """Refuse more instances than fit, when the first of them is in memory.

    Parameters
    ----------
    rows : sequence of MemoryRow
        The plan of one instance.
    count : int
        Of all instances.
    shared : bool
        Whether synapses are there once for all.

    Raises
    ------
    MemoryPlanError
        With the number that fits.
    """
    own = [row for row in rows if row.name != "building"]
    if shared:
        own = [row for row in own if not row.what.startswith("synapses")]
    each = sum(row.bytes for row in own)
    available = available_memory()
    if available is None or not each or (count - 1) * each + SPARE <= available:
        return
    fit = 1 + max(available - SPARE, 0) // each
    more = "" if shared else ", or share the synapses (connectivity='shared')"
    raise MemoryPlanError(
        f"{count:,} instances need about {readable(count * each)} of memory, "
        f"{readable(available)} are available; each needs:\n{table(own)}",
        hint=f"{fit:,} of them fit: run so many at a time{more}",
    )
