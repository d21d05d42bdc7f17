"""Threads over which the instances of a device are spread (templates/cpp/engine/pool.cpp)."""

from __future__ import annotations

import ctypes as c
import weakref
from collections.abc import Sequence
from typing import Any

from pygenn_lite.errors import SimulationError
from pygenn_lite.runtime.cpp import shared_objects

NO_MEMORY = "not enough memory"  # the engine's words


class InstancePool:
    """So many threads, the caller's among them. Each takes an engine, runs it for all the steps
    that are wanted, and takes the next.

    Parameters
    ----------
    library : Pool
    engine : Engine
    threads : int
    """

    def __init__(
        self, library: shared_objects.Pool, engine: shared_objects.Engine, threads: int
    ) -> None:
        self._library, self._engine = library, engine
        self._pool = library.check(library.pool_create(threads), "starting threads")
        self._run_one = shared_objects.symbol_address(engine.library, "pgl_try_run")
        self._release = weakref.finalize(self, library.library.pgl_pool_destroy, self._pool)

    def run(self, pointers: Sequence[int], steps: int) -> list[int]:
        """Advance engines; the steps that each did (fewer than `steps` after a fault).

        Raises
        ------
        MemoryError, SimulationError
            What the first that failed said, when all have ended.
        """
        engines = (c.c_void_p * len(pointers))(*pointers)
        done = (c.c_int64 * len(pointers))()
        what = "running the simulation"
        self._library.check(
            self._library.pool_run(self._pool, self._run_one, engines, len(pointers), steps, done),
            what,
        )
        for pointer, own in zip(pointers, done, strict=True):
            if own < 0:
                raise_failure(self._engine.engine_error(pointer))
        return list(done)

    def walk(
        self, programs: shared_objects.Programs, walks: Any, steps: tuple[int, int, int]
    ) -> None:
        """Let engines go through recorded steps: the first, how many, which direction.

        Raises
        ------
        SimulationError
            What the first that failed said.
        """
        failed = (c.c_int32 * len(walks))()
        what = "going through recorded steps"
        programs.check(programs.pool_walk(self._pool, walks, len(walks), *steps, failed), what)
        for walk, own in zip(walks, failed, strict=True):
            if own < 0:
                raise_failure(self._engine.engine_error(walk.engine))


def raise_failure(message: bytes | str) -> None:
    """Raise what an engine says of a run that failed."""
    text = message if isinstance(message, str) else message.decode(errors="replace")
    if NO_MEMORY in text:
        raise MemoryError
    raise SimulationError(f"running the simulation: {text}")
