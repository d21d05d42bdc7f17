"""Drives Brian2's C++ standalone mode: built once, the binary run for every repeat.

The time is the one Brian2 takes itself around the last `run` of its main program: connecting and
the warm-up are outside it. Its compiler flags are Brian2's own (-O3 -ffast-math -march=native).
"""

from __future__ import annotations

import time
from typing import Any

from variant import Options


def prepare(options: Options) -> Any:
    """Import Brian2 and choose the standalone device; returns the module."""
    import brian2

    brian2.prefs.devices.cpp_standalone.openmp_threads = (
        0 if options.threads == 1 else options.threads
    )
    if options.precision == "float32":
        brian2.prefs.core.default_float_dtype = brian2.float32
    brian2.set_device("cpp_standalone", directory=None, build_on_run=False)
    brian2.seed(options.seed)
    brian2.defaultclock.dt = options.dt * brian2.ms
    return brian2


class Brian2Network:
    """A standalone program under measurement; `populations` maps names to (sub)groups."""

    def __init__(
        self, objects: list[Any], populations: dict[str, Any], options: Options, started: float
    ) -> None:
        import brian2

        self.device = brian2.get_device()
        self.duration = options.duration
        self.directory = options.directory
        self.monitors = {
            name: brian2.SpikeMonitor(group, record=False) for name, group in populations.items()
        }
        self.sizes = {name: len(group) for name, group in populations.items()}
        network = brian2.Network(*objects, *self.monitors.values())
        if options.warmup > 0:
            for monitor in self.monitors.values():
                monitor.active = False
            network.run(options.warmup * brian2.ms)
            for monitor in self.monitors.values():
                monitor.active = True
        network.run(options.duration * brian2.ms)
        self.device.build(directory=self.directory, compile=True, run=False, debug=False)
        self.build_seconds = time.perf_counter() - started

    def warmup(self, ms: float) -> None:
        """Settling is part of the program, outside the measured time."""

    def simulate(self, ms: float) -> float:
        assert ms == self.duration, "the duration is compiled into the program"
        self.device.run(directory=self.directory, with_output=False)
        return float(self.device._last_run_time)

    def rates(self) -> dict[str, float]:
        seconds = self.duration / 1000
        return {
            name: float(monitor.num_spikes) / self.sizes[name] / seconds
            for name, monitor in self.monitors.items()
        }

    @staticmethod
    def versions() -> dict[str, str]:
        import brian2
        import numpy

        return {"brian2": brian2.__version__, "numpy": numpy.__version__}
