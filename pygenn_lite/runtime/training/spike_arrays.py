"""What can be staged: datasets of spikes, and arrays of numbers of spikes, which become such."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.summary import counted
from pygenn_lite.errors import Location, ShapeError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.training.staged_data import Inputs

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


@dataclass(frozen=True, eq=False)
class _ArraySteps:
    """See `OnGrid`."""

    steps: npt.NDArray[np.uint32]
    indices: npt.NDArray[np.uint32]
    begin: npt.NDArray[np.int64]


class _SpikeArray:
    """An array of numbers of spikes, [samples, steps, channels], as a dataset."""

    labels: Array | None = None
    targets: Array | None = None

    def __init__(self, array: Array, duration: float) -> None:
        self._array, self.channels, self.duration = array, array.shape[2], duration

    def __len__(self) -> int:
        return len(self._array)

    def steps(self, dt: float) -> _ArraySteps:
        found = np.nonzero(self._array)
        counts = self._array[found].astype(np.int64)
        sample, step, index = (np.repeat(one, counts) for one in found)
        begin = np.searchsorted(sample, np.arange(len(self._array) + 1))
        return _ArraySteps(step.astype(np.uint32), index.astype(np.uint32), begin)


def as_dataset(data: Any, name: str, inputs: Inputs) -> Dataset:
    """Data for a population: what is a dataset already, or an array.

    Raises
    ------
    ShapeError
        An array of another shape (where time and samples have changed places, it says so), or one
        that does not hold numbers of spikes.
    """
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
    _check_numbers(array, name, 1 if name in inputs.replayed else MOST_SPIKES)
    return _SpikeArray(array, inputs.duration)


MOST_SPIKES = 1 << 20  # of a channel in a step


def _check_numbers(array: Array, name: str, most: int) -> None:
    whole = array if array.dtype.kind in "biu" else np.rint(array)
    if np.any((whole != array) | (array < 0) | (array > most)):
        raise ShapeError(
            f"an entry of the array for {name!r} is "
            + ("neither 0 nor 1" if most == 1 else "not a number of spikes"),
            where=WHERE,
            hint="a neuron with a model spikes once in a step, or not"
            if most == 1
            else "give the number of spikes of each channel in each step: 0, 1, ...",
        )
