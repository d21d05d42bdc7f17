"""Ctrl-C and SIGTERM while a command runs."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

_received: list[int] = []


@contextlib.contextmanager
def signals_watched() -> Iterator[None]:
    """Let SIGTERM (batch systems such as Slurm send it) do in a block what Ctrl-C does, and keep in
    mind which of them came.

    A program that was started with Ctrl-C ignored (a script's job in the background) still
    ignores it.
    """
    _received.clear()
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    wanted = {signal.SIGTERM: _terminate}
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        wanted[signal.SIGINT] = _interrupt
    previous = {number: signal.signal(number, handler) for number, handler in wanted.items()}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler or signal.SIG_DFL)


def stop_code() -> int | None:
    """The exit code of a program that was asked to stop, as shells have it: 130 after Ctrl-C, 143
    after SIGTERM; None if it was not."""
    return 128 + _received[0] if _received else None


def note_interrupt() -> int:
    """Keep in mind that Ctrl-C came, also where something else took the signal; the exit code."""
    if not _received:
        _received.append(signal.SIGINT)
    return 128 + _received[0]


def _interrupt(number: int, frame: FrameType | None) -> None:
    _received.append(signal.SIGINT)
    raise KeyboardInterrupt


def _terminate(number: int, frame: FrameType | None) -> None:
    if signal.SIGTERM in _received:
        return  # who sends it twice has not waited for the results; SIGKILL is there for hurry
    _received.append(signal.SIGTERM)
    handler = signal.getsignal(signal.SIGINT)  # that of a run, which stops at its next step
    if callable(handler):
        handler(signal.SIGINT, frame)
    else:
        raise KeyboardInterrupt
