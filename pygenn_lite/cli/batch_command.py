"""``pygenn-lite batch FILE``: read the sweep, say what it runs, ask where that is wise, do it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pygenn_lite.cli.endings import DONE, FAILED, say
from pygenn_lite.cli.output import write_line
from pygenn_lite.cli.questions import agreed, can_ask
from pygenn_lite.cli.signals import note_interrupt
from pygenn_lite.declaration.summary import counted
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.records import dataclass

if TYPE_CHECKING:
    from pygenn_lite.batch.batch import Batch
    from pygenn_lite.batch.options import BatchOptions


@dataclass(frozen=True)
class BatchWords:
    """What the command line asks for; see `batch_commands`."""

    file: Path
    dry_run: bool = False
    yes: bool = False
    out: Path | None = None
    cluster: str = ""
    slurm: bool = False
    kubernetes: bool = False
    workers: int | None = None
    quiet: bool = False


def run_file(words: BatchWords) -> int:
    """Do what the command line asks for; returns the exit code.

    Raises
    ------
    FileFormatError
        What is wrong with the file.
    SweepError
        A sweep of absurd size, and nobody to ask.
    """
    from pygenn_lite.batch.dry_run import dry_run
    from pygenn_lite.batch.expand import MANY_RUNS, check_count
    from pygenn_lite.batch.sweep_file import load_sweep

    _check(words)
    spec = load_sweep(words.file)
    if not _may_run(spec.scripts, words):
        return FAILED
    most = None if words.yes else MANY_RUNS
    if words.dry_run:
        found = dry_run(spec, most=most)
        write_line(str(found))
        return FAILED if found.error else DONE
    if most is not None and spec.count > most and can_ask():
        if not agreed(f"the sweep has {spec.count:,} runs; do them all?"):
            say("nothing was run")
            return FAILED
        most = None
    check_count(spec, most)
    return _run(spec, words, most)


def _check(words: BatchWords) -> None:
    given = [w for w in ("cluster", "slurm", "kubernetes") if getattr(words, w)]
    if len(given) > 1:
        raise ArgumentError(
            f"--{given[0]} and --{given[1]} exclude each other",
            where=Location("batch"),
            hint="choose where the runs are done",
        )


def _may_run(scripts: Any, words: BatchWords) -> bool:
    """Say which code a sweep runs before any of it is run; ask where somebody can answer."""
    if not scripts:
        return True
    paths = dict.fromkeys(script.path for script in scripts)
    if not words.quiet or (can_ask() and not words.yes):
        say(f"{words.file} runs the code of {', '.join(paths)}")
    if words.yes or not can_ask() or agreed("run it?"):
        return True
    say("nothing was run")
    return False


def _run(spec: Any, words: BatchWords, most: int | None) -> int:
    from pygenn_lite.batch.engine import default_folder, run_batch

    folder = words.out or default_folder(spec)
    options = _options(words, spec.cluster)
    return _ended(lambda: run_batch(spec, folder, options, most=most), words.quiet)


def resume_folder(words: BatchWords, failed: bool) -> int:
    """Do what is left of a batch; returns the exit code.

    Parameters
    ----------
    words : BatchWords
        Its ``file`` is the folder.
    failed : bool
        Whether runs that failed are repeated.
    """
    from pygenn_lite.batch.engine import resume_batch
    from pygenn_lite.batch.store import BatchFolder

    _check(words)
    folder = BatchFolder(words.file)
    options = _options(words, folder.cluster)
    if not _may_run(folder.spec(trusted=words.yes).scripts, words):
        return FAILED
    return _ended(
        lambda: resume_batch(words.file, options, failed=failed, trusted=words.yes), words.quiet
    )


def status_of(folder: Path) -> int:
    """Say how far a batch has got; returns the exit code."""
    from pygenn_lite.batch.store import BatchFolder

    found = BatchFolder(folder)
    counts = found.counts()
    write_line(
        f"{found.about['network']}: {counts.planned:,} runs: {counts.done:,} done, "
        f"{counts.failed:,} failed, {counts.left:,} left"
    )
    return DONE


def _options(words: BatchWords, cluster: Any) -> BatchOptions:
    from pygenn_lite.batch.options import BatchOptions

    deployer = "slurm" if words.slurm else "kubernetes" if words.kubernetes else ""
    jobs = {"jobs": words.workers} if deployer and words.workers is not None else {}
    return BatchOptions(
        cluster=words.cluster,
        deployer=deployer,
        deployer_options={**cluster, **jobs},
        processes=None if deployer or words.cluster else words.workers,
        progress=not words.quiet,
    )


def _ended(carry_out: Callable[[], Batch], quiet: bool) -> int:
    """Do a batch, and say what came of it."""
    from pygenn_lite.batch.engine import BatchStopped

    try:
        batch = carry_out()
    except BatchStopped as stopped:
        say(stopped.message)
        return note_interrupt()
    failures = batch.status().failed
    if not quiet:
        write_line(str(batch.path))
    if batch.is_search:
        from pygenn_lite.batch.search.best import ending_text

        if not quiet:
            write_line(ending_text(batch.front))
        if failures:
            say(_failed_text(batch, failures))
        return DONE if batch.front else FAILED
    if failures:
        again = f"  hint: repeat them: pygenn-lite batch resume --failed {batch.path}"
        say(f"{_failed_text(batch, failures)}\n{again}")
    return FAILED if failures else DONE


def _failed_text(batch: Batch, failures: int) -> str:
    """How many runs failed, and what was wrong with the first of them."""
    first = str(batch.failures["error"].iloc[0]).partition("\n")[0]
    return f"{counted(failures, 'run')} failed; the first: {first}"
