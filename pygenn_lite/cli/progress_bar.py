"""Progress on stderr: bars on a terminal, one line per stage elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType

from pygenn_lite.cli.endings import say
from pygenn_lite.runtime.progress import Bars


class ProgressBars:
    """A progress function ``(what, done, total)`` with one bar for each ``what``."""

    def __init__(self, shown: bool, live: bool = True) -> None:
        self._bars = Bars(shown and live and sys.stderr.isatty())
        self._lines = shown and not self._bars.shown
        self._said: set[str] = set()

    def __enter__(self) -> ProgressBars:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.end()

    def close(self) -> None:
        """End the bars: what is printed next stands below them."""
        self._bars.end()

    def __call__(self, what: str, done: float, total: float) -> None:
        """Tell that ``done`` of ``total`` of ``what`` is done."""
        self._bars.show(what, done, total)
        if self._lines and what not in self._said:
            self._said.add(what)
            say(f"{what} ...")
