"""Runs compilers, and ends them with everything that they have started when nobody waits for them
any more."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess

PATIENCE_SECONDS = 1.0  # for compilers to delete their temporary files


class CompilationStopped(Exception):
    """Nobody waits for the compiler's result any more. Stays inside this package."""


class Compilers:
    """The compilers of one network, which can be ended together.

    Each gets a process group of its own: a compiler is a tree of processes (a driver, the compiler
    proper, an assembler, a linker), and a signal to the driver alone leaves the others at work.
    """

    def __init__(self) -> None:
        self.stopped = threading.Event()
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()

    def run(self, command: list[str]) -> tuple[int, str]:
        """Run a command to its end.

        Returns
        -------
        code, text : int, str
            Exit status (127: it cannot be started) and what it printed.

        Raises
        ------
        CompilationStopped
            After `stop`.
        """
        try:
            with self._started(command) as process:
                text = process.communicate()[0]
        except OSError as error:
            return 127, str(error)
        self.check()
        return process.returncode, text.decode(errors="replace")

    def check(self) -> None:
        """Raise CompilationStopped after `stop`: for those who wait for something else."""
        if self.stopped.is_set():
            raise CompilationStopped

    def stop(self) -> None:
        """End all that run, and let none begin."""
        self.stopped.set()
        with self._lock:
            running = list(self._running)
        for process in running:
            _signal_group(process, signal.SIGTERM)
        import subprocess

        for process in running:
            try:
                process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                _signal_group(process, signal.SIGKILL)

    @contextlib.contextmanager
    def _started(self, command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
        import subprocess  # here: a network that is in the cache needs no compiler

        with self._lock:
            self.check()
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
            self._running.add(process)
        try:
            yield process
        except BaseException:
            self.stop()
            raise
        finally:
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
            with self._lock:
                self._running.discard(process)


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    if process.poll() is None:  # not yet waited for, so that its number cannot be another's
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
