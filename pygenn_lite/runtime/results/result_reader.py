"""Reads result files (``result_file`` writes them), also those that a killed run left. Arrays are
read when they are asked for, up to the last flush, and compared with their checksums."""

from __future__ import annotations

import contextlib
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.steps import nearest_steps, times_of
from pygenn_lite.declaration.summary import counted, listed
from pygenn_lite.errors import FileFormatError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.results.files import RESULT_FILE, as_path
from pygenn_lite.runtime.results.final_weights import FinalWeights, WeightHistogram
from pygenn_lite.runtime.results.open_hdf5 import open_hdf5
from pygenn_lite.runtime.results.provenance import Provenance
from pygenn_lite.runtime.results.recorded_data import (
    RecordedByName,
    Samples,
    SpikeCounts,
    SpikeTrain,
)
from pygenn_lite.runtime.results.result import Result

if TYPE_CHECKING:
    import h5py

FORMAT = "pygenn_lite result"
VERSION = 3
UNKNOWN_UNIT = "unknown"
NAME_ANOTHER = "name a file written by 'run --out', run(stream_to=...) or Result.save"
ROWS_AT_ONCE = 1 << 20
T = TypeVar("T")


class ResultArrays:
    """The arrays of an open result file, each up to the last flush and checked."""

    def __init__(self, file: h5py.File) -> None:
        self.file = file
        self.stop_step, flushes, checksum = (int(x) for x in file["run"].attrs["reached"])
        self._sums = file["sums"][flushes % 2]
        if flushes and checksum_of(self._sums) != checksum:
            raise ValueError("its table of checksums is damaged")

    def rows(self, name: str) -> npt.NDArray[Any]:
        """An array that grew while the run produced."""
        number, checksum = self.entry(name)
        return _checked(self.file[name][:number], checksum, name)

    def blocks(self, name: str) -> Iterator[tuple[slice, npt.NDArray[Any]]]:
        """The same, some rows at a time; what is wrong is reported at the end."""
        dataset = self.file[name]
        number, checksum = self.entry(name)
        found = 0
        for first in range(0, number, ROWS_AT_ONCE):
            part = slice(first, min(first + ROWS_AT_ONCE, number))
            values = dataset[part]
            found = checksum_of(values, found)
            yield part, values
        _compare(found, checksum, name)

    def entry(self, name: str) -> tuple[int, int]:
        """Number of rows of an array that grew, and their checksum."""
        dataset = self.file[name]
        number, checksum = (int(entry) for entry in self._sums[int(dataset.attrs["place"])])
        if number > len(dataset):
            raise ValueError(f"{name} is cut short")
        return number, checksum

    def text(self, name: str) -> str:
        """A text that was written when the file was made."""
        dataset = self.file[name]
        encoded = bytes(dataset[()])
        _compare(zlib.crc32(encoded), int(dataset.attrs["checksum"]), name)
        return encoded.decode()

    def constant(self, name: str) -> npt.NDArray[Any]:
        """An array that was written when the file was made."""
        dataset = self.file[name]
        return _checked(dataset[:], int(dataset.attrs["checksum"]), name)


def checksum_of(values: npt.NDArray[Any], before: int = 0) -> int:
    """CRC-32 of the bytes of an array, continuing that of what stands before it."""
    return zlib.crc32(np.ascontiguousarray(values).data, before)


def _checked(values: npt.NDArray[Any], checksum: int, name: str) -> npt.NDArray[Any]:
    _compare(checksum_of(values), checksum, name)
    return values


def _compare(found: int, checksum: int, name: str) -> None:
    if found != checksum:
        raise ValueError(f"{name} is damaged: its checksum is wrong")


def is_result_file(path: Path) -> bool:
    """Whether a file is one that this package wrote, of whatever version."""
    try:
        with open_hdf5(path) as file:
            return bool(_string(file.attrs.get("format", "")) == FORMAT)
    except Exception:  # noqa: BLE001  (whatever HDF5 makes of other people's files)
        return False


