"""What ``gpu.py`` measures on a card: correctness, then speed; each case is a function of its
setting."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from looping_process import LoopingProcess

import pygenn_lite as pg

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
SUITE = ("tests/oracle", "tests/models", "tests/runtime")  # simulations that run on any backend
WORKERS = 8  # of the suite, which share the card


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


def launches(setting: Setting) -> dict[str, Any]:
    """Arguments, shared memory, graphs, blocks that wait for each other, occupancy, faults."""
    emulated = setting.driver == "emulator"
    names = setting.driver + (" or occupancy" if setting.driver == "cupy" else "")
    marks = "not gpu and not nvrtc" if emulated else "gpu"
    return tested("-n", "0", "-m", marks, "-k", names, "tests/cuda/test_launches.py")


def suite(setting: Setting) -> dict[str, Any]:
    """The simulations of the suite, by the plan "general"."""
    tests = setting.size(SUITE, ("tests/runtime/test_units.py",))
    workers = str(min(WORKERS, len(os.sched_getaffinity(0))))
    card = ("--backends", "cuda", "--cuda-driver", setting.driver)
    return tested("-n", workers, *card, "-k", "cuda", *tests)


def training(setting: Setting) -> dict[str, Any]:
    """Trainings have the bits of those on the processor."""
    some = setting.size((), ("-k", "restored"))
    return tested(
        "-n", "0", "--cuda-driver", setting.driver, *some, "tests/training/test_session_cuda.py"
    )


def tested(*options: str) -> dict[str, Any]:
    """Run pytest."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    if done.returncode:
        raise RuntimeError("\n".join(lines[-40:]))
    return {"value": 1.0, "unit": "passed", "said": lines[-1] if lines else ""}


def same_bits(setting: Setting) -> dict[str, Any]:
    """By each plan as many spikes of each neuron as on the processor."""
    from instances import network

    ms, different = setting.size(200.0, 20.0), []
    nets = {
        "resident": _scaled("microcircuit", setting.size(0.1, 0.01))[0],
        "instances": network(),
        "general": _izhikevich(setting.size(10_000, 1000), setting.size(1000, 20)),
    }
    spikes = 0
    for plan, net in nets.items():
        card = setting.compile(net, plan=plan, accumulator="int32")
        processor = net.compile(backend="cpp", accumulator="int32", progress=False)
        for sim in (card, processor):
            sim.run(ms, progress=False)
        for name in net.populations:
            counts = card[name].spike_counts(), processor[name].spike_counts()
            spikes += int(counts[0].sum())
            if not np.array_equal(*counts):
                different.append(f"{plan}: {name}")
    if different:
        raise RuntimeError(f"spikes differ: {', '.join(different)}")
    return {"value": 1.0, "unit": "passed", "spikes": spikes}


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
    sim = setting.compile(_izhikevich(setting.size(100_000, 1000), setting.size(1000, 20)))
    found = real_time_factor(sim, setting.size(5000.0, 20.0), setting.repeats)
    rates = sim.run(setting.size(1000.0, 20.0), progress=False).rates()
    return {**found, "rates": {n: round(float(r), 3) for n, r in rates.items()}}


def _izhikevich(size: int, degree: int) -> pg.Network:
    from cases.izhikevich import declare
    from variant import Options

    case = {"size": size, "degree": degree, "stdp": True}
    return declare(Options(1, "float32", 0.0, 0.0, 1.0, 3, "", case))


def instances(setting: Setting) -> dict[str, Any]:
    """1,000 instances of CUBA with 1,000 neurons, against a loop over single runs on the CPU."""
    from instances import network, throughput

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
    loop = str(HERE / "instances.py"), "--worker", "--duration", str(ms)
    processes = [LoopingProcess(*loop) for _ in range(2)]
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
        with tempfile.TemporaryDirectory() as nothing:
            done = subprocess.run(
                [sys.executable, "-c", program, setting.driver], capture_output=True, text=True,
                env={**os.environ, "PYGENN_LITE_CACHE": nothing},
            )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        parts.append([float(word) for word in done.stdout.split()])
    importing, context, step = np.median(np.array(parts), axis=0).tolist()
    return {"value": step, "unit": "s", "importing": importing, "context": context}
