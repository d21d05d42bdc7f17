"""Workers that are killed, a client that is killed, clusters of all kinds: no run is lost, none is
in the table twice, and all are, bit for bit, those of a batch that nothing happened to."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pygenn_lite.batch.batch import load_batch

RUNS, KILLS = 300, 20
WORKER = "pygenn_lite.batch.worker_process"
LEFT_OUT = ["seconds", "worker", "host", "finished"]

CLIENT = """
import sys
from pathlib import Path
import pygenn_lite as pg
from pygenn_lite.batch import chunks
from pygenn_lite.batch.engine import run_batch
from pygenn_lite.batch.options import BatchOptions

chunks.MOST_RUNS = 4
net = pg.Network(dt=0.5, seed=5)
exc = net.population("exc", 10, pg.LIF(), initial={"V": pg.Uniform(-65.0, -50.0)})
net.poisson(exc, 8.0, sources=1000, weight=87.8, synapse=pg.ExponentialCurrent(0.5))
net.connect(exc, exc, pg.ExponentialCurrent(0.5), pg.FixedProbability(0.3), weight=20.0)
sweep = pg.Sweep(
    net, {"populations.exc.parameters.tau": [10.0, 15.0, 20.0], "seed": list(range(100))},
    duration=50.0, measure=["rates", "cv_isi", *MEASURES],
)
run_batch(sweep.spec, Path(sys.argv[1]), BatchOptions(processes=int(sys.argv[2])))
print("done")
"""
SLOW = "import time\ndef slow(result):\n    time.sleep(0.02)\n    return 1.0\n"


def start(folder: Path, batch: str, processes: int, measures: str = "") -> subprocess.Popen[str]:
    """A process that does the batch; with a measure that takes 20 ms each."""
    (folder / "slow.py").write_text(SLOW)
    script = folder / "client.py"
    script.write_text(CLIENT.replace("*MEASURES", '"slow.py:slow"'))
    return subprocess.Popen(
        [sys.executable, str(script), batch, str(processes)],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def workers_of(client: int) -> list[int]:
    """Its worker processes."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_text()
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if WORKER in words and parent == client:
            found.append(int(folder.name))
    return found


def done(folder: Path) -> int:
    """Runs that are written."""
    parts = (folder / "parts").glob("*.parquet")
    return sum(int(part.name.split("-")[1]) for part in parts)


def table(folder: Path):
    return load_batch(folder).table.drop(columns=LEFT_OUT)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    client = start(folder, "batch", 0)
    out, err = client.communicate(timeout=120)
    assert out == "done\n", err
    return table(folder / "batch")


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_nothing_is_lost_when_workers_and_the_client_are_killed(tmp_path, undisturbed):
    batch, kills, choice = tmp_path / "batch", 0, random.Random(1)
    client = start(tmp_path, "batch", 3)
    killed_client = False
    while client.poll() is None and kills < KILLS + 5:
        time.sleep(0.1)
        alive = workers_of(client.pid)
        if done(batch) < 3 * kills or len(alive) < 2:
            continue  # each has done something since
        if kills == KILLS // 2 and not killed_client:
            client.kill()
            client.wait()
            killed_client = True
            client = start(tmp_path, "batch", 3)
            continue
        victim = choice.choice(alive)
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:  # it has ended since it was seen
            continue
        kills += 1
    out, err = client.communicate(timeout=120)
    assert out == "done\n", err
    assert kills >= KILLS and killed_client
    found = table(batch)
    assert len(found) == RUNS and found["id"].is_unique and set(found["status"]) == {"done"}
    assert found.equals(undisturbed)
    assert not list((batch / "parts").iterdir())