def file_id(path: Path) -> str:
    """What tells a result file from others that had the same name; empty if it is none."""
    try:
        with open_hdf5(path) as file:
            return _string(file.attrs["id"])
    except Exception:  # noqa: BLE001
        return ""


def load_result(path: str | Path) -> Result:
    """Read a result file, also one that a killed run left; arrays are read when asked for.

    Parameters
    ----------
    path : path
        A file, or a folder: of its ``result.h5``, or the only result file in it.

    Raises
    ------
    FileFormatError
        No such file, not a result file, or a damaged one; a folder with none or several; a file
        with the results of several instances.

    Examples
    --------
    >>> net = pg.Network()
    >>> cells = net.population("cells", 3, pg.LIF())
    >>> drive = net.current(cells, 500.0)
    >>> net.record(cells.spikes)
    >>> path = net.compile(threads=1).run(100.0).save("kept.h5")
    >>> pg.load_result("kept.h5").spikes["cells"].indices[:3]
    array([0, 1, 2], dtype=uint32)
    """
    whole, stops = read_whole(as_path(path))
    if stops is not None:
        raise FileFormatError(
            f"{path} holds the results of {counted(len(stops), 'instance')}",
            hint="read it with pygenn_lite.load_instances(path), which gives a list of results",
        )
    return whole


def read_whole(path: Path) -> tuple[Result, list[int] | None]:
    """A result file as it is, and the steps at which its instances ended: None without them."""
    path = _file_in(path) if path.is_dir() else path
    with _reading(path) as file:
        whole, stops = _read(file, path.absolute()), file["run"].attrs.get("stops")
        return whole, None if stops is None else [int(stop) for stop in stops]


def _file_in(folder: Path) -> Path:
    """The result file of a folder."""
    if (folder / RESULT_FILE).is_file():
        return folder / RESULT_FILE
    found = sorted(path for path in folder.iterdir() if path.is_file() and is_result_file(path))
    if len(found) == 1:
        return found[0]
    raise FileFormatError(
        f"the folder {folder} has {'several result files' if found else 'no result file'}",
        hint=f"name one of {listed(path.name for path in found)}" if found else NAME_ANOTHER,
    )


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[h5py.File]:
    """A result file to read from; what is missing or damaged is reported as such."""
    try:
        with open_hdf5(path) as file:
            yield file
    except FileNotFoundError as error:
        raise FileFormatError(f"there is no file {path}") from error
    except IsADirectoryError as error:
        raise FileFormatError(f"{path} is a folder", hint=NAME_ANOTHER) from error
    except FileFormatError:
        raise
    except Exception as error:  # whatever HDF5 makes of a damaged file
        raise FileFormatError(
            f"{path} cannot be read as a result file: {error}", hint=NAME_ANOTHER
        ) from error


def _read(file: h5py.File, path: Path) -> Result:
    root = file.attrs
    if _string(root.get("format", "")) != FORMAT:
        raise FileFormatError(f"{path} is not a result file of pygenn_lite", hint=NAME_ANOTHER)
    if root["format_version"] != VERSION:
        raise FileFormatError(
            f"{path} is a result file of version {root['format_version']}; this is {VERSION}",
            hint="read it with the version of pygenn_lite that wrote it, or run again",
        )
    arrays = ResultArrays(file)
    dt, run, identity = float(root["dt"]), file["run"].attrs, _string(root["id"])
    stop = arrays.stop_step
    spikes = {p: _Later(path, identity, p, _SpikeReader(dt, stop)) for p in file["spikes"]}
    whole = {p for p in spikes if bool(file[f"spikes/{p}"].attrs["whole"])}
    traces: dict[str, Mapping[str, Samples]] = {}
    read = _TraceReader(float(times_of(stop, dt)))
    for owner, group in file["traces"].items():
        entries = {v: _Later(path, identity, f"traces/{owner}/{v}", read) for v in group}
        traces[owner] = RecordedByName(entries, f"variables of {owner}:")
    totals = file["counts/totals"]
    return Result(
        dt=dt,
        start_step=int(root["start_step"]),
        stop_step=stop,
        sizes={p: int(totals[p].attrs["size"]) for p in totals},
        spikes=RecordedByName(spikes, "spikes"),
        traces=traces,
        counts=SpikeCounts(
            arrays.rows("counts/steps"), {p: arrays.rows(f"counts/totals/{p}") for p in totals}
        ),
        fully_recorded=frozenset(whole),
        name=_string(root["name"]),
        interrupted=bool(run["interrupted"]),  # until it is closed: also where it was killed
        simulate_seconds=float(run["simulate_seconds"]),
        path=path,
        file_id=identity,
        weights=_read_weights(arrays),
        provenance=Provenance(
            {
                **json.loads(arrays.text("provenance/run")),
                "network": _Later(path, identity, "provenance/network", ResultArrays.text),
            }
        ),
    )


