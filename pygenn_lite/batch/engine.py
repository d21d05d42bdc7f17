"""From a sweep to a batch: planned, tried, and done here or by a cluster, as it needs; the same
again for what is left of one."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pygenn_lite.batch.batch import Batch
from pygenn_lite.batch.batch_progress import BatchProgress
from pygenn_lite.batch.chunks import Chunks
from pygenn_lite.batch.conductor import Conductor
from pygenn_lite.batch.expand import MANY_RUNS, check_count, expand
from pygenn_lite.batch.group import group_runs
from pygenn_lite.batch.options import BatchOptions, check_options
from pygenn_lite.batch.run_recordings import check_recordings
from pygenn_lite.batch.script import read_script
from pygenn_lite.batch.search.as_sweep import as_sweep
from pygenn_lite.batch.search.search_spec import SearchSpec
from pygenn_lite.batch.store import BatchFolder, new_token
from pygenn_lite.batch.sweep_spec import Group, Keep, SweepSpec
from pygenn_lite.batch.tables import arrow
from pygenn_lite.batch.work import Work
from pygenn_lite.batch.workers import ThisProcess
from pygenn_lite.codegen.plan.memory import available_memory
from pygenn_lite.errors import BatchError, Location, SimulationError
from pygenn_lite.runtime.interrupts import InterruptWatch
from pygenn_lite.runtime.processors import available_cpus
from pygenn_lite.runtime.results.files import harmless_name, is_disk_full

SHORT_SECONDS = 2.0  # of what is left: not worth starting processes for
PART_OF_MEMORY = 0.5  # of what a process could have, that the runs of a chunk take
LONG_SECONDS = 30.0  # of what is left: one run tells that it is not short
TRIED = 2  # chunks before it is known whether it is short


class BatchStopped(KeyboardInterrupt):
    """Ctrl-C or SIGTERM ended a batch; what was done is kept.

    Attributes
    ----------
    message : str
        What to say about it.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def run_batch(
    spec: SweepSpec,
    folder: Path | None = None,
    options: BatchOptions | None = None,
    *,
    most: int | None = MANY_RUNS,
) -> Batch:
    """Do all runs of a sweep. Of a batch that is there already, those that did not end yet.

    Parameters
    ----------
    spec : SweepSpec
    folder : Path, optional
        None: a temporary one, which goes with the batch.
    options : BatchOptions, optional
    most : int, optional
        How many combinations may be tried.

    Returns
    -------
    Batch

    Raises
    ------
    SweepError
        There are no runs, or too many.
    BatchError
        The folder holds something else, or is used by another process; a cluster fails.
    BatchStopped
        Ctrl-C.
    """
    options = options or BatchOptions()
    check_options(options)
    arrow()  # or say at once that it is missing
    groups = _groups(spec, most)
    temporary = None
    if folder is None:
        temporary = tempfile.TemporaryDirectory(prefix="pygenn_lite_batch_")
        folder = Path(temporary.name)
    made = BatchFolder.create(folder, spec, groups)
    _carry_out(made, spec, groups, options, failed=False)
    batch = Batch(made.path)
    if temporary is not None:
        weakref.finalize(batch, temporary.cleanup)
    return batch


def resume_batch(
    folder: Path,
    options: BatchOptions | None = None,
    *,
    failed: bool = False,
    trusted: bool = False,
) -> Batch:
    """Do the runs of a batch that did not end yet.

    Parameters
    ----------
    folder : Path
    options : BatchOptions, optional
    failed : bool
        Those that failed, too.
    trusted : bool
        Whether the network may hold classes of other packages, which are then loaded.

    Raises
    ------
    BatchError
        There is no batch, or one of another version.
    """
    options = options or BatchOptions()
    check_options(options)
    made = BatchFolder(folder)
    made.check_version()
    spec = _with_scripts_of_now(made.spec(trusted=trusted))
    if spec.search is not None and failed:
        raise BatchError(
            "trials of a search that failed are not repeated: those after them were chosen by it",
            where=Location(str(folder)),
            hint="leave --failed out, or begin the search anew in another folder",
        )
    groups = _groups(spec, None)
    _carry_out(made, spec, groups, options, failed=failed)
    return Batch(made.path)


def _with_scripts_of_now(spec: SweepSpec) -> SweepSpec:
    """A sweep whose measures are those of their files by now: they may have been corrected."""
    requests = []
    for request in spec.measures:
        script = request.script
        if script is not None and Path(script.path).is_file():
            folder, name = Path(script.path).parent, Path(script.path).name
            found = read_script(f"{name}:{script.function}", folder)
            request = replace(request, script=replace(found, spelled=script.spelled))
        requests.append(request)
    return replace(spec, measures=tuple(requests))


def _groups(spec: SweepSpec, most: int | None) -> list[Group]:
    """The runs by structure; none of a search, whose runs follow from each other."""
    if spec.search is not None:
        check_count(spec, most)
        check_recordings(spec, _first_trial(spec, spec.search))
        return []
    groups = group_runs(expand(spec, most=most), spec.source, spec.run.precision)
    check_recordings(spec, groups)
    return groups


