"""The folder of a batch: made, opened, claimed by one process at a time; what was planned in it and
what came of it.

    batch.json     what it is: version, digest of the network, names, settings
    sweep.yaml     the sweep's file as it was given
    sweep.pickle   the same with all it needs, for who resumes it
    plan.parquet   a row for each run: its values, its group
    parts/         a table for each chunk of runs that ended
    table.parquet  these as one table
    runs/ID.h5     what was kept of single runs
"""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pygenn_lite.batch.batch_about import ABOUT, about_batch, check_same, other_version, read_about
from pygenn_lite.batch.part_folder import KEPT, LEASE, PARTS, PartFolder, counts_of
from pygenn_lite.batch.search.search_about import with_trials, without_trials
from pygenn_lite.batch.sweep_spec import Group, Run, SweepSpec
from pygenn_lite.batch.tables import (
    BEFORE,
    STATUS,
    as_bytes,
    in_order,
    indices,
    joined,
    read_table,
    table_of,
    write_bytes,
)
from pygenn_lite.batch.unpickling import read_spec
from pygenn_lite.errors import BatchError, BatchFolderError, Location, SimulationError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.results.files import FileClaim, is_disk_full
from pygenn_lite.runtime.results.provenance import package_version

if TYPE_CHECKING:
    from types import TracebackType

SWEEP, SPEC = "sweep.yaml", "sweep.pickle"
PLAN, TABLE = "plan.parquet", "table.parquet"
FEW = 200  # parts that are read to know which runs are in them; of more their names tell


@dataclass(frozen=True)
class Counts:
    """How many runs of a batch there are in total, are done, and failed."""

    planned: int
    done: int
    failed: int

    @property
    def left(self) -> int:
        """Those that did not end yet."""
        return max(0, self.planned - self.done - self.failed)