@dataclass(frozen=True)
class _Later(Generic[T]):
    """An array that is still in a file: fetched when called."""

    path: Path
    identity: str  # of the run that wrote it
    name: str
    read: Callable[[ResultArrays, str], T]

    def __call__(self) -> T:
        with _reading(self.path) as file:
            if _string(file.attrs["id"]) != self.identity:
                raise FileFormatError(
                    f"{self.path} was replaced by another run since this result was made; what it "
                    f"had of {self.name.rpartition('/')[2]!r} is gone",
                    hint="give each run a file of its own, or read arrays before it is replaced",
                )
            return self.read(ResultArrays(file), self.name)


@dataclass(frozen=True)
class _SpikeReader:
    """Reads spikes of a population, up to a step."""

    dt: float
    stop: int

    def __call__(self, arrays: ResultArrays, population: str) -> SpikeTrain:
        place = f"spikes/{population}"
        recorded: range | npt.NDArray[Any]
        number = arrays.entry(f"{place}/timestamps")[0]
        if number != arrays.entry(f"{place}/node_ids")[0]:
            raise ValueError(f"{place} has spikes without a neuron")
        steps, indices = np.empty(number, np.int64), np.empty(number, np.uint32)
        for part, times in arrays.blocks(f"{place}/timestamps"):
            with np.errstate(invalid="ignore"):  # of damaged ones, told at the end
                steps[part] = nearest_steps(times, self.dt)
        for part, ids in arrays.blocks(f"{place}/node_ids"):
            indices[part] = ids
        attributes = arrays.file[place].attrs
        if "recorded" in attributes:
            recorded = range(*(int(bound) for bound in attributes["recorded"]))
        else:
            recorded = arrays.constant(f"recorded/{population}")
        kept = slice(int(np.searchsorted(steps, self.stop, side="right")))  # not of later flushes
        return SpikeTrain(steps[kept], indices[kept], self.dt, recorded)


@dataclass(frozen=True)
class _TraceReader:
    """Reads samples of a variable, up to a time."""

    stop: float

    def __call__(self, arrays: ResultArrays, place: str) -> Samples:
        times, values = arrays.rows(f"{place}/times"), arrays.rows(f"{place}/values")
        kept = slice(int(np.searchsorted(times, self.stop)))
        unit = _string(arrays.file[f"{place}/values"].attrs["units"])
        known = "" if unit == UNKNOWN_UNIT else unit
        return Samples(times[kept], values[kept], arrays.constant(f"{place}/indices"), known)


def _read_weights(arrays: ResultArrays) -> dict[str, FinalWeights]:
    """Weights of the groups that have any: a run that was killed wrote none."""
    found: dict[str, FinalWeights] = {}
    for name in arrays.file["weights"]:
        edges = arrays.rows(f"weights/{name}/edges")
        values = arrays.rows(f"weights/{name}/values")
        if len(edges):
            found[name] = WeightHistogram(arrays.rows(f"weights/{name}/counts"), edges)
        elif len(values):
            found[name] = values
    return found


def _string(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
