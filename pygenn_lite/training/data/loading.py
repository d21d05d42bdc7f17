"""Loads a dataset that was saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pygenn_lite.training.data.dataset_files import read_arrays
from pygenn_lite.training.data.missing_files import named_file
from pygenn_lite.training.data.spike_dataset import SpikeDataset


def load_dataset(path: str | Path) -> SpikeDataset:
    """A dataset from a file that ``data.save(path)`` has written.

    Raises
    ------
    ArgumentError
        There is no such file, or its ending is neither .npz, .h5 nor .hdf5.
    FileFormatError
        It is broken, or another file.

    Examples
    --------
    >>> path = pg.data.yin_yang(30).save("yin_yang.npz")
    >>> pg.data.load_dataset(path)
    <SpikeDataset: 30 samples of 30 ms, 5 channels, 3 classes, 150 spikes>
    """
    arrays = read_arrays(Path(path))
    with named_file(Path(path), "write it again, data.save(...)"):
        return _dataset(arrays)


def _dataset(arrays: dict[str, Any]) -> SpikeDataset:
    channels, classes = arrays.pop("channels"), arrays.pop("classes", None)
    names = arrays.pop("class_names", None)
    return SpikeDataset(
        arrays.pop("times"),
        arrays.pop("indices"),
        arrays.pop("begin"),
        tuple(channels.tolist()) if channels.ndim else int(channels),
        float(arrays.pop("duration")),
        classes=names.tolist() if names is not None else None if classes is None else int(classes),
        **arrays,
    )
