"""Drives GeNN's single-threaded CPU backend, with -O3 -ffast-math -march=native.

As shipped it compiles without optimisation; `optimize_code` is its own switch for -O3 -ffast-math,
and the compiler's name, which it takes from the environment, carries -march=native.
"""

from __future__ import annotations

import math
import os
import time
from typing import Any

from variant import Options


def prepare(options: Options) -> Any:
    """Return an empty GeNN model."""
    from pygenn import GeNNModel

    compiler = os.environ.get("CXX", "g++")
    if "-march" not in compiler:
        os.environ["CXX"] = f"{compiler} -march=native"
    precision = {"float32": "float", "float64": "double"}[options.precision]
    model = GeNNModel(precision, "benchmark", backend="single_threaded_cpu", optimize_code=True)
    model.dt = options.dt
    model.seed = options.seed
    model.fuse_postsynaptic_models = True
    model.default_narrow_sparse_ind_enabled = True
    return model


class GennNetwork:
    """A GeNN model under measurement. Its bit-field spike recording serves to count spikes."""

    def __init__(self, model: Any, options: Options, started: float) -> None:
        self.model = model
        self.dt = options.dt
        for population in model.neuron_populations.values():
            population.spike_recording_enabled = True
        # The recording may be read at multiples of its length only.
        warmup, duration = (round(ms / options.dt) for ms in (options.warmup, options.duration))
        self.recorded = math.gcd(warmup, duration) if warmup else duration
        model.build(options.directory)
        model.load(num_recording_timesteps=self.recorded)
        self.build_seconds = time.perf_counter() - started

    def warmup(self, ms: float) -> None:
        self._steps(ms)

    def simulate(self, ms: float) -> float:
        start = time.perf_counter()
        self._steps(ms)
        return time.perf_counter() - start

    def _steps(self, ms: float) -> None:
        step = self.model.step_time
        for _ in range(round(ms / self.dt)):
            step()

    def rates(self) -> dict[str, float]:
        self.model.pull_recording_buffers_from_device()
        seconds = self.recorded * self.dt / 1000
        return {
            name: len(population.spike_recording_data[0][0]) / population.num_neurons / seconds
            for name, population in self.model.neuron_populations.items()
        }

    @staticmethod
    def versions() -> dict[str, str]:
        import numpy
        import pygenn

        return {"pygenn": pygenn.__version__, "numpy": numpy.__version__}
