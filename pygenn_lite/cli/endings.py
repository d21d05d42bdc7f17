"""How commands end: exit codes, messages, and what the program was called with."""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections.abc import Sequence

DONE, FAILED, BAD_INPUT = 0, 1, 2
INTERRUPTED = 130  # what the library of the command line makes of Ctrl-C, without a word


class Finished(SystemExit):
    """The end of a command that has said all there is to say, and its exit code."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(exit_code)
        self.exit_code = exit_code


_command: list[str] = []


def command_line() -> str:
    """What the program was called with, as one would type it."""
    return shlex.join(_command)


def note_command(words: Sequence[str]) -> None:
    """Keep what the program was called with."""
    _command[:] = words


def disk_message(error: OSError) -> str:
    """Say what the system refused to do with which file."""
    from pygenn_lite.runtime.results.files import is_disk_full

    name = f"'{error.filename}'" if error.filename else "a file"
    if is_disk_full(error):
        return f"cannot write {name}: the disk is full, or a limit on file sizes is reached"
    return f"cannot use {name}: {error.strerror or error}"


def say(text: str) -> None:
    """Print to stderr, whatever its encoding."""
    encoding = sys.stderr.encoding or "utf-8"
    # Text of an untrusted file may stand in a message: it must not steer the terminal.
    harmless = "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)
    printable = harmless.encode(encoding, "backslashreplace").decode(encoding)
    with contextlib.suppress(OSError):  # the output is closed; what was done matters more
        print(printable, file=sys.stderr, flush=True)
