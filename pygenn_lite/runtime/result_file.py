"""Result files: HDF5 with spikes in the SONATA layout (/spikes/<population>/timestamps, node_ids),
variables under /traces/<population>/<variable>, spike counts under /counts.

``ResultFile`` appends while a run produces, in batches that end with a flush. The file is in HDF5's
SWMR mode, which writes what is pointed to before what points to it: a run that is killed, also in
the middle of a flush, leaves all earlier batches readable. What the interrupted batch left behind
lies beyond ``stop_step``, which is written last, and is not read.
"""

from __future__ import annotations

import contextlib
import math
import os
import resource
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.steps import nearest_steps
from pygenn_lite.errors import FileFormatError, SimulationError
from pygenn_lite.runtime.final_weights import FinalWeights, WeightHistogram
from pygenn_lite.runtime.open_hdf5 import open_hdf5
from pygenn_lite.runtime.result import Result, Shelf, SpikeCounts, SpikeTrain, Trace, times_of

if TYPE_CHECKING:
    import h5py

FORMAT = "pygenn_lite result"
VERSION = 2
SONATA_MAGIC = 0x0A7A
CHUNK_BYTES = 1 << 16
FLUSH_SECONDS = 0.5
NAME_ANOTHER = "name a file written by 'run --out', run(stream_to=...) or Result.save"
T = TypeVar("T")


