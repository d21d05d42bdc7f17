"""Datasets of what users have: lists of spike trains, and arrays of zeros and ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pygenn_lite.declaration.checks import check_dt, check_spike_trains
from pygenn_lite.declaration.numeric import Number, is_masked_array, plain_array
from pygenn_lite.errors import Location, ShapeError
from pygenn_lite.training.data.dataset_checks import checked_channels, whole_labels
from pygenn_lite.training.data.spike_dataset import SpikeDataset


def from_trains(
    trains: Iterable[tuple[ArrayLike, ArrayLike]], channels: Any, duration: Number | None = None,
    labels: ArrayLike | None = None, **known: Any,
) -> SpikeDataset:  # fmt: skip
    """A dataset of lists of spikes.

    Parameters
    ----------
    trains : iterable of (times, indices)
        Of each sample: channel ``indices[k]`` spikes at ``times[k]`` (ms from its beginning).
    channels : int or tuple of int
    duration : float, optional
        Of each sample, ms; without it, the next whole ms after the latest spike.
    labels : array_like of int, optional
    **known
        `targets`, `classes`, `groups`: see `SpikeDataset`.

    Raises
    ------
    ShapeError, NetworkError, ArgumentError
        A sample that makes no sense; the message names it.

    Examples
    --------
    >>> pg.data.from_trains([([1.0, 3.0], [0, 1]), ([2.5], [1])], channels=2, labels=[0, 1])
    <SpikeDataset: 2 samples of 4 ms, 2 channels, 2 classes, 3 spikes>
    """
    size = checked_channels(channels)[0]
    times, indices, lengths = [np.zeros(0)], [np.zeros(0, np.int64)], [0]
    for k, train in enumerate(trains):
        where = Location(f"from_trains, sample {k}")
        if not isinstance(train, (tuple, list)) or len(train) != 2:
            raise ShapeError(
                "a sample is a pair of times and indices", where=where,
                hint="write (times, indices); a dense array goes through from_dense",
            )  # fmt: skip
        source = check_spike_trains(*train, size, where)
        times.append(source.times.array)
        indices.append(source.indices.array)
        lengths.append(len(times[-1]))
    joined = np.concatenate(times)
    if duration is None:
        duration = float(np.floor(joined.max(initial=0.0)) + 1)
    return SpikeDataset(
        joined, np.concatenate(indices), np.cumsum(lengths), channels, duration, labels, **known
    )


def from_dense(
    spikes: ArrayLike, dt: Number, labels: ArrayLike | None = None,
    channels: Any = None, **known: Any,
) -> SpikeDataset:  # fmt: skip
    """A dataset of an array with the number of spikes in each step.

    Parameters
    ----------
    spikes : array_like of int or bool, shape (samples, steps, channels, ...)
        Axes are checked against the labels and `channels`.
    dt : float
        ms; a spike of step k is at ``k*dt``.
    labels : array_like of int, optional
    channels : int or tuple of int, optional
        How many there should be.
    **known
        `targets`, `classes`, `groups`: see `SpikeDataset`.

    Raises
    ------
    ShapeError
        Axes in another order, by their lengths; numbers that are not whole or are below 0.

    Examples
    --------
    >>> spikes = np.zeros((10, 50, 2), int)
    >>> spikes[3, 20, 1] = 2
    >>> data = pg.data.from_dense(spikes, dt=0.5)
    >>> data, data[3].times
    (<SpikeDataset: 10 samples of 25 ms, 2 channels, 2 spikes>, array([10., 10.], dtype=float32))
    """
    where, step = Location.of("from_dense"), check_dt(dt)
    if isinstance(spikes, np.ndarray) and spikes.dtype == bool:
        spikes = spikes.view(np.uint8)
    kind = getattr(getattr(spikes, "dtype", None), "kind", "")
    if kind in ("i", "u") and not is_masked_array(spikes):
        array = np.asarray(spikes)
    else:
        array = plain_array(spikes, "spikes", where, ShapeError)
    if array.ndim < 3 or not array.size:
        raise ShapeError(
            f"spikes of shape {array.shape}", where=where, hint="give (samples, steps, channels)"
        )
    if labels is not None:
        labels = whole_labels(labels, where)
    size = None if channels is None else checked_channels(channels)[0]
    _check_axes(array.shape, labels, size, where)
    fractions = array.dtype.kind == "f" and np.any(array != np.floor(array))
    if fractions or np.any(array < 0) or np.any(array >= 2**32):
        raise ShapeError(
            "an entry is not a number of spikes", where=where,
            hint="give whole numbers >= 0; values from 0 to 1 go through pg.data.encode",
        )  # fmt: skip
    shape = array.shape[2:] if len(array.shape) > 3 else array.shape[2]
    flat = array.reshape(*array.shape[:2], -1)
    sample, at, index = np.nonzero(flat)
    counts = flat[sample, at, index].astype(np.int64)
    begin = np.concatenate(
        [[0], np.cumsum(np.bincount(sample, counts, len(flat)).astype(np.int64))]
    )
    return SpikeDataset(
        np.repeat(at * step, counts), np.repeat(index, counts), begin, channels or shape,
        array.shape[1] * step, labels, **known,
    )  # fmt: skip


# Orders that others use come first.
_AXES = ("samples", "steps", "channels")
_OTHER_ORDERS = (
    ("steps", "samples", "channels"), ("samples", "channels", "steps"),
    ("steps", "channels", "samples"), ("channels", "steps", "samples"),
    ("channels", "samples", "steps"),
)  # fmt: skip


def _check_axes(shape: tuple[int, ...], labels: Any, channels: int | None, where: Location) -> None:
    """Refuse axes in another order, as far as their lengths tell."""
    wanted = {} if labels is None else {"samples": len(labels)}
    if channels is not None:
        wanted["channels"] = channels
    lengths = (*shape[:2], int(np.prod(shape[2:])))

    def fits(order: tuple[str, ...]) -> bool:
        return all(lengths[order.index(axis)] == size for axis, size in wanted.items())

    if fits(_AXES):
        return
    known = " and ".join(f"{size} {axis}" for axis, size in wanted.items())
    for order in _OTHER_ORDERS:
        if fits(order) and (len(shape) == 3 or order[2] == "channels"):
            axes = (*(order.index(axis) for axis in _AXES), *range(3, len(shape)))
            raise ShapeError(
                f"spikes of shape {shape} for {known}: their axes are ({', '.join(order)})",
                where=where,
                hint=f"give (samples, steps, channels): spikes.transpose{axes}",
            )
    raise ShapeError(
        f"spikes of shape {shape} do not fit {known}", where=where,
        hint="give (samples, steps, channels)",
    )  # fmt: skip
