"""Progress of long work: a callable of the user's, a bar drawn with rich, or one in a notebook."""

from __future__ import annotations

import contextlib
import sys
import time
from types import TracebackType
from typing import Any, Self

from pygenn_lite.declaration.progress_function import ProgressFunction as ProgressFunction
from pygenn_lite.runtime.notebook import NotebookBars, notebook_shell

PATIENCE_SECONDS = 0.4  # no bar for work that is over before anybody looks

CLOSED = (OSError, ValueError, AttributeError)  # what a closed or missing stderr raises


class Bars:
    """Bars that are drawn when there is something to show. A context manager; they end with the
    block, and a closed output ends only them.

    Parameters
    ----------
    shown : bool
        Whether they are wanted.
    patient : bool
        Whether work that is over in a moment gets none.
    """

    def __init__(self, shown: bool, patient: bool = False) -> None:
        self.shown = shown
        self._from = time.monotonic() + (PATIENCE_SECONDS if patient else 0.0)
        self._bars: Any = None
        self._tasks: dict[str, Any] = {}

    @classmethod
    def wanted(cls, wanted: ProgressFunction | bool | None) -> Bars:
        """True: bars; None: bars where somebody looks, if it takes a while; else none."""
        shown = wanted is True or (wanted is None and somebody_looks())
        return cls(shown, patient=wanted is not True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    def end(self) -> None:
        """What is printed next stands below them."""
        if self._bars is not None:
            with contextlib.suppress(*CLOSED):
                self._bars.stop()

    def show(self, name: str, done: float, total: float, text: str = "") -> None:
        """Draw how far the bar of a name is, with a text beside it; by default its name."""
        if not self.shown or (self._bars is None and time.monotonic() < self._from):
            return
        try:
            if self._bars is None:
                self._bars = start_bars()
            if name not in self._tasks:
                self._tasks[name] = self._bars.add_task(text or name, total=total)
            known = {"description": text} if text else {}
            self._bars.update(self._tasks[name], completed=done, total=total, **known)
        except CLOSED:  # the output was closed: no reason to end the work
            self.shown = False


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
        self._bars = Bars.wanted(wanted)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.end()

    def __call__(self, what: str, done: float, total: float) -> None:
        """Tell that ``done`` of ``total`` of ``what`` is done."""
        if self._function is not None:
            self._function(what, done, total)
        else:
            self._bars.show(what, done, total)


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
