"""Standard output. That its reader goes away (``| head``) is not an error: the rest is not shown,
and what the command does besides printing is still done."""

from __future__ import annotations

import os
import select
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console


def write_line(text: str) -> None:
    """Print a line as it stands."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        silence_stdout()


def make_console() -> Console:
    """A console for tables and headings."""
    from rich.console import Console

    class PatientConsole(Console):
        def on_broken_pipe(self) -> None:
            silence_stdout()

    return PatientConsole(highlight=False)


def fill_closed_streams() -> None:
    """Let streams that the program was started without (``>&-``) lead nowhere. Left closed, the
    next file that is opened gets the stream's number, and what a library prints ends up in it."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is not None:
            continue
        nowhere = os.open(os.devnull, os.O_RDWR)
        if nowhere != number:
            os.dup2(nowhere, number)
            os.close(nowhere)
        setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


def silence_stdout() -> None:
    """Let what is printed from here on go nowhere, Python's own flush at its end included."""
    _silence(sys.stdout)


def leave_stderr() -> None:
    """Write out messages, and let what is written from here on go nowhere if nobody reads them:
    Python would take that for a failure of its own, and end with exit code 120."""
    try:
        number = sys.stderr.fileno()
    except (OSError, ValueError, AttributeError):  # closed, or text in memory: nothing to let go of
        return
    try:
        sys.stderr.flush()
        unread = select.poll()
        unread.register(number, 0)
        if unread.poll(0):
            _silence(sys.stderr)
    except OSError:
        _silence(sys.stderr)


def _silence(stream: TextIO) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
