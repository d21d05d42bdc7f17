"""Arrays of a dataset in a file: NumPy's .npz, or HDF5. Both have the same names in them."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.declaration.numeric import whole_number
from pygenn_lite.errors import ArgumentError, FileFormatError, Location
from pygenn_lite.runtime.results.files import check_replaceable, written_at_once

KIND = "pygenn_lite spike dataset"
VERSION = 1
ENDINGS = (".npz", ".h5", ".hdf5")
NEEDED = ("times", "indices", "begin", "channels", "duration")
Arrays = Mapping[str, NDArray[Any]]
# What NumPy and h5py raise where bytes of a file have changed, or it is another one.
BROKEN = (
    OSError, ValueError, TypeError, AttributeError, EOFError, KeyError, RuntimeError, MemoryError,
    OverflowError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def write_arrays(path: Path, arrays: Arrays, overwrite: bool) -> Path:
    """Write the arrays of a dataset.

    Raises
    ------
    ArgumentError
        The ending is unknown, or the file exists.
    """
    _check_ending(path)
    check_replaceable(
        path, overwrite=overwrite, is_ours=_is_ours, kind="dataset",
        hint="give another name, or overwrite=True",
    )  # fmt: skip
    kept = {**arrays, "kind": np.array(KIND), "version": np.array(VERSION)}
    with written_at_once(path) as aside:
        if path.suffix == ".npz":
            with aside.open("wb") as file:
                np.savez(file, **kept)  # type: ignore[arg-type]
        else:
            _write_hdf5(aside, kept)
    return path


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read them again.

    Raises
    ------
    FileFormatError
        It is not such a file, or is broken; the message names it.
    ArgumentError
        There is none.
    """
    _check_ending(path)
    if not path.is_file():
        raise ArgumentError(f"there is no file {path}", hint="give the path of a saved dataset")
    where = Location(str(path))
    try:
        arrays = _read(path)
    except BROKEN as error:
        raise FileFormatError(
            f"it cannot be read: {error}", where=where, hint="write it again, data.save(...)"
        ) from error
    if str(arrays.pop("kind", "")) != KIND or not set(NEEDED) <= arrays.keys():
        raise FileFormatError(
            "it is not a dataset that data.save(...) has written", where=where,
            hint="pg.data.shd(...) and others read published files",
        )  # fmt: skip
    version = whole_number(arrays.pop("version", None))
    if version != VERSION:
        raise FileFormatError(
            f"it has version {version} of the format, and {VERSION} is read", where=where,
            hint="write it again with this version of pygenn_lite",
        )  # fmt: skip
    return arrays


def _check_ending(path: Path) -> None:
    if path.suffix not in ENDINGS:
        raise ArgumentError(
            f"{path}: the ending {path.suffix!r} is unknown",
            hint=f"use one of {', '.join(ENDINGS)}",
        )


def _write_hdf5(path: Path, arrays: Arrays) -> None:
    import h5py

    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file[name] = str(array) if array.dtype.kind == "U" and array.ndim == 0 else (
                np.char.encode(array, "utf-8") if array.dtype.kind == "U" else array
            )  # fmt: skip


def _read(path: Path) -> dict[str, NDArray[Any]]:
    if path.suffix == ".npz":
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    import h5py

    with h5py.File(path, "r") as file:
        return {name: _plain(item[()]) for name, item in file.items()}


def _plain(value: Any) -> NDArray[Any]:
    """Text comes back from HDF5 as bytes."""
    array = np.asarray(value.decode() if isinstance(value, bytes) else value)
    return np.char.decode(array, "utf-8") if array.dtype.kind == "S" else array


def _is_ours(path: Path) -> bool:
    try:
        return str(_read(path).get("kind")) == KIND
    except BROKEN:
        return False
