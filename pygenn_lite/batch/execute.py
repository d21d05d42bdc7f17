"""Does a chunk of runs, in whatever process: makes the networks, simulates them as instances of as
few compiled networks as they need, measures, and writes what came of each."""

from __future__ import annotations

import datetime
import os
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from pygenn_lite.batch.measuring import Measuring, said
from pygenn_lite.batch.part_folder import PartFolder
from pygenn_lite.batch.run_recordings import kept_part, prepare_recordings
from pygenn_lite.batch.search.looking import Looking
from pygenn_lite.batch.sweep_spec import Run, SweepSpec
from pygenn_lite.batch.work import ChunkJob, ChunkReport
from pygenn_lite.codegen.plan.memory import peak_memory
from pygenn_lite.declaration.recorded import Recording
from pygenn_lite.errors import BatchError, NumericalError, PygennLiteWarning, ToolchainError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.backends import choose_backend
from pygenn_lite.runtime.compilation import Options, compile_given
from pygenn_lite.runtime.given_networks import (
    GivenNetwork,
    alike,
    alike_in_synapses,
    given_network,
)
from pygenn_lite.runtime.instance_simulation import InstanceSimulation
from pygenn_lite.runtime.results.files import is_disk_full
from pygenn_lite.runtime.results.instance_results import InstanceResults
from pygenn_lite.runtime.results.provenance import package_version

WORTH_SHARING = 4  # runs with the same synapses that are compiled apart from others
OF_ALL = (BatchError, ToolchainError)  # errors that no run causes
LOOKED_AT = 4  # runs of a chunk so small that their memory is looked at

Row = dict[str, Any]


@dataclass(frozen=True)
class Made:
    """A run whose network is made."""

    run: Run
    given: GivenNetwork
    kept: Sequence[Recording]


def run_chunk(job: ChunkJob) -> ChunkReport:
    """Do some runs and write their part of the table.

    Parameters
    ----------
    job : ChunkJob

    Returns
    -------
    ChunkReport
        A run that failed is one of its rows, with what was wrong, and stops no other.

    Raises
    ------
    BatchError
        The folder belongs to another by now.
    OSError
        Nothing can be written there.
    KeyboardInterrupt
        Ctrl-C came; nothing of the chunk is kept.
    """
    folder = PartFolder.of(job.work)
    written = folder.written(job.digest)
    if written is not None:  # by a process that ended before it could say so
        return ChunkReport(job.digest, *written, seconds=0.0)
    chunk = _Chunk(job.work.spec, job.work.threads, folder)
    started = time.perf_counter()
    rows = chunk.rows(job.runs)
    seconds = time.perf_counter() - started
    for row in rows:
        row.setdefault("seconds", seconds / len(rows))
    failed = sum(row["status"] == "failed" for row in rows)
    folder.write_part(job.digest, rows, failed)
    return ChunkReport(
        job.digest,
        len(rows) - failed,
        failed,
        seconds,
        preparing=chunk.preparing,
        bytes_each=chunk.bytes_each,
        resident=peak_memory(),
        worker=worker_name(),
        faults=chunk.faults,
        files=folder.files,
    )


