"""Progress of long work: a callable of the user's, a bar drawn with rich, or one in a notebook."""

from __future__ import annotations

import contextlib
import sys
import time
from types import TracebackType
from typing import Any

from pygenn_lite.declaration.progress_function import ProgressFunction as ProgressFunction
from pygenn_lite.runtime.notebook import NotebookBars, notebook_shell

PATIENCE_SECONDS = 0.4  # no bar for work that is over before anybody looks

CLOSED = (OSError, ValueError, AttributeError)  # what a closed or missing stderr raises


class Progress:
    """Passes progress on to where it is wanted. A context manager; a bar ends with the block.

    Parameters
    ----------
    wanted : callable, bool or None
        A function, True for a bar, False for nothing, None for a bar on a terminal or in a
        notebook.
    """

    def __init__(self, wanted: ProgressFunction | bool | None) -> None:
        self._function = wanted if callable(wanted) else None
        self._bar_wanted = wanted is True or (wanted is None and somebody_looks())
        self._always = wanted is True
        self._bar: Any = None
        self._tasks: dict[str, Any] = {}
        self._begin = time.monotonic()

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            with contextlib.suppress(*CLOSED):
                self._bar.stop()

    def __call__(self, what: str, done: float, total: float) -> None:
        """Tell that ``done`` of ``total`` of ``what`` is done."""
        if self._function is not None:
            self._function(what, done, total)
        elif self._bar_wanted:
            try:
                self._draw(what, done, total)
            except CLOSED:  # the output was closed: no reason to end the work
                self._bar_wanted = False

    def _draw(self, what: str, done: float, total: float) -> None:
        if self._bar is None:
            if not self._always and time.monotonic() - self._begin < PATIENCE_SECONDS:
                return
            self._bar = start_bars()
        if what not in self._tasks:
            self._tasks[what] = self._bar.add_task(what, total=total)
        self._bar.update(self._tasks[what], completed=done, total=total)


def start_bars() -> Any:
    """Bars in a notebook, else on stderr, drawn by rich; ``stop()`` ends them."""
    if notebook_shell() is not None:
        return NotebookBars()
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as RichProgress

    class Quiet(Console):
        """Shows nothing more once its output is closed; rich's own would end the program."""

        def on_broken_pipe(self) -> None:
            self.quiet = True

    bars = RichProgress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Quiet(stderr=True),
    )
    bars.start()
    return bars


def somebody_looks() -> bool:
    """Whether bars would be seen: on a terminal or in a notebook."""
    try:
        return notebook_shell() is not None or sys.stderr.isatty()
    except CLOSED:
        return False
