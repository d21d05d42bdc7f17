"""Carries a batch out: hands chunks to workers, takes in what comes back, isolates runs that kill
their workers, says early what fails."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from typing import Any

from pygenn_lite.batch.batch_progress import BatchProgress
from pygenn_lite.batch.chunks import Chunks
from pygenn_lite.batch.execute import failed_row, is_of_all
from pygenn_lite.batch.measuring import said
from pygenn_lite.batch.store import BatchFolder
from pygenn_lite.batch.sweep_spec import Run
from pygenn_lite.batch.work import ChunkReport, chunk_digest
from pygenn_lite.batch.workers import Outcome, Workers
from pygenn_lite.errors import (
    BatchError,
    MissingPackageError,
    PygennLiteWarning,
    ToolchainError,
    full_text,
)

STRIKES = 3  # so often a run alone may have its worker killed
WAITING = 2  # chunks for each worker, one of which it does
POLL_SECONDS = 0.25
JOINED_EVERY = 500  # parts that become one table while others are done
# Errors that no run causes: nothing more is done.
OF_ALL = (BatchError, ToolchainError, MissingPackageError, OSError, ImportError)


class Conductor:
    """Carries a batch out.

    Parameters
    ----------
    folder : BatchFolder
    token : str
        Of its owner.
    chunks : Chunks
    progress : BatchProgress
    """

    def __init__(
        self, folder: BatchFolder, token: str, chunks: Chunks, progress: BatchProgress
    ) -> None:
        self.folder, self.parts = folder, folder.part_folder(token)
        self.chunks, self.progress = chunks, progress
        self._strikes: Counter[str] = Counter()
        self._told: set[str] = set()
        self._under_way, self._taken = 0, 0

    def run(self, workers: Workers, most: int | None = None) -> None:
        """Do all runs that are left, or some chunks of them.

        Parameters
        ----------
        workers : Workers
        most : int, optional
            Chunks.

        Raises
        ------
        BatchError, OSError
            What is wrong with all runs alike.
        """
        self.chunks.workers, self.chunks.memory = workers.count, workers.memory
        self.progress.dashboard = workers.dashboard
        handed = 0
        while True:
            while self._under_way < WAITING * workers.count and handed != most:
                runs = self.chunks.next()
                if runs is None:
                    break
                workers.submit(runs)
                self._under_way += 1
                handed += 1
            if not self._under_way:
                return
            outcome = workers.next(POLL_SECONDS)
            if outcome is not None:
                self._under_way -= 1
                self._take(outcome)
            self.progress.show()

    def add_rows(self, runs: Sequence[Run], rows: Sequence[dict[str, Any]]) -> None:
        """Write rows of runs that need not be done."""
        failed, digest = sum(row["status"] == "failed" for row in rows), chunk_digest(runs)
        self.parts.write_part(digest, rows, failed)
        self.progress.add(ChunkReport(digest, len(rows) - failed, failed, 0.0))

    def _take(self, outcome: Outcome) -> None:
        report, runs = outcome.report, outcome.runs
        if report is None and (written := self.parts.written(chunk_digest(runs))) is not None:
            report = ChunkReport(chunk_digest(runs), *written, seconds=0.0)
        if report is not None:
            if report.files:
                self.folder.write_files(report.files)
            self.chunks.learn(runs, report)
            self._taken += 1
            if self._taken % JOINED_EVERY == 0:
                self.folder.merge()
            self.progress.add(report)
            self._tell(report)
            return
        self.chunks.lost(runs)
        if outcome.error is not None and is_of_all(outcome.error, OF_ALL):
            raise outcome.error
        if len(runs) > 1:
            middle = len(runs) // 2
            self.chunks.again([runs[:middle], runs[middle:]])
            return
        self._strikes[runs[0].id] += 1
        if outcome.killed and self._strikes[runs[0].id] < STRIKES:
            self.chunks.again([runs])
            return
        text = (
            "the process that did this run was killed each time: it may need more memory than "
            "there is"
            if outcome.killed or outcome.error is None
            else said(outcome.error)
        )
        self.parts.write_part(chunk_digest(runs), [failed_row(runs[0], text)], 1)
        self.progress.add(ChunkReport(chunk_digest(runs), 0, 1, 0.0))

    @property
    def _next_time(self) -> str:
        """What does the runs that failed again."""
        if "search" in self.folder.about:
            return "begin the search anew in another folder"
        return "resume --failed does them again"

    def _tell(self, report: ChunkReport) -> None:
        """Say of each measure, when it fails for the first time, what is wrong with it."""
        for text, count in report.faults.items():
            name = text.partition(":")[0]
            if name in self._told:
                continue
            self._told.add(name)
            of_all = count == report.done + report.failed
            warnings.warn(
                full_text(
                    f"the measure {name!r} fails{' in all of the first runs' if of_all else ''}: "
                    f"{text.partition(': ')[2]}",
                    hint="such runs are listed as failed; when it is corrected, " + self._next_time,
                ),
                PygennLiteWarning,
                stacklevel=2,
            )
