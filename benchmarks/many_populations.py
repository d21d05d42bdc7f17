"""What many small populations cost beside one large one: ns per neuron and step, one thread.

    python benchmarks/many_populations.py

LIF neurons with Poisson drive, 30,000 in total, unconnected. Runs take turns; the fastest of five
counts.
"""

from __future__ import annotations

import time

import pygenn_lite as pg

NEURONS, DURATION = 30_000, 100.0


def network(populations: int) -> pg.Network:
    net = pg.Network(dt=0.1, seed=1)
    for k in range(populations):
        cells = net.population(f"p{k}", NEURONS // populations, pg.LIF())
        net.poisson(cells, rate=8000.0, weight=0.1, variable="V")
    return net


def main() -> None:
    simulations = {n: network(n).compile(threads=1, progress=False) for n in (1, 300, 3000)}
    fastest = dict.fromkeys(simulations, float("inf"))
    for _ in range(5):
        for populations, simulation in simulations.items():
            begin = time.perf_counter()
            simulation.run(DURATION, progress=False)
            fastest[populations] = min(fastest[populations], time.perf_counter() - begin)
    for populations, seconds in fastest.items():
        each = 1e9 * seconds / (NEURONS * DURATION / 0.1)
        print(f"{populations:5} populations of {NEURONS // populations:6} neurons: {each:.2f} ns")


if __name__ == "__main__":
    main()
