"""N-MNIST: MNIST as seen by an event camera (Orchard, Jayawant, Cohen and Thakor, 2015), from the
published binary files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.declaration.numeric import Number, Whole, whole_number
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.training.data.dataset_checks import checked_duration
from pygenn_lite.training.data.missing_files import (
    broken_file,
    checked_part,
    existing_folder,
    missing_files,
)
from pygenn_lite.training.data.spike_dataset import SpikeDataset

SIZE = 34
SHAPE = (2, SIZE, SIZE)
URL = "https://www.garrickorchard.com/datasets/n-mnist"
FILES = ("Train/0/00002.bin", "Train/...", "Test/0/00004.bin", "Test/...")
WHERE = Location.of("n_mnist")
_OVERFLOW, _ROUND = 240, 1 << 13  # the row that counts rounds of the clock, and its microseconds


def n_mnist(
    folder: str | Path, part: str = "train", *, duration: Number = 310.0,
    samples: Whole | None = None,
) -> SpikeDataset:  # fmt: skip
    """N-MNIST as spikes, from files that you have.

    Parameters
    ----------
    folder : str or Path
        With the folders Train and Test, in each of these 0 to 9, in these the files.
    part : {"train", "test"}
    duration : float
        ms: three saccades take about 310; later events are left out.
    samples : int, optional
        Only so many of each class, the first by their names. All of "train" are 250 million spikes,
        2 GB.

    Returns
    -------
    SpikeDataset
        Channels of the shape (2, 34, 34): polarity (0: darker), row, column.

    Raises
    ------
    ArgumentError
        The files are missing; the message says where to get them.
    FileFormatError
        A file is broken; the message names it.
    """
    name = "n_mnist"
    place = existing_folder(folder, name, URL, FILES)
    inside = place / checked_part(part, ("train", "test"), name).capitalize()
    end = checked_duration(duration, WHERE)
    most = whole_number(samples)
    if samples is not None and (most is None or most < 1):
        raise ArgumentError(
            f"samples = {samples!r}", where=WHERE, hint="give a number of samples of each class"
        )
    times, indices, lengths, labels = [], [], [0], []
    for label in range(10):
        paths = sorted((inside / str(label)).glob("*.bin"))[:most]
        if not paths:
            raise missing_files(place, name, URL, FILES)
        for path in paths:
            time, index = read_events(path)
            kept = time < end
            times.append(time[kept].astype(np.float32))
            indices.append(index[kept])
            lengths.append(len(times[-1]))
            labels.append(label)
    return SpikeDataset(
        np.concatenate(times), np.concatenate(indices), np.cumsum(lengths), SHAPE, end, labels,
        classes=10,
    )  # fmt: skip


def read_events(path: Path) -> tuple[NDArray[np.float64], NDArray[np.uint32]]:
    """Times in ms and channels from one file.

    Five bytes an event: column, row, then a bit of polarity and 23 bits of time in microseconds,
    the most significant byte first. An event in row 240 says that the clock has gone round.

    Raises
    ------
    FileFormatError
        It is cut short, or has an event outside the sensor.
    """
    raw = np.fromfile(path, np.uint8)
    if len(raw) % 5:
        raise broken_file(path, f"its {len(raw)} bytes are not events of 5 bytes", URL)
    x, y, high, middle, low = raw.reshape(-1, 5).astype(np.uint32).T
    time = (high & 127) << 16 | middle << 8 | low
    time = time + _ROUND * np.cumsum(y == _OVERFLOW)
    event = y != _OVERFLOW
    if np.any((x >= SIZE) & event) or np.any((y >= SIZE) & event):
        raise broken_file(path, f"it has an event outside {SIZE} x {SIZE}", URL)
    index = ((high >> 7) * SIZE + y) * SIZE + x
    return time[event] / 1000, index[event]
