"""Progress on stderr: bars on a terminal, one line per stage elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

from pygenn_lite.cli.endings import say
from pygenn_lite.runtime.progress import start_bars


class ProgressBars:
    """A progress function ``(what, done, total)`` with one bar for each ``what``."""

    def __init__(self, shown: bool, live: bool = True) -> None:
        self.shown, self.live = shown, live
        self.bars: Any = None
        self.tasks: dict[str, Any] = {}

    def __enter__(self) -> ProgressBars:
        if self.shown and self.live and sys.stderr.isatty():
            self.bars = start_bars()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the bars: what is printed next stands below them."""
        if self.bars is not None:
            self.bars.stop()

    def __call__(self, what: str, done: float, total: float) -> None:
        """Tell that ``done`` of ``total`` of ``what`` is done."""
        if self.bars is not None:
            if what not in self.tasks:
                self.tasks[what] = self.bars.add_task(what, total=total)
            self.bars.update(self.tasks[what], completed=done, total=total)
        elif self.shown and what not in self.tasks:
            self.tasks[what] = None
            say(f"{what} ...")
