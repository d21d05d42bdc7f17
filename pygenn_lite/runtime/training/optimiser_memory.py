"""What an optimiser keeps of each trained number, and the records that its kernels are given."""

from __future__ import annotations

import ctypes as c
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.plan.memory import MemoryRow
from pygenn_lite.codegen.trial.optimiser import Optimiser
from pygenn_lite.codegen.trial.value_places import path_fits
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cpp.arrays import aligned_array, aligned_zeros
from pygenn_lite.runtime.training.limits import Limits
from pygenn_lite.runtime.training.optimiser_records import (
    CHUNK,
    LEVELS,
    NORMS,
    OptimiseArgs,
    OptimiserUpdate,
    TrainedArray,
)
from pygenn_lite.runtime.training.padded_rows import Rows
from pygenn_lite.runtime.training.trained_parameters import TrainedParameter

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Twin:
    """Numbers that get the updates of a parameter: its gradient, its rate, slots of their own.

    Attributes
    ----------
    path : str
        Of the parameter.
    name : str
    value : Rows
    """

    path: str
    name: str
    value: Rows


class OptimiserMemory:
    """Slots of an optimiser, and limits.

    Parameters
    ----------
    optimiser : Optimiser
    parameters : mapping of str to TrainedParameter
    penalties : sequence of Penalty
        Of the loss, on parameters.
    limits : mapping of str to Limits
        By path.
    twins : sequence of Twin
    """

    def __init__(
        self,
        optimiser: Optimiser,
        parameters: Mapping[str, TrainedParameter],
        penalties: Sequence[Any] = (),
        limits: Mapping[str, Limits] | None = None,
        twins: Sequence[Twin] = (),
    ) -> None:
        self.optimiser, self.parameters, self.penalties = optimiser, parameters, penalties
        self.limits = limits or {}
        self._kept: list[Array] = []  # what records point to
        self.laid_out: dict[tuple[str, str], Array] = {}  # bounds, by path and name
        named = {path: (path, one.value) for path, one in parameters.items()}
        named |= {twin.name: (twin.path, twin.value) for twin in twins}
        self.slots = {name: self._slots_of(value) for name, (_, value) in named.items()}
        arrays: list[TrainedArray] = []
        first = 0
        for name, (path, value) in named.items():
            arrays.append(self._array(name, path, value))
            arrays[-1].first_chunk, first = first, first + arrays[-1].chunks
        self.arrays = (TrainedArray * len(arrays))(*arrays)
        self._sums, self._largest = aligned_zeros(first, float), aligned_zeros(first, float)
        self.norms = aligned_zeros(len(arrays) + 1, float)
        self.record = OptimiseArgs(
            arrays=c.addressof(self.arrays),
            count=len(arrays),
            chunks=first,
            limits=_asked_for(arrays),
            sums=self._sums.ctypes.data,
            largest=self._largest.ctypes.data,
            norms=self.norms.ctypes.data,
            update=self._update(),
        )

    def _slots_of(self, value: Rows) -> Array:
        size, slots = value.whole.size, len(self.optimiser.rule.slots)
        return aligned_array((slots * size,), value.whole.dtype)

    def _array(self, name: str, path: str, value: Rows) -> TrainedArray:
        one = self.parameters[path]
        rows, columns = value.values.shape
        fitting = [p for p in self.penalties if path_fits(path, p.pattern)]
        size = value.whole.size
        made = TrainedArray(
            value=value.address,
            used=value.address,
            gradient=one.gradient.address,
            slots=self.slots[name].ctypes.data,
            stored=size,
            rows=rows,
            columns=columns,
            stride=value.stride,
            chunks=-(-size // CHUNK),
            twin=name != path,
            rate_factor=self.optimiser.rate_factor(path),
            decay_factor=self.optimiser.decay_factor(path),
            l1=sum(p.l1 for p in fitting),
            l2=sum(p.l2 for p in fitting),
            low=-np.inf,
            high=np.inf,
            most_row=np.inf,
            most_column=np.inf,
        )
        if name == path:
            self._limit(made, one, self.limits.get(path, Limits(low=one.low, high=one.high)))
        return made

    def _limit(self, made: TrainedArray, one: TrainedParameter, limits: Limits) -> None:
        """Limits as kernels see them: arrays in the layout of the values."""
        for scalar, array, bound in (("low", "lower", limits.low), ("high", "upper", limits.high)):
            if np.ndim(bound) == 0:
                setattr(made, scalar, float(bound))
            else:
                laid = _laid_out(one, np.asarray(bound), one.value.whole.dtype)
                self.laid_out[one.path, array] = laid
                setattr(made, array, laid.ctypes.data)
        if limits.frozen is not None:
            self._kept.append(_laid_out(one, limits.frozen, np.dtype(np.uint8)))
            made.frozen = self._kept[-1].ctypes.data
        made.most_row, made.most_column = limits.most_row, limits.most_column
        if limits.levels:
            made.used, made.levels, made.per_row = (
                one.used[0].address,
                limits.levels,
                limits.per_row,
            )
            self._kept.append(aligned_zeros(made.rows, one.value.whole.dtype))
            made.scales = self._kept[-1].ctypes.data

    def _update(self) -> OptimiserUpdate:
        optimiser = self.optimiser
        update = OptimiserUpdate(
            rate=optimiser.rate,
            number=1.0,
            scale=1.0,
            weight_decay=optimiser.weight_decay,
            clip_value=optimiser.clip_value,
            clip_norm=optimiser.clip_norm,
            norm_of_all=optimiser.norm_of == "all",
        )
        for k, name in enumerate(optimiser.rule.settings):
            update.settings[k] = optimiser.settings[name]
        return update

    def memory_rows(self) -> list[MemoryRow]:
        """What takes how many bytes."""
        size = sum(slots.size for slots in self.slots.values())
        bytes_of_all = sum(slots.nbytes for slots in self.slots.values())
        names = ", ".join(self.optimiser.rule.slots) or "nothing"
        return [MemoryRow(self.optimiser.rule.name, f"slots: {names}", size, bytes_of_all)]


def _asked_for(arrays: Sequence[TrainedArray]) -> int:
    norms = any(np.isfinite((a.most_row, a.most_column)).any() for a in arrays)
    return NORMS * norms | LEVELS * any(a.levels for a in arrays)


def _laid_out(one: TrainedParameter, values: Array, dtype: np.dtype[Any]) -> Array:
    """Numbers in the layout of a parameter's values."""
    made = np.zeros(one.value.whole.shape, dtype)
    made[:, : one.value.size] = values.reshape(one.value.values.shape)
    return made
