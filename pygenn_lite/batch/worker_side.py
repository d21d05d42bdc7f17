"""What runs on the workers of a Dask cluster: each gets the sweep once, finds out whether it sees
the batch's folder, and does chunks."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pygenn_lite.batch.execute import run_chunk
from pygenn_lite.batch.part_folder import LEASE
from pygenn_lite.batch.sweep_spec import Run
from pygenn_lite.batch.work import ChunkJob, ChunkReport, Work
from pygenn_lite.errors import BatchError
from pygenn_lite.optional import require
from pygenn_lite.runtime.results.provenance import package_version

_works: dict[str, bytes | Work] = {}


def sweep_plugin(work: Work) -> Any:
    """What every worker of a cluster, also one that joins later, is given of a sweep.

    Parameters
    ----------
    work : Work
        As this machine sees it.

    Returns
    -------
    distributed.WorkerPlugin
    """
    base = require("distributed", "batch", "batches on several processes").WorkerPlugin

    class SweepPlugin(base):  # type: ignore[misc, valid-type]
        """Hands the sweep to a worker."""

        name = plugin_name(work.token)

        def __init__(self, token: str, content: bytes) -> None:
            self.token, self.content = token, content

        def setup(self, worker: object) -> None:
            """The worker joins."""
            begin(self.token, self.content)

        def teardown(self, worker: object) -> None:
            """The batch is over."""
            end(self.token)

    return SweepPlugin(work.token, pickle.dumps(work))


def plugin_name(token: str) -> str:
    """What a cluster calls it."""
    return f"pygenn-lite-{token}"


def begin(token: str, content: bytes) -> None:
    """Keep a sweep; it is unpickled when its first chunk comes."""
    _works[token] = content


def end(token: str) -> None:
    """Forget it."""
    _works.pop(token, None)


def do_chunk(token: str, runs: Sequence[Run]) -> ChunkReport:
    """Do some runs of a sweep that this worker was given.

    Raises
    ------
    BatchError
        It was not.
    """
    work = _works.get(token)
    if work is None:
        raise BatchError("a worker was given runs, but not their sweep")
    if isinstance(work, bytes):
        work = _works[token] = _as_seen_here(pickle.loads(work))
    return run_chunk(ChunkJob(work, runs))


def _as_seen_here(work: Work) -> Work:
    """Without the folder where this machine does not see it."""
    return work if sees(work.folder, work.token) else replace(work, folder="")


def sees(folder: str, token: str) -> bool:
    """Whether the folder of a batch is there, and not just one of the same name."""
    try:
        return (Path(folder) / LEASE).read_text(encoding="utf-8") == token
    except OSError:
        return False


def facts(dask_worker: Any = None) -> dict[str, Any]:
    """What a client wants to know of a worker: chunks at a time, bytes for each, version."""
    count = int(dask_worker.state.nthreads)
    limit = int(dask_worker.memory_manager.memory_limit or 0)
    return {"count": count, "memory": limit // max(count, 1), "version": package_version()}
