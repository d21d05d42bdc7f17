"""Memory of a population that all trials have in common: parameters, coefficients, initial values,
sums of gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.plan.memory import MemoryRow
from pygenn_lite.codegen.trial.trial_signature import PopulationSignature
from pygenn_lite.runtime.cpp.arrays import aligned_zeros
from pygenn_lite.runtime.training import training_records as records
from pygenn_lite.runtime.training.network_data import PopulationData
from pygenn_lite.runtime.training.padded_rows import Rows, stride_of

DOUBLE = np.dtype(np.float64)
Array = npt.NDArray[Any]


class PopulationArrays:
    """A population with a model.

    Parameters
    ----------
    data : PopulationData
    signature : PopulationSignature
    dtype : dtype
        Of reals.
    """

    def __init__(
        self, data: PopulationData, signature: PopulationSignature, dtype: np.dtype[Any]
    ) -> None:
        self.name, self.size, self.signature = data.name, data.size, signature
        self.stride = stride_of(data.size, dtype)
        shared, own = len(signature.shared), len(signature.own)
        self.shared = aligned_zeros(shared, dtype)
        self.shared_double = aligned_zeros(shared, DOUBLE)
        self.shared_gradient = aligned_zeros(shared, DOUBLE)
        self.own = Rows(own, data.size, dtype)
        self.own_double = Rows(own, data.size, DOUBLE, self.stride)
        self.own_gradient = Rows(own, data.size, DOUBLE, self.stride)
        self.initial = Rows(len(signature.states), data.size, dtype)
        self.gradient = Rows(len(signature.gradients), data.size, dtype)
        self.initial_gradient = Rows(len(signature.adjoints), data.size, dtype)
        self.mean_counts = Rows(1, data.size, dtype)
        self.count_sums = aligned_zeros(self.stride, np.uint64)
        self.count_totals = aligned_zeros(self.stride, np.uint64)
        self._fill(data)

    def _fill(self, data: PopulationData) -> None:
        """Parameters and initial values; coefficients follow from these."""
        for k, symbol in enumerate(self.signature.shared):
            self.shared_double[k] = data.values.get(symbol, 0.0)
        for k, symbol in enumerate(self.signature.own):
            self.own_double.fill(k, data.values.get(symbol, 0.0))
        for k, symbol in enumerate(self.signature.states):
            self.initial.fill(k, data.initial.get(symbol, 0.0))

    def record(self) -> records.Population:
        """What kernels are given, but for the places in slots."""
        return records.Population(
            n=self.size,
            stride=self.stride,
            input=records.NONE,
            shared=self.shared.ctypes.data,
            own=self.own.address,
            shared_double=self.shared_double.ctypes.data,
            own_double=self.own_double.address,
            shared_gradient=self.shared_gradient.ctypes.data,
            own_gradient=self.own_gradient.address,
            initial=self.initial.address,
            gradient=self.gradient.address,
            initial_gradient=self.initial_gradient.address,
            mean_counts=self.mean_counts.address,
            count_sums=self.count_sums.ctypes.data,
            count_totals=self.count_totals.ctypes.data,
        )

    def spikes(self) -> npt.NDArray[np.uint64]:
        """Of each neuron, since they were last cleared."""
        return self.count_totals[: self.size].copy()

    def memory_rows(self) -> list[MemoryRow]:
        """What takes how many bytes."""
        values = (self.shared, self.shared_double, self.own.whole, self.own_double.whole)
        gradients = (
            self.shared_gradient,
            self.own_gradient.whole,
            self.gradient.whole,
            self.initial_gradient.whole,
        )
        counts = (self.mean_counts.whole, self.count_sums, self.count_totals)
        others = (self.initial.whole, *counts)
        named = {
            "parameters and coefficients": values,
            "gradients of parameters": gradients,
            "initial values, spike counts": others,
        }
        return [_row(self.name, what, arrays) for what, arrays in named.items()]


def _row(name: str, what: str, arrays: tuple[Array, ...]) -> MemoryRow:
    return MemoryRow(name, what, sum(a.size for a in arrays), sum(a.nbytes for a in arrays))
