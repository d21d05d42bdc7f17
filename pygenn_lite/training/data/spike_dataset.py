"""SpikeDataset: spikes of many samples, stored once and side by side, with labels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pygenn_lite.declaration.numeric import Number, plain_indices, whole_number
from pygenn_lite.declaration.spike_tensor import SpikeTensor
from pygenn_lite.declaration.steps import times_of
from pygenn_lite.declaration.summary import counted
from pygenn_lite.errors import ArgumentError, Location, ShapeError
from pygenn_lite.training.data import dataset_checks as checks
from pygenn_lite.training.data.counter_random import CounterRandom
from pygenn_lite.training.data.dataset_files import write_arrays
from pygenn_lite.training.data.dataset_statistics import DatasetStatistics, dataset_statistics
from pygenn_lite.training.data.sample import Sample
from pygenn_lite.training.data.splits import held_out_fraction, held_out_groups
from pygenn_lite.training.data.step_spikes import (
    StepSpikes,
    beginnings_of_bins,
    empty_bins,
    grid_of,
    step_spikes,
)

WHERE = checks.WHERE


class SpikeDataset:
    """Spikes of many samples, with labels or targets.

    Parameters
    ----------
    times : array_like, shape (spikes,)
        ms from the beginning of the sample, sample after sample; in any order within one.
    indices : array_like of int, shape (spikes,)
        The channel of each spike.
    begin : array_like of int, shape (samples + 1,)
        Sample k has the spikes ``begin[k]:begin[k + 1]``.
    channels : int or tuple of int
        Input channels; or their shape: (channels, height, width).
    duration : float
        Of each sample, ms.
    labels : array_like of int, shape (samples,), optional
        The class of each sample, from 0.
    targets : array_like, shape (samples, ...), optional
        What is to be learnt where that is not a class.
    classes : int or sequence of str, optional
        How many there are, or their names; without it, as many as the largest label says.
    groups : array_like of int, shape (samples,), optional
        What samples have in common that a split should not tear apart: the speaker.

    Raises
    ------
    ArgumentError, ShapeError
        Times, channels, labels that do not fit; the message names the sample.

    Examples
    --------
    >>> data = pg.data.SpikeDataset([1.0, 3.0, 2.0], [0, 1, 1], [0, 2, 3], 2, 10.0, labels=[0, 1])
    >>> data
    <SpikeDataset: 2 samples of 10 ms, 2 channels, 2 classes, 3 spikes>
    >>> data[1].times
    array([2.], dtype=float32)
    """

    def __init__(
        self,
        times: ArrayLike,
        indices: ArrayLike,
        begin: ArrayLike,
        channels: Any,
        duration: Number,
        labels: ArrayLike | None = None,
        *,
        targets: ArrayLike | None = None,
        classes: Any = None,
        groups: ArrayLike | None = None,
    ) -> None:
        self.channels, self.shape = checks.checked_channels(channels)
        self.duration = checks.checked_duration(duration)
        self.times, self.indices = checks.checked_times(times), checks.checked_indices(indices)
        self.begin = checks.checked_begin(begin, len(self.times))
        checks.check_spikes(self.times, self.indices, self.begin, self.channels, self.duration)
        self.labels, self.classes, self.class_names = checks.checked_labels(
            labels, len(self), classes
        )
        self.targets = None
        if targets is not None:
            self.targets = checks.checked_rows(targets, "targets", len(self))
        self.groups = None
        if groups is not None:
            self.groups = plain_indices(groups, "groups", WHERE, ShapeError)
            checks.checked_rows(self.groups, "groups", len(self))
        arrays: list[NDArray[Any]] = [self.times, self.indices, self.begin]
        for array in (*arrays, *self._of_samples().values()):
            array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.begin) - 1

    def __iter__(self) -> Iterator[Sample]:
        return (self._sample(k) for k in range(len(self)))

    @property
    def spikes_per_sample(self) -> NDArray[np.int64]:
        """How many spikes each sample has, shape (samples,)."""
        return np.diff(self.begin)

    def sample_of_spikes(self) -> NDArray[np.int64]:
        """The sample of each spike, shape (spikes,)."""
        return np.repeat(np.arange(len(self)), self.spikes_per_sample)

    # ------------------------------------------------------------------ parts
    def __getitem__(self, which: Any) -> Any:
        """One sample by its number; a dataset by a slice, a list of numbers or a mask."""
        number = whole_number(which)
        if number is not None:
            return self._sample(number)
        return self.take(self._numbers(which))

    def take(self, numbers: NDArray[np.integer]) -> SpikeDataset:
        """Some samples, in the order given, as a dataset."""
        lengths = self.spikes_per_sample[numbers]
        begin = np.concatenate([[0], np.cumsum(lengths)])
        at = np.arange(begin[-1]) + np.repeat(self.begin[numbers] - begin[:-1], lengths)
        rows = {name: array[numbers] for name, array in self._of_samples().items()}
        return self.with_spikes(self.times[at], self.indices[at], begin, **rows)

    def with_spikes(
        self,
        times: NDArray[np.floating],
        indices: NDArray[np.integer],
        begin: NDArray[np.integer],
        **changes: Any,
    ) -> SpikeDataset:
        """The same dataset with other spikes (and other `labels`, `targets`, ...)."""
        kept = {
            "channels": self.shape or self.channels, "duration": self.duration,
            "classes": self.class_names or self.classes or None, **self._of_samples(),
        }  # fmt: skip
        return SpikeDataset(times, indices, begin, **{**kept, **changes})

    def cropped(self, duration: Number) -> SpikeDataset:
        """Without the spikes at and after a time in ms, which becomes the duration."""
        end = checks.checked_duration(duration, WHERE.key("cropped"))
        kept = self.times < np.float32(end)
        return self.kept(kept, duration=end)

    def kept(self, mask: NDArray[np.bool_], **changes: Any) -> SpikeDataset:
        """Without the spikes for which a mask is false."""
        begin = begin_of_kept(mask, self.begin)
        return self.with_spikes(self.times[mask], self.indices[mask], begin, **changes)

    def order(self, seed: int, epoch: int = 0) -> NDArray[np.int64]:
        """The numbers of the samples in a random order: another one in each epoch, the same again
        for the same seed."""
        return CounterRandom(seed, "order", epoch).order(len(self))

    def split(self, fraction: Number, seed: int = 1) -> tuple[SpikeDataset, SpikeDataset]:
        """Two parts: the second has a fraction of the samples, drawn by chance, of each class its
        share.

        Raises
        ------
        ArgumentError
            One of them would be empty.

        Examples
        --------
        >>> training, validation = pg.data.yin_yang(300).split(0.1)
        >>> len(training), np.bincount(validation.labels).tolist()
        (270, [10, 10, 10])
        """
        mask = held_out_fraction(self.labels, len(self), fraction, seed)
        return self[~mask], self[mask]

    def split_groups(self, groups: ArrayLike) -> tuple[SpikeDataset, SpikeDataset]:
        """Two parts: the second has all samples of some groups (speakers), the first all others.

        Raises
        ------
        ArgumentError, ShapeError
            There is no such group, or the dataset has none.
        """
        mask = held_out_groups(self.groups, groups)
        return self[~mask], self[mask]

    # ------------------------------------------------------------------ other forms
    def statistics(self) -> DatasetStatistics:
        """What it is like in numbers: ``print(data.statistics())``."""
        sizes = np.bincount([] if self.labels is None else self.labels, minlength=self.classes)
        each = self.spikes_per_sample
        return dataset_statistics(
            self.times, self.indices, each, sizes, self.channels, self.duration
        )

    def save(self, path: str | Path, overwrite: bool = False) -> Path:
        """Write it to a file, which `load_dataset` reads.

        Parameters
        ----------
        path : str or Path
            Ending in .npz (NumPy), .h5 or .hdf5.
        overwrite : bool
            Whether to replace a dataset that is there already.

        Raises
        ------
        ArgumentError
            The file exists, or its ending is another one.
        """
        kept: dict[str, Any] = {
            "times": self.times, "indices": self.indices, "begin": self.begin,
            "channels": self.shape or self.channels, "duration": self.duration,
            "classes": self.classes or None, "class_names": self.class_names or None,
            **self._of_samples(),
        }  # fmt: skip
        arrays = {name: np.asarray(v) for name, v in kept.items() if v is not None}
        return write_arrays(Path(path), arrays, overwrite)

    def steps(self, dt: Number, duplicates: str = "keep") -> StepSpikes:
        """The spikes on the grid of a simulation, in order.

        Parameters
        ----------
        dt : float
            ms. A spike belongs to the nearest step, as in the simulator; those nearest to the end
            of the trial are left out, and counted.
        duplicates : {"keep", "merge", "count", "refuse"}
            Several spikes of a channel in a step stay, become one, become one with a count, or are
            an error.
        """
        grid = grid_of(len(self), self.duration, self.channels, dt)
        return step_spikes(self.times, self.indices, self.sample_of_spikes(), grid, duplicates)

    def dense(self, dt: Number) -> NDArray[np.unsignedinteger]:
        """Numbers of spikes, shape (samples, steps, channels): in step k those from ``k*dt`` up to
        ``(k + 1)*dt`` ms. (A simulation has some of them a step later: see `steps`.)"""
        grid = grid_of(len(self), self.duration, self.channels, dt)
        begins = beginnings_of_bins(self.times, grid)
        found = step_spikes(begins, self.indices, self.sample_of_spikes(), grid, "count")
        assert found.counts is not None
        kind = np.uint8 if found.counts.max(initial=0) < 256 else np.uint32
        array = empty_bins(grid, kind)
        sample = np.repeat(np.arange(len(self)), np.diff(found.begin))
        array[sample, found.steps, found.indices] = found.counts
        return array

    def tensor(self, dt: Number) -> SpikeTensor:
        """For a spike source of a simulation with this dt: ``simulation["in"].replay(tensor, k)``
        replays the spikes that sample k has in training (of several in a step one: all that a spike
        source can replay)."""
        found = self.steps(dt, "merge")
        times = times_of(found.steps, found.dt)
        parts = zip(found.begin[:-1], found.begin[1:], strict=True)
        return SpikeTensor(((times[a:b], found.indices[a:b]) for a, b in parts), self.channels)

    # ------------------------------------------------------------------ below
    def _of_samples(self) -> dict[str, NDArray[Any]]:
        """Arrays with a row for each sample."""
        rows = {"labels": self.labels, "targets": self.targets, "groups": self.groups}
        return {name: array for name, array in rows.items() if array is not None}

    def _sample(self, number: int) -> Sample:
        if not -len(self) <= number < len(self):
            raise _no_sample(number, len(self))
        k = number % len(self)
        part = slice(self.begin[k], self.begin[k + 1])
        row = {name[:-1]: array[k] for name, array in self._of_samples().items()}
        for name in row.keys() - {"target"}:
            row[name] = int(row[name])
        return Sample(self.times[part], self.indices[part], **row)

    def _numbers(self, which: Any) -> NDArray[np.int64]:
        if isinstance(which, slice):
            return np.arange(len(self))[which]
        array = np.asarray(which)
        if array.dtype == bool and array.shape == (len(self),):
            return np.flatnonzero(array)
        numbers = plain_indices(which, "samples", WHERE, ArgumentError)
        wrong = (numbers < -len(self)) | (numbers >= len(self))
        if wrong.any():
            raise _no_sample(int(numbers[wrong][0]), len(self))
        return numbers % len(self)

    def __repr__(self) -> str:
        channels = " x ".join(map(str, self.shape)) if self.shape else f"{self.channels:,}"
        parts = [
            f"{counted(len(self), 'sample')} of {self.duration:g} ms",
            f"{channels} channel{'' if self.channels == 1 else 's'}",
            counted(self.classes, "class").replace("classs", "classes") if self.classes else "",
            "" if self.targets is None else f"targets of shape {self.targets.shape[1:]}",
            counted(len(self.times), "spike"),
        ]
        return f"<SpikeDataset: {', '.join(filter(None, parts))}>"


def begin_of_kept(mask: NDArray[np.bool_], begin: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where the spikes of each sample begin when those are left out for which a mask is false."""
    counts = np.zeros(len(begin) - 1, np.int64)
    filled = np.flatnonzero(np.diff(begin))
    if len(filled):
        counts[filled] = np.add.reduceat(mask, begin[:-1][filled], dtype=np.int64)
    return np.concatenate([[0], np.cumsum(counts)])


def _no_sample(number: int, samples: int) -> ArgumentError:
    return ArgumentError(
        f"there is no sample {number}",
        where=Location.of("SpikeDataset"),
        hint=f"they are counted from 0 to {samples - 1}",
    )
