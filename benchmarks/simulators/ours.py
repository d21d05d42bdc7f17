"""Drives pygenn_lite. Spikes are not recorded; rates come from the engine's counters."""

from __future__ import annotations

import time
from typing import Any

from variant import Options


class OurNetwork:
    """A compiled network under measurement."""

    def __init__(self, network: Any, options: Options, started: float) -> None:
        self.simulation = network.compile(
            backend="cpp", threads=options.threads, precision=options.precision
        )
        self.build_seconds = time.perf_counter() - started
        self.measured = 0.0
        self.result: Any = None

    def warmup(self, ms: float) -> None:
        if ms > 0:
            self.simulation.run(ms)

    def simulate(self, ms: float) -> float:
        start = time.perf_counter()
        self.result = self.simulation.run(ms)
        return time.perf_counter() - start

    def rates(self) -> dict[str, float]:
        return {name: float(rate) for name, rate in self.result.rates().items()}

    @staticmethod
    def versions() -> dict[str, str]:
        import numpy

        import pygenn_lite

        return {"pygenn_lite": pygenn_lite.__version__, "numpy": numpy.__version__}
