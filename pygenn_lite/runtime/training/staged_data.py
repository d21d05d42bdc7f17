"""Data as a training program reads it: all samples' spikes on the grid of the trial, labels and
targets, placed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.declaration.summary import counted
from pygenn_lite.errors import ArgumentError, Location, ShapeError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cpp.arrays import aligned_zeros

Array = npt.NDArray[Any]
WHERE = Location("TrainingSession.stage")


class OnGrid(Protocol):
    """Spikes of samples in steps, sample after sample, ordered by step and channel."""

    @property
    def steps(self) -> npt.NDArray[np.uint32]: ...
    @property
    def indices(self) -> npt.NDArray[np.uint32]: ...
    @property
    def begin(self) -> npt.NDArray[np.int64]: ...


class Dataset(Protocol):
    """What can be staged: :class:`pygenn_lite.training.data.spike_dataset.SpikeDataset`."""

    @property
    def channels(self) -> int: ...
    @property
    def duration(self) -> float: ...
    @property
    def labels(self) -> Array | None: ...
    @property
    def targets(self) -> Array | None: ...

    def __len__(self) -> int: ...

    def steps(self, dt: float) -> OnGrid:
        """Its spikes on the grid."""


@dataclass(frozen=True)
class Inputs:
    """What a program is fed with.

    Attributes
    ----------
    sizes : mapping of str to int
        Neurons of the populations whose spikes are given, in the order of the program.
    steps : int
        Of a trial.
    dt : float
        ms.
    unnamed : str or None
        The population that data without a name is for, where there are several.
    replayed : tuple of str
        Of these populations, those that have a model.
    """

    sizes: Mapping[str, int]
    steps: int
    dt: float
    unnamed: str | None = None
    replayed: tuple[str, ...] = ()

    @property
    def duration(self) -> float:
        """Of a trial, ms."""
        return self.steps * self.dt


@dataclass(frozen=True, eq=False)
class InputSpikes:
    """Spikes of one population in all samples.

    Attributes
    ----------
    first : ndarray of uint64, [samples]
        Where a sample's spikes begin in `index`.
    begin : ndarray of uint32, [samples, steps + 1]
        Behind `first`: where those of a step begin.
    index : ndarray of uint32
        Neurons.
    most : int
        Spikes of the sample that has most.
    """

    first: npt.NDArray[np.uint64]
    begin: npt.NDArray[np.uint32]
    index: npt.NDArray[np.uint32]
    most: int

    @property
    def nbytes(self) -> int:
        """Of all arrays."""
        return self.first.nbytes + self.begin.nbytes + self.index.nbytes


@dataclass(frozen=True, eq=False)
class StagedValues:
    """Numbers that are added to a state in every step, when arrivals are.

    Attributes
    ----------
    name : str
        "hidden.V".
    population, into, size : int
        Number of the population, and of its state; neurons.
    values : ndarray, [samples, steps, stride]
    """

    name: str
    population: int
    into: int
    size: int
    values: Array


@dataclass(frozen=True, eq=False)
class StagedData:
    """All samples of a dataset, placed.

    Attributes
    ----------
    inputs : Inputs
        Of the program that it was staged for.
    samples : int
    spikes : tuple of InputSpikes
        In the order of the program's populations whose spikes are given.
    labels : ndarray of int32 or None
    targets : ndarray, [samples, ...], or None
    values : tuple of StagedValues
    replayed : mapping of str to InputSpikes
        Spikes that populations with a model have in place of their own.
    """

    inputs: Inputs
    samples: int
    spikes: tuple[InputSpikes, ...]
    labels: npt.NDArray[np.int32] | None = None
    targets: Array | None = None
    values: tuple[StagedValues, ...] = ()
    replayed: Mapping[str, InputSpikes] = field(default_factory=dict)

    def __len__(self) -> int:
        return self.samples

    def with_values(self, values: tuple[StagedValues, ...]) -> StagedData:
        """The same spikes with other real-valued inputs."""
        return replace(self, values=values)

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        own = [one.nbytes for one in self.replayed.values()]
        own += [a.nbytes for a in (self.labels, self.targets) if a is not None]
        own += [one.values.nbytes for one in self.values]
        return sum(own) + sum(one.nbytes for one in self.spikes)

    def __repr__(self) -> str:
        spikes = sum(len(one.index) for one in self.spikes)
        return f"<StagedData: {counted(self.samples, 'sample')}, {counted(spikes, 'spike')}>"


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
    known = {name: _as_dataset(one, name, inputs) for name, one in sets.items()}
    own = {name: len(one) for name, one in known.items()}
    samples = _one_number(own if own or samples is None else {"values": samples})
    spikes = {name: _spikes(known[name], name, inputs) for name in inputs.sizes}
    labels, targets = _only(known, "labels"), _only(known, "targets")
    return StagedData(
        inputs,
        samples,
        tuple(one for name, one in spikes.items() if name not in spare),
        None if labels is None else _aligned(labels, np.dtype(np.int32)),
        None if targets is None else _aligned(targets, dtype),
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
    samples, count = len(data), np.diff(found.begin)
    row = np.repeat(np.arange(samples, dtype=np.int64), count) * inputs.steps + found.steps
    begin = aligned_zeros(samples * (inputs.steps + 1), np.uint32).reshape(samples, -1)
    in_step = np.bincount(row, minlength=samples * inputs.steps).reshape(samples, inputs.steps)
    np.cumsum(in_step, axis=1, out=begin[:, 1:])
    first = _aligned(found.begin[:-1], np.dtype(np.uint64))
    index = _aligned(found.indices, np.dtype(np.uint32))
    return InputSpikes(first, begin, index, int(count.max(initial=0)))


def _aligned(values: Array, dtype: np.dtype[Any]) -> Array:
    """A copy that begins at a multiple of 64 bytes."""
    made = aligned_zeros(values.size, dtype)[: values.size].reshape(values.shape)
    made[...] = values
    return made


# ---------------------------------------------------------------------- arrays of zeros and ones


@dataclass(frozen=True, eq=False)
class _DenseSteps:
    steps: npt.NDArray[np.uint32]
    indices: npt.NDArray[np.uint32]
    begin: npt.NDArray[np.int64]


class _Dense:
    """An array of spikes as a dataset."""

    labels: Array | None = None
    targets: Array | None = None

    def __init__(self, array: Array, duration: float) -> None:
        self._array, self.channels, self.duration = array, array.shape[2], duration

    def __len__(self) -> int:
        return len(self._array)

    def steps(self, dt: float) -> _DenseSteps:
        sample, step, index = np.nonzero(self._array)
        begin = np.searchsorted(sample, np.arange(len(self._array) + 1))
        return _DenseSteps(step.astype(np.uint32), index.astype(np.uint32), begin)


def _as_dataset(data: Any, name: str, inputs: Inputs) -> Dataset:
    if callable(getattr(data, "steps", None)):
        known: Dataset = data
        return known
    array = np.asarray(data)
    size, steps = inputs.sizes[name], inputs.steps
    if array.ndim != 3 or array.dtype.kind not in "biuf":
        raise ShapeError(
            f"{type(data).__name__} of shape {array.shape} for {name!r}",
            where=WHERE,
            hint=f"give a dataset, or an array of shape (samples, {steps}, {size})",
        )
    if array.shape[1] != steps or array.shape[2] != size:
        swapped = array.shape[0] == steps and array.shape[2] == size
        raise ShapeError(
            f"an array of shape {array.shape} for {name!r}"
            + (": time and samples have changed places" if swapped else ""),
            where=WHERE,
            hint="write array.swapaxes(0, 1)"
            if swapped
            else f"give (samples, {steps} steps, {counted(size, 'channel')})",
        )
    if not np.all((array == 0) | (array == 1)):
        raise ShapeError(
            f"an entry of the array for {name!r} is neither 0 nor 1",
            where=WHERE,
            hint="a neuron spikes once in a step, or not",
        )
    return _Dense(array, inputs.duration)
