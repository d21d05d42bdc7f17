"""Spoken digits and words as spikes of 700 channels: SHD and SSC (Cramer, Stradmann, Schemmel and
Zenke, "The Heidelberg spiking data sets", 2022), from the published HDF5 files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pygenn_lite.declaration.numeric import Number
from pygenn_lite.errors import ArgumentError, FileFormatError, Location
from pygenn_lite.training.data.dataset_checks import checked_duration
from pygenn_lite.training.data.dataset_files import BROKEN
from pygenn_lite.training.data.missing_files import (
    broken_file,
    checked_part,
    existing_folder,
    missing_files,
    named_file,
)
from pygenn_lite.training.data.spike_dataset import SpikeDataset

CHANNELS = 700
URL = "https://zenkelab.org/datasets/"
SHD_CLASSES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    "null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun",
)  # fmt: skip


def shd(
    folder: str | Path, part: str = "train", *, duration: Number | None = None,
    speakers: ArrayLike | None = None,
) -> SpikeDataset:  # fmt: skip
    """Spiking Heidelberg Digits, from files that you have.

    SHD has no validation part, and two of its twelve speakers are in the test part only. So
    validation is by speakers that training does not hear; what is tuned on samples of the speakers
    of the training part is 5 to 14 points better there than on the test part.

    Parameters
    ----------
    folder : str or Path
        With shd_train.h5 and shd_test.h5.
    part : {"train", "validation", "test", "all"}
        "all" is "train" and "validation" together: the file shd_train.h5 as it is.
    duration : float, optional
        ms: later spikes are left out. Without it, until the latest spike (about 1,370 ms).
    speakers : array_like of int, optional
        Whom the validation part holds, and the training part does not: by default the last one
        among those of shd_train.h5. Each in turn is a cross-validation.

    Returns
    -------
    SpikeDataset
        With speakers as groups.

    Raises
    ------
    ArgumentError
        The files are missing, the message says where to get them; or there is no such speaker.
    FileFormatError
        A file is broken, or another one.
    """
    name, parts = "shd", ("train", "validation", "test", "all")
    file = "shd_test.h5" if checked_part(part, parts, name) == "test" else "shd_train.h5"
    data = _read(folder, name, file, ("shd_train.h5", "shd_test.h5"), duration, SHD_CLASSES)
    if part in ("test", "all"):
        return data
    if data.groups is None:
        raise FileFormatError(
            "it does not say who speaks (extra/speaker)", where=Location(str(Path(folder) / file)),
            hint=f"get the file again from {URL}, or take all of it: part=\"all\"",
        )  # fmt: skip
    held_out = [int(data.groups.max())] if speakers is None else speakers
    return data.split_groups(held_out)[part == "validation"]


def ssc(folder: str | Path, part: str = "train", *, duration: Number | None = None) -> SpikeDataset:
    """Spiking Speech Commands, from files that you have: 35 words.

    Parameters
    ----------
    folder : str or Path
        With ssc_train.h5, ssc_valid.h5 and ssc_test.h5.
    part : {"train", "validation", "test"}
    duration : float, optional
        ms: later spikes are left out. Without it, until the latest spike.

    Raises
    ------
    ArgumentError
        The files are missing; the message says where to get them.
    FileFormatError
        A file is broken, or another one.
    """
    files = {"train": "ssc_train.h5", "validation": "ssc_valid.h5", "test": "ssc_test.h5"}
    checked_part(part, tuple(files), "ssc")
    return _read(folder, "ssc", files[part], tuple(files.values()), duration, 35)


def _read(
    folder: str | Path, name: str, file: str, files: tuple[str, ...], duration: Any, classes: Any
) -> SpikeDataset:
    place = existing_folder(folder, name, URL, files)
    path = place / file
    if not path.is_file():
        for packed in (place / f"{file}.gz", place / f"{file}.zip"):
            if packed.is_file():
                raise ArgumentError(
                    f"{path} is still packed", where=Location.of(name), hint=f"unpack {packed}"
                )
        raise missing_files(place, name, URL, files)
    end = None if duration is None else checked_duration(duration, Location.of(name))
    content = _content(path)
    with named_file(path, f"get it again from {URL}"):
        return _dataset(path, content, end, classes)


def _dataset(
    path: Path, content: dict[str, Any], duration: float | None, classes: Any
) -> SpikeDataset:
    times, units = content["times"], content["units"]
    lengths = [len(row) for row in times]
    if lengths != [len(row) for row in units] or len(lengths) != len(content["labels"]):
        raise broken_file(path, "its times, units and labels do not have the same lengths", URL)
    # Published in seconds, with 16 bits, in newer files with 64.
    time = np.concatenate([np.zeros(0), *times]).astype(np.float64) * 1000
    unit = np.concatenate([np.zeros(0, np.int64), *units]).astype(np.int64)
    known = np.isfinite(time)
    if np.any(time[known] < 0) or np.any((unit < 0) | (unit >= CHANNELS)):
        raise broken_file(
            path, f"it has a time below 0, or a unit that is not among {CHANNELS}", URL
        )
    latest = time.max(initial=0.0, where=known)
    end = float(np.floor(latest)) + 1 if duration is None else duration
    known &= time < end
    begin = np.concatenate([[0], np.cumsum(known)])[np.concatenate([[0], np.cumsum(lengths)])]
    return SpikeDataset(
        time[known], unit[known], begin, CHANNELS, end, content["labels"], classes=classes,
        groups=content.get("speaker"),
    )  # fmt: skip


def _content(path: Path) -> dict[str, NDArray[Any]]:
    import h5py

    try:
        with h5py.File(path, "r") as file:
            found = {name: file[f"spikes/{name}"][()] for name in ("times", "units")}
            found["labels"] = file["labels"][()].astype(np.int64)
            if "extra/speaker" in file:
                found["speaker"] = file["extra/speaker"][()].astype(np.int64)
            return found
    except BROKEN as error:
        raise broken_file(path, f"it cannot be read: {error}", URL) from error
