"""Batches on several processes: of this machine, on a Dask cluster that is there already, on one
that Slurm starts; what is wrong with a cluster is one message."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import types
from contextlib import contextmanager

import pytest

import pygenn_lite as pg
from pygenn_lite.batch import cluster, conductor, engine, local_workers
from pygenn_lite.batch.engine import run_batch
from pygenn_lite.batch.options import BatchOptions
from pygenn_lite.errors import BatchError, MissingPackageError

TAU = "populations.exc.parameters.tau"
LEFT_OUT = ["seconds", "worker", "host", "finished"]
HERE = BatchOptions(processes=0)

SCHEDULER = """
import sys, time
import pygenn_lite
from distributed import LocalCluster
from pygenn_lite.batch import worker_side

if __name__ == "__main__":
    workers, blind, version = sys.argv[1:]
    if blind == "blind":
        worker_side.sees = lambda folder, token: False
    if version:
        pygenn_lite.__version__ = version
    with LocalCluster(
        n_workers=int(workers), threads_per_worker=2, processes=False, protocol="tcp://",
        host="127.0.0.1", dashboard_address=None,
    ) as cluster:
        print(cluster.scheduler_address, flush=True)
        time.sleep(120)
"""


@contextmanager
def scheduler(folder, workers=1, blind="", version=""):
    """A cluster that somebody else has started: its process, and its address."""
    script = folder / "scheduler.py"
    script.write_text(SCHEDULER)
    command = [sys.executable, str(script), str(workers), blind, version]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def network():
    net = pg.Network(dt=0.5, seed=5)
    exc = net.population("exc", 10, pg.LIF(), initial={"V": pg.Uniform(-65.0, -50.0)})
    net.poisson(exc, 8.0, sources=1000, weight=87.8, synapse=pg.ExponentialCurrent(0.5))
    return net


def sweep(**options):
    values = {TAU: [10.0, -1.0, 20.0], "seed": list(range(20))}
    return pg.Sweep(network(), values, duration=50.0, measure=["rates"], **options).spec


def plain(batch):
    return batch.table.drop(columns=LEFT_OUT)


@pytest.fixture(scope="module")
def expected():
    return plain(run_batch(sweep(keep={"spikes": {"runs": [50]}}), None, HERE))


# ------------------------------------------------------------------ they all do the same
def test_worker_processes_of_this_machine(tmp_path, expected, monkeypatch):
    monkeypatch.setattr(engine, "TRIED", 1)
    asked = sweep(keep={"spikes": {"runs": [50]}})
    batch = run_batch(asked, tmp_path / "b", BatchOptions(processes=2, progress=False))
    assert plain(batch).equals(expected) and len(set(batch.table["worker"])) >= 2
    assert len(batch.kept) == 1


@pytest.mark.parametrize("blind", ["", "blind"])
def test_a_cluster_that_is_there_already(blind, tmp_path, expected):
    asked = sweep(keep={"spikes": {"runs": [50]}})
    with scheduler(tmp_path, blind=blind) as (_, address):
        batch = run_batch(asked, tmp_path / "b", BatchOptions(cluster=address))
        again = run_batch(asked, tmp_path / "c", BatchOptions(cluster=address))
    assert plain(batch).equals(expected) and plain(again).equals(expected)
    assert batch.result(50).spikes["exc"].steps.size and len(set(batch.table["worker"])) == 1


def test_workers_that_slurm_starts(tmp_path, expected, monkeypatch):
    started = []

    @contextmanager
    def slurm(**options):
        with scheduler(tmp_path) as (_, address):
            started.append(options)
            made = types.SimpleNamespace(scheduler_address=address)
            made.scale = lambda jobs: started.append(jobs)
            yield made

    fake = types.ModuleType("dask_jobqueue")
    fake.SLURMCluster = lambda **options: WithScale(slurm(**options))
    monkeypatch.setitem(sys.modules, "dask_jobqueue", fake)
    options = BatchOptions(deployer="slurm", deployer_options={"cores": 2, "jobs": 3})
    assert plain(run_batch(sweep(), tmp_path / "b", options)).equals(expected)
    assert started == [{"cores": 2}, 3]


class WithScale:
    """A cluster whose attributes are there once it is entered."""

    def __init__(self, context):
        self.context = context

    def __enter__(self):
        made = self.context.__enter__()
        self.scheduler_address, self.scale = made.scheduler_address, made.scale
        return self

    def __exit__(self, *error):
        return self.context.__exit__(*error)


# ------------------------------------------------------------------ runs that kill
KILLER = """
import os, signal
def killer(result):
    if result.rates()["exc"] == WANTED:
        os.kill(os.getpid(), signal.SIGKILL)
    return 1.0
