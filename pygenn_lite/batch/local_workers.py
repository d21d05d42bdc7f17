"""Worker processes of this machine: each on its own processors, started again where one is killed.

They are started as commands, not as copies of this process: a script that runs a sweep needs no
``if __name__ == "__main__"``, and Ctrl-C is heard by this process alone."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType

from pygenn_lite.errors import BatchError

WORKER = "pygenn_lite.batch.worker_process"
SOON = 20.0  # seconds in which a process that cannot work has ended
MOST_IN_VAIN = 4
PATIENCE = 2.0  # seconds until what does not end by itself is killed


class LocalWorkers:
    """Worker processes. A context manager.

    Parameters
    ----------
    address : str
        Of their scheduler.
    processes : int
    threads : int
        Of each.
    """

    def __init__(self, address: str, processes: int, threads: int) -> None:
        self.address, self.threads = address, threads
        self._cpus = sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else []
        self._processes: list[subprocess.Popen[bytes] | None] = [None] * processes
        self._begun = [0.0] * processes
        self._in_vain = 0
        self._folder = tempfile.TemporaryDirectory(prefix="pygenn_lite_workers_")

    def __enter__(self) -> LocalWorkers:
        for k in range(len(self._processes)):
            self._start(k)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        running = [process for process in self._processes if process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + PATIENCE
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._folder.cleanup()

    def look_after(self) -> None:
        """Start again those that were killed.

        Raises
        ------
        BatchError
            They end as soon as they are started.
        """
        for k, process in enumerate(self._processes):
            if process is None or process.poll() is None:
                continue
            by_itself = process.returncode >= 0
            if by_itself and time.monotonic() - self._begun[k] < SOON:
                self._in_vain += 1
                if self._in_vain >= MOST_IN_VAIN:
                    raise BatchError(
                        f"worker processes end as soon as they are started: {self._last_words(k)}"
                    )
            self._start(k)

    def _start(self, k: int) -> None:
        """A process with its share of the processors; those of GPUs will take the device of their
        number."""
        share = self._cpus[k * self.threads : (k + 1) * self.threads]
        cpus = ",".join(map(str, share)) if len(share) == self.threads else ""
        with self._words(k).open("wb") as words:
            self._processes[k] = subprocess.Popen(
                [sys.executable, "-m", WORKER, self.address, str(k), cpus],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=words,
                start_new_session=True,
                env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            )
        self._begun[k] = time.monotonic()

    def _words(self, k: int) -> Path:
        return Path(self._folder.name) / f"{k}.txt"

    def _last_words(self, k: int) -> str:
        with contextlib.suppress(OSError):
            lines = self._words(k).read_text(encoding="utf-8", errors="replace").splitlines()
            return (lines or ["they say nothing"])[-1][:300]
        return "they say nothing"
