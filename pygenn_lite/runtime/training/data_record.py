"""The record of staged data that kernels are given, and what it points to."""

from __future__ import annotations

import ctypes as c
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy.typing as npt

from pygenn_lite.runtime.training import training_records as records
from pygenn_lite.runtime.training.staged_data import InputSpikes, StagedData

Array = npt.NDArray[Any]


class DataRecord:
    """Data of a run.

    Parameters
    ----------
    data : StagedData
    gradients : sequence of ndarray
        Where the derivatives by its real-valued inputs go.
    numbers : mapping of str to int
        Of populations, for spikes that are replayed.
    given : ndarray, [samples, ...], optional
        Derivatives by outputs, where the loss is computed elsewhere.

    Attributes
    ----------
    record : Data
        For kernels, with addresses of the host.
    arrays, of_run : list of ndarray
        What it points to: of the data, and of this run.
    """

    def __init__(
        self,
        data: StagedData,
        gradients: Sequence[Array] = (),
        given: Array | None = None,
        numbers: Mapping[str, int] | None = None,
    ) -> None:
        self.data, self.gradients = data, gradients
        self.spikes = (records.Spikes * len(data.spikes))(*map(_spikes, data.spikes))
        self.replayed = (records.Spikes * len(numbers or {}))()
        for name, one in data.replayed.items():
            self.replayed[(numbers or {})[name]] = _spikes(one)
        self.values = (records.Values * len(data.values))(
            *(
                records.Values(
                    population=one.population,
                    into=one.into,
                    stride=one.values.shape[2],
                    values=one.values.ctypes.data,
                    gradient=gradients[k].ctypes.data if gradients else None,
                )
                for k, one in enumerate(data.values)
            )
        )
        self.record = records.Data(
            spikes=c.addressof(self.spikes),
            values=c.addressof(self.values),
            n_spikes=len(data.spikes),
            n_values=len(data.values),
            samples=len(data),
            labels=None if data.labels is None else data.labels.ctypes.data,
            targets=None if data.targets is None else data.targets.ctypes.data,
            target_size=0 if data.targets is None else math.prod(data.targets.shape[1:]),
            given=None if given is None else given.ctypes.data,
            given_size=0 if given is None else math.prod(given.shape[1:]),
            replayed=c.addressof(self.replayed) if data.replayed else None,
        )
        trains = (*data.spikes, *data.replayed.values())
        spikes = [array for one in trains for array in (one.first, one.begin, one.index)]
        values = [one.values for one in data.values]
        of_samples = [a for a in (data.labels, data.targets) if a is not None]
        self.arrays: list[Array] = [*spikes, *values, *of_samples]
        self.of_run: list[Array] = [*gradients, *([] if given is None else [given])]


def _spikes(one: InputSpikes) -> records.Spikes:
    return records.Spikes(
        first=one.first.ctypes.data, begin=one.begin.ctypes.data, index=one.index.ctypes.data
    )
