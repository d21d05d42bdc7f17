"""What the sinks of all measures share: the warm-up, recorded neurons, instances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.analysis.curve import Curve
from pygenn_lite.analysis.grouping import IntArray
from pygenn_lite.analysis.trains import columns_of, warmup_steps
from pygenn_lite.declaration.steps import times_of
from pygenn_lite.errors import ArgumentError
from pygenn_lite.runtime.results.run_sink import RunInfo, Sink

Value = float | npt.NDArray[Any] | Curve


class MeasureSink(Sink):
    """A measure during a run.

    Parameters
    ----------
    warmup : float
        ms at the start of the run that are left out.
    """

    def __init__(self, warmup: float = 0.0) -> None:
        self.warmup = warmup

    def begin(self, run: RunInfo) -> None:
        """Make the state."""
        self.run = run
        left_out = warmup_steps(self.warmup, run.dt, run.stop_step - run.start_step)
        self.first = run.start_step + left_out
        self._after = self.first if left_out else self.first - 1
        self.stops = np.full(run.instances, run.start_step, np.int64)
        self.prepare(run)

    def prepare(self, run: RunInfo) -> None:
        """Make the state of the measure."""
        raise NotImplementedError

    def add_counts(self, instance: int, step: int, totals: Mapping[str, int]) -> None:
        """Note how far the run has got."""
        self.stops[instance] = step

    def values(self, instance: int) -> dict[str, Value]:
        """The measure of one instance, by population, up to where it has been counted."""
        raise NotImplementedError

    def duration(self, instance: int) -> float:
        """ms of the run that an instance has done after the warm-up."""
        return float(times_of(max(0, int(self.stops[instance]) - self.first), self.run.dt))


class SpikeSink(MeasureSink):
    """A measure of recorded spikes."""

    def begin(self, run: RunInfo) -> None:
        """Make the state."""
        if not run.spikes:
            some = next(iter(run.sizes), "population")
            raise ArgumentError(
                f"{type(self).__name__} measures spikes, and none are recorded",
                hint=f"record them before compiling: net.record(net[{some!r}].spikes)",
            )
        self._columns = {
            name: columns_of(recorded, run.sizes[name]) for name, recorded in run.spikes.items()
        }
        super().begin(run)

    def add_spikes(
        self,
        instance: int,
        population: str,
        steps: IntArray,
        indices: npt.NDArray[np.uint32],
    ) -> None:
        """Take spikes that come after the warm-up."""
        if len(steps) and steps[0] <= self._after:
            kept = slice(int(np.searchsorted(steps, self._after, side="right")), None)
            steps, indices = steps[kept], indices[kept]
        if len(steps):
            columns = self._columns[population]
            self.take(instance, population, steps, indices if columns is None else columns[indices])

    def take(
        self, instance: int, population: str, steps: IntArray, columns: npt.NDArray[np.uint32]
    ) -> None:
        """Take spikes of one population of one instance: by time; neurons as columns."""
        raise NotImplementedError
