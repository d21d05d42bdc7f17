"""A batch as users see it: the table, what failed, what was kept, how far it has got."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pygenn_lite.batch.search.best import BestTrial, front_of
from pygenn_lite.batch.search.search_spec import objectives_of_data
from pygenn_lite.batch.search.trials import COURSE, OF_TRIALS, PRUNED
from pygenn_lite.batch.store import BatchFolder, Counts
from pygenn_lite.batch.sweep_spec import SweepSpec
from pygenn_lite.batch.tables import AFTER, BEFORE, STATUS
from pygenn_lite.declaration.summary import counted
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.optional import require
from pygenn_lite.runtime.results.files import as_path
from pygenn_lite.runtime.results.result import Result
from pygenn_lite.runtime.results.result_reader import load_result

if TYPE_CHECKING:
    import pandas


class Batch:
    """A sweep with its folder: what :func:`load_batch` and ``pg.Sweep(...).run()`` give.

    Attributes
    ----------
    path : Path
        The folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._folder = BatchFolder(path)

    @cached_property
    def table(self) -> pandas.DataFrame:
        """One row for each run that ended: its number and identity, the swept values, ``status``
        and ``error``, measures such as ``rates.exc``, and how it was done."""
        require("pandas", "batch", "tables of results")
        table: pandas.DataFrame = self._folder.table().to_pandas()
        return table

    @property
    def spec(self) -> SweepSpec:
        """The sweep, with its source of networks (declarations of this package alone)."""
        return self._folder.spec()

    @property
    def swept(self) -> list[str]:
        """What was swept: names of columns."""
        return self._folder.swept

    @property
    def measures(self) -> list[str]:
        """Columns of the table that are measures."""
        fixed = {*BEFORE, *STATUS, *AFTER, *self.swept, *OF_TRIALS, COURSE, PRUNED}
        return [name for name in self.table.columns if name not in fixed]

    @property
    def failures(self) -> pandas.DataFrame:
        """The rows of runs that failed, with what was wrong."""
        return self.table[self.table["status"] == "failed"]

    @property
    def kept(self) -> list[str]:
        """Identities of the runs whose spikes or traces were kept."""
        return self._folder.kept()

    @property
    def is_search(self) -> bool:
        """Whether it is a search: then it has a `best`, or a `front`."""
        return "search" in self._folder.about

    @property
    def best(self) -> BestTrial:
        """Of a search the best trial: a mapping of its values, with ``objective``.

        Raises
        ------
        ArgumentError
            It was a sweep, has several objectives, or no trial has one.
        """
        found = self.front
        if found and isinstance(found[0].objective, tuple):
            raise ArgumentError(
                "the search has several objectives, and no best trial",
                where=Location(str(self.path)), hint="batch.front has those none is better than",
            )  # fmt: skip
        if not found:
            raise ArgumentError(
                "no trial of the search has an objective", where=Location(str(self.path)),
                hint="batch.table says of each why",
            )  # fmt: skip
        return found[0]

    @property
    def front(self) -> list[BestTrial]:
        """Of a search with several objectives the trials that no other is better than in all of
        them (the Pareto front); of one the best alone.

        Raises
        ------
        ArgumentError
            It was a sweep.
        """
        search = self._folder.about.get("search")
        if search is None:
            raise ArgumentError(
                "this was a sweep, not a search", where=Location(str(self.path)),
                hint="batch.table has its measures",
            )  # fmt: skip
        return front_of(self.table, search["searched"], objectives_of_data(search["objectives"]))

    def result(self, run: int | str) -> Result:
        """What was kept of a run.

        Parameters
        ----------
        run : int or str
            Its number or its identity.

        Raises
        ------
        ArgumentError
            There is no such run, or nothing was kept of it.
        """
        identity = run if isinstance(run, str) else self._identity(run)
        path = self._folder.file_of(identity)
        if not path.exists():
            if identity not in self._folder.planned_ids():
                raise ArgumentError(f"there is no run {run!r:.40}", where=Location(str(self.path)))
            raise ArgumentError(
                f"nothing was kept of run {run}",
                where=Location(str(self.path)),
                hint=f"keep: {{spikes: {{runs: [{run}]}}}} in the sweep keeps it; kept are "
                f"{self.kept[:5]}",
            )
        return load_result(path)

    def status(self) -> Counts:
        """How many runs are planned, done and failed: also while another process does them."""
        return self._folder.counts()

    def report(self, path: str | Path) -> Path:
        """Write one HTML page about the batch: measures over the swept values, rasters, failures.

        The page is complete in itself and works offline; a batch that is still being run has one,
        too.

        Parameters
        ----------
        path : str or Path
            Ends in ``.html``; an older page there is replaced.

        Returns
        -------
        Path

        Raises
        ------
        ArgumentError
            The name does not end in ``.html``.
        MissingPackageError
            Bokeh is not installed.
        SimulationError
            No run has ended yet, or the file cannot be written.
        """
        from pygenn_lite.reports import write_batch_report

        return write_batch_report(self, path)

    def _identity(self, run: int) -> str:
        found = self.table.loc[self.table["run"] == run, "id"]
        if not len(found):
            raise ArgumentError(
                f"run {run} has not ended, or there is none", where=Location(str(self.path))
            )
        return str(found.iloc[0])

    def __len__(self) -> int:
        return self._folder.planned

    def __repr__(self) -> str:
        counts = self.status()
        failed = f", {counts.failed:,} failed" if counts.failed else ""
        return (
            f"<Batch {self.path}: {counts.done:,} of {counted(counts.planned, 'run')} done{failed}>"
        )


def load_batch(folder: str | Path) -> Batch:
    """A batch from its folder, while it is being done, too.

    Parameters
    ----------
    folder : path

    Returns
    -------
    Batch

    Raises
    ------
    BatchError
        There is none.
    """
    return Batch(as_path(folder))
