"""Result files: HDF5 with spikes in the SONATA layout (/spikes/<population>/timestamps, node_ids),
variables under /traces/<population>/<variable>, spike counts under /counts.

``ResultFile`` appends while a run produces. It touches the file only in batches that end with a
flush, so that a run that is killed leaves all batches readable.
"""

from __future__ import annotations

import contextlib
import math
import os
import resource
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.steps import nearest_steps
from pygenn_lite.errors import FileFormatError, SimulationError
from pygenn_lite.runtime.result import Result, Shelf, SpikeCounts, SpikeTrain, Trace, times_of

if TYPE_CHECKING:
    import h5py

FORMAT = "pygenn_lite result"
VERSION = 1
SONATA_MAGIC = 0x0A7A
CHUNK_BYTES = 1 << 16
FLUSH_SECONDS = 0.5


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
    ) -> None:
        import h5py

        self.path, self.dt = path, dt
        try:
            self.file = h5py.File(path, "w")
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise SimulationError(
                f"the result file {path} cannot be written: {reason}",
                cure="name a file in a directory that exists and that you can write to",
            ) from error
        self._pending: list[tuple[str, npt.NDArray[Any]]] = []
        self._last_flush = time.monotonic()
        self._flushed_step = start_step
        self._given_up = False
        root = self.file.attrs
        root["magic"], root["version"] = np.uint32(SONATA_MAGIC), np.array([0, 1], np.uint32)
        root["format"], root["format_version"] = FORMAT, VERSION
        root["dt"], root["start_step"], root["stop_step"] = dt, start_step, start_step
        root["name"] = name
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
        self.file.flush()

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

    def reached(self, step: int) -> None:
        """All up to this step has been added: a good moment to write it out, now and then."""
        if not self._given_up and time.monotonic() - self._last_flush >= FLUSH_SECONDS:
            self.flush(step)

    def flush(self, step: int, **attributes: Any) -> None:
        """Write out what has come so far, and attributes of the file.

        Raises
        ------
        SimulationError
            There is no room for it. The file is left as it was, readable up to the last flush.
        """
        if not self._has_room():
            self._give_up("the disk is full, or a limit on file sizes is reached")
        try:
            for name, values in self._pending:
                dataset = self.file[name]
                start = dataset.shape[0]
                dataset.resize(start + len(values), axis=0)
                dataset[start:] = values
            self._pending.clear()
            self.file.attrs.update(attributes, stop_step=step)
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
        touched = len({name for name, _ in self._pending})
        needed = sum(v.nbytes for _, v in self._pending) + 2 * CHUNK_BYTES * touched + 2**20
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
            self._pending.append((name, values))


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
    )
    for population, train in result.spikes.items():
        file.add_spikes(population, train.steps, train.indices)
    for (population, variable), trace in traces.items():
        steps = nearest_steps(trace.times, result.dt).astype(np.int64)
        file.add_samples(population, variable, steps, trace.values)
    for k, step in enumerate(result.counts.steps):
        totals = {p: int(t[k]) for p, t in result.counts.totals.items()}
        file.add_counts(int(step), totals)
    file.close(
        result.stop_step,
        interrupted=result.interrupted,
        simulate_seconds=result.simulate_seconds,
    )
    return path


def read_result(path: Path) -> Result:
    """Open a result file; spikes and traces are read when asked for."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return _read(file, path)
    except FileNotFoundError as error:
        raise FileFormatError(f"there is no file {path}") from error
    except (OSError, KeyError, ValueError) as error:
        raise FileFormatError(
            f"{path} cannot be read as a result file: {error}",
            cure="name a file written by 'run --out', run(stream_to=...) or Result.save",
        ) from error


def _read(file: h5py.File, path: Path) -> Result:
    root = file.attrs
    if root.get("format") != FORMAT:
        raise FileFormatError(
            f"{path} is no result file of pygenn_lite",
            cure="name a file written by 'run --out', run(stream_to=...) or Result.save",
        )
    dt = float(root["dt"])
    spikes = {p: _later(path, f"spikes/{p}", _read_spikes, dt) for p in file.get("spikes", {})}
    whole = {p for p in spikes if bool(file[f"spikes/{p}"].attrs["whole"])}
    traces: dict[str, Mapping[str, Trace]] = {}
    for population, group in file.get("traces", {}).items():
        entries = {v: _later(path, f"traces/{population}/{v}", _read_trace, dt) for v in group}
        traces[population] = Shelf(entries, f"variables of {population}:")
    totals = file["counts/totals"]
    return Result(
        dt=dt,
        start_step=int(root["start_step"]),
        stop_step=int(root["stop_step"]),
        sizes={p: int(totals[p].attrs["size"]) for p in totals},
        spikes=Shelf(spikes, "spikes"),
        traces=traces,
        counts=SpikeCounts(file["counts/steps"][:], {p: totals[p][:] for p in totals}),
        whole=frozenset(whole),
        name=str(root["name"]),
        interrupted=bool(root.get("interrupted", True)),  # never closed: the run was killed
        simulate_seconds=float(root.get("simulate_seconds", 0.0)),
        path=path,
    )


def _later(path: Path, name: str, read: Any, dt: float) -> Any:
    def fetch() -> Any:
        import h5py

        with h5py.File(path, "r") as file:
            return read(file[name], dt)

    return fetch


def _read_spikes(group: h5py.Group, dt: float) -> SpikeTrain:
    times = group["timestamps"][:]
    return SpikeTrain(
        nearest_steps(times, dt).astype(np.int64), group["node_ids"][:].astype(np.uint32), dt
    )


def _read_trace(group: h5py.Group, dt: float) -> Trace:
    return Trace(group["times"][:], group["values"][:], group["indices"][:])
