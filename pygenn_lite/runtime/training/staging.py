"""Places datasets for a training program: all samples' spikes on the grid of the trial, labels and
targets; refuses what does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.declaration.summary import counted
from pygenn_lite.errors import ArgumentError, Location, ShapeError
from pygenn_lite.runtime.cpp.arrays import aligned_array, aligned_copy
from pygenn_lite.runtime.training.spike_arrays import Dataset, OnGrid, as_dataset
from pygenn_lite.runtime.training.staged_data import Inputs, InputSpikes, StagedData

Array = npt.NDArray[Any]
WHERE = Location("TrainingSession.stage")
LABELS = np.dtype(np.int32)
LABELS_HINT = "labels are whole numbers from 0 on: one class per sample"


def stage(
    data: Any, inputs: Inputs, dtype: np.dtype[Any], samples: int | None = None
) -> StagedData:
    """Place a dataset.

    Parameters
    ----------
    data : Dataset, array of shape (samples, steps, channels), or mapping of str to these
        One for each population whose spikes are given; without a mapping, for the only one.
    inputs : Inputs
    dtype : dtype
        Of targets.
    samples : int, optional
        How many there are, where nothing is a spike source.

    Raises
    ------
    ArgumentError
        A population without data, or data of no population; channels beyond the population's
        neurons, spikes beyond the trial; several labels of one sample.
    ShapeError
        An array of another shape: where time and samples have changed places, it says so.
    """
    sets = _by_population(data, inputs)
    spare = inputs.replayed
    known = {name: as_dataset(one, name, inputs) for name, one in sets.items()}
    numbers = {name: len(one) for name, one in known.items()}
    if not numbers and samples is not None:
        numbers = {"values": samples}
    spikes = {name: _spikes(known[name], name, inputs) for name in inputs.sizes}
    labels, targets = _only(known, "labels"), _only(known, "targets")
    return StagedData(
        inputs,
        _one_number(numbers),
        tuple(one for name, one in spikes.items() if name not in spare),
        None if labels is None else aligned_copy(_whole(labels), LABELS),
        None if targets is None else aligned_copy(_real(targets), dtype),
        replayed={name: one for name, one in spikes.items() if name in spare},
    )


def _by_population(data: Any, inputs: Inputs) -> Mapping[str, Any]:
    names = list(inputs.sizes)
    if not isinstance(data, Mapping):
        if len(names) == 1:
            return {names[0]: data}
        if inputs.unnamed is not None:
            return {inputs.unnamed: data}
        raise ArgumentError(
            f"data for {counted(len(names), 'population')} of given spikes, without their names",
            where=WHERE,
            hint=f"write {{{', '.join(f'{name!r}: ...' for name in names)}}}",
        )
    for name in data:
        if name not in inputs.sizes:
            raise ArgumentError(
                f"there is no spike source {name!r}{nearest(str(name), names)}",
                where=WHERE,
                hint=f"data is wanted for {', '.join(names)}",
            )
    missing = [name for name in names if name not in data]
    if missing:
        raise ArgumentError(f"no data for the spike source {missing[0]!r}", where=WHERE)
    return data


def _one_number(samples: Mapping[str, int]) -> int:
    if not samples:
        raise ArgumentError(
            "there is nothing that says how many samples there are",
            where=WHERE,
            hint="without spike sources, give values: [samples, steps, neurons]",
        )
    if len(set(samples.values())) > 1:
        told = ", ".join(f"{number} for {name!r}" for name, number in samples.items())
        raise ShapeError(f"different numbers of samples: {told}", where=WHERE)
    return next(iter(samples.values()))


def _only(sets: Mapping[str, Dataset], what: str) -> Array | None:
    """Labels or targets, which one of several datasets has."""
    found = {name: getattr(one, what, None) for name, one in sets.items()}
    given = {name: np.asarray(array) for name, array in found.items() if array is not None}
    if not given:
        return None
    first, *others = given.values()
    if any(not np.array_equal(first, other) for other in others):
        raise ArgumentError(
            f"different {what} for {' and '.join(repr(name) for name in given)}",
            where=WHERE,
            hint="give them with one of the datasets",
        )
    return first


def _whole(labels: Array) -> Array:
    """Labels that are whole numbers, and small enough; whether there are such outputs, the loss
    says."""
    given = np.asarray(labels)
    if given.dtype.kind not in "biuf":
        raise ArgumentError(f"labels are {given.dtype}", where=WHERE, hint=LABELS_HINT)
    within = (given >= 0) & (given <= np.iinfo(LABELS).max)
    wrong = np.flatnonzero(~within | (np.where(within, given, 0) % 1 != 0))
    if len(wrong):
        raise ArgumentError(
            f"the label of sample {wrong[0]} is {given.flat[wrong[0]]}",
            where=WHERE,
            hint=LABELS_HINT,
        )
    return given


def _real(targets: Array) -> Array:
    given = np.asarray(targets)
    if given.dtype.kind not in "biuf":
        raise ArgumentError(f"targets are {given.dtype}", where=WHERE, hint="give real numbers")
    return given


def _spikes(data: Dataset, name: str, inputs: Inputs) -> InputSpikes:
    size = inputs.sizes[name]
    if data.channels > size:
        raise ArgumentError(
            f"{data.channels:,} channels for {name!r}, which has {counted(size, 'neuron')}",
            where=WHERE,
            hint="declare the spike source with as many neurons as the data has channels",
        )
    found = data.steps(inputs.dt)
    late = np.flatnonzero(found.steps >= inputs.steps)
    if len(late):
        sample = int(np.searchsorted(found.begin, late[0], side="right")) - 1
        raise ArgumentError(
            f"sample {sample} has a spike in step {int(found.steps[late[0]])}, but trials of "
            f"{inputs.duration:g} ms have {counted(inputs.steps, 'step')} of {inputs.dt:g} ms",
            where=WHERE,
            hint="train with more steps, or crop the data: data.cropped(duration)",
        )
    samples, begins = len(data), np.asarray(found.begin, np.int64)
    count = begins[1:] - begins[:-1]
    row = np.repeat(np.arange(samples, dtype=np.int64), count) * inputs.steps + found.steps
    _check_order(found, row, name, data.channels)
    begin = aligned_array((samples, inputs.steps + 1), np.uint32)
    in_step = np.bincount(row, minlength=samples * inputs.steps).reshape(samples, inputs.steps)
    np.cumsum(in_step, axis=1, out=begin[:, 1:])
    first = aligned_copy(found.begin[:-1], np.uint64)
    index = aligned_copy(found.indices, np.uint32)
    return InputSpikes(first, begin, index, int(count.max(initial=0)))


def _check_order(found: OnGrid, row: npt.NDArray[np.int64], name: str, channels: int) -> None:
    """What datasets of others may get wrong, and kernels rely on."""
    wrong = "is not ordered by step" if np.any(row[1:] < row[:-1]) else ""
    if np.any(np.asarray(found.indices) >= channels):
        wrong = f"names channels beyond its {channels:,}"
    if wrong:
        raise ArgumentError(f"the dataset for {name!r} {wrong}", where=WHERE)