class ResultFile:
    """A result file that grows.

    Parameters
    ----------
    path : Path
    dt : float
    sizes : mapping
        Neurons by population.
    spikes : mapping of str to bool
        Populations whose spikes come, and whether of all their neurons.
    traces : mapping of (population, variable) to ndarray
        Indices of the recorded neurons.
    weights : sequence of str
        Groups whose weights at the end come.
    """

    def __init__(
        self,
        path: Path,
        *,
        dt: float,
        start_step: int,
        name: str,
        sizes: Mapping[str, int],
        spikes: Mapping[str, bool],
        traces: Mapping[tuple[str, str], npt.NDArray[np.uint32]],
        dtype: npt.DTypeLike,
        weights: Sequence[str] = (),
    ) -> None:
        import h5py

        self.path, self.dt = path, dt
        try:
            self.file = h5py.File(path, "w", libver=("v110", "v110"))  # the oldest with SWMR
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise SimulationError(
                f"the result file {path} cannot be written: {reason}",
                cure="name a file in a directory that exists and that you can write to",
            ) from error
        self._pending: dict[str, list[npt.NDArray[Any]]] = {}
        self._last_flush = time.monotonic()
        self._flushed_step = start_step
        self._given_up = False
        root = self.file.attrs
        root["magic"], root["version"] = np.uint32(SONATA_MAGIC), np.array([0, 1], np.uint32)
        root["format"], root["format_version"] = FORMAT, VERSION
        root["dt"], root["start_step"], root["name"] = dt, start_step, name
        # Changes while the run goes on, in one write: a group of few attributes is one block.
        run = self.file.create_group("run").attrs
        run["stop_step"], run["interrupted"], run["simulate_seconds"] = start_step, True, 0.0
        for population, whole in spikes.items():
            group = self.file.create_group(f"spikes/{population}")
            group.attrs["sorting"] = "by_time"
            group.attrs["whole"] = whole
            timestamps = _growing(group, "timestamps", np.float64)
            timestamps.attrs["units"] = "milliseconds"
            _growing(group, "node_ids", np.uint64)
        for (population, variable), indices in traces.items():
            group = self.file.create_group(f"traces/{population}/{variable}")
            group["indices"] = indices
            _growing(group, "times", np.float64).attrs["units"] = "milliseconds"
            _growing(group, "values", dtype, (len(indices),))
        counts = self.file.create_group("counts")
        _growing(counts, "steps", np.int64)
        totals = counts.create_group("totals")
        for population, size in sizes.items():
            _growing(totals, population, np.int64).attrs["size"] = size
        for name in weights:  # values, or counts and edges: whatever comes
            group = self.file.create_group(f"weights/{name}")
            _growing(group, "values", dtype)
            _growing(group, "counts", np.int64)
            _growing(group, "edges", np.float64)
        self.file.swmr_mode = True  # from here on nothing new can be created

    def add_spikes(
        self, population: str, steps: npt.NDArray[np.int64], indices: npt.NDArray[np.uint32]
    ) -> None:
        """Append spikes (in order)."""
        self._add(f"spikes/{population}/timestamps", times_of(steps, self.dt))
        self._add(f"spikes/{population}/node_ids", indices.astype(np.uint64))

    def add_samples(
        self,
        population: str,
        variable: str,
        steps: npt.NDArray[np.int64],
        values: npt.NDArray[Any],
    ) -> None:
        """Append samples of a variable."""
        self._add(f"traces/{population}/{variable}/times", times_of(steps, self.dt))
        self._add(f"traces/{population}/{variable}/values", values)

    def add_counts(self, step: int, totals: Mapping[str, int]) -> None:
        """Append the spikes counted so far."""
        self._add("counts/steps", np.array([step], np.int64))
        for population, total in totals.items():
            self._add(f"counts/totals/{population}", np.array([total], np.int64))

    def add_weights(self, group: str, weights: FinalWeights) -> None:
        """Add the weights of a group at the end."""
        if isinstance(weights, WeightHistogram):
            self._add(f"weights/{group}/counts", weights.counts)
            self._add(f"weights/{group}/edges", weights.edges)
        else:
            self._add(f"weights/{group}/values", weights)

    def reached(self, step: int) -> None:
        """All up to this step has been added: a good moment to write it out, now and then."""
        if not self._given_up and time.monotonic() - self._last_flush >= FLUSH_SECONDS:
            self.flush(step)

    def flush(self, step: int, **attributes: Any) -> None:
        """Write out what has come so far, and attributes of the run.

        Raises
        ------
        SimulationError
            There is no room for it. The file is left as it was, readable up to the last flush.
        """
        if not self._has_room():
            self._give_up("the disk is full, or a limit on file sizes is reached")
        try:
            for name, pieces in self._pending.items():
                values = np.concatenate(pieces)  # one write instead of hundreds
                dataset = self.file[name]
                start = dataset.shape[0]
                dataset.resize(start + len(values), axis=0)
                dataset[start:] = values
            self._pending.clear()
            self.file.flush()
            for name, value in (attributes | {"stop_step": step}).items():
                self.file["run"].attrs.modify(name, value)
            self.file.flush()
        except (OSError, RuntimeError) as error:  # h5py raises either where the system refuses
            self._give_up("the system refused to write", error)
        self._flushed_step = step
        self._last_flush = time.monotonic()

    def close(self, step: int, **attributes: Any) -> None:
        """Write out the rest and close: also where that cannot be written."""
        try:
            if not self._given_up:
                self.flush(step, **attributes)
        finally:
            with contextlib.suppress(OSError, RuntimeError):  # of what has been flushed, or told
                self.file.close()

    def _has_room(self) -> bool:
        """Whether what waits will fit: a full disk found by HDF5 itself would break the file."""
        waiting = sum(piece.nbytes for pieces in self._pending.values() for piece in pieces)
        needed = waiting + 2 * CHUNK_BYTES * len(self._pending) + 2**20
        limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
        if limit != resource.RLIM_INFINITY and os.path.getsize(self.path) + needed > limit:
            return False
        return shutil.disk_usage(self.path.absolute().parent).free > needed

    def _give_up(self, reason: str, error: Exception | None = None) -> NoReturn:
        self._given_up = True
        self._pending.clear()
        reached = float(times_of(self._flushed_step, self.dt))
        raise SimulationError(
            f"{self.path} cannot be written: {reason}; it holds all up to {reached:g} ms",
            cure="make room, record less, or write to another disk",
        ) from error

    def _add(self, name: str, values: npt.NDArray[Any]) -> None:
        if len(values) and not self._given_up:
            self._pending.setdefault(name, []).append(values)


