"""Datasets made of datasets: one after the other, one upon the other, copies of the channels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.declaration.numeric import Whole, plain_number, whole_number
from pygenn_lite.errors import ArgumentError, Location, ShapeError
from pygenn_lite.training.data.spike_dataset import SpikeDataset

WHERE = Location.of("concatenate")


def concatenate(datasets: Iterable[SpikeDataset]) -> SpikeDataset:
    """The samples of several datasets as one, whose duration is the longest.

    Raises
    ------
    ShapeError
        They have different channels, or some have labels (targets, groups) and some not.

    Examples
    --------
    >>> data = pg.data.yin_yang(100)
    >>> len(pg.data.concatenate([data, data[:20]]))
    120
    """
    parts = list(datasets)
    if not parts or not all(isinstance(part, SpikeDataset) for part in parts):
        raise ArgumentError(
            "only datasets can be joined", where=WHERE, hint="give a list of them: [a, b]"
        )
    first = parts[0]
    for part in parts[1:]:
        if part.channels != first.channels:
            raise ShapeError(
                f"datasets of {first.channels} and {part.channels} channels", where=WHERE,
                hint="join those with the same channels",
            )  # fmt: skip
    rows = {name: _rows(parts, name) for name in ("labels", "targets", "groups")}
    names = first.class_names if all(p.class_names == first.class_names for p in parts) else ()
    lengths = np.concatenate([part.spikes_per_sample for part in parts])
    return SpikeDataset(
        np.concatenate([part.times for part in parts]),
        np.concatenate([part.indices for part in parts]),
        np.concatenate([[0], np.cumsum(lengths)]),
        first.shape or first.channels,
        max(part.duration for part in parts),
        classes=names or max(part.classes for part in parts) or None,
        **rows,
    )


def superposed(first: SpikeDataset, second: SpikeDataset) -> SpikeDataset:
    """Sample by sample the spikes of both; labels are those of the first.

    Raises
    ------
    ShapeError
        They do not have as many samples, and the same channels.
    """
    both = isinstance(first, SpikeDataset) and isinstance(second, SpikeDataset)
    if not both or (len(first), first.channels) != (len(second), second.channels):
        raise ShapeError(
            f"{first!r:.80} and {second!r:.80}", where=Location.of("superposed"),
            hint="give two with the same samples and channels",
        )  # fmt: skip
    begin = first.begin + second.begin
    at_first = np.arange(len(first.times)) + np.repeat(second.begin[:-1], first.spikes_per_sample)
    at_second = np.arange(len(second.times)) + np.repeat(first.begin[1:], second.spikes_per_sample)
    times, indices = np.empty(begin[-1], np.float32), np.empty(begin[-1], np.uint32)
    times[at_first], times[at_second] = first.times, second.times
    indices[at_first], indices[at_second] = first.indices, second.indices
    return first.with_spikes(times, indices, begin, duration=max(first.duration, second.duration))


def delay_line(data: SpikeDataset, copies: Whole, interval: float) -> SpikeDataset:
    """Copies of all channels, each later than the one before: what a network sees of the past
    without delays of its own. Channel c of copy k is channel ``k*channels + c``.

    Parameters
    ----------
    data : SpikeDataset
    copies : int
        With the channels themselves: 1 changes nothing.
    interval : float
        ms. The duration grows by ``(copies - 1)*interval``; see `cropped`.

    Raises
    ------
    ArgumentError
        No copy, or an interval below 0.

    Examples
    --------
    >>> line = pg.data.delay_line(pg.data.yin_yang(30), copies=3, interval=2.0)
    >>> line.channels, line.duration
    (15, 34.0)
    """
    number = whole_number(copies)
    gap = plain_number(interval)
    if number is None or number < 1 or gap is None or not 0 <= gap < np.inf:
        raise ArgumentError(
            f"{copies!r} copies, an interval of {interval!r} ms", where=Location.of("delay_line"),
            hint="give 1 copy at least, and an interval >= 0 in ms",
        )  # fmt: skip
    shape = (number * data.shape[0], *data.shape[1:]) if data.shape else number * data.channels
    duration = data.duration + (number - 1) * interval
    line = data.with_spikes(data.times, data.indices, data.begin, channels=shape, duration=duration)
    single = line
    for k in range(1, number):
        late = (data.times + np.float32(k * interval)).clip(max=np.float32(duration))
        line = superposed(
            line, single.with_spikes(late, data.indices + k * data.channels, data.begin)
        )
    return line


def _rows(parts: list[SpikeDataset], name: str) -> NDArray[Any] | None:
    arrays = [getattr(part, name) for part in parts]
    if all(array is None for array in arrays):
        return None
    if any(array is None for array in arrays):
        raise ShapeError(
            f"some of the datasets have {name}, some have none", where=WHERE,
            hint=f"give all of them {name}, or none",
        )  # fmt: skip
    if len({array.shape[1:] for array in arrays}) > 1:
        raise ShapeError(
            f"{name} of the shapes {' and '.join(str(array.shape) for array in arrays)}",
            where=WHERE, hint="join those whose samples have the same shape",
        )  # fmt: skip
    return np.concatenate(arrays)
