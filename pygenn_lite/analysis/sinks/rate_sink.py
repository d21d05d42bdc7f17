"""Mean rates during a run, from the spikes that are counted whether recorded or not."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pygenn_lite.analysis.sinks.measure_sink import MeasureSink, Value
from pygenn_lite.runtime.results.run_sink import RunInfo


class Rates(MeasureSink):
    """As :func:`pygenn_lite.analysis.rates`: Hz.

    Spikes are counted at the start, every 100 ms, and at the end of the warm-up that the *run* was
    given: give both the same (``run(..., warmup=200.0, sinks=[Rates(200.0)])``), else counting
    begins at the next 100 ms.
    """

    def prepare(self, run: RunInfo) -> None:
        """Make the state."""
        self._begins = np.full(run.instances, -1, np.int64)
        self._base: list[Mapping[str, int]] = [{}] * run.instances
        self._last: list[Mapping[str, int]] = [{}] * run.instances

    def add_counts(self, instance: int, step: int, totals: Mapping[str, int]) -> None:
        """Take the number of spikes since the start of the run."""
        super().add_counts(instance, step, totals)
        if self._begins[instance] < 0 and step >= self.first:
            self._begins[instance], self._base[instance] = step, totals
        self._last[instance] = totals

    def values(self, instance: int) -> dict[str, Value]:
        """Hz, by population; NaN before the warm-up has ended."""
        return {**self.rates(instance)}

    def rates(self, instance: int) -> dict[str, float]:
        """The same, as numbers."""
        begin, base, last = self._begins[instance], self._base[instance], self._last[instance]
        seconds = float(self.stops[instance] - begin) * self.run.dt / 1000.0
        if begin < 0 or seconds <= 0:
            return dict.fromkeys(self.run.sizes, float("nan"))
        return {
            name: (last[name] - base[name]) / size / seconds if size else 0.0
            for name, size in self.run.sizes.items()
        }
