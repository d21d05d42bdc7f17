"""Chunks on a Dask cluster: one of this machine, one that is there already, or one that Slurm or
Kubernetes starts."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import queue
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from pygenn_lite.batch.local_workers import LocalWorkers
from pygenn_lite.batch.options import BatchOptions
from pygenn_lite.batch.sweep_spec import Run
from pygenn_lite.batch.work import Work, chunk_digest
from pygenn_lite.batch.worker_side import do_chunk, facts, plugin_name, sweep_plugin
from pygenn_lite.batch.workers import Outcome
from pygenn_lite.codegen.plan.memory import available_memory
from pygenn_lite.errors import BatchError, Location
from pygenn_lite.optional import require
from pygenn_lite.runtime.results.provenance import package_version

PART_OF_MEMORY = 0.5
LOOK_SECONDS = 5.0  # between looks at how many workers there are
WHAT = "batches on several processes"
SETTINGS = {
    "distributed.scheduler.allowed-failures": 3,
    "distributed.scheduler.worker-saturation": 1.0,  # one chunk: the one that is lost
    "distributed.comm.timeouts.connect": "30s",
    "distributed.admin.large-graph-warning-threshold": "1GB",
}


class ClusterWorkers:
    """The workers of a cluster.

    Parameters
    ----------
    client : distributed.Client
    work : Work
    timeout : float
        Seconds after which a scheduler that is not heard of is given up.
    look_after : callable
        Called now and then: for workers that have to be kept alive.
    """

    def __init__(
        self, client: Any, work: Work, timeout: float, look_after: Callable[[], None]
    ) -> None:
        self.client, self.work, self.timeout = client, work, timeout
        self.dashboard = str(client.dashboard_link or "")
        self.count, self.memory, self.least = 1, 0, 1
        self._look_after = look_after
        self._ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._runs: dict[str, Sequence[Run]] = {}
        self._futures: dict[str, Any] = {}  # who forgets a future cancels it
        self._attempts = 0
        self._looked = 0.0
        self._heard = time.monotonic()

    def begin(self) -> None:
        """Give the sweep to all workers, and count them."""
        self.client.register_plugin(sweep_plugin(self.work))
        self._look()

    def submit(self, runs: Sequence[Run]) -> None:
        """Let a chunk be done."""
        self._attempts += 1
        key = f"chunk-{chunk_digest(runs)}-{self._attempts}"
        future = self.client.submit(do_chunk, self.work.token, list(runs), key=key, pure=False)
        self._runs[key], self._futures[key] = runs, future
        future.add_done_callback(self._ended.put)

    def next(self, timeout: float) -> Outcome | None:
        """A chunk that has ended; None where none does within some seconds.

        Raises
        ------
        BatchError
            The scheduler is gone.
        """
        self._look_after()
        try:
            future = self._ended.get(timeout=timeout)
        except queue.Empty:
            self._look()
            return None
        runs = self._runs.pop(future.key)
        self._futures.pop(future.key)
        if future.status == "finished":
            return Outcome(runs, future.result())
        if future.status != "error":
            if self.client.status != "running":
                raise self._gone()
            # Lost on the way, as where a connection broke: it is done again.
            return Outcome(runs, None, self._gone(), killed=True)
        error = future.exception()
        return Outcome(runs, None, error, killed=type(error).__name__ == "KilledWorker")

    def close(self) -> None:
        """Leave the cluster; what is under way there is given up."""
        with contextlib.suppress(Exception):
            self.client.cancel(list(self._futures.values()))
            self.client.unregister_worker_plugin(plugin_name(self.work.token))
        self._futures.clear()

    def _look(self) -> None:
        """How many workers there are, and whether the scheduler is."""
        now = time.monotonic()
        if now - self._looked < LOOK_SECONDS:
            return
        self._looked = now
        if self.client.status != "running":
            if now - self._heard > self.timeout:
                raise self._gone()
            return
        self._heard = now
        with contextlib.suppress(OSError, TimeoutError):
            known = self.client.run(facts, on_error="ignore").values()
            self.count = max(self.least, sum(one["count"] for one in known))
            limits = [one["memory"] for one in known if one["memory"]]
            if limits:
                self.memory = int(PART_OF_MEMORY * min(limits))

    def _gone(self) -> BatchError:
        return BatchError(
            "the scheduler of the cluster has gone; what was done is kept",
            where=Location(str(self.client.scheduler.address if self.client.scheduler else "")),
            hint="resume the batch, here or on another cluster",
        )


@contextlib.contextmanager
def started_workers(
    work: Work, options: BatchOptions, processes: int = 1, threads: int = 1
) -> Iterator[ClusterWorkers]:
    """The workers that options ask for; they are left, or ended, with the block.

    Parameters
    ----------
    work : Work
    options : BatchOptions
    processes, threads : int
        Of this machine, where no cluster is asked for: how many, and of each.

    Raises
    ------
    BatchError
        A cluster does not answer, has no workers, or another version.
    MissingPackageError
        Dask, or what starts workers, is not installed.
    """
    distributed = require("distributed", "batch", WHAT)
    import dask

    with dask.config.set(SETTINGS), contextlib.ExitStack() as stack:
        address, look_after = options.cluster, _nothing
        memory, least = 0, 1
        if options.deployer or address:
            threads = options.threads or work.spec.run.threads or 1
        if options.deployer:
            cluster = stack.enter_context(_deployed(options))
            address = cluster.scheduler_address
        elif not address:
            scheduler = distributed.LocalCluster(
                n_workers=0, dashboard_address=_dashboard(), silence_logs=50, host="127.0.0.1"
            )
            address = stack.enter_context(scheduler).scheduler_address
            local = stack.enter_context(LocalWorkers(address, processes, threads))
            look_after = local.look_after
            memory, least = int(PART_OF_MEMORY * (available_memory() or 0) / processes), processes
        client = stack.enter_context(_client(distributed, address, options))
        _wait_for_workers(client, options, look_after)
        if options.cluster:
            _check_versions(client, address)
        workers = ClusterWorkers(
            client, replace(work, threads=threads), options.timeout, look_after
        )
        workers.memory, workers.least = memory, least
        workers.begin()
        try:
            yield workers
        finally:
            workers.close()


def _nothing() -> None:
    """Whoever started the workers looks after them."""


def _dashboard() -> str | None:
    """Where the dashboard is served, if what it is drawn with is installed."""
    found = importlib.util.find_spec("bokeh") is not None
    return "127.0.0.1:0" if found else None


def _client(distributed: Any, address: str, options: BatchOptions) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # other versions: they are compared below
        try:
            return distributed.Client(address, timeout=options.timeout, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise BatchError(
                f"no Dask scheduler answers within {options.timeout:g} s: {_first_line(error)}",
                where=Location(address),
                hint="start one with: dask scheduler; its address is like tcp://head:8786",
            ) from None


def _wait_for_workers(client: Any, options: BatchOptions, look_after: Callable[[], None]) -> None:
    """Until there is one; of those that wait in a queue as long as it takes."""
    deadline = time.monotonic() + options.timeout
    while not client.nthreads():
        look_after()
        if options.cluster and time.monotonic() > deadline:
            raise BatchError(
                f"the cluster has had no worker for {options.timeout:g} s",
                where=Location(options.cluster),
                hint=f"start some with: dask worker {options.cluster}",
            )
        time.sleep(0.05)


def _check_versions(client: Any, address: str) -> None:
    """Refuse workers of another version of what matters."""
    found = client.get_versions(packages=["pygenn_lite"])
    mine = {
        "python": ".".join(map(str, sys.version_info[:3])),
        "distributed": importlib.import_module("distributed").__version__,
        "pygenn_lite": package_version(),
    }
    for worker, told in found["workers"].items():
        host, packages = told.get("host", {}), told.get("packages", {})
        its = {
            "python": str(host.get("python", packages.get("python", ""))).split(".final")[0],
            "distributed": str(packages.get("distributed", "")),
            "pygenn_lite": mine["pygenn_lite"] if packages.get("pygenn_lite") else "not installed",
        }
        _check_one(worker, its, mine, address)
    for worker, told in client.run(facts).items():
        _check_one(worker, {**mine, "pygenn_lite": told["version"]}, mine, address)


def _check_one(worker: str, its: dict[str, str], mine: dict[str, str], address: str) -> None:
    for name in mine:
        if its[name] != mine[name]:
            raise BatchError(
                f"the worker {worker} has {name} {its[name]}, this machine {mine[name]}",
                where=Location(address),
                hint=f"install the same version of {name} on both",
            )


@contextlib.contextmanager
def _deployed(options: BatchOptions) -> Iterator[Any]:
    """A cluster that Slurm or Kubernetes starts."""
    given = dict(options.deployer_options)
    jobs = given.pop("jobs", 1)
    if options.deployer == "slurm":
        kind = require("dask_jobqueue", "slurm", "workers that Slurm starts").SLURMCluster
    else:
        module = require("dask_kubernetes.operator", "kubernetes", "workers in Kubernetes")
        kind = module.KubeCluster
    try:
        cluster = kind(**given)
    except (TypeError, ValueError, OSError, RuntimeError) as error:
        raise BatchError(
            f"{options.deployer} workers cannot be started: {_first_line(error)}",
            where=Location("cluster"),
            hint="cluster: {cores: 8, processes: 8, memory: 16GB, jobs: 4} in the sweep's file is "
            "handed to dask_jobqueue or dask_kubernetes",
        ) from error
    with cluster:
        cluster.scale(jobs=jobs) if options.deployer == "slurm" else cluster.scale(jobs)
        yield cluster


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:300]
