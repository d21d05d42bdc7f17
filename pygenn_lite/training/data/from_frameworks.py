"""Datasets of other frameworks: Tonic's events, PyTorch's loaders. Neither is imported: anything
with the same attributes will do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.declaration.numeric import Number, whole_number
from pygenn_lite.errors import ArgumentError, FileFormatError, Location, ShapeError
from pygenn_lite.training.data.concatenation import concatenate
from pygenn_lite.training.data.dataset_checks import checked_duration
from pygenn_lite.training.data.encoder import Encoder, encode
from pygenn_lite.training.data.from_arrays import from_dense, from_trains
from pygenn_lite.training.data.spike_dataset import SpikeDataset

Array = NDArray[Any]


def from_tonic(
    dataset: Any, duration: Number | None = None, sensor_size: tuple[int, int, int] | None = None,
    samples: int | None = None, **known: Any,
) -> SpikeDataset:  # fmt: skip
    """A dataset of events as Tonic's datasets give them.

    Parameters
    ----------
    dataset : sequence of (events, label)
        Events are structured arrays with the fields t (microseconds), x, and perhaps y and p. No
        transform to frames: those go through `from_loader` or `from_dense`.
    duration : float, optional
        Of each sample, ms; later events are left out. Without it, until the latest event.
    sensor_size : tuple of int, optional
        Width, height, polarities; by default what the dataset says.
    samples : int, optional
        Only so many, from the beginning.
    **known
        `classes`, `groups`: see `SpikeDataset`. Where the dataset has speakers, they are groups.

    Returns
    -------
    SpikeDataset
        With channels of the shape (polarities, height, width) where there is more than one row.

    Raises
    ------
    ArgumentError, ShapeError
        Something that is not such a dataset; events outside the sensor.

    Examples
    --------
    >>> events = np.array([(1500, 3), (2500, 4)], dtype=[("t", "i8"), ("x", "i8")])
    >>> data = pg.data.from_tonic([(events, 0)], sensor_size=(5, 1, 1))
    >>> data[0].times, data[0].indices
    (array([1.5, 2.5], dtype=float32), array([3, 4], dtype=uint32))
    """
    where = Location.of("from_tonic")
    size = sensor_size or getattr(dataset, "sensor_size", None)
    lengths = [whole_number(length) for length in size] if isinstance(size, (tuple, list)) else []
    if len(lengths) != 3 or None in lengths or not hasattr(dataset, "__len__"):
        raise ArgumentError(
            f"{type(dataset).__name__} does not say its sensor_size, or its length", where=where,
            hint="give a Tonic dataset, or sensor_size=(width, height, polarities)",
        )  # fmt: skip
    end = None if duration is None else checked_duration(duration, where)
    width, height, polarities = (length or 0 for length in lengths)
    trains, labels = [], []
    for k in range(_how_many(dataset, samples, where)):
        place = Location(f"from_tonic, sample {k}")
        events, label = _event_sample(dataset[k], place)
        times, channels = _events(events, (width, height, polarities), place)
        if end is not None:
            inside = times < end
            times, channels = times[inside], channels[inside]
        trains.append((times, channels))
        labels.append(label)
    if "groups" not in known and getattr(dataset, "speaker", None) is not None:
        known["groups"] = np.asarray(dataset.speaker)[: len(labels)]
    flat = height == 1 and polarities == 1
    shape = width if flat else (polarities, height, width)
    return from_trains(trains, shape, end, labels, **known)


def from_loader(
    loader: Iterable[Any], *, dt: Number | None = None, encoder: Encoder | None = None,
    seed: int = 1, **known: Any,
) -> SpikeDataset:  # fmt: skip
    """A dataset of what a PyTorch DataLoader gives in one epoch.

    Parameters
    ----------
    loader : iterable of (values, labels)
        Batches of tensors or arrays: of spikes (batch, steps, channels, ...), or of numbers for an
        encoder.
    dt : float
        ms, where they are spikes.
    encoder : Encoder
        Where they are numbers.
    seed : int
        Of the encoder.
    **known
        `classes`: see `SpikeDataset`.

    Raises
    ------
    ArgumentError
        Neither dt nor an encoder is given, or both; something else than pairs; no batch.
    ShapeError
        Axes in another order.

    Examples
    --------
    >>> batches = [(np.random.rand(8, 4), np.arange(8) % 2) for _ in range(3)]
    >>> pg.data.from_loader(batches, encoder=pg.data.Latency(20.0))
    <SpikeDataset: 24 samples of 20 ms, 4 channels, 2 classes, 96 spikes>
    """
    where = Location.of("from_loader")
    if (dt is None) == (encoder is None):
        raise ArgumentError(
            "give either dt or an encoder", where=where,
            hint="dt=1.0 for spikes (batch, steps, channels), encoder=pg.data.Latency(20.0) for "
            "numbers",
        )  # fmt: skip
    parts = []
    for number, batch in enumerate(loader):
        if not isinstance(batch, (tuple, list)) or len(batch) != 2:
            raise ArgumentError(
                f"batch {number} is not a pair of values and labels", where=where,
                hint="give a loader of (values, labels)",
            )  # fmt: skip
        values, labels = _array(batch[0]), _array(batch[1])
        if encoder is not None:
            parts.append(
                encode(values, encoder, labels, seed=(seed + (number << 40)) % 2**64, **known)
            )
        elif dt is not None:
            parts.append(from_dense(values, dt, labels, **known))
    if not parts:
        raise ArgumentError("the loader has no batch", where=where, hint="give one that has")
    return concatenate(parts)


def _how_many(dataset: Any, samples: Any, where: Location) -> int:
    if samples is None:
        return len(dataset)
    number = whole_number(samples)
    if number is None or number < 1:
        raise ArgumentError(f"samples = {samples!r}", where=where, hint="give how many to read")
    return min(len(dataset), number)


def _event_sample(given: Any, place: Location) -> tuple[Any, int]:
    """Events, and the number of their class."""
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        raise ArgumentError(
            "it is not a pair of events and a label", where=place, hint="give a Tonic dataset"
        )
    number = whole_number(given[1])
    if number is None:
        raise ArgumentError(
            f"its label {given[1]!r:.40} is not a number", where=place,
            hint="number the classes: target_transform=names.index",
        )  # fmt: skip
    return given[0], number


def _events(events: Any, size: tuple[int, int, int], place: Location) -> tuple[Array, Array]:
    """Times in ms and channels of events; those whose time is not a number are left out."""
    names = getattr(getattr(events, "dtype", None), "names", None) or ()
    if not {"t", "x"} <= set(names):
        raise ShapeError(
            "it is not an array of events with fields t and x", where=place,
            hint="leave out transforms to frames; arrays (samples, steps, channels) go through "
            "from_dense",
        )  # fmt: skip
    width, height, polarities = size
    x = events["x"].astype(np.int64)
    y = events["y"].astype(np.int64) if "y" in names else np.zeros_like(x)
    p = events["p"].astype(np.int64) if "p" in names and polarities > 1 else np.zeros_like(x)
    outside = (x < 0) | (x >= width) | (y < 0) | (y >= height) | (p < 0) | (p >= polarities)
    if outside.any():
        k = int(np.argmax(outside))
        raise FileFormatError(
            f"an event at x = {x[k]}, y = {y[k]}, p = {p[k]}, outside the sensor "
            f"({width}, {height}, {polarities})",
            where=place,
            hint="give its sensor_size=(width, height, polarities)",
        )
    times = events["t"].astype(np.float64) / 1000
    known = np.isfinite(times)
    return times[known], ((p * height + y) * width + x)[known]


def _array(given: Any) -> Array:
    """A tensor of PyTorch, wherever it lies, or anything that NumPy understands, as an array."""
    for step in ("detach", "cpu", "numpy"):
        given = getattr(given, step, lambda given=given: given)()
    return np.asarray(given)
