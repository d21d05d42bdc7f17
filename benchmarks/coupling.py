"""Continuous transmission: ``python benchmarks/coupling.py``.

A matrix of 2,000 x 2,000 weights in float32, beside NumPy's matrix-vector product in the same run
(the faster of its two orders, one thread); 10,000 rate neurons with 100 random inputs each; and a
step of the PAL microcircuit 4-30-3, with and without recording. Medians of interleaved runs.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")

import time
from collections.abc import Callable

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
    found = interleaved(
        {
            # As often as there are steps: the first finds another matrix in the cache.
            "NumPy, W @ x": (lambda: [matrix @ vector for _ in range(50)], 50),
            "NumPy, x @ W": (lambda: [vector @ matrix for _ in range(50)], 50),
            "matrix": (lambda: fixed.run(5.0), 50),
            "matrix, Hebbian": (lambda: hebbian.run(5.0), 50),
            "10,000 x 100": (lambda: sparse.run(5.0), 50),
        }
    )
    base = min(found["NumPy, W @ x"], found["NumPy, x @ W"])
    for name, seconds in found.items():
        print(f"{name:28}{seconds * 1e6:10.1f} us a step  {seconds / base:6.2f} x NumPy")
    circuits = {"PAL 4-30-3": microcircuit(False), "PAL 4-30-3, recorded": microcircuit(True)}
    steps = {n: (lambda sim=sim: sim.run(100.0), 10_000) for n, sim in circuits.items()}  # type: ignore[misc]
    for name, seconds in interleaved(steps).items():
        print(f"{name:28}{seconds * 1e6:10.3f} us a step")


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
    """Median seconds of each, divided by its number; one after the other, several times."""
    taken: dict[str, list[float]] = {name: [] for name in parts}
    for _ in range(REPEATS):
        for name, (run, number) in parts.items():
            started = time.perf_counter()
            run()
            taken[name].append((time.perf_counter() - started) / number)
    return {name: float(np.median(each)) for name, each in taken.items()}


if __name__ == "__main__":
    main()
