"""What kernels read of Poisson inputs and of currents that change in time; changeable between
runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.plan.partition import BLOCK
from pygenn_lite.declaration.inputs import StepCurrent
from pygenn_lite.declaration.steps import nearest_steps
from pygenn_lite.runtime.cpp import abi
from pygenn_lite.runtime.cpp.arrays import aligned_zeros
from pygenn_lite.runtime.values.philox import stream_of
from pygenn_lite.runtime.values.poisson import ONE_RATE_KIND, RATES_KIND, TABLE_KIND, poisson_table
from pygenn_lite.runtime.values.population_values import Numbers
from pygenn_lite.runtime.values.spike_trains import LAST_STEP


class PoissonRates:
    """One Poisson input: what the kernel draws its counts from.

    Parameters
    ----------
    name : str
    rate, sources : float or ndarray
        One number, or one per neuron (they have been checked).
    size : int
        Neurons of the target.
    dt : float
        ms.
    """

    __slots__ = ("expected", "name", "rate", "rates", "sources", "stream", "table")

    def __init__(self, name: str, rate: Numbers, sources: Numbers, *, size: int, dt: float) -> None:
        self.name, self.stream = name, stream_of(f"input:{name}")
        with np.errstate(over="ignore", invalid="ignore"):
            expected = np.asarray(rate) * np.asarray(sources) * (dt / 1000.0)
        self.rate, self.sources = rate, sources
        self.rates: npt.NDArray[np.float64] | None = None
        self.table = None
        self.expected = 0.0
        if expected.ndim == 0:
            self.expected = float(expected)
            self.table = poisson_table(self.expected)
        else:
            self.rates = aligned_zeros(-(-size // BLOCK) * BLOCK, np.float64)
            self.rates[:size] = expected

    @property
    def given(self) -> tuple[Numbers, Numbers]:
        """Rate and sources."""
        return self.rate, self.sources

    def argument(self, first: int) -> abi.Poisson:
        """pgl_poisson of the shard that begins at neuron ``first``."""
        if self.rates is not None:
            address = self.rates.ctypes.data + 8 * first
            return abi.Poisson(kind=RATES_KIND, stream=self.stream, rates=address)
        if self.table is None:
            return abi.Poisson(kind=ONE_RATE_KIND, stream=self.stream, rate=self.expected)
        threshold, alias = self.table
        return abi.Poisson(
            kind=TABLE_KIND,
            stream=self.stream,
            rate=self.expected,
            threshold=threshold.ctypes.data,
            alias=alias.ctypes.data,
        )


class TimedTable:
    """One current that changes in time."""

    def __init__(self, declared: StepCurrent, size: int, dt: float, dtype: npt.DTypeLike) -> None:
        self.name, self.size = declared.name, size
        begin = nearest_steps(declared.times.array, dt)
        self.begin = np.clip(begin, -LAST_STEP, LAST_STEP).astype(np.int64)
        values = np.asarray(declared.values.array)
        self.shape = values.shape
        self.stride = 0 if values.ndim == 1 else -(-size // BLOCK) * BLOCK
        self.table = aligned_zeros(len(values) * max(self.stride, 1), dtype)
        self.set(values)

    @property
    def values(self) -> npt.NDArray[Any]:
        """The values, as declared: one per time, or one per time and neuron."""
        used = self.table[: len(self.begin) * max(self.stride, 1)]
        if not self.stride:
            return used.copy()
        return used.reshape(-1, self.stride)[:, : self.size].copy()

    def set(self, values: npt.ArrayLike) -> None:
        """Other values for the same times, from the next step on."""
        whole = np.broadcast_to(np.asarray(values, self.table.dtype), self.shape)
        used = self.table[: len(self.begin) * max(self.stride, 1)]
        if not self.stride:
            used[:] = whole
        else:
            used.reshape(-1, self.stride)[:, : self.size] = whole

    def argument(self) -> abi.Timed:
        """pgl_timed."""
        return abi.Timed(
            rows=len(self.begin),
            begin=self.begin.ctypes.data,
            values=self.table.ctypes.data,
            stride=self.stride,
        )
