"""Measures, during a run, of variables that are recorded."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.analysis.grouping import FloatArray, IntArray
from pygenn_lite.analysis.population_synchrony import chi, owners_of
from pygenn_lite.analysis.sinks.measure_sink import MeasureSink, Value
from pygenn_lite.runtime.results.run_sink import RunInfo


class SynchronyChi(MeasureSink):
    """As :func:`pygenn_lite.analysis.synchrony_chi`, with three numbers per neuron and instance."""

    def __init__(self, warmup: float = 0.0, variable: str = "V") -> None:
        super().__init__(warmup)
        self.variable = variable

    def prepare(self, run: RunInfo) -> None:
        """Make the state."""
        recorded: dict[str, list[str]] = {}
        for owner, variable in run.variables:
            recorded.setdefault(owner, []).append(variable)
        names = owners_of(recorded, run.sizes, self.variable, None)
        # Of each neuron: its first value, from which others are reckoned lest digits cancel, and
        # the sum and the sum of squares of the differences. In the last column those of the mean.
        self._sums: dict[str, FloatArray] = {
            name: np.zeros((run.instances, 3, len(run.variables[name, self.variable]) + 1))
            for name in names
        }
        self._numbers = {name: np.zeros(run.instances, np.int64) for name in names}

    def add_samples(
        self,
        instance: int,
        owner: str,
        variable: str,
        steps: IntArray,
        values: npt.NDArray[Any],
    ) -> None:
        """Add samples that come after the warm-up."""
        if variable != self.variable or owner not in self._sums:
            return
        kept = np.asarray(values[np.searchsorted(steps, self.first) :], np.float64)
        if not len(kept):
            return
        origin, total, square = self._sums[owner][instance]
        if not self._numbers[owner][instance]:
            origin[:-1] = kept[0]
        self._numbers[owner][instance] += len(kept)
        kept = kept - origin[:-1]
        for column, each in ((slice(-1), kept), (-1, kept.mean(axis=1))):
            total[column] += each.sum(axis=0)
            square[column] += (each * each).sum(axis=0)

    def values(self, instance: int) -> dict[str, Value]:
        """By population."""
        found: dict[str, Value] = {}
        for name, sums in self._sums.items():
            number = int(self._numbers[name][instance])
            _, total, square = sums[instance]
            spread = square / max(number, 1) - (total / max(number, 1)) ** 2
            found[name] = chi(max(float(spread[-1]), 0.0), float(spread[:-1].mean()))
        return found
