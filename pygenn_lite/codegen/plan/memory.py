"""The memory plan: what a network will need, array by array; refused before anything is allocated
when it does not fit."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pygenn_lite.declaration.summary import counted
from pygenn_lite.errors import InsufficientMemoryError
from pygenn_lite.records import dataclass

SPARE = 64 << 20  # left to the rest of the process


@dataclass(frozen=True)
class MemoryRow:
    """One line of the table.

    Attributes
    ----------
    name : str
        Population, group or purpose.
    what : str
        What is kept.
    count : int
        Elements.
    bytes : int
    estimated : bool
        Whether ``count`` is an expectation: the elements have not been drawn yet.
    """

    name: str
    what: str
    count: int
    bytes: int
    estimated: bool = False


class MemoryRows(list[MemoryRow]):
    """Rows that print as a table, largest first, and are one in a notebook."""

    def __repr__(self) -> str:
        total = readable(sum(row.bytes for row in self))
        return f"<memory of {counted(len(self), 'array')}: {total}>"

    def __str__(self) -> str:
        return table(self, most=1000)

    def _repr_html_(self) -> str:
        from pygenn_lite.declaration.html import table as html_table

        ordered = sorted(self, key=lambda row: -row.bytes)
        rows = [
            (r.name, r.what, r.count, ("about " if r.estimated else "") + readable(r.bytes))
            for r in ordered
        ]
        columns = ["of", "array", "elements", "memory"]
        return html_table(columns, rows, caption=repr(self).strip("<>"))


def check_memory(
    rows: Sequence[MemoryRow],
    held: int = 0,
    refusal: Callable[[Any, str], InsufficientMemoryError] | None = None,
) -> None:
    """Refuse a plan that does not fit, where ``held`` bytes of it are taken already.

    ``refusal`` makes the error from the rows and the words for what is available; by default one
    that speaks of the network.

    Raises
    ------
    InsufficientMemoryError
        With the table of what needs how much.
    """
    needed = sum(row.bytes for row in rows)
    available = available_memory()
    if available is None or needed - held + SPARE <= available:
        return
    raise (refusal or _refusal)(rows, f"{readable(available)} are available")


@contextmanager
def within_plan(rows: Sequence[MemoryRow]) -> Iterator[None]:
    """Let memory that cannot be had after all be reported like a plan that does not fit."""
    try:
        yield
    except MemoryError:
        raise _refusal(rows, "more than this process can get") from None


def _refusal(rows: Sequence[MemoryRow], available: str) -> InsufficientMemoryError:
    needed = sum(row.bytes for row in rows)
    return InsufficientMemoryError(
        f"the network needs about {readable(needed)} of memory, {available}:\n{table(rows)}",
        hint="use fewer neurons or synapses, constant weights and delays, storage='procedural', "
        "precision='float32', or a machine with more memory",
    )


def table(rows: Sequence[MemoryRow], most: int = 20) -> str:
    """The rows as text, largest first."""
    ordered = sorted(rows, key=lambda row: -row.bytes)
    lines = [
        f"  {readable(row.bytes):>10}  {row.name}: {row.what} "
        f"({'about ' if row.estimated else ''}{row.count:,})"
        for row in ordered[:most]
    ]
    if len(ordered) > most:
        rest = sum(row.bytes for row in ordered[most:])
        lines.append(f"  {readable(rest):>10}  {len(ordered) - most} smaller ones")
    return "\n".join(lines)


def readable(count: float) -> str:
    """Bytes for people."""
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.2f} GiB" if count < 1024 else f"{count / 1024:.2f} TiB"


def available_memory() -> int | None:
    """Bytes that can still be taken: by the system, a container's limit, the process's limit."""
    limits = [_from_meminfo(), _from_cgroup(), _from_resource_limit()]
    known = [limit for limit in limits if limit is not None]
    return min(known) if known else None


def peak_memory() -> int:
    """Largest resident size of this process so far, bytes."""
    import resource
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _from_meminfo() -> int | None:
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _from_cgroup() -> int | None:
    folder = Path("/sys/fs/cgroup")
    with contextlib.suppress(OSError, ValueError):
        limit = (folder / "memory.max").read_text(encoding="ascii").strip()
        if limit != "max":
            used = int((folder / "memory.current").read_text(encoding="ascii"))
            cached = _reclaimable(folder / "memory.stat")
            return max(int(limit) - used + cached, 0)
    return None


def _reclaimable(path: Path) -> int:
    """File cache counts as used by a container, but makes room."""
    with contextlib.suppress(OSError, ValueError):
        for line in path.read_text(encoding="ascii").splitlines():
            if line.startswith("inactive_file "):
                return int(line.split()[1])
    return 0


def _from_resource_limit() -> int | None:
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    if soft == resource.RLIM_INFINITY:
        return None
    with contextlib.suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        return max(soft - pages * os.sysconf("SC_PAGE_SIZE"), 0)
    return soft
