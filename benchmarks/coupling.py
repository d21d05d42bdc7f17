"""Continuous transmission: ``python benchmarks/coupling.py [--peer PYTHON]``.

A matrix of 2,000 x 2,000 weights in float32, beside NumPy's matrix-vector product in the same run
(the faster of its two orders, one thread); 10,000 rate neurons with 100 random inputs each; and a
step of the PAL microcircuit 4-30-3, with and without recording. Medians of interleaved runs, in
processor time: all have one thread, and Brian2's program tells no other.

PYTHON is one that has Brian2 (``pip install brian2``, in an environment of its own): its standalone
program for the 10,000 rate neurons then takes turns with ours.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")

import argparse
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import pygenn_lite as pg
from pygenn_lite.models.pal import pal_microcircuit

SIZE, REPEATS = 2000, 7
HEBB = pg.SynapseModel(
    continuous="I_post += weight*r_pre",
    synapse_derivatives="dweight/dt = eta*(r_post - alpha*weight)*r_pre",
    parameters=dict(eta=1e-5, alpha=0.1),
    name="Hebb",
)


def main() -> None:
    """Measure and print."""
    matrix = np.random.default_rng(1).random((SIZE, SIZE), np.float32)
    vector = matrix[0].copy()
    weight = pg.Uniform(0.0, 1e-3)
    fixed = rates(SIZE, pg.RateSynapse(), pg.AllToAll(), weight)
    hebbian = rates(SIZE, HEBB, pg.AllToAll(), weight)
    sparse = rates(10_000, pg.RateSynapse(), pg.FixedInDegree(100), weight)
    peer = brian2_program(arguments().peer)
    found = interleaved(
        {
            # As often as there are steps: the first finds another matrix in the cache.
            "NumPy, W @ x": (lambda: [matrix @ vector for _ in range(50)], 50),
            "NumPy, x @ W": (lambda: [vector @ matrix for _ in range(50)], 50),
            "matrix": (lambda: fixed.run(5.0), 50),
            "matrix, Hebbian": (lambda: hebbian.run(5.0), 50),
            "10,000 x 100": (lambda: sparse.run(5.0), 50),
            **peer,
        }
    )
    base = min(found["NumPy, W @ x"], found["NumPy, x @ W"])
    for name, seconds in found.items():
        print(f"{name:28}{seconds * 1e6:10.1f} us a step  {seconds / base:6.2f} x NumPy")
    for name in peer:
        print(f"10,000 x 100: {found[name] / found['10,000 x 100']:.1f} x as fast as {name}")
    circuits = {"PAL 4-30-3": microcircuit(False), "PAL 4-30-3, recorded": microcircuit(True)}
    steps = {n: (lambda sim=sim: sim.run(100.0), 10_000) for n, sim in circuits.items()}  # type: ignore[misc]
    for name, seconds in interleaved(steps).items():
        print(f"{name:28}{seconds * 1e6:10.3f} us a step")


def arguments() -> argparse.Namespace:
    """Of the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--peer", default="", help="a Python that has Brian2")
    return parser.parse_args()


def brian2_program(python: str) -> dict[str, tuple[Callable[[], float], int]]:
    """The contestant: its program, built once, which tells the seconds of its own run."""
    if not python:
        return {}
    folder, here = Path(tempfile.mkdtemp(prefix="coupled-")), Path(__file__).parent
    script = here / "simulators" / "coupled_on_brian2.py"
    subprocess.run([python, str(script), str(folder), "5"], check=True, stdout=subprocess.DEVNULL)

    def run() -> float:
        subprocess.run(["./main"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        return float((folder / "results" / "last_run_info.txt").read_text().split()[0])

    return {"Brian2, standalone": (run, 50)}


def rates(
    size: int, synapse: pg.SynapseModel, rule: pg.Connectivity, weight: pg.ValueLike
) -> pg.Simulation:
    """Rate units that drive as many others."""
    net = pg.Network(dt=0.1, seed=1)
    a = net.population("a", size, pg.RateNeuron(), initial=dict(r=pg.Uniform(0.0, 1.0)))
    b = net.population("b", size, pg.RateNeuron())
    net.connect(a, b, synapse, rule, weight=weight)
    return net.compile(threads=1)


def microcircuit(recorded: bool) -> pg.Simulation:
    """The Yin-Yang network, taught one pattern."""
    net = pal_microcircuit((4, 30, 3))
    net.current("x", 0.3, "pattern")
    net.current("y", 0.5, "target")
    net.current("y", 1.0, "nudging")
    if recorded:
        net.record(net.populations["y"]["ahead"])
    return net.compile(threads=1)


def interleaved(parts: dict[str, tuple[Callable[[], object], int]]) -> dict[str, float]:
    """Median seconds of each, divided by its number; one after the other, several times. Who
    measures its own gives its seconds back."""
    taken: dict[str, list[float]] = {name: [] for name in parts}
    for _ in range(REPEATS):
        for name, (run, number) in parts.items():
            started = time.process_time()
            own = run()
            seconds = own if isinstance(own, float) else time.process_time() - started
            taken[name].append(seconds / number)
    return {name: float(np.median(each)) for name, each in taken.items()}


if __name__ == "__main__":
    main()
