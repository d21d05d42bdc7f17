"""Ctrl-C while something is under way that must not be torn apart, or that may swallow it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import Any


class InterruptWatch:
    """Notes Ctrl-C in a block instead of letting it tear the block apart; a second one does.

    Parameters
    ----------
    patient : bool
        A second one does not, either: for code that an exception cannot leave.
    stop : callable, optional
        Called at the first: for work that ends early when it is asked to.
    """

    def __init__(self, *, patient: bool = False, stop: Callable[[], object] | None = None) -> None:
        self.seen = False
        self._patient, self._stop = patient, stop
        self._previous: Any = None
        self._mine = threading.current_thread() is threading.main_thread()

    def __enter__(self) -> InterruptWatch:
        if self._mine:
            self._previous = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._mine:
            signal.signal(signal.SIGINT, self._previous or signal.SIG_DFL)

    def stop_with(self, stop: Callable[[], object]) -> None:
        """Call this instead, and at once where Ctrl-C has come already."""
        self._stop = stop
        if self.seen:
            stop()

    def _note(self, number: int, frame: object) -> None:
        if self.seen and not self._patient:
            raise KeyboardInterrupt
        if self._stop is not None and not self.seen:
            self._stop()
        self.seen = True


class InterruptMemory:
    """Remembers that Ctrl-C came in a block, besides what it does there: Python loses the exception
    where it strikes a callback of the import system, and so do modules that catch all exceptions
    while they are imported."""

    def __init__(self) -> None:
        self.seen = False
        self._previous: Any = None

    def __enter__(self) -> InterruptMemory:
        previous = signal.getsignal(signal.SIGINT)
        if callable(previous) and threading.current_thread() is threading.main_thread():
            self._previous = previous
            signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)

    def check(self) -> None:
        """Raise KeyboardInterrupt if it came."""
        if self.seen:
            raise KeyboardInterrupt

    def _note(self, number: int, frame: object) -> None:
        self.seen = True
        self._previous(number, frame)
