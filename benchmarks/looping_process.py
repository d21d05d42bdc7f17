"""A process of its own that repeats simulations: benchmarks compare with two of them, each by
itself."""

from __future__ import annotations

import subprocess
import sys


class LoopingProcess:
    """Runs a script that says when it is ready, then answers each line, a number of runs, with
    the seconds that they took.

    Parameters
    ----------
    script : str
    arguments : str
        With which the script loops.
    """

    def __init__(self, script: str, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, script, *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None and self.process.stdin is not None
        self.input, self.output = self.process.stdin, self.process.stdout
        self.output.readline()

    def begin(self, runs: int) -> None:
        """Let it run."""
        self.input.write(f"{runs}\n")
        self.input.flush()

    def seconds(self) -> float:
        """Wait for the answer."""
        return float(self.output.readline())

    def end(self) -> None:
        """No more runs."""
        self.input.close()
        self.process.wait()
