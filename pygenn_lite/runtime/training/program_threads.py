"""The threads of a training program on the processor, and calls of it: the main thread hears
signals meanwhile, and nothing leaves a call before it has come to an end."""

from __future__ import annotations

import ctypes as c
import os
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from pygenn_lite.errors import SimulationError

LOOK_SECONDS = 0.1  # between looks at signals while the program runs


class ProgramThreads:
    """Threads that carry out a program.

    Parameters
    ----------
    library : ctypes.CDLL
    count : int

    Attributes
    ----------
    stop : ndarray of int32, [1]
        Not 0: the call that is under way ends with its batch.

    Raises
    ------
    SimulationError
        The system does not give so many.
    """

    def __init__(self, library: c.CDLL, count: int) -> None:
        self._library, self._process = library, os.getpid()
        self.stop = np.zeros(1, np.int32)
        self._under_way = threading.Lock()
        self._error: bytes | None = None
        self._crew = library.pgl_training_create(count)
        if not self._crew:
            raise SimulationError(f"training: {library.pgl_last_error().decode()}")

    def execute(self, program: Any, data: Any, run: Any) -> BaseException | None:
        """Call the program with three records, and wait for the end; gives what the handler of a
        signal has raised meanwhile, which ends it early.

        Raises
        ------
        SimulationError
            The program refuses to run: in a forked process, which has no threads of it.
        """
        arguments = [c.addressof(record) for record in (program, data, run)]
        with self._under_way:
            self._error, raised = None, None
            if threading.current_thread() is threading.main_thread():
                raised = self._on_another_thread(arguments)
            else:
                self._call(arguments)
        if self._error is not None:
            raise SimulationError(f"training: {self._error.decode()}")
        return raised

    def _on_another_thread(self, arguments: list[int]) -> BaseException | None:
        call = _Call(lambda: self._call(arguments))
        raised: BaseException | None = None
        try:
            call.start()
        except BaseException as error:
            if call.give_up():
                raise
            raised, self.stop[0] = error, 1
        while not call.finished.is_set():
            try:
                call.finished.wait(LOOK_SECONDS)
            except BaseException as error:  # noqa: BLE001 - raised again when the call has ended
                raised, self.stop[0] = error, 1
        return raised

    def _call(self, arguments: list[int]) -> None:
        if self._library.pgl_training_execute(self._crew, *arguments) < 0:
            self._error = self._library.pgl_last_error()  # of this thread

    def close(self) -> None:
        """End the threads; a call that is under way, in a process that comes to its end, first."""
        if os.getpid() == self._process:
            self.stop[0] = 1
            self._under_way.acquire()
        self._library.pgl_training_destroy(self._crew)


class _Call(threading.Thread):
    """A call on a thread of its own. It begins or is given up, whenever a signal comes."""

    def __init__(self, call: Callable[[], None]) -> None:
        super().__init__()
        self._what, self._lock = call, threading.Lock()
        self._begun = self._given_up = False
        self.finished = threading.Event()

    def run(self) -> None:
        """Call, unless it was given up."""
        with self._lock:
            self._begun = not self._given_up
        if self._begun:
            try:
                self._what()
            finally:
                self.finished.set()

    def give_up(self) -> bool:
        """Let it not begin; whether it has not begun before."""
        with self._lock:
            self._given_up = not self._begun
        return self._given_up
