"""Writes result files: HDF5 with spikes in the SONATA layout (/spikes/<population>/timestamps,
node_ids), variables under /traces/<population>/<variable> (and as SONATA's reports), spike counts
under /counts.

``ResultFile`` appends while a run produces, in batches that end with a flush. The file is in HDF5's
SWMR mode, which writes what is pointed to before what points to it: a run that is killed, also in
the middle of a flush, leaves all earlier batches readable. How much of each array is valid, and
what its checksum is, stands in ``sums``; of its two halves the flush that is under way changes the
one that does not count yet. ``result_reader`` reads such files.
"""

from __future__ import annotations

import contextlib
import math
import os
import resource
import shutil
import time
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.steps import times_of
from pygenn_lite.errors import SimulationError
from pygenn_lite.runtime.results import sonata
from pygenn_lite.runtime.results.files import put_in_place, real_path
from pygenn_lite.runtime.results.final_weights import FinalWeights, WeightHistogram
from pygenn_lite.runtime.results.new_result_file import ROOM_HINT, new_result_file, unwritable
from pygenn_lite.runtime.results.provenance import Provenance
from pygenn_lite.runtime.results.result_reader import (
    FORMAT,
    UNKNOWN_UNIT,
    VERSION,
    checksum_of,
)

if TYPE_CHECKING:
    import h5py

PARTS = ("spikes", "traces", "counts", "weights")
CHUNK_BYTES = 1 << 16
FLUSH_SECONDS = 0.5
FLUSH_SHARE = 10  # times what a flush took until the next


