"""Throughput and memory of many instances of a small network against independent processes.

    python benchmarks/instances.py [--instances 1000] [--duration 1000] [--rounds 3]

The network is CUBA with 1,000 neurons (80 inputs each). In every round, one after the other: two
processes, each with a single-threaded simulation that is reset and run again and again; one such
process alone; the instances, with two threads. What counts is the time of the runs; how long it
takes to bring the instances up, and what memory each needs beside its states and spikes in flight,
is printed besides. Connectivity is shared.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pygenn_lite as pg


def network() -> pg.Network:
    """CUBA with 800 and 200 neurons, as many inputs per neuron as with 4,000."""
    sizes = {"populations.exc.size": 800, "populations.inh.size": 200, "constants.p": 0.08}
    net, _ = pg.load_network("cuba", set=sizes)
    return net


def worker(duration: float) -> None:
    """Run so many times as each line of the input says; answer with the seconds."""
    sim = network().compile(threads=1, progress=False)
    sim.run(duration / 10, progress=False)
    print("ready", flush=True)
    for line in sys.stdin:
        started = time.perf_counter()
        for seed in range(int(line)):
            sim.reset(seed)
            sim.run(duration, progress=False)
        print(time.perf_counter() - started, flush=True)


class Process:
    """An independent process that runs simulations."""

    def __init__(self, duration: float) -> None:
        command = [sys.executable, __file__, "--worker", "--duration", str(duration)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None and self.process.stdin is not None
        self.input, self.output = self.process.stdin, self.process.stdout
        self.output.readline()

    def begin(self, runs: int) -> None:
        """Let it run."""
        self.input.write(f"{runs}\n")
        self.input.flush()

    def seconds(self) -> float:
        """Wait for the answer."""
        return float(self.output.readline())

    def end(self) -> None:
        """No more runs."""
        self.input.close()
        self.process.wait()


def throughput(processes: list[Process], runs: int) -> float:
    """Runs per second of processes that work at the same time."""
    for process in processes:
        process.begin(runs)
    return len(processes) * runs / max(process.seconds() for process in processes)


def resident() -> int:
    """Resident bytes of this process."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096


def state_bytes(sim: pg.Simulation) -> int:
    """Bytes of an instance's states, and of its spikes in flight."""
    network = sim.network
    rows = sim.memory()
    own = [row for row in rows if row.name in network.populations]
    return sum(row.bytes for row in own) // len(sim.instances)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--instances", type=int, default=1000)
    parser.add_argument("--duration", type=float, default=1000.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--worker", action="store_true")
    options = parser.parse_args()
    if options.worker:
        worker(options.duration)
        return
    network().compile(instances=2, threads=1, connectivity="shared").run(1.0)  # compiled, warm
    before, started = resident(), time.perf_counter()
    sim = network().compile(
        instances=options.instances, threads=2, connectivity="shared", progress=False
    )
    built = time.perf_counter() - started
    sim.run(20.0, progress=False)
    each = (resident() - before) / options.instances
    state = state_bytes(sim)
    print(
        f"{options.instances} instances built in {built:.2f} s; {each / 1024:.1f} KiB each, of "
        f"which {state / 1024:.1f} KiB are its arrays: {each / state:.2f} x"
    )
    processes = [Process(options.duration) for _ in range(2)]
    runs = max(1, options.instances // 2)
    against_two, against_one = [], []
    for _ in range(options.rounds):
        two = throughput(processes, runs)
        one = throughput(processes[:1], runs)
        sim.reset()
        started = time.perf_counter()
        sim.run(options.duration, progress=False)
        ours = options.instances / (time.perf_counter() - started)
        against_two.append(ours / two)
        against_one.append(ours / one)
        print(f"runs/s: instances {ours:.1f}, two processes {two:.1f}, one {one:.1f}", flush=True)
    for process in processes:
        process.end()
    print(
        f"median: {statistics.median(against_two):.3f} x two processes, "
        f"{statistics.median(against_one):.3f} x one"
    )


if __name__ == "__main__":
    main()
