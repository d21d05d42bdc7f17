"""How far a batch has got, on stderr: a line that changes on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from pygenn_lite.batch.work import ChunkReport
from pygenn_lite.codegen.plan.memory import readable
from pygenn_lite.declaration.summary import duration_text
from pygenn_lite.runtime.progress import CLOSED, Bars, somebody_looks

EVERY = 10.0  # seconds between plain lines


class BatchProgress:
    """Progress of a batch. A context manager.

    Parameters
    ----------
    planned, done, failed : int
        Runs in total, and those that ended before.
    wanted : bool or None
        Whether it is shown; None: where somebody looks.

    Attributes
    ----------
    dashboard : str
        Address of a page about the workers.
    """

    def __init__(self, planned: int, done: int, failed: int, wanted: bool | None = None) -> None:
        self.planned, self.done, self.failed = planned, done, failed
        self.dashboard = ""
        looked_at = somebody_looks()
        shown = looked_at if wanted is None else wanted
        self._bars, self._lines = Bars(shown and looked_at), shown and not looked_at
        self._before = done + failed
        self._begin = self._last = time.monotonic()
        self._memory: dict[str, int] = {}

    def __enter__(self) -> BatchProgress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.end()

    def add(self, report: ChunkReport) -> None:
        """Some runs ended."""
        self.done += report.done
        self.failed += report.failed
        if report.worker:
            self._memory[report.worker] = report.resident

    @property
    def left(self) -> int:
        """Runs that did not end yet."""
        return max(0, self.planned - self.done - self.failed)

    def line(self) -> str:
        """How far it has got, in words."""
        seconds = time.monotonic() - self._begin
        ended = self.done + self.failed - self._before
        parts = [f"{self.done:,} done", f"{self.failed:,} failed", f"{self.left:,} left"]
        if ended and seconds > 0:
            rate = ended / seconds
            parts += [f"{rate:.3g} runs/s", f"{duration_text(self.left / rate)} to go"]
        if self._memory:
            parts.append(readable(max(self._memory.values())) + " a process")
        if self.dashboard:
            parts.append(self.dashboard)
        return ", ".join(parts)

    def show(self) -> None:
        """Draw it, where that is wanted."""
        if self._bars.shown:
            self._bars.show("runs", self.done + self.failed, self.planned, self.line())
        if self._lines and time.monotonic() - self._last >= EVERY:
            self._last = time.monotonic()
            try:
                print(self.line(), file=sys.stderr, flush=True)
            except CLOSED:  # the output was closed: no reason to end the work
                self._lines = False