class ResultFile:
    """A result file that grows.

    An existing file is only replaced with ``overwrite``, and then when the new one is complete:
    until then the new one is called ``NAME.part``.

    Parameters
    ----------
    path : Path
    dt : float
    sizes : mapping
        Neurons by population.
    spikes : mapping of str to range or ndarray
        Populations whose spikes come, and the indices of the recorded neurons.
    traces : mapping of (population, variable) to ndarray
        Indices of the recorded neurons.
    units : mapping of (population, variable) to str
        Units of these, where they are known.
    every : mapping of (population, variable) to int, optional
        Steps between samples, where not 1.
    weights : sequence of str
        Groups whose weights at the end come.
    provenance : mapping, optional
        Where the data come from.
    overwrite : bool
        Whether a result file that is there may be replaced.
    aside : bool
        Whether the file appears only when it is complete, also where there is none yet.
    instances : int
        Of how many instances the populations are (see `instance_files`); 0: without such an axis.

    Attributes
    ----------
    path : Path
        Where the data are at present.
    """

    def __init__(
        self,
        path: Path,
        *,
        dt: float,
        start_step: int,
        name: str,
        sizes: Mapping[str, int],
        spikes: Mapping[str, range | npt.NDArray[np.uint32]],
        traces: Mapping[tuple[str, str], npt.NDArray[np.uint32]],
        dtype: npt.DTypeLike,
        units: Mapping[tuple[str, str], str] | None = None,
        every: Mapping[tuple[str, str], int] | None = None,
        weights: Sequence[str] = (),
        provenance: Mapping[str, Any] | None = None,
        overwrite: bool = False,
        aside: bool = False,
        instances: int = 0,
    ) -> None:
        self.dt, self._target = dt, path.absolute()
        self.provenance = provenance or {}
        self._aside = aside  # then half a file must not be visible
        self._claim, self.path, meanwhile, self.file = new_result_file(path, overwrite, aside)
        self._pending: dict[str, list[npt.NDArray[Any]]] = {}
        self._next_flush = time.monotonic() + FLUSH_SECONDS
        self._flushed_step, self._flushes = start_step, 0
        self._given_up = False
        self._sums: dict[str, list[int]] = {}  # by array: rows, checksum
        self._datasets: dict[str, tuple[Any, np.dtype[Any]]] = {}
        self._reports: dict[str, sonata.Report] = {}
        try:
            root = self.file.attrs
            sonata.mark_file(root)
            root["format"], root["format_version"] = _text(FORMAT), VERSION
            root["id"] = _text(os.urandom(16).hex())
            root["dt"], root["start_step"], root["name"] = dt, start_step, _text(name)
            # Changes during the run, in one write: a group of few attributes is one block.
            run = self.file.create_group("run").attrs
            run["reached"] = np.array([start_step, 0, 0], np.int64)  # step, flushes, checksum
            run["interrupted"], run["simulate_seconds"] = np.uint8(True), 0.0
            if instances:
                run["stops"] = np.zeros(instances, np.int64)  # where each of them ended, in the end
            for part in PARTS:  # always there: what cannot be found was damaged
                self.file.create_group(part, track_order=True)
            for population, recorded in spikes.items():
                self._create_spikes(population, recorded, sizes[population])
            self._create_traces(traces, every or {}, units or {}, dtype, start_step)
            counts = self.file["counts"]
            self._growing(counts, "steps", np.int64)
            totals = counts.create_group("totals", track_order=True)
            for population, size in sizes.items():
                self._growing(totals, population, np.int64).attrs["size"] = size
            for name in weights:  # values, or counts and edges: whatever comes
                group = self.file.create_group(f"weights/{name}")
                self._growing(group, "values", dtype)
                self._growing(group, "counts", np.int64)
                self._growing(group, "edges", np.float64)
            self._write_provenance()
            shape = (2, len(self._sums), 2)
            self.file.create_dataset("sums", shape, np.uint64, chunks=shape)
            self.file.swmr_mode = True  # from here on it can be read, and nothing new be created
            os.replace(self.path, meanwhile)
            self.path = meanwhile
        except BaseException as error:
            self.abandon()
            self.path.unlink(missing_ok=True)
            if isinstance(error, (OSError, RuntimeError)):
                raise unwritable(path, error) from error
            raise

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

    def room_for(self, population: str, variable: str, rows: int) -> None:
        """Nowhere in particular: samples wait for the next flush."""

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
        if not self._given_up and time.monotonic() >= self._next_flush:
            self.flush(step)

    def flush(self, step: int, **attributes: Any) -> None:
        """Write out what has come so far, and attributes of the run.

        Raises
        ------
        SimulationError
            There is no room for it, or somebody deleted or replaced the file. It is left as it
            was, readable up to the last flush.
        """
        began = time.monotonic()
        if not self._in_place():
            self._give_up("somebody deleted or replaced it while it was being written", lost=True)
        if not self._has_room():
            self._give_up("the disk is full, or a limit on file sizes is reached")
        try:
            for name, pieces in self._pending.items():
                self._append(name, np.concatenate(pieces))  # one write instead of hundreds
                if name in self._reports:
                    self._reports[name].update(self._sums[name][0])
            self._pending.clear()
            sums = np.array([*self._sums.values()], np.uint64).reshape(-1, 2)
            self.file["sums"][(self._flushes + 1) % 2] = sums
            self.file.flush()
            self._flushes += 1
            reached = np.array([step, self._flushes, checksum_of(sums)], np.int64)
            run = self.file["run"].attrs
            for name, value in ({"reached": reached} | attributes).items():
                run.modify(name, value)
            self.file.flush()
        except (OSError, RuntimeError) as error:  # h5py raises either where the system refuses
            self._give_up("the system refused to write", error)
        self._flushed_step = step
        # Where flushes take long (thousands of populations), they must not be all that is done.
        now = time.monotonic()
        self._next_flush = now + max(FLUSH_SECONDS, FLUSH_SHARE * (now - began))

    def close(self, step: int, **attributes: Any) -> None:
        """Write out the rest and close: also where that cannot be written."""
        try:
            if not self._given_up:
                self.flush(step, **attributes)
        finally:
            self.abandon(release=False)
            try:
                if not self._given_up and self.path != real_path(self._target):
                    put_in_place(self.path, real_path(self._target))
                    self.path = self._target
            except OSError as error:
                raise unwritable(self._target, error, f"; the data are in {self.path}") from error
            finally:
                self._claim.release()

    def abandon(self, release: bool = True) -> None:
        """Close the file as it is."""
        with contextlib.suppress(OSError, RuntimeError):  # of what has been flushed, or told
            self.file.close()
        if release:
            self._claim.release()

    def _append(self, name: str, values: npt.NDArray[Any]) -> None:
        from h5py import h5s

        # h5py's comfortable way takes ten times as long, which counts with many populations.
        dataset, dtype = self._datasets[name]
        entry = self._sums[name]
        values, start = np.ascontiguousarray(values, dtype), entry[0]
        row = values.shape[1:]
        dataset.set_extent((start + len(values), *row))
        place = dataset.get_space()
        place.select_hyperslab((start, *(0 for _ in row)), values.shape)
        dataset.write(h5s.create_simple(values.shape), place, values)
        entry[:] = start + len(values), checksum_of(values, entry[1])

    def _in_place(self) -> bool:
        """Whether the name still means this file: what is written to a deleted one is lost."""
        try:
            there = os.stat(self.path)
            return os.path.samestat(there, os.fstat(self.file.id.get_vfd_handle()))
        except OSError:
            return False

    def _has_room(self) -> bool:
        """Whether what waits will fit: a full disk found by HDF5 itself would break the file."""
        waiting = sum(piece.nbytes for pieces in self._pending.values() for piece in pieces)
        needed = waiting + 2 * CHUNK_BYTES * len(self._pending) + 2**20
        limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
        if limit != resource.RLIM_INFINITY and os.path.getsize(self.path) + needed > limit:
            return False
        return shutil.disk_usage(self.path.absolute().parent).free > needed

    def _give_up(
        self, reason: str, error: Exception | None = None, *, lost: bool = False
    ) -> NoReturn:
        self._given_up = True
        self._pending.clear()
        reached = float(times_of(self._flushed_step, self.dt))
        kept = "" if lost or self._aside else f"; it holds all up to {reached:g} ms"
        raise SimulationError(
            f"{self._target if self._aside else self.path} cannot be written: {reason}{kept}",
            hint="leave it alone during the run" if lost else ROOM_HINT,
        ) from error

    def _add(self, name: str, values: npt.NDArray[Any]) -> None:
        if len(values) and not self._given_up:
            self._pending.setdefault(name, []).append(values)

    def _create_spikes(
        self, population: str, recorded: range | npt.NDArray[np.uint32], size: int
    ) -> None:
        group = self.file.create_group(f"spikes/{population}")
        sonata.mark_sorted(group.attrs)
        group.attrs["whole"] = len(recorded) == size
        if isinstance(recorded, range):
            group.attrs["recorded"] = np.array([recorded.start, recorded.stop, recorded.step])
        else:
            _constant(self.file, f"recorded/{population}", recorded)
        timestamps = self._growing(group, "timestamps", np.float64)
        timestamps.attrs["units"] = "milliseconds"
        self._growing(group, "node_ids", np.uint64)

    def _write_provenance(self) -> None:
        """As text that other tools can read, too; the network, which is long, on its own."""
        known = dict(self.provenance)
        texts = {"network": str(known.pop("network", "")), "run": Provenance(known).as_json()}
        for name, text in texts.items():
            encoded = text.encode()
            value = _text(text)
            dataset = self.file.create_dataset(f"provenance/{name}", data=value, dtype=value.dtype)
            dataset.attrs["checksum"] = np.uint32(zlib.crc32(encoded))

    def _create_traces(
        self,
        traces: Mapping[tuple[str, str], npt.NDArray[np.uint32]],
        every: Mapping[tuple[str, str], int],
        units: Mapping[tuple[str, str], str],
        dtype: npt.DTypeLike,
        start: int,
    ) -> None:
        names = sonata.report_names(traces)
        for (owner, variable), indices in traces.items():
            if f"traces/{owner}" not in self.file:
                self.file.create_group(f"traces/{owner}", track_order=True)
            group = self.file[f"traces/{owner}"].create_group(variable)
            _constant(group, "indices", indices)
            self._growing(group, "times", np.float64).attrs["units"] = "milliseconds"
            key = (owner, variable)
            values = self._growing(group, "values", dtype, (len(indices),))
            values.attrs["units"] = _text(units.get(key, "") or UNKNOWN_UNIT)
            self._reports[f"traces/{owner}/{variable}/values"] = sonata.Report(
                self.file, names[key], group, start, every.get(key, 1), self.dt
            )

    def _growing(
        self, group: h5py.Group, name: str, dtype: npt.DTypeLike, row: tuple[int, ...] = ()
    ) -> h5py.Dataset:
        """An empty dataset of rows of this shape, in chunks of many."""
        chunk = tuple(max(columns, 1) for columns in row)  # HDF5 has no chunks of nothing
        rows = max(1, min(8192, CHUNK_BYTES // (np.dtype(dtype).itemsize * math.prod(chunk))))
        dataset = group.create_dataset(
            name,
            (0, *row),
            dtype=dtype,
            maxshape=(None, *(columns or None for columns in row)),
            chunks=(rows, *chunk),
        )
        dataset.attrs["place"] = len(self._sums)  # in the table of checksums
        path = f"{group.name}/{name}".lstrip("/")
        self._sums[path], self._datasets[path] = [0, 0], (dataset.id, np.dtype(dtype))
        return dataset


def _text(text: str) -> npt.NDArray[Any]:
    """A string that stands in the attribute itself, where HDF5's checksum covers it."""
    encoded = text.encode()
    import h5py

    return np.array(encoded, h5py.string_dtype("utf-8", max(len(encoded), 1)))


def _constant(group: h5py.Group, name: str, values: npt.NDArray[Any]) -> None:
    """An array that does not change."""
    dataset = group.create_dataset(name, data=values)
    dataset.attrs["checksum"] = np.uint32(checksum_of(values))