class BatchFolder:
    """The folder of a batch. Reading needs no claim.

    Parameters
    ----------
    path : Path

    Raises
    ------
    BatchError
        There is no batch, or one of another version of this package.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.about = read_about(path)

    # ------------------------------------------------------------------ making

    @classmethod
    def create(cls, path: Path, spec: SweepSpec, groups: Sequence[Group]) -> BatchFolder:
        """A new batch in a folder that is not there, or empty; one of the same sweep is taken over.

        Raises
        ------
        BatchError
            There is something else in it, or it cannot be written.
        """
        about = about_batch(spec, groups)
        if (path / ABOUT).exists():
            check_same(path, about)
            return cls(path)
        if path.exists() and not _is_free(path):
            raise BatchFolderError(
                f"{path} exists and holds no batch; it is left as it is",
                hint="give another folder",
            )
        try:
            for folder in (path / PARTS, path / KEPT):  # the first: see `_is_free`
                folder.mkdir(parents=True, exist_ok=True)
            write_bytes(path / SWEEP, spec.text.encode())
            write_bytes(path / SPEC, pickle.dumps(spec))
            write_bytes(path / PLAN, as_bytes(_plan(spec, groups)))
            write_bytes(path / ABOUT, json.dumps(about, indent=1).encode())  # the last: now it is
        except OSError as error:
            raise _not_written(path, error) from error
        return cls(path)

    def claim(self) -> Claim:
        """The right to change it.

        Raises
        ------
        BatchError
            Another process has it.
        """
        return Claim(self.path)

    # ------------------------------------------------------------------ looking

    @property
    def swept(self) -> list[str]:
        """What is swept, by the names of the file."""
        return list(self.about["swept"])

    @property
    def planned(self) -> int:
        """Number of runs."""
        return int(self.about["runs"])

    @property
    def cluster(self) -> dict[str, Any]:
        """What the sweep says of workers that Slurm or Kubernetes starts."""
        return dict(self.about.get("cluster", {}))

    def check_version(self) -> None:
        """Refuse to continue what another version began.

        Raises
        ------
        BatchError
        """
        if self.about["version"] != package_version():
            raise other_version(self.path, self.about["version"])

    def spec(self, *, trusted: bool = False) -> SweepSpec:
        """The sweep, to continue it; see `unpickling.read_spec`."""
        return read_spec(self.path / SPEC, trusted=trusted)

    def table(self, *, trials: bool = True) -> Any:
        """The rows of all runs that ended, as a PyArrow table; of a search with the trials and
        their objectives, unless they are not wanted."""
        parts = [read_table(path) for path in self._parts()]
        if (self.path / TABLE).exists():
            merged = read_table(self.path / TABLE).drop_columns(self.swept)
            parts.insert(0, self._without_trials(merged))
        plan = read_table(self.path / PLAN).drop_columns(["group"])
        whole = joined(parts) if parts else table_of([], ("id", *STATUS))
        places = {one: k for k, one in enumerate(plan.column("id").to_pylist())}
        ids = whole.column("id").to_pylist()
        mine = indices(k for k, one in enumerate(ids) if one in places)
        found = plan.take(indices(places[ids[k]] for k in mine.to_pylist()))
        for name in whole.column_names:
            if name not in BEFORE:
                found = found.append_column(name, whole.column(name).take(mine))
        if "search" in self.about and trials:
            found = with_trials(found, self.about["search"])
        return in_order(found, self.swept)

    def _without_trials(self, table: Any) -> Any:
        search = self.about.get("search")
        return table if search is None else without_trials(table, search)

    def counts(self) -> Counts:
        """How far it has got, from names and statuses alone."""
        planned, parts = self.planned, self._parts()
        if len(parts) <= FEW:
            columns = ("id", "status")
            tables = [read_table(path, columns) for path in parts]
            if (self.path / TABLE).exists():
                tables.insert(0, read_table(self.path / TABLE, columns))
            status = joined(tables).column("status").to_pylist() if tables else []
            failed = status.count("failed")
            return Counts(planned, len(status) - failed, failed)
        done, failed = 0, 0
        if (self.path / TABLE).exists():
            status = read_table(self.path / TABLE, ("status",)).column("status").to_pylist()
            failed = status.count("failed")
            done = len(status) - failed
        for part in parts:
            more = counts_of(part.name) or (0, 0)
            done, failed = done + more[0], failed + more[1]
        return Counts(planned, min(done, planned), failed)

    def ended(self) -> dict[str, str]:
        """The status of each run that ended, by its identity."""
        columns = ("id", "status")
        tables = [read_table(path, columns) for path in self._parts()]
        if (self.path / TABLE).exists():
            tables.insert(0, read_table(self.path / TABLE, columns))
        if not tables:
            return {}
        whole = joined(tables)
        pairs = zip(*(whole.column(name).to_pylist() for name in columns), strict=True)
        return dict(pairs)

    def kept(self) -> list[str]:
        """Identities of the runs of which there is a file."""
        return sorted(path.stem for path in (self.path / KEPT).glob("*.h5"))

    def file_of(self, run: str) -> Path:
        """Where what was kept of a run is."""
        return self.path / KEPT / f"{run}.h5"

    def planned_ids(self) -> list[str]:
        """Identities of the runs that are planned so far, by their numbers."""
        ids: list[str] = read_table(self.path / PLAN, ("id",)).column("id").to_pylist()
        return ids

    # ------------------------------------------------------------------ what the owner does

    def extend_plan(self, runs: Sequence[Run], keys: Mapping[str, str]) -> None:
        """Plan more runs of a search.

        Parameters
        ----------
        runs : sequence of Run
            Whose numbers follow those of the others.
        keys : mapping of str to str
            Of their groups, by identity.
        """
        rows = read_table(self.path / PLAN).to_pylist()
        rows += [_planned(run, keys.get(run.id, "")) for run in runs]
        write_bytes(self.path / PLAN, as_bytes(table_of(rows)))

    def take_over(self, token: str) -> None:
        """From now on parts are those of the processes that know this token."""
        write_bytes(self.path / LEASE, token.encode())

    def merge(self, *, trials: bool = True) -> None:
        """Make one table of all parts; see `table`."""
        parts = self._parts()
        if parts or (trials and "search" in self.about) or not (self.path / TABLE).exists():
            write_bytes(self.path / TABLE, as_bytes(self.table(trials=trials)))
        for part in parts:
            part.unlink(missing_ok=True)

    def tidy(self) -> None:
        """Remove what processes that were killed left half written; nobody must be writing."""
        for aside in (self.path / PARTS).glob(".*"):
            aside.unlink(missing_ok=True)

    def write_files(self, files: Mapping[str, bytes]) -> None:
        """Write what a process without access sent."""
        for name, content in sorted(files.items(), key=lambda item: item[0].startswith(PARTS)):
            target = self.path / name
            if target.parent not in (self.path / PARTS, self.path / KEPT):
                raise BatchError(f"{name!r} is not a file of a batch")
            write_bytes(target, content)

    def part_folder(self, token: str) -> PartFolder:
        """The same as who does runs sees it."""
        return PartFolder(self.path, token)

    def _parts(self) -> list[Path]:
        """In the order in which they were written."""
        found = [p for p in (self.path / PARTS).glob("*.parquet") if counts_of(p.name)]
        return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name))


class Claim:
    """The right to change a batch; the system takes it back when the process ends."""

    def __init__(self, path: Path) -> None:
        try:
            self._file = FileClaim(path / ABOUT)
        except SimulationError as error:
            who = error.message.rpartition(" is being written by ")[2]
            raise BatchError(
                f"the batch {path} is being run by {who}",
                hint="wait until it ends, or give another folder",
            ) from None
        except OSError as error:
            raise _not_written(path, error) from error

    def __enter__(self) -> Claim:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.release()


def runs_of(groups: Iterable[Group]) -> list[Run]:
    """All runs of some groups."""
    return [run for group in groups for run in group.runs]


def new_token() -> str:
    """What tells one owner of a folder from those before."""
    return os.urandom(16).hex()


def _not_written(path: Path, error: OSError) -> BatchFolderError:
    room = "make room, then do the same again" if is_disk_full(error) else "give another folder"
    return BatchFolderError(
        f"the batch cannot be begun: {error.strerror or error}", where=Location(str(path)),
        hint=room,
    )  # fmt: skip


def _is_free(path: Path) -> bool:
    """Whether a folder is empty, or has what is left of a batch that was stopped before it was
    one."""
    if not path.is_dir():
        return False
    names = {entry.name for entry in path.iterdir() if not entry.name.startswith(".")}
    begun = {PARTS, KEPT} <= names <= {PARTS, KEPT, SWEEP, SPEC, PLAN}
    return not names or (begun and not any((*(path / PARTS).iterdir(), *(path / KEPT).iterdir())))


def _planned(run: Run, key: str) -> dict[str, Any]:
    return {"run": run.index, "id": run.id, **run.values, "group": key}


def _plan(spec: SweepSpec, groups: Sequence[Group]) -> Any:
    rows = [_planned(run, group.key) for group in groups for run in group.runs]
    rows.sort(key=lambda row: row["run"])
    return table_of(rows, ("run", "id", *spec.names, "group"))
