"""Drives NEST: built once, then `Run` for every repeat, with `Prepare` outside the time."""

from __future__ import annotations

import time
from typing import Any

from variant import Options


def prepare(options: Options) -> Any:
    """Import NEST and reset its kernel; returns the module."""
    import nest

    nest.set_verbosity("M_ERROR")
    nest.ResetKernel()
    nest.resolution = options.dt
    nest.local_num_threads = options.threads
    nest.rng_seed = options.seed
    nest.print_time = False
    return nest


class NestNetwork:
    """A NEST network under measurement.

    The spikes of the first measured `duration` are counted by recorders in memory.
    """

    def __init__(self, populations: dict[str, Any], options: Options, started: float) -> None:
        import nest

        self.nest = nest
        self.duration = options.duration
        self.recorders = {}
        self.sizes = {name: len(nodes) for name, nodes in populations.items()}
        for name, nodes in populations.items():
            self.recorders[name] = nest.Create(
                "spike_recorder",
                params={"start": options.warmup, "stop": options.warmup + options.duration},
            )
            nest.Connect(nodes, self.recorders[name])
        nest.Prepare()
        self.build_seconds = time.perf_counter() - started

    def warmup(self, ms: float) -> None:
        if ms > 0:
            self.nest.Run(ms)

    def simulate(self, ms: float) -> float:
        start = time.perf_counter()
        self.nest.Run(ms)
        return time.perf_counter() - start

    def rates(self) -> dict[str, float]:
        seconds = self.duration / 1000
        return {
            name: recorder.n_events / self.sizes[name] / seconds
            for name, recorder in self.recorders.items()
        }

    @staticmethod
    def versions() -> dict[str, str]:
        import nest
        import numpy

        return {"nest": nest.__version__, "numpy": numpy.__version__}
