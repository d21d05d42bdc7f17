"""Every figure of the CUDA backend on one card: correctness first, then speed, then a table.

    python benchmarks/gpu.py                            # all of it, under 9 minutes
    python benchmarks/gpu.py --list
    python benchmarks/gpu.py pd14 instances --driver pycuda
    python benchmarks/gpu.py --driver emulator --small   # without a card, in minutes

What is measured is written to ``gpu.json`` as soon as it is known, and printed as a table at the
end. A case that fails is reported with its error; the others continue. GeNN's figures in the table
were measured on an H100 with GeNN 5.4 and CUDA 13 in November 2026.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from machine import conditions

import pygenn_lite as pg

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
SUITE = (  # what the suite runs on a card: values first, then whole networks
    "tests/oracle",
    "tests/runtime",
    "tests/models",
    "tests/cuda",
)


@dataclass(frozen=True)
class Setting:
    """What all cases are given."""

    driver: str
    device: int
    small: bool  # sizes for the emulator
    repeats: int

    def compile(self, net: pg.Network, **options: Any) -> pg.Simulation:
        """The network on the card."""
        return net.compile(
            backend="cuda", driver=self.driver, device=self.device, progress=False, **options
        )

    def size(self, full: Any, small: Any) -> Any:
        """A size for a card, or for the emulator."""
        return small if self.small else full


Case = Callable[[Setting], dict[str, Any]]


def best(function: Callable[[], float], repeats: int) -> tuple[float, float, float]:
    """Median, least and greatest of some measurements."""
    found = [function() for _ in range(repeats)]
    return statistics.median(found), min(found), max(found)


def real_time_factor(sim: pg.Simulation, ms: float, repeats: int) -> dict[str, Any]:
    """Wall time over simulated time; the run before warms up."""
    sim.run(ms / 4, progress=False)

    def once() -> float:
        started = time.perf_counter()
        sim.run(ms, progress=False)
        return (time.perf_counter() - started) / (ms / 1000.0)

    median, least, greatest = best(once, repeats)
    return {"value": median, "range": [least, greatest], "unit": "s per simulated s"}


# ------------------------------------------------------------------ cases


def suite(setting: Setting) -> dict[str, Any]:
    """The part of the suite that runs on a card."""
    tests = setting.size(SUITE, ("tests/oracle/test_interpreter.py",))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "cuda"]
    command += [f"--cuda-driver={setting.driver}", *tests]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    last = done.stdout.strip().splitlines()[-1:]
    if done.returncode:
        raise RuntimeError("\n".join(done.stdout.splitlines()[-40:]))
    return {"value": 1.0, "unit": "passed", "said": last[0] if last else ""}


def copy_bandwidth(setting: Setting) -> dict[str, Any]:
    """What the card copies in its own memory, read and written, bytes per second."""
    from pygenn_lite.runtime.cuda.drivers import open_driver

    driver = open_driver(setting.driver, setting.device)
    size = setting.size(1 << 31, 1 << 22)
    one, other = driver.allocate(size), driver.allocate(size)

    def once() -> float:
        begin, end = driver.event(), driver.event()
        begin.record()
        for _ in range(10):
            driver.copy(other.address, one.address, size)
        end.record()
        driver.synchronise()
        return 20 * size / end.seconds_since(begin) / 1e9

    once()
    median, least, greatest = best(once, setting.repeats)
    return {"value": median, "range": [least, greatest], "unit": "GB/s"}


def pd14(setting: Setting) -> dict[str, Any]:
    """The cortical microcircuit, full scale: real-time factor."""
    net, _ = _scaled("microcircuit", setting.size(1.0, 0.01))
    sim = setting.compile(net)
    found = real_time_factor(sim, setting.size(10_000.0, 20.0), setting.repeats)
    rates = sim.run(setting.size(10_000.0, 20.0), progress=False).rates()
    return {**found, "rates": {n: round(float(r), 3) for n, r in rates.items()}}


def pd14_ready(setting: Setting) -> dict[str, Any]:
    """The same, from the declaration to the first step, code compiled before, context made."""
    first, _ = _scaled("microcircuit", 0.01)
    setting.compile(first).run(1.0, progress=False)  # context, module of the builder
    net = _scaled("microcircuit", 0.01 if setting.small else 1.0)[0]
    setting.compile(net)  # compiled: the cache is warm

    def once() -> float:
        started = time.perf_counter()
        again = net.copy()
        setting.compile(again)
        return time.perf_counter() - started

    median, least, greatest = best(once, setting.repeats)
    return {"value": median, "range": [least, greatest], "unit": "s"}


def _scaled(name: str, scale: float) -> tuple[pg.Network, Any]:
    net, settings = pg.load_network(name)
    net.recordings.clear()
    if scale != 1.0:
        net = pg.scale_network(net, scale, settings.full_scale_rates)
    return net, settings


def delivery(setting: Setting) -> dict[str, Any]:
    """A million LIF neurons with 1,000 synapses each at 10 Hz: bytes of synapses read a second."""
    size, degree = setting.size((1_000_000, 1000), (2000, 20))
    net = pg.Network(dt=0.1, seed=1)
    # Spikes are given, so that the rate is what it says: 10 Hz, spread evenly over the neurons.
    cells = net.population("cells", size, pg.LIF())
    rng = np.random.default_rng(1)
    ms = setting.size(200.0, 10.0)
    count = int(size * 10.0 * ms / 1000.0)
    times = rng.integers(1, round(ms / 0.1), count) * 0.1
    sources = net.spike_source("sources", size, times=times, indices=rng.integers(0, size, count))
    net.connect(
        sources, cells, pg.Delta(), pg.FixedOutDegree(degree),
        weight=pg.Normal(0.0, 1e-6), delay=pg.Uniform(0.1, 3.0),
    )  # fmt: skip
    still = net.copy()
    for name in list(still.groups):
        del still.groups[name]
    seconds = []
    for one in (net, still):
        sim = setting.compile(one)
        sim.run(ms, progress=False)

        def once(sim: pg.Simulation = sim) -> float:
            sim.reset()
            started = time.perf_counter()
            sim.run(ms, progress=False)
            return time.perf_counter() - started

        seconds.append(best(once, setting.repeats)[0])
    synapses = count * degree
    per_synapse = 4 + 4 + 2  # target, weight, delay
    rate = synapses * per_synapse / max(seconds[0] - seconds[1], 1e-9) / 1e9
    return {"value": rate, "unit": "GB/s", "steps": seconds, "synapses": synapses}


def stdp(setting: Setting) -> dict[str, Any]:
    """Izhikevich, 100,000 x 1,000, additive pair STDP on 80 million synapses, dt 1 ms."""
    from cases.izhikevich import declare
    from variant import Options

    case = {"size": setting.size(100_000, 1000), "degree": setting.size(1000, 20), "stdp": True}
    net = declare(Options(1, "float32", 0.0, 0.0, 1.0, 3, "", case))
    sim = setting.compile(net)
    found = real_time_factor(sim, setting.size(5000.0, 20.0), setting.repeats)
    rates = sim.run(setting.size(1000.0, 20.0), progress=False).rates()
    return {**found, "rates": {n: round(float(r), 3) for n, r in rates.items()}}


def instances(setting: Setting) -> dict[str, Any]:
    """1,000 instances of CUBA with 1,000 neurons, against a loop over single runs on the CPU."""
    from instances import Process, network, throughput

    ms = setting.size(1000.0, 10.0)
    count = setting.size(1000, 4)
    sim = setting.compile(network(), instances=count, connectivity="shared")
    sim.run(ms / 10, progress=False)

    def once() -> float:
        sim.reset()
        started = time.perf_counter()
        sim.run(ms, progress=False)
        return count / (time.perf_counter() - started)

    ours, least, greatest = best(once, setting.repeats)
    processes = [Process(ms) for _ in range(2)]
    looping = throughput(processes, setting.size(40, 2))
    for process in processes:
        process.end()
    return {
        "value": ours / looping, "range": [least / looping, greatest / looping], "unit": "x",
        "runs_per_s": ours, "two_processes": looping,
    }  # fmt: skip


FIRST_STEP = """
import sys, time
started = time.perf_counter()
driver, = sys.argv[1:]
if driver != "emulator":
    import {package}
