"""The entry point: turns every error into one message and an exit code."""

from __future__ import annotations

import errno
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any, NoReturn

from pygenn_lite.errors import InputError, PygennLiteError

DONE, FAILED, BAD_INPUT = 0, 1, 2
INTERRUPTED = 130  # what the library of the command line makes of Ctrl-C, without a word


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command line and exit.

    Parameters
    ----------
    arguments : sequence of str, optional
        What follows the program's name; by default what it was called with.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]  # allowed in any place
    warnings.showwarning = _show_warning
    try:
        from pygenn_lite.cli.app import app

        app(words, prog_name="pygenn-lite")
        code: int = DONE
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
        if code == INTERRUPTED:
            code = explain(KeyboardInterrupt())
    except BaseException as error:
        if debug:
            raise
        code = explain(error)
    _leave(code)


def explain(error: BaseException) -> int:
    """Print an error in the user's words and return the exit code that it means."""
    if isinstance(error, PygennLiteError):
        say(f"error: {error}")
        return BAD_INPUT if isinstance(error, InputError) else FAILED
    if isinstance(error, KeyboardInterrupt):
        say("stopped before the simulation ran; there is nothing to keep")
    elif isinstance(error, BrokenPipeError):
        _silence_stdout()
    elif isinstance(error, MemoryError):
        say("error: not enough memory\n  cure: make the network smaller, e.g. with --scale")
    elif isinstance(error, OSError):
        say(f"error: {disk_message(error)}")
    else:
        kind = type(error).__name__
        say(f"internal error ({kind}: {error})\n  cure: add --debug for the traceback; report it")
    return FAILED


def disk_message(error: OSError) -> str:
    """Say what the system refused to do with which file."""
    name = f"'{error.filename}'" if error.filename else "a file"
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) or any(
        sign in str(error) for sign in ("No space left", "errno = 28", "errno = 27", "errno = 122")
    )
    if full:
        return f"cannot write {name}: the disk is full, or a limit on file sizes is reached"
    return f"cannot use {name}: {error.strerror or error}"


def say(text: str) -> None:
    """Print to stderr, whatever its encoding."""
    encoding = sys.stderr.encoding or "utf-8"
    # Text of a stranger's file may stand in a message: it must not steer the terminal.
    harmless = "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)
    printable = harmless.encode(encoding, "backslashreplace").decode(encoding)
    print(printable, file=sys.stderr, flush=True)


def _show_warning(message: Any, category: type[Warning], *place: Any, **more: Any) -> None:
    say(f"warning: {message}")


def _silence_stdout() -> None:
    """Keep Python from complaining about a closed pipe once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _leave(code: int) -> NoReturn:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _silence_stdout()
    except OSError as error:
        say(f"error: {disk_message(error)}")
        code = FAILED
        _silence_stdout()
    sys.exit(code)