class _Chunk:
    def __init__(self, spec: SweepSpec, threads: int | None, folder: PartFolder) -> None:
        self.spec, self.folder = spec, folder
        self.options = Options(threads, spec.run.precision, progress=False, card=spec.run.card)
        self.preparing, self.bytes_each = 0.0, 0
        self.faults: Counter[str] = Counter()

    def rows(self, runs: Sequence[Run]) -> list[Row]:
        """One of each run."""
        rows: dict[str, Row] = {}
        made: list[Made] = []
        for run in runs:
            try:
                made.append(self._made(run, made[-1].given if made else None))
            except Exception as error:  # noqa: BLE001 (of a script, or of bad values)
                rows[run.id] = _row(run, said(error))
        for members in _sets(made):
            for run, row in self._simulated(members):
                rows[run.id] = row
        return [rows[run.id] for run in runs]

    def _made(self, run: Run, before: GivenNetwork | None) -> Made:
        spec = self.spec
        network = spec.source.make(run.values)
        kept = prepare_recordings(network, spec, run)
        shared = spec.run.connectivity == "shared"
        seed = spec.source.seed if shared else None
        return Made(run, given_network(network, spec.run.precision, True, seed, before), kept)

    def _simulated(self, members: Sequence[Made]) -> Iterator[tuple[Run, Row]]:
        """The rows of runs that go together; where something breaks that cannot be ascribed to one
        of them, halves go by themselves, until it can be."""
        try:
            yield from self._simulate(members)
        except Exception as error:
            if is_of_all(error):
                raise
            if len(members) == 1:
                yield members[0].run, _row(members[0].run, said(error))
                return
            middle = len(members) // 2
            yield from self._simulated(members[:middle])
            yield from self._simulated(members[middle:])

    def _simulate(self, members: Sequence[Made]) -> list[tuple[Run, Row]]:
        started, how = time.perf_counter(), self.spec.run
        given = [one.given for one in members]
        sim = compile_given(given, choose_backend(how.backend), self.options)
        self.preparing += sim.timings.compile
        measuring = Measuring(self.spec.measures, how.warmup)
        if len(members) <= LOOKED_AT:
            each = sum(row.bytes for row in sim.memory(how.warmup + how.duration)) // len(members)
            self.bytes_each = max(self.bytes_each, each)
        looking = self._looking(members, measuring)
        needed = measuring.needs_results or any(one.kept for one in members)
        results, failed = self._run(sim, measuring, needed, looking)
        found = []
        for k, one in enumerate(members):
            if looking is not None and k in looking.ended and not looking.failed_before(k, results):
                found.append((one.run, _row(one.run, "", looking.row(k))))
                continue
            values, errors = measuring.values(k, results[k])
            self.faults.update(f"{name}: {text}" for name, text in errors.items())
            texts = [failed[k]] if k in failed else [f"{n}: {t}" for n, t in errors.items()]
            values |= looking.row(k) if looking is not None else {}
            found.append((one.run, _row(one.run, "\n".join(texts), values)))
            if one.kept:
                part = kept_part(results[k], one.kept)
                self.folder.keep(one.run.id, one.given.network, part)
        seconds = (time.perf_counter() - started) / len(members)
        for _, row in found:
            row["seconds"] = seconds
        return found

    def _looking(self, members: Sequence[Made], measuring: Measuring) -> Looking | None:
        search = self.spec.search
        if search is None or search.pruning is None:
            return None
        return Looking(search, [one.run for one in members], measuring)

    def _run(
        self,
        sim: InstanceSimulation,
        measuring: Measuring,
        keep: bool,
        looking: Looking | None = None,
    ) -> tuple[InstanceResults, dict[int, str]]:
        """The results, and what is wrong with those that failed."""
        how, failed = self.spec.run, {}
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "interrupted at", PygennLiteWarning)
            try:
                results = sim.run(
                    how.warmup + how.duration,
                    progress=False,
                    warmup=how.warmup,
                    sinks=measuring.sinks,
                    keep=keep,
                    callback=looking,
                    interval=looking and looking.every,
                )
            except NumericalError as error:
                found = getattr(error, "result", None)
                if not isinstance(found, InstanceResults):
                    raise
                results = found
                by_instance = getattr(error, "by_instance", {})
                failed = {k: str(own) for k, own in by_instance.items()}
        if results.interrupted and not (looking is not None and looking.have_all_ended):
            raise KeyboardInterrupt
        return results, failed


def is_of_all(error: BaseException, kinds: tuple[type[BaseException], ...] = OF_ALL) -> bool:
    """Whether an error is caused by none of the runs, so that others would meet it, too."""
    return is_disk_full(error) or isinstance(error, kinds)


def _sets(made: Sequence[Made]) -> Iterator[list[Made]]:
    """Runs that go together: of one structure and, where there are some, with the same synapses."""
    given = [one.given for one in made]
    for indices in alike(given):
        others = []
        for inner in alike_in_synapses([given[k] for k in indices]):
            members = [made[indices[k]] for k in inner]
            if len(members) >= WORTH_SHARING or len(members) == len(indices):
                yield members
            else:
                others += members
        if others:
            yield others


def _row(run: Run, error: str, values: dict[str, Any] | None = None) -> Row:
    now = datetime.datetime.now(datetime.UTC)
    return {
        "run": run.index,
        "id": run.id,
        "status": "failed" if error else "done",
        "error": error,
        **(values or {}),
        "worker": worker_name(),
        "host": os.uname().nodename,
        "finished": now,
        "version": package_version(),
    }


def failed_row(run: Run, error: str) -> Row:
    """The row of a run that nobody could do."""
    return {**_row(run, error), "seconds": 0.0}


def copied_row(run: Run, row: Row) -> Row:
    """The row of a run that has the values of another, of which this is the row."""
    left_out = {*run.values, "run", "id", "seconds"}
    found = {n: value for n, value in row.items() if n not in left_out and value is not None}
    return {"run": run.index, "id": run.id, "seconds": 0.0, **found}


def worker_name() -> str:
    """What tells this process from others."""
    return f"{os.uname().nodename}:{os.getpid()}"