def _first_trial(spec: SweepSpec, search: SearchSpec) -> list[Group]:
    """A trial between the ends of a search, for all that does not depend on its values."""
    one = replace(spec, search=replace(search, runs=1), keep_spikes=Keep(), keep_traces=Keep())
    return [Group("", {}, expand(as_sweep(one)))]


def default_folder(spec: SweepSpec) -> Path:
    """Where a batch goes that was given no folder: beside where the command is called, named like
    the sweep's file."""
    stem = Path(spec.origin).stem if spec.text else spec.source.name
    return Path(harmless_name(stem, "sweep"))


@contextmanager
def _stops_told(folder: BatchFolder) -> Iterator[None]:
    """What ends a batch early says how far it has come."""
    try:
        yield
    except KeyboardInterrupt:
        with InterruptWatch(patient=True):
            folder.merge()
        raise BatchStopped(_how_far(folder)) from None
    except (OSError, SimulationError) as error:
        if not is_disk_full(error):
            raise
        raise BatchError(
            f"the disk is full: {_how_far(folder)}",
            where=Location(str(folder.path)),
            hint="make room, then resume",
        ) from error


def _carry_out(
    folder: BatchFolder,
    spec: SweepSpec,
    groups: Sequence[Group],
    options: BatchOptions,
    *,
    failed: bool,
) -> None:
    with folder.claim(), _stops_told(folder):
        token = new_token()
        folder.take_over(token)  # processes of one who was killed write nothing from now on
        folder.tidy()
        folder.merge()
        ended = folder.ended()
        wanted = {one for one, status in ended.items() if not failed or status == "done"}
        left = [replace(g, runs=[r for r in g.runs if r.id not in wanted]) for g in groups]
        status = list(ended.values())
        counts = (folder.planned, status.count("done"), 0 if failed else status.count("failed"))
        with BatchProgress(*counts, options.progress) as progress:
            conductor = Conductor(folder, token, Chunks(left), progress)
            _work_off(conductor, Work(spec, str(folder.path.resolve()), token), options)
        folder.merge()
        folder.tidy()


def _work_off(conductor: Conductor, work: Work, options: BatchOptions) -> None:
    """Try some runs in this process; then do the rest here if it is short, else by others."""
    cpus = available_cpus()
    threads = options.threads or work.spec.run.threads
    memory = available_memory() or 0
    if work.spec.search is not None:
        _search(conductor, work, options)
        return
    seconds = None
    if not (options.cluster or options.deployer):
        here = ThisProcess(replace(work, threads=threads or cpus), int(PART_OF_MEMORY * memory))
        if options.processes == 0:
            conductor.run(here)
            return
        for _ in range(TRIED):
            conductor.run(here, most=1)
            seconds = conductor.chunks.seconds
            if seconds is None or seconds > LONG_SECONDS:
                break
        if not conductor.chunks.left:
            return
        if options.processes is None and seconds is not None and seconds < SHORT_SECONDS:
            conductor.run(here)
            return
    from pygenn_lite.batch.cluster import started_workers

    split = split_cores(cpus, memory, conductor.chunks.bytes_each, options.processes, threads)
    with started_workers(work, options, *split) as workers:
        conductor.run(workers)


def split_cores(
    cpus: int, memory: int, each: int, processes: int | None = None, threads: int | None = None
) -> tuple[int, int]:
    """Processes, and threads of each, that use a machine.

    One process with one thread for each core has the highest throughput; where memory does not
    hold so many runs, there are fewer, with more threads.

    Parameters
    ----------
    cpus : int
    memory : int
        Bytes; 0: not known.
    each : int
        Bytes of a run; 0: not known.
    processes, threads : int, optional
        Where they are given.

    Examples
    --------
    >>> split_cores(8, 64, 1), split_cores(8, 64, 16), split_cores(8, 64, 1, threads=2)
    ((8, 1), (2, 4), (4, 2))
    """
    if not processes:
        processes = max(1, cpus // (threads or 1))
        if memory and each:
            processes = max(1, min(processes, int(PART_OF_MEMORY * memory) // each))
    return processes, threads or max(1, cpus // processes)


def _search(conductor: Conductor, work: Work, options: BatchOptions) -> None:
    from pygenn_lite.batch.search.carry_out import SearchWork

    here = None
    if not (options.cluster or options.deployer):
        threads = options.threads or work.spec.run.threads or available_cpus()
        memory = int(PART_OF_MEMORY * (available_memory() or 0))
        here = ThisProcess(replace(work, threads=threads), memory)
    SearchWork(conductor, work).carry_out(here, options)


def _how_far(folder: BatchFolder) -> str:
    counts = folder.counts()
    return (
        f"{counts.done:,} of {counts.planned:,} runs are done and kept; continue with: "
        f"pygenn-lite batch resume {folder.path}"
    )
