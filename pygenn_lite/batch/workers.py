"""Who does chunks: what all have in common, and this process itself."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Protocol

from pygenn_lite.batch.execute import run_chunk
from pygenn_lite.batch.sweep_spec import Run
from pygenn_lite.batch.work import ChunkJob, ChunkReport, Work
from pygenn_lite.records import dataclass


@dataclass(frozen=True)
class Outcome:
    """What became of a chunk.

    Attributes
    ----------
    runs : sequence of Run
    report : ChunkReport or None
        None where there is an error.
    error : Exception or None
    killed : bool
        Whether its worker ended again and again.
    """

    runs: Sequence[Run]
    report: ChunkReport | None = None
    error: BaseException | None = None
    killed: bool = False


class Workers(Protocol):
    """Processes that do chunks.

    Attributes
    ----------
    count : int
        How many chunks they do at a time.
    dashboard : str
        Address of a page about them; empty where there is none.
    memory : int
        Bytes that one of them may use; 0: not known.
    """

    count: int
    dashboard: str
    memory: int

    def submit(self, runs: Sequence[Run]) -> None:
        """Let a chunk be done."""

    def next(self, timeout: float) -> Outcome | None:
        """A chunk that has ended; None where none does within some seconds."""

    def close(self) -> None:
        """End them, whatever they are doing."""


class ThisProcess:
    """No other process: a chunk is done when it is waited for.

    Parameters
    ----------
    work : Work
    memory : int
    """

    count, dashboard = 1, ""

    def __init__(self, work: Work, memory: int = 0) -> None:
        self.work, self.memory = work, memory
        self._waiting: deque[Sequence[Run]] = deque()

    def submit(self, runs: Sequence[Run]) -> None:
        """Let a chunk be done."""
        self._waiting.append(runs)

    def next(self, timeout: float) -> Outcome | None:
        """Do the chunk that waits longest."""
        if not self._waiting:
            return None
        runs = self._waiting.popleft()
        return Outcome(runs, run_chunk(ChunkJob(self.work, runs)))

    def close(self) -> None:
        """Nothing is under way."""
        self._waiting.clear()