"""


def test_a_run_that_kills_its_process_is_found_and_fails_alone(tmp_path, expected, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(engine, "TRIED", 0)
    monkeypatch.setattr(conductor, "STRIKES", 1)
    monkeypatch.setitem(cluster.SETTINGS, "distributed.scheduler.allowed-failures", 0)
    rates = expected["rates.exc"]
    wanted = next(rate for rate in rates if (rates == rate).sum() == 1)
    (tmp_path / "custom.py").write_text(KILLER.replace("WANTED", repr(wanted)))
    asked = pg.Sweep(
        network(), {TAU: [10.0, -1.0, 20.0], "seed": list(range(20))}, duration=50.0,
        measure=["rates", "custom.py:killer"],
    ).spec  # fmt: skip
    table = run_batch(asked, tmp_path / "b", BatchOptions(processes=2, progress=False)).table
    failed = table[(table["status"] == "failed") & (table[TAU] > 0)]
    assert list(failed["run"]) == list(expected["run"][rates == wanted])
    assert failed["error"].iloc[0].startswith("the process that did this run was killed each time")
    assert (table["status"] == "done").sum() == 39


# ------------------------------------------------------------------ what is wrong with a cluster
def test_one_that_does_not_answer(tmp_path):
    options = BatchOptions(cluster="tcp://127.0.0.1:9", timeout=1.0)
    message = r"tcp://127.0.0.1:9: no Dask scheduler answers within 1 s.*\n  hint: start one with"
    with pytest.raises(BatchError, match=message):
        run_batch(sweep(), tmp_path / "b", options)


def test_one_without_workers(tmp_path):
    with scheduler(tmp_path, workers=0) as (_, address):
        options = BatchOptions(cluster=address, timeout=5.0)
        with pytest.raises(BatchError, match=r"the cluster has had no worker for 5 s"):
            run_batch(sweep(), tmp_path / "b", options)


def test_one_with_another_version(tmp_path):
    message = rf"has pygenn_lite 0\.0\.1, this machine {pg.__version__}\n  hint: install the same"
    with (
        scheduler(tmp_path, version="0.0.1") as (_, address),
        pytest.raises(BatchError, match=message),
    ):
        run_batch(sweep(), tmp_path / "b", BatchOptions(cluster=address))


def test_one_that_goes_while_it_works(tmp_path, monkeypatch):
    real = cluster.ClusterWorkers.submit
    with scheduler(tmp_path) as (process, address):

        def then_killed(self, runs):
            real(self, runs)
            process.kill()

        monkeypatch.setattr(cluster.ClusterWorkers, "submit", then_killed)
        monkeypatch.setattr(cluster, "LOOK_SECONDS", 0.1)
        options = BatchOptions(cluster=address, timeout=5.0)
        with pytest.raises(BatchError, match="the scheduler of the cluster has gone"):
            run_batch(sweep(), tmp_path / "b", options)


def test_processes_that_do_not_start(tmp_path, monkeypatch):
    monkeypatch.setattr(local_workers, "WORKER", "pygenn_lite.batch.missing")
    message = "worker processes end as soon as they are started: .*pygenn_lite.batch.missing"
    with pytest.raises(BatchError, match=message):
        run_batch(sweep(), tmp_path / "b", BatchOptions(processes=2, progress=False))


def test_slurm_that_wants_more(tmp_path, monkeypatch):
    def refuse(**options):
        raise ValueError("You must specify how many cores to use per job")

    fake = types.ModuleType("dask_jobqueue")
    fake.SLURMCluster = refuse
    monkeypatch.setitem(sys.modules, "dask_jobqueue", fake)
    message = (
        r"slurm workers cannot be started: You must specify how many cores.*\n  hint: cluster:"
    )
    with pytest.raises(BatchError, match=message):
        run_batch(sweep(), tmp_path / "b", BatchOptions(deployer="slurm"))


def test_what_is_not_installed_is_said(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "dask_kubernetes", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'pygenn-lite\[kubernetes\]'"):
        run_batch(sweep(), tmp_path / "b", BatchOptions(deployer="kubernetes"))


# ------------------------------------------------------------------ Ctrl-C
SWEEP = """
network: net.yaml
sweep: {grid: {seed: {repeat: 300}}}
run: {duration: 10}
measure: [rates, "slow.py:slow"]
"""
SLOW = """
import time
def slow(result):
    time.sleep(0.05)
    return 1
"""


def command(folder, *words):
    """A command line, in a session of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "pygenn_lite", *words], cwd=folder,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def said_by(folder, *words):
    """What a command prints, and its exit code."""
    process = command(folder, *words)
    out, err = process.communicate(timeout=120)
    return out.strip(), err.strip(), process.returncode


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_processes_and_keeps_what_is_done(number, tmp_path):
    (tmp_path / "net.yaml").write_text(pg.dump_network(network()))
    (tmp_path / "slow.py").write_text(SLOW)
    (tmp_path / "b.yaml").write_text(SWEEP)
    client = command(tmp_path, "batch", "b.yaml", "--yes", "--workers", "2")
    parts = tmp_path / "b/parts"
    while not (parts.is_dir() and len(list(parts.iterdir())) > 3):
        assert client.poll() is None, client.stderr.read()
        time.sleep(0.05)
    client.send_signal(number)
    _, err = client.communicate(timeout=30)  # until its processes have closed the pipe, too
    done = pg.load_batch(tmp_path / "b").status().done
    message = f"{done} of 300 runs are done and kept; continue with: pygenn-lite batch resume b"
    assert 0 < done < 300 and err.strip().splitlines()[-1] == message
    assert client.returncode == 128 + number
    status = f"net: 300 runs: {done} done, 0 failed, {300 - done} left"
    assert said_by(tmp_path, "batch", "status", "b") == (status, "", 0)
    (tmp_path / "slow.py").write_text(SLOW.replace("0.05", "0"))  # what is corrected, is taken
    assert said_by(tmp_path, "batch", "resume", "b", "--quiet") == ("", "", 0)
    assert pg.load_batch(tmp_path / "b").status().done == 300