def _growing(
    group: h5py.Group, name: str, dtype: npt.DTypeLike, row: tuple[int, ...] = ()
) -> h5py.Dataset:
    """An empty dataset of rows of this shape, in chunks of many."""
    chunk = tuple(max(columns, 1) for columns in row)  # HDF5 has no chunks of nothing
    rows = max(1, min(8192, CHUNK_BYTES // (np.dtype(dtype).itemsize * math.prod(chunk))))
    return group.create_dataset(
        name,
        (0, *row),
        dtype=dtype,
        maxshape=(None, *(columns or None for columns in row)),
        chunks=(rows, *chunk),
    )


def write_result(result: Result, path: Path) -> Path:
    """Write a whole result at once."""
    if result.path is not None and result.path.exists() and path.resolve() == result.path.resolve():
        return path
    traces = {(p, v): t for p, of in result.traces.items() for v, t in of.items()}
    dtype = next((t.values.dtype for t in traces.values()), np.dtype(np.float32))
    file = ResultFile(
        path,
        dt=result.dt,
        start_step=result.start_step,
        name=result.name,
        sizes=result.sizes,
        spikes={p: p in result.whole for p in result.spikes},
        traces={key: t.indices for key, t in traces.items()},
        dtype=dtype,
        weights=list(result.weights),
    )
    for population, train in result.spikes.items():
        file.add_spikes(population, train.steps, train.indices)
    for (population, variable), trace in traces.items():
        steps = nearest_steps(trace.times, result.dt).astype(np.int64)
        file.add_samples(population, variable, steps, trace.values)
    for k, step in enumerate(result.counts.steps):
        totals = {p: int(t[k]) for p, t in result.counts.totals.items()}
        file.add_counts(int(step), totals)
    for group, kept in result.weights.items():
        file.add_weights(group, kept)
    file.close(
        result.stop_step,
        interrupted=result.interrupted,
        simulate_seconds=result.simulate_seconds,
    )
    return path


def read_result(path: Path) -> Result:
    """Open a result file; spikes and traces are read when asked for."""
    with _reading(path) as file:
        return _read(file, path)


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[h5py.File]:
    """A result file to read from; what is missing or damaged is told as such."""
    try:
        with open_hdf5(path) as file:
            yield file
    except FileNotFoundError as error:
        raise FileFormatError(f"there is no file {path}") from error
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise FileFormatError(
            f"{path} cannot be read as a result file: {error}", cure=NAME_ANOTHER
        ) from error


def _read(file: h5py.File, path: Path) -> Result:
    root = file.attrs
    if root.get("format") != FORMAT:
        raise FileFormatError(f"{path} is no result file of pygenn_lite", cure=NAME_ANOTHER)
    if root["format_version"] != VERSION:
        raise FileFormatError(
            f"{path} is a result file of version {root['format_version']}; this is {VERSION}",
            cure="read it with the version of pygenn_lite that wrote it, or run again",
        )
    dt, run = float(root["dt"]), file["run"].attrs
    stop = int(run["stop_step"])
    spikes = {
        p: _later(path, f"spikes/{p}", _read_spikes, dt, stop) for p in file.get("spikes", {})
    }
    whole = {p for p in spikes if bool(file[f"spikes/{p}"].attrs["whole"])}
    traces: dict[str, Mapping[str, Trace]] = {}
    for population, group in file.get("traces", {}).items():
        entries = {
            v: _later(path, f"traces/{population}/{v}", _read_trace, dt, stop) for v in group
        }
        traces[population] = Shelf(entries, f"variables of {population}:")
    totals = file["counts/totals"]
    return Result(
        dt=dt,
        start_step=int(root["start_step"]),
        stop_step=stop,
        sizes={p: int(totals[p].attrs["size"]) for p in totals},
        spikes=Shelf(spikes, "spikes"),
        traces=traces,
        counts=_read_counts(file["counts"], stop),
        whole=frozenset(whole),
        name=str(root["name"]),
        interrupted=bool(run["interrupted"]),  # until it is closed: also where it was killed
        simulate_seconds=float(run["simulate_seconds"]),
        path=path,
        weights=_read_weights(file.get("weights", {})),
    )


def _later(
    path: Path, name: str, read: Callable[[h5py.Group, float, int], T], dt: float, stop: int
) -> Callable[[], T]:
    def fetch() -> T:
        with _reading(path) as file:
            return read(file[name], dt, stop)

    return fetch


def _read_spikes(group: h5py.Group, dt: float, stop: int) -> SpikeTrain:
    steps = nearest_steps(group["timestamps"][:], dt).astype(np.int64)
    kept = int(np.searchsorted(steps, stop, side="right"))
    return SpikeTrain(steps[:kept], group["node_ids"][:kept].astype(np.uint32), dt)


def _read_trace(group: h5py.Group, dt: float, stop: int) -> Trace:
    times = group["times"][:]
    kept = int(np.searchsorted(nearest_steps(times, dt), stop, side="right"))
    return Trace(times[:kept], group["values"][:kept], group["indices"][:])


def _read_counts(group: h5py.Group, stop: int) -> SpikeCounts:
    steps = group["steps"][:]
    kept = int(np.searchsorted(steps, stop, side="right"))
    return SpikeCounts(steps[:kept], {p: t[:kept] for p, t in group["totals"].items()})


def _read_weights(groups: Mapping[str, h5py.Group]) -> dict[str, FinalWeights]:
    """Weights of the groups that have any: a run that was killed wrote none."""
    found: dict[str, FinalWeights] = {}
    for name, group in groups.items():
        if len(group["edges"]):
            found[name] = WeightHistogram(group["counts"][:], group["edges"][:])
        elif len(group["values"]):
            found[name] = group["values"][:]
    return found
