"""SpikeTensor: spike trains of many samples, for spike sources that replay one after another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pygenn_lite.declaration.checks import check_dt, check_size, check_spike_trains
from pygenn_lite.declaration.numeric import Number, Whole, plain_array, whole_number
from pygenn_lite.declaration.steps import nearest_steps
from pygenn_lite.declaration.summary import counted
from pygenn_lite.errors import ArgumentError, Location, ShapeError

Steps = NDArray[np.int64]
Indices = NDArray[np.uint32]


class SpikeTensor:
    """Spike trains of many samples (sample, time, neuron), stored once and side by side.

    ``simulation["source"].replay(tensor, index)`` lets a spike source replay one of them; with
    instances each has an index of its own.

    Parameters
    ----------
    trains : iterable of (times, indices)
        Of each sample: neuron ``indices[k]`` spikes at ``times[k]`` (ms from its beginning).
    size : int
        Neurons of the source.

    Raises
    ------
    NetworkError, ShapeError
        A time or an index that makes no sense; the message names the sample.

    Examples
    --------
    >>> tensor = pg.SpikeTensor([([1.0, 3.0], [0, 1]), ([2.0], [1])], size=2)
    >>> len(tensor), tensor.spikes(0)
    (2, 2)
    >>> dense = np.zeros((10, 50, 2), bool)  # 10 samples of 50 steps of 0.1 ms
    >>> dense[3, 20, 1] = True
    >>> pg.SpikeTensor.dense(dense, dt=0.1)
    <SpikeTensor: 10 samples of 2 neurons, 1 spike>
    """

    def __init__(self, trains: Iterable[tuple[ArrayLike, ArrayLike]], size: Whole) -> None:
        self.size = check_size(size, Location.of("SpikeTensor"))
        times, indices, begin = [], [], [0]
        if not isinstance(trains, Iterable):
            raise ShapeError(
                f"{trains!r:.60} is not a list of samples", where=Location.of("SpikeTensor"),
                hint="write [(times, indices), ...]",
            )  # fmt: skip
        for k, train in enumerate(trains):
            where = Location(f"SpikeTensor, sample {k}")
            if not isinstance(train, (tuple, list)) or len(train) != 2:
                raise ShapeError(
                    "a sample is a pair of times and indices", where=where,
                    hint="write (times, indices); a dense array goes through SpikeTensor.dense",
                )  # fmt: skip
            source = check_spike_trains(*train, self.size, where)
            times.append(source.times.array)
            indices.append(source.indices.array.astype(np.uint32))
            begin.append(begin[-1] + len(times[-1]))
        if len(begin) == 1:
            raise ShapeError(
                "there is no sample", where=Location.of("SpikeTensor"), hint="give one at least"
            )
        self._begin = np.array(begin)
        self._times, self._indices = np.concatenate(times), np.concatenate(indices)
        self._ordered: dict[float, tuple[Steps, Indices]] = {}

    @classmethod
    def dense(cls, spikes: ArrayLike, dt: Number) -> SpikeTensor:
        """A tensor from an array of zeros and ones, [samples, steps of dt ms, neurons]."""
        where, step = Location.of("SpikeTensor.dense"), check_dt(dt)
        if isinstance(spikes, np.ndarray) and spikes.dtype == bool:
            spikes = spikes.view(np.uint8)  # a spike or none: what other arrays of truth are not
        array = plain_array(spikes, "spikes", where, ShapeError)
        if array.ndim != 3 or array.dtype.kind not in "biuf":
            raise ShapeError(
                f"an array of shape {array.shape}",
                where=where,
                hint="give numbers of shape (samples, steps, neurons)",
            )
        if not np.all((array == 0) | (array == 1)):
            raise ShapeError(
                "an entry is neither 0 nor 1",
                where=where,
                hint="a neuron spikes once in a step, or not",
            )
        trains = ((at[0] * step, at[1]) for at in map(np.nonzero, array))
        return cls(trains, array.shape[2])

    def __len__(self) -> int:
        return len(self._begin) - 1

    def spikes(self, sample: Whole) -> int:
        """Number of spikes of a sample."""
        number = self._number(sample)
        return int(self._begin[number + 1] - self._begin[number])

    def train(self, sample: Any, dt: float) -> tuple[Steps, Indices]:
        """Steps and neurons of a sample's spikes, in order: parts of arrays made once for a dt.

        Raises
        ------
        ArgumentError
            There is no such sample.
        """
        number = self._number(sample)
        if dt not in self._ordered:
            self._ordered[dt] = self._in_order(dt)
        part = slice(self._begin[number], self._begin[number + 1])
        steps, indices = self._ordered[dt]
        return steps[part], indices[part]

    def _number(self, sample: Any) -> int:
        number = whole_number(sample)
        if number is None or not 0 <= number < len(self):
            raise ArgumentError(
                f"there is no sample {sample!r}", where=Location.of("SpikeTensor"),
                hint=f"they are counted from 0 to {len(self) - 1}",
            )  # fmt: skip
        return number

    def _in_order(self, dt: float) -> tuple[Steps, Indices]:
        steps = nearest_steps(self._times, dt).clip(0, 2**62).astype(np.int64)
        samples = np.repeat(np.arange(len(self)), np.diff(self._begin))
        order = np.lexsort((self._indices, steps, samples))
        steps, indices, samples = steps[order], self._indices[order], samples[order]
        twice = (steps[1:] == steps[:-1]) & (indices[1:] == indices[:-1])
        twice &= samples[1:] == samples[:-1]
        if np.any(twice):
            k = int(np.flatnonzero(twice)[0])
            raise ShapeError(
                f"neuron {indices[k]} spikes twice in a step of {dt} ms",
                where=Location(f"SpikeTensor, sample {samples[k]}"),
                hint="use a smaller dt, or leave one of the spikes out",
            )
        for array in (steps, indices):
            array.flags.writeable = False
        return steps, indices

    def __repr__(self) -> str:
        samples, neurons = counted(len(self), "sample"), counted(self.size, "neuron")
        return f"<SpikeTensor: {samples} of {neurons}, {counted(len(self._times), 'spike')}>"