imported = time.perf_counter()
import pygenn_lite as pg
from pygenn_lite.runtime.cuda.drivers import open_driver
open_driver(driver).synchronise()
context = time.perf_counter()
net = pg.Network(dt=0.1)
net.population("cells", 100, pg.LIF())
sim = net.compile(backend="cuda", driver=driver, progress=False, cache=False)
sim.step(1)
print(imported - started, context - imported, time.perf_counter() - context)
"""


def first_step(setting: Setting) -> dict[str, Any]:
    """A one-population model from nothing to its first step, nothing compiled before."""
    package = {"pycuda": "pycuda.driver"}.get(setting.driver, "cupy")
    program = FIRST_STEP.format(package=package)
    parts = []
    for _ in range(setting.repeats):
        done = subprocess.run(
            [sys.executable, "-c", program, setting.driver], capture_output=True, text=True,
            env={**os.environ, "PYGENN_LITE_CACHE": ""},
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        parts.append([float(word) for word in done.stdout.split()])
    importing, context, step = np.median(np.array(parts), axis=0).tolist()
    return {"value": step, "unit": "s", "importing": importing, "context": context}


@dataclass(frozen=True)
class Row:
    """A case, what is wanted, and what a peer needs."""

    case: Case
    title: str
    reach: str
    peer: str = ""


ROWS = {
    "suite": Row(suite, "the suite's part for cards", "passes"),
    "copy": Row(copy_bandwidth, "copying in the card's memory", ""),
    "pd14": Row(pd14, "PD14 full scale", "<= 0.03, then < 0.0256", "GeNN 5.4: 0.202 (H100)"),
    "pd14-ready": Row(pd14_ready, "PD14, declared to ready, warm", "<= 0.5 s", "GeNN 5.4: 7.0 s"),
    "delivery": Row(delivery, "10^6 LIF x 1,000 synapses, 10 Hz", ">= 50 % of copying"),
    "stdp": Row(stdp, "Izhikevich 100,000 x 1,000, STDP", "<= 0.15"),
    "instances": Row(instances, "1,000 instances of CUBA-1000", ">= 100 x two CPU threads"),
    "first-step": Row(first_step, "first step, nothing compiled", "<= 2 s", "GeNN, nvcc: 9.8 s"),
}


def table(found: dict[str, Any]) -> str:
    """Markdown."""
    lines = ["| work | peer | reach | measured |", "|---|---|---|---|"]
    for name, row in ROWS.items():
        if name not in found:
            continue
        got = found[name]
        measured = (
            f"failed: {got['error']}" if "error" in got else f"{got['value']:.4g} {got['unit']}"
        )
        if "range" in got:
            measured += " ({:.4g} to {:.4g})".format(*got["range"])
        lines.append(f"| {row.title} | {row.peer} | {row.reach} | {measured} |")
    return "\n".join(lines)


def card(setting: Setting) -> dict[str, Any]:
    """Which card, with which driver."""
    from pygenn_lite.runtime.cuda.drivers import open_driver

    described = open_driver(setting.driver, setting.device).card
    fields = ("name", "compute_capability", "multiprocessors", "clock_khz", "driver_version")
    return {"driver": setting.driver, **{f: getattr(described, f) for f in fields}}


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", help="cases; all by default")
    parser.add_argument("--list", action="store_true", help="list the cases and stop")
    parser.add_argument("--driver", default="cupy", choices=("cupy", "pycuda", "emulator"))
    parser.add_argument("--device", type=int, default=0)
    parser.add_argument("--small", action="store_true", help="sizes for the emulator")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, default=HERE / "gpu.json")
    options = parser.parse_args()
    if options.list:
        print("\n".join(f"{name:12s} {row.title}" for name, row in ROWS.items()))
        return 0
    unknown = set(options.names) - set(ROWS)
    if unknown:
        parser.error(f"no case {', '.join(sorted(unknown))}; --list shows them")
    setting = Setting(options.driver, options.device, options.small, options.repeats)
    record: dict[str, Any] = {"conditions": conditions(), "card": card(setting), "found": {}}
    failed = False
    for name in options.names or ROWS:
        started = time.perf_counter()
        try:
            record["found"][name] = ROWS[name].case(setting)
        except Exception as error:  # noqa: BLE001 -- what else there is to measure must not be lost
            failed = True
            traceback.print_exc()
            record["found"][name] = {"error": f"{type(error).__name__}: {error}"[:300]}
        record["found"][name]["took"] = round(time.perf_counter() - started, 1)
        options.out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        print(name, record["found"][name], flush=True)
    print("\n" + ", ".join(f"{k} {v}" for k, v in record["card"].items()))
    print(table(record["found"]))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
