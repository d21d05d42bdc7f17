"""Cuts runs into chunks: large enough to be worth sending, small enough that all workers have work
at the end and that memory suffices. How long runs take is learned from those that are done."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from pygenn_lite.batch.sweep_spec import Group, Run
from pygenn_lite.batch.work import ChunkReport
from pygenn_lite.records import dataclass

LEAST_SECONDS = 0.05  # of work in a chunk: Dask takes some 3 ms for each
MOST_SECONDS = 1.0
SHARES = 3  # chunks for each worker, at least, of what is left
MOST_RUNS = 2000
SURE = 4  # runs in a chunk whose time tells that of one


@dataclass
class _Pending:
    """Runs of a group that are still to do, and what is known of one."""

    runs: deque[Run]
    seconds: float | None = None
    bytes_each: int = 0
    is_tried: bool = False  # a first one is under way


class Chunks:
    """Runs that are left, and the next of them to do.

    Parameters
    ----------
    groups : sequence of Group
        Runs of different structure never stand in one chunk.
    workers : int
        That do chunks at the same time.
    memory : int
        Bytes that the runs of one chunk may take; 0: no limit is known.
    """

    def __init__(self, groups: Sequence[Group], workers: int = 1, memory: int = 0) -> None:
        self.workers, self.memory = workers, memory
        self._groups: list[_Pending] = []
        self._by_key: dict[str, _Pending] = {}
        self._of: dict[str, _Pending] = {}
        self._again: deque[list[Run]] = deque()
        self.add([group for group in groups if group.runs])

    def add(self, groups: Sequence[Group]) -> None:
        """More runs; of groups that are known already, with what is known of them."""
        for group in groups:
            if group.key not in self._by_key:
                self._by_key[group.key] = _Pending(deque())
                self._groups.append(self._by_key[group.key])
            pending = self._by_key[group.key]
            pending.runs.extend(group.runs)
            self._of |= {run.id: pending for run in group.runs}

    @property
    def seconds_each(self) -> float | None:
        """Wall time of one run in one process, on average; None where it is not known."""
        known = [p.seconds for p in self._groups if p.seconds is not None]
        return sum(known) / len(known) if known else None

    @property
    def left(self) -> int:
        """Runs that no chunk has yet."""
        waiting = sum(len(pending.runs) for pending in self._groups)
        return waiting + sum(map(len, self._again))

    @property
    def bytes_each(self) -> int:
        """Memory that a run takes, of those that take most; 0: not known."""
        return max((pending.bytes_each for pending in self._groups), default=0)

    @property
    def seconds(self) -> float | None:
        """Wall time that these take in one process; None where it is not known."""
        mean = self.seconds_each
        if mean is None:
            return None
        waiting = [p for p in self._groups if p.runs]
        return sum(len(p.runs) * (mean if p.seconds is None else p.seconds) for p in waiting)

    def next(self) -> list[Run] | None:
        """The runs of the next chunk; None where there is none, or the first runs of all groups
        have to be waited for."""
        if self._again:
            return self._again.popleft()
        for pending in self._groups:
            if pending.runs and not (pending.is_tried and pending.seconds is None):
                count = self._size(pending)
                pending.is_tried = True
                return [pending.runs.popleft() for _ in range(count)]
        return None

    def learn(self, runs: Sequence[Run], report: ChunkReport) -> None:
        """Take in how long a chunk took."""
        pending = self._of[runs[0].id]
        if report.bytes_each:
            pending.bytes_each = max(pending.bytes_each, report.bytes_each)
        known = pending.seconds
        found = max(0.0, report.seconds - report.preparing) / len(runs)
        if known is None or found < known or len(runs) >= SURE:
            pending.seconds = found
        else:  # of a single one much depends on chance
            pending.seconds = (known + found) / 2

    def again(self, chunks: Iterable[Sequence[Run]]) -> None:
        """Do some runs again, in these chunks."""
        for runs in chunks:
            self._of[runs[0].id].is_tried = True
            self._again.append(list(runs))

    def lost(self, runs: Sequence[Run]) -> None:
        """The first run of a group ended without a report: others may be tried."""
        pending = self._of[runs[0].id]
        if pending.seconds is None:
            pending.is_tried = False

    def _size(self, pending: _Pending) -> int:
        if pending.seconds is None:
            return 1
        left = self.seconds or 0.0
        aim = min(MOST_SECONDS, max(LEAST_SECONDS, left / (SHARES * self.workers)))
        wanted = round(aim / max(pending.seconds, 1e-6))
        if self.memory and pending.bytes_each:
            wanted = min(wanted, self.memory // pending.bytes_each)
        return max(1, min(wanted, MOST_RUNS, len(pending.runs)))
