"""The entry point: turns every error into one message and an exit code."""

from __future__ import annotations

import contextlib
import shlex
import sys
import warnings
from collections.abc import Sequence
from typing import Any, NoReturn

from pygenn_lite.cli.output import fill_closed_streams, silence_stdout
from pygenn_lite.cli.signals import note_interrupt, signals_watched, stop_code
from pygenn_lite.errors import InputError, PygennLiteError
from pygenn_lite.runtime.results.files import is_disk_full

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
    _command[:] = ["pygenn-lite", *words]
    fill_closed_streams()
    warnings.showwarning = _show_warning
    with signals_watched():
        code = _call(words, debug)
        _leave(code)


def _call(words: list[str], debug: bool) -> int:
    try:
        from pygenn_lite.cli.app import app

        app(words, prog_name="pygenn-lite")
    except Finished as finished:
        return finished.exit_code
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
        # The library of the command line turns Ctrl-C into this code, without a word.
        return explain(KeyboardInterrupt(), words) if code == INTERRUPTED else code
    except BaseException as error:
        if debug:
            raise
        return explain(error, words)
    return DONE


def explain(error: BaseException, words: Sequence[str]) -> int:
    """Print an error in the user's words and return the exit code that it means.

    ``words`` are those of the command line.
    """
    known = isinstance(error, PygennLiteError | OSError | MemoryError)
    if isinstance(error, KeyboardInterrupt) or (stop_code() is not None and not known):
        # The second: whatever an import makes of a signal that tears it apart.
        run = "run" in words[:1]
        say("stopped before the simulation ran; there is nothing to keep" if run else "stopped")
        return note_interrupt()
    if isinstance(error, PygennLiteError):
        say(f"error: {error}")
        return BAD_INPUT if isinstance(error, InputError) else FAILED
    if isinstance(error, BrokenPipeError):
        silence_stdout()
    elif isinstance(error, MemoryError):
        say("error: not enough memory\n  hint: make the network smaller, e.g. with --scale")
    elif isinstance(error, OSError):
        say(f"error: {disk_message(error)}")
    else:
        kind = type(error).__name__
        say(f"internal error ({kind}: {error})\n  hint: add --debug for the traceback; report it")
    return FAILED


def disk_message(error: OSError) -> str:
    """Say what the system refused to do with which file."""
    name = f"'{error.filename}'" if error.filename else "a file"
    if is_disk_full(error):
        return f"cannot write {name}: the disk is full, or a limit on file sizes is reached"
    return f"cannot use {name}: {error.strerror or error}"


def say(text: str) -> None:
    """Print to stderr, whatever its encoding."""
    encoding = sys.stderr.encoding or "utf-8"
    # Text of a stranger's file may stand in a message: it must not steer the terminal.
    harmless = "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)
    printable = harmless.encode(encoding, "backslashreplace").decode(encoding)
    with contextlib.suppress(OSError):  # the output is closed; what was done matters more
        print(printable, file=sys.stderr, flush=True)


def _show_warning(message: Any, category: type[Warning], *place: Any, **more: Any) -> None:
    say(f"warning: {message}")


def _leave(code: int) -> NoReturn:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        silence_stdout()
    except KeyboardInterrupt:  # whoever reads our output has stopped to read
        silence_stdout()
        code = note_interrupt()
    except OSError as error:
        say(f"error: {disk_message(error)}")
        code = FAILED
        silence_stdout()
    sys.exit(code)
