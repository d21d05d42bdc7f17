"""The entry point: turns every error into one message and an exit code."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from typing import Any, NoReturn

from pygenn_lite.cli.endings import (
    BAD_INPUT,
    DONE,
    FAILED,
    INTERRUPTED,
    Finished,
    disk_message,
    note_command,
    say,
)
from pygenn_lite.cli.output import fill_closed_streams, leave_stderr, silence_stdout
from pygenn_lite.cli.signals import note_interrupt, signals_watched, stop_code
from pygenn_lite.errors import InputError, PygennLiteError
from pygenn_lite.old_names import PygennLiteDeprecationWarning, new_option


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
    note_command(["pygenn-lite", *words])
    fill_closed_streams()
    warnings.showwarning = _show_warning
    warnings.filterwarnings("default", category=PygennLiteDeprecationWarning)
    words = [new_option(word) for word in words]
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
    leave_stderr()
    # Python ends by the signal, whatever the code, if the last text that exec() ran was left by
    # Ctrl-C; dataclasses, for one, are made so.
    exec("")
    sys.exit(code)
