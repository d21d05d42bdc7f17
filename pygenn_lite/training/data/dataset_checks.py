"""What can be wrong with the arrays of a dataset: each message names the sample."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.declaration.checks import check_shape
from pygenn_lite.declaration.numeric import plain_array, plain_indices, plain_number, whole_number
from pygenn_lite.errors import ArgumentError, Location, ShapeError

WHERE = Location.of("SpikeDataset")
MOST_CLASSES = 2**24


def checked_begin(begin: Any, spikes: int) -> NDArray[np.int64]:
    """Where the spikes of each sample begin, and where the last one's end."""
    array = plain_indices(begin, "begin", WHERE, ShapeError)
    if len(array) < 2:
        raise ShapeError("there is no sample", where=WHERE, hint="give one at least")
    if array[0] != 0 or array[-1] != spikes or np.any(np.diff(array) < 0):
        raise ShapeError(
            f"begin must increase from 0 to the number of spikes, {spikes}",
            where=WHERE,
            hint="sample k has the spikes begin[k]:begin[k + 1]",
        )
    return array


def checked_duration(duration: Any, where: Location = WHERE) -> float:
    """A duration in ms."""
    number = plain_number(duration)
    if number is None or not 0 < number < math.inf:
        raise ArgumentError(f"duration = {duration!r}", where=where, hint="give a time > 0, in ms")
    return float(number)


def checked_channels(channels: Any) -> tuple[int, tuple[int, ...]]:
    """The number of channels, and their shape where one was given."""
    return check_shape(channels, WHERE)


def checked_times(times: Any) -> NDArray[np.float32]:
    """Times in ms, in one row."""
    if type(times) is np.ndarray and times.dtype.kind == "f" and times.ndim == 1:
        return _single(times)
    array = plain_array(times, "times", WHERE, ShapeError)
    if array.ndim != 1:
        raise ShapeError(
            f"times of shape {array.shape}", where=WHERE, hint="give them in one row, as begin says"
        )
    return _single(array)


def checked_indices(indices: Any) -> NDArray[np.uint32]:
    """Channels of spikes; a negative one becomes one that is refused as too large."""
    if type(indices) is np.ndarray and indices.dtype == np.uint32 and indices.ndim == 1:
        return indices.copy()
    array = plain_indices(indices, "indices", WHERE, ShapeError)
    return np.where((array < 0) | (array >= 2**32), 2**32 - 1, array).astype(np.uint32)


def check_spikes(
    times: NDArray[np.float32], indices: NDArray[np.uint32], begin: NDArray[np.int64],
    channels: int, duration: float,
) -> None:  # fmt: skip
    """Each spike within the duration, on a channel that there is."""
    if len(times) != len(indices):
        raise ShapeError(
            f"{len(times)} times and {len(indices)} indices", where=WHERE,
            hint="give one index per time",
        )  # fmt: skip
    # float32 rounds the duration, too: a spike at its very end is within.
    wrong = ~((times >= 0) & (times <= np.float32(duration)))
    if wrong.any():
        k = int(np.flatnonzero(wrong)[0])
        raise ArgumentError(
            f"a spike at {times[k]:g} ms, of a duration of {duration:g} ms",
            where=_sample(begin, k),
            hint="give times from 0 to the duration, in ms (seconds * 1000), a longer duration=, "
            "or leave out what is later",
        )
    if len(indices) and int(indices.max()) >= channels:
        k = int(np.argmax(indices >= channels))
        raise ArgumentError(
            f"a spike of a channel that there is not among {channels}",
            where=_sample(begin, k),
            hint=f"channels are counted from 0 to {channels - 1}",
        )


def checked_labels(
    labels: Any, samples: int, classes: Any
) -> tuple[NDArray[np.int64] | None, int, tuple[str, ...]]:
    """Labels, the number of classes, and their names where they were given."""
    number, names = _classes(classes)
    if labels is None:
        return None, number, names
    if getattr(labels, "ndim", 1) != 1 or _is_nested(labels):
        raise ShapeError(
            "labels do not lie in one row", where=WHERE,
            hint="give one class for each sample, counted from 0; other numbers are targets=",
        )  # fmt: skip
    array = whole_labels(labels, WHERE)
    if len(array) != samples:
        raise ShapeError(
            f"{len(array)} labels of {samples} samples", where=WHERE, hint="give one for each"
        )
    number = number or max(int(array.max(initial=0)) + 1, 1)
    if number > MOST_CLASSES:
        raise ArgumentError(
            f"the label {array.max()} of sample {array.argmax()} stands for {number:,} classes",
            where=WHERE,
            hint="number the classes from 0: np.unique(labels, return_inverse=True)[1]",
        )
    wrong = np.flatnonzero((array < 0) | (array >= number))
    if len(wrong):
        label = array[wrong[0]]
        raise ArgumentError(
            f"the label {label} is negative"
            if label < 0
            else f"the label {label} is out of range, of {number} classes",
            where=Location(f"SpikeDataset, sample {wrong[0]}"),
            hint=f"labels are counted from 0 to {number - 1}"
            if label >= 0
            else "labels are counted from 0",
        )
    return array, number, names


def whole_labels(labels: Any, where: Location) -> NDArray[np.int64]:
    """Labels as whole numbers.

    Raises
    ------
    ShapeError
        They are text, true and false, or something else; names are not numbered unasked, since
        other data may have others.
    """
    first = labels[0] if isinstance(labels, (list, tuple)) and len(labels) else labels
    kind = getattr(getattr(first, "dtype", None), "kind", "")
    if kind in ("U", "S") or isinstance(first, str):
        raise ShapeError(
            "labels are text",
            where=where,
            hint="number the classes: names, labels = np.unique(labels, return_inverse=True)",
        )
    if kind == "b" or isinstance(first, bool):
        raise ShapeError(
            "labels are true and false", where=where,
            hint="give the numbers of the classes: labels.astype(int)",
        )  # fmt: skip
    return plain_indices(labels, "labels", where, ShapeError)


def _classes(classes: Any) -> tuple[int, tuple[str, ...]]:
    if classes is None:
        return 0, ()
    if isinstance(classes, Sequence) and not isinstance(classes, str):
        return len(classes), tuple(map(str, classes))
    number = whole_number(classes)
    if number is None or number < 1:
        raise ArgumentError(
            f"classes = {classes!r}",
            where=WHERE,
            hint="give their number, or a list of their names",
        )
    return number, ()


def checked_rows(values: Any, what: str, samples: int) -> NDArray[np.float32]:
    """Targets: numbers for each sample, in rows."""
    array = plain_array(values, what, WHERE, ShapeError)
    if array.ndim < 1 or len(array) != samples:
        raise ShapeError(
            f"{what} of shape {array.shape}, of {samples} samples", where=WHERE,
            hint="give one row for each sample",
        )  # fmt: skip
    return array.astype(np.float32)


def _is_nested(labels: Any) -> bool:
    """A list of lists, of one length or of several."""
    rows = (list, tuple)
    return isinstance(labels, rows) and any(isinstance(label, rows) for label in labels[:1])


def _single(values: NDArray[np.floating]) -> NDArray[np.float32]:
    """In single precision; what is too large becomes infinite, and is refused as such."""
    with np.errstate(over="ignore"):
        return values.astype(np.float32)


def _sample(begin: NDArray[np.int64], spike: int) -> Location:
    k = int(np.searchsorted(begin, spike, side="right")) - 1
    return Location(f"SpikeDataset, sample {k}")
