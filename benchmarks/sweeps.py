"""Throughput and memory of sweeps against independent processes that loop over runs.

    python benchmarks/sweeps.py [--runs 1000] [--duration 1000] [--rounds 3] [--plan 10000]

The network is CUBA with 1,000 neurons (80 inputs each); runs differ in the seed, connectivity is
shared, the measure is the rates, from spike counts. It prints the rows of a table: what is wanted,
and what was measured.

Throughput: in every round, one after the other, two processes, each with a single-threaded
simulation that is reset and run again and again and asked for its rates; and the sweep with two
worker processes, which are started before. What counts is the time from the first run to the last;
that of starting processes is printed apart.

Overhead: what a run of the sweep takes of its process, beyond a run of the loop. Splits: the same
sweep with one process of two threads. Memory: the most that a worker process had resident, for 200
runs and for all.

Planning: expanding and grouping a grid of 10,000 runs of brunel. Status: of a batch in which all of
these ended.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from looping_process import LoopingProcess

import pygenn_lite as pg
from pygenn_lite.batch.engine import run_batch
from pygenn_lite.batch.execute import failed_row
from pygenn_lite.batch.expand import expand
from pygenn_lite.batch.group import group_runs
from pygenn_lite.batch.options import BatchOptions
from pygenn_lite.batch.part_folder import PartFolder
from pygenn_lite.batch.store import BatchFolder
from pygenn_lite.batch.work import chunk_digest

SIZES = {"populations.exc.size": 800, "populations.inh.size": 200, "constants.p": 0.08}
WORKER = "pygenn_lite.batch.worker_process"


def network() -> pg.Network:
    """CUBA with 800 and 200 neurons, as many inputs per neuron as with 4,000."""
    net, _ = pg.load_network("cuba", set=SIZES)
    net.recordings.clear()
    return net


def loop(duration: float) -> None:
    """Run so many times as each line of the input says; answer with the seconds."""
    sim = network().compile(threads=1, progress=False)
    sim.run(duration / 10, progress=False)
    print("ready", flush=True)
    for line in sys.stdin:
        started = time.perf_counter()
        for seed in range(int(line)):
            sim.reset(seed)
            sim.run(duration, progress=False).rates()
        print(time.perf_counter() - started, flush=True)


@dataclass(frozen=True)
class Swept:
    """What came of a sweep: seconds from its first run of a worker to the end, seconds in total,
    seconds of a process for a run, peak memory of a worker in bytes."""

    working: float
    whole: float
    each: float
    memory: int


def swept(runs: int, duration: float, processes: int, threads: int) -> Swept:
    """Do the sweep, and look at its processes meanwhile."""
    sweep = pg.Sweep(
        "cuba", {"seed": list(range(runs))}, set=SIZES, duration=duration, warmup=0.0,
        measure=["rates"], connectivity="shared",
    )  # fmt: skip
    peaks: list[int] = []
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.2):
            peaks.append(peak_of_workers())

    thread = threading.Thread(target=look)
    thread.start()
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        options = BatchOptions(processes=processes, threads=threads, progress=False)
        batch = run_batch(sweep.spec, Path(folder) / "batch", options)
        whole = time.perf_counter() - started
        over.set()
        thread.join()
        table = batch.table
    here = table["worker"].iloc[0]  # the first runs are tried in this process
    theirs = table[table["worker"] != here]
    # Workers are busy all the time: what they took in total is the time from first to last.
    working = theirs.groupby("worker")["seconds"].sum().max() * len(table) / len(theirs)
    first = theirs["finished"].min()
    span = (theirs["finished"].max() - first).total_seconds()
    print(f"  span between first and last finished {span:.2f} s, busiest {working:.2f} s")
    return Swept(working, whole, theirs["seconds"].mean() * threads, max(peaks, default=0))


def peak_of_workers() -> int:
    """Most resident memory that a worker process of this one had, bytes."""
    found = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if WORKER in (folder / "cmdline").read_text():
                status = (folder / "status").read_text()
                found = max(found, int(re.search(r"VmHWM:\s+(\d+)", status)[1]) * 1024)
        except (OSError, TypeError):
            continue
    return found


def planning(count: int) -> tuple[float, float]:
    """Seconds of planning so many runs, and of the status of their batch."""
    side = round(count**0.5)
    started = time.perf_counter()
    sweep = pg.Sweep(
        "brunel",
        {"g": {"linspace": [3, 8, side]}, "nu_ext": {"linspace": [0.5, 4, count // side]}},
    )
    runs = expand(sweep.spec)
    groups = group_runs(runs, sweep.spec.source)
    planned = time.perf_counter() - started
    with tempfile.TemporaryDirectory() as place:
        folder = BatchFolder.create(Path(place) / "batch", sweep.spec, groups)
        folder.take_over("benchmark")
        parts = PartFolder(folder.path, "benchmark")
        for k in range(0, len(runs), 20):
            chunk = runs[k : k + 20]
            rows = [failed_row(run, "") for run in chunk]
            parts.write_part(chunk_digest(chunk), rows, 0)
        command = f"import pygenn_lite as pg; print(pg.load_batch({str(folder.path)!r}).status())"
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", command], check=True, capture_output=True)
        return planned, time.perf_counter() - started


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--duration", type=float, default=1000.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--plan", type=int, default=10_000)
    parser.add_argument("--loop", action="store_true")
    options = parser.parse_args()
    if options.loop:
        loop(options.duration)
        return
    planned, status = planning(options.plan)
    print(f"| planning {options.plan:,} runs | <= 2 s | {planned:.2f} s |")
    print(f"| status of them, from the command line's start | <= 1 s | {status:.2f} s |")
    few = swept(200, options.duration, 2, 1)
    processes = [
        LoopingProcess(__file__, "--loop", "--duration", str(options.duration)) for _ in range(2)
    ]
    ratios, overheads, splits, memory, wholes = [], [], [], [], []
    for _ in range(options.rounds):
        each = options.runs // 2
        for process in processes:
            process.begin(each)
        looped = max(process.seconds() for process in processes)
        two = swept(options.runs, options.duration, 2, 1)
        one = swept(options.runs, options.duration, 1, 2)
        ratios.append(looped / two.working)
        splits.append(looped / one.working)
        overheads.append(1e3 * (two.each - looped / each))
        memory.append(two.memory)
        wholes.append(two.whole - two.working)
        print(
            f"  loops {looped:.2f} s, sweep 2 x 1 {two.working:.2f} s (total {two.whole:.2f} s), "
            f"1 x 2 {one.working:.2f} s"
        )
    for process in processes:
        process.end()
    middle = statistics.median
    print(f"| throughput, against two loops | >= .95 | {middle(ratios):.3f} |")
    print(f"| the same, one process with two threads | | {middle(splits):.3f} |")
    print(f"| overhead per run | <= 2 ms | {middle(overheads):.2f} ms |")
    print(f"| starting, planning, trying, merging | | {middle(wholes):.1f} s |")
    print(
        f"| peak memory of a worker, 200 and {options.runs:,} runs | the same | "
        f"{few.memory / 2**20:.0f} MiB, {middle(memory) / 2**20:.0f} MiB |"
    )


if __name__ == "__main__":
    main()
