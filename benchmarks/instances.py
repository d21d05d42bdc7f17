"""Throughput and memory of many instances of a small network against independent processes.

    python benchmarks/instances.py [--instances 1000] [--duration 1000] [--rounds 3]

The network is CUBA with 1,000 neurons (80 inputs each); connectivity is shared. It prints the rows
of a table: what is wanted, and what was measured.

Throughput: in every round, one after the other, two processes, each with a single-threaded
simulation that is reset and run again and again; one such process alone; the instances, with two
threads. What counts is the time of the runs.

Memory: what the resident size of a new process grows by between 200 and 1,200 instances that have
run for 20 ms, per instance, beside its state and spikes in flight: arrays of the populations, spike
counts (2 bytes per neuron), and 16 bytes per spike that is on its way. Nothing is recorded.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import statistics
import subprocess
import sys
import time
from pathlib import Path

from looping_process import LoopingProcess

import pygenn_lite as pg

FEW_AND_MANY = (200, 1200)  # instances between which memory is compared


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


def throughput(processes: list[LoopingProcess], runs: int) -> float:
    """Runs per second of processes that work at the same time."""
    for process in processes:
        process.begin(runs)
    return len(processes) * runs / max(process.seconds() for process in processes)


def resident() -> int:
    """Resident bytes of this process, without what was freed and only kept for later."""
    gc.collect()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096


def state_bytes(sim: pg.Simulation) -> int:
    """Bytes of an instance's state, and of its spikes in flight."""
    network, count = sim.network, len(sim.instances)
    arrays = sum(row.bytes for row in sim.memory() if row.name in network.populations)
    neurons = sum(population.size for population in network.populations.values())
    instances = sim._device.instances
    on_their_way = sum(
        len(one.spikes_in_flight(name)[0]) for one in instances for name in network.populations
    )
    return arrays // count + 2 * neurons + 16 * on_their_way // count


def memory(count: int) -> None:
    """Answer with what so many instances take, and the state of one, bytes."""
    net = network()
    net.recordings.clear()  # what is recorded is not part of an instance
    net.compile(instances=2, threads=1, connectivity="shared").run(1.0)  # compiled, warm
    before, started = resident(), time.perf_counter()
    sim = net.compile(instances=count, threads=2, connectivity="shared", progress=False)
    built = time.perf_counter() - started
    sim._device.run(200)  # 20 ms; without what Python makes of results
    after = resident()
    print(after - before, state_bytes(sim), built)


def measured_memory(count: int) -> list[float]:
    """The answer of a new process."""
    command = [sys.executable, __file__, "--memory", str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [float(word) for word in done.stdout.split()]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--instances", type=int, default=1000)
    parser.add_argument("--duration", type=float, default=1000.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--worker", action="store_true")
    parser.add_argument("--memory", type=int)
    options = parser.parse_args()
    if options.worker:
        worker(options.duration)
        return
    if options.memory is not None:
        memory(options.memory)
        return
    (few, _, _), (many, state, built) = map(measured_memory, FEW_AND_MANY)
    each = (many - few) / (FEW_AND_MANY[1] - FEW_AND_MANY[0])
    sim = network().compile(
        instances=options.instances, threads=2, connectivity="shared", progress=False
    )
    sim.run(options.duration / 10, progress=False)
    processes = [
        LoopingProcess(__file__, "--worker", "--duration", str(options.duration)) for _ in range(2)
    ]
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
    what = f"{options.instances:,} instances of 1,000 neurons, {options.duration:g} ms, 2 threads"
    print(f"{FEW_AND_MANY[1]:,} instances are built in {built:.2f} s")
    print(f"| {what} | reach | measured |")
    print("|---|---|---|")
    print(f"| x two single-threaded processes | >= .95 | {statistics.median(against_two):.3f} |")
    print(f"| x one single-threaded process | >= 1.7 | {statistics.median(against_one):.3f} |")
    print(
        f"| memory of an instance, {each / 1024:.1f} KiB, x its state and spikes in flight, "
        f"{state / 1024:.1f} KiB | <= 1.2 | {each / state:.2f} |"
    )


if __name__ == "__main__":
    main()
