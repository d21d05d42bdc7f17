"""What was recorded, as a result holds it: spikes, samples and counts. Plain arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.steps import times_of
from pygenn_lite.declaration.summary import counted, line, listed
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.results.lazy_mapping import LazyMapping

T = TypeVar("T")
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class SpikeTrain:
    """Spikes of one population, by time, then index.

    Attributes
    ----------
    steps : ndarray of int64
        Time in steps: exact.
    indices : ndarray of uint32
        Which neuron.
    dt : float
        ms per step.
    recorded : range or ndarray of uint32, optional
        Indices of the neurons whose spikes were recorded, silent ones included; None: unknown.
    """

    steps: IntArray
    indices: npt.NDArray[np.uint32]
    dt: float
    recorded: range | npt.NDArray[np.uint32] | None = None

    @property
    def times(self) -> npt.NDArray[np.float64]:
        """Times in ms."""
        return times_of(self.steps, self.dt)

    def __len__(self) -> int:
        return len(self.steps)

    def __repr__(self) -> str:
        neurons = counted(len(np.unique(self.indices)), "neuron")
        return f"<SpikeTrain: {counted(len(self), 'spike')} of {neurons}>"


def recorded_indices(train: SpikeTrain, size: int, is_full: bool) -> range | npt.NDArray[Any]:
    """Neurons whose spikes were recorded, silent ones included, ascending.

    Parameters
    ----------
    train : SpikeTrain
        One made by hand does not say; of a part of a population those that spiked are taken.
    size : int
        Of the population.
    is_full : bool
        Whether all of the population was recorded.
    """
    if train.recorded is not None:
        return train.recorded
    return range(size) if is_full else np.unique(train.indices)


@dataclass(frozen=True)
class Samples:
    """Samples of one variable.

    Attributes
    ----------
    times : ndarray of float64, [samples]
        In ms.
    values : ndarray, [samples, neurons]
    indices : ndarray of uint32, [neurons]
        Which neurons the columns are.
    unit : str
        Of the values, where the model says it.
    """

    times: npt.NDArray[np.float64]
    values: npt.NDArray[Any]
    indices: npt.NDArray[np.uint32]
    unit: str = ""

    def __len__(self) -> int:
        return len(self.times)

    def __repr__(self) -> str:
        samples, neurons = self.values.shape
        return f"<Samples: {counted(samples, 'sample')} of {counted(neurons, 'neuron')}>"


class RecordedByName(LazyMapping[T]):
    """What was recorded, by name; values may still lie in a file."""

    def __init__(self, entries: Mapping[str, T | Callable[[], T]], what: str) -> None:
        super().__init__(entries)
        self._what = what

    def _missing(self, key: str) -> str:
        return f"no {self._what} of {key!r} were recorded (recorded: {sorted(self)})"

    def __repr__(self) -> str:
        return f"<{self._what} of {listed(self) or 'nothing'}>"


@dataclass(frozen=True)
class SpikeCounts:
    """Spikes counted from the start of the run up to some times, recorded or not.

    Attributes
    ----------
    steps : ndarray of int64, [k]
        Ascending; the first is the start of the run, the last its end.
    totals : dict of ndarray, [k]
        By population.
    """

    steps: IntArray
    totals: dict[str, IntArray]

    def __repr__(self) -> str:
        return line(
            "SpikeCounts", "", f"at {counted(len(self.steps), 'time')}", listed(self.totals)
        )
