"""Keeps in memory what a run records. Nothing is copied at the end: samples go into arrays of their
final size, whose pages the system hands out as they are filled; spikes go into memory that grows
without being copied: what is large is moved by changing page tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.plan.memory import MemoryRow, check_memory, readable, table
from pygenn_lite.declaration.steps import times_of
from pygenn_lite.errors import InsufficientMemoryError
from pygenn_lite.runtime.recording import (
    Indices,
    Requests,
    Steps,
    VariableRequest,
    recording_rows,
    samples_between,
)
from pygenn_lite.runtime.results.recorded_data import (
    RecordedByName,
    Samples,
    SpikeCounts,
    SpikeTrain,
)

HINT = (
    "write it to a file while it is produced (stream_to='run.h5'), record fewer neurons "
    "(exc['V'][:100]) or less often (interval=10.0), or run for less at a time"
)
NEGLIGIBLE = 1 << 16


class MemorySink:
    """What one run records.

    Parameters
    ----------
    requests : Requests
    start, stop : int
        The steps of the run.
    provenance : mapping, optional
        Where the data come from.

    Raises
    ------
    InsufficientMemoryError
        The samples will not fit.
    """

    def __init__(
        self,
        requests: Requests,
        dt: float,
        dtype: np.dtype[Any],
        start: int,
        stop: int,
        provenance: Mapping[str, Any] | None = None,
    ) -> None:
        self.requests, self.dt, self.provenance = requests, dt, provenance or {}
        rows = recording_rows(requests, dtype, start, stop)
        check_recording(rows)
        try:
            self._samples = {
                (r.owner, r.name): _Samples(r, dtype, samples_between(start, stop, r.every))
                for r in requests.variables
            }
        except (MemoryError, ValueError):  # NumPy has no arrays of more bytes than addresses
            raise _too_much(rows, "more than this process can get") from None
        self._spikes = {r.population: _Spikes() for r in requests.spikes}
        self._count_steps: list[int] = []
        self._counts: dict[str, list[int]] = {}

    def add_spikes(self, population: str, steps: Steps, indices: Indices) -> None:
        """Take spikes."""
        self._spikes[population].append(steps, indices)

    def add_samples(
        self, population: str, variable: str, steps: Steps, values: npt.NDArray[Any]
    ) -> None:
        """Take samples."""
        self._samples[population, variable].append(times_of(steps, self.dt), values)

    def room_for(self, population: str, variable: str, rows: int) -> npt.NDArray[Any] | None:
        """The place of the next samples; they count when they are added."""
        return self._samples[population, variable].room(rows)

    def add_counts(self, step: int, totals: Mapping[str, int]) -> None:
        """Take the number of spikes since the start of the run."""
        self._count_steps.append(step)
        for population, total in totals.items():
            self._counts.setdefault(population, []).append(total)

    def reached(self, step: int) -> None:
        """Nothing to do: memory needs no flush."""

    def cut(self, step: int) -> None:
        """Forget what came after a step."""
        for spikes in self._spikes.values():
            spikes.cut(step)
        for samples in self._samples.values():
            samples.cut(float(times_of(step, self.dt)))

    def spikes(self) -> Mapping[str, SpikeTrain]:
        """All spikes."""
        trains = {}
        for request in self.requests.spikes:
            steps, indices = self._spikes[request.population].finish()
            trains[request.population] = SpikeTrain(steps, indices, self.dt, request.recorded)
        return RecordedByName(trains, "spikes")

    def traces(self) -> Mapping[str, Mapping[str, Samples]]:
        """All traces."""
        found: dict[str, dict[str, Samples]] = {}
        for request in self.requests.variables:
            samples = self._samples[request.owner, request.name]
            found.setdefault(request.owner, {})[request.name] = samples.finish(request)
        return RecordedByName(
            {p: RecordedByName(of, f"variables of {p}:") for p, of in found.items()}, "traces"
        )

    def counts(self) -> SpikeCounts:
        """Spikes counted."""
        return SpikeCounts(
            np.array(self._count_steps, np.int64),
            {p: np.array(t, np.int64) for p, t in self._counts.items()},
        )


class _Samples:
    """Samples of one variable; their number is known."""

    def __init__(self, request: VariableRequest, dtype: np.dtype[Any], rows: int) -> None:
        self._rows = 0
        self._times = np.empty(rows, np.float64)
        self._values = np.empty((rows, len(request.indices)), dtype)

    def room(self, rows: int) -> npt.NDArray[Any] | None:
        end = self._rows + rows
        return self._values[self._rows : end] if end <= len(self._values) else None

    def append(self, times: npt.NDArray[np.float64], values: npt.NDArray[Any]) -> None:
        end = self._rows + len(times)
        self._times[self._rows : end] = times
        if values.base is not self._values:  # else they were put where they belong
            self._values[self._rows : end] = values
        self._rows = end

    def cut(self, time: float) -> None:
        self._rows = int(np.searchsorted(self._times[: self._rows], time))

    def finish(self, request: VariableRequest) -> Samples:
        kept = slice(self._rows)
        times, values = self._times[kept], self._values[kept]
        if 2 * self._rows < len(self._times):  # ended early: give back what was not needed
            times, values = times.copy(), values.copy()
        return Samples(times, values, request.indices, request.unit)


class _Spikes:
    """Spikes of one population, by time.

    They are gathered in byte arrays, which the system moves when they grow. Those of NumPy it must
    copy where they began large: NumPy asks for huge pages for a part of them, and memory of two
    kinds is not moved.
    """

    def __init__(self) -> None:
        self._number = 0
        self._steps, self._indices = bytearray(), bytearray()

    def append(self, steps: Steps, indices: Indices) -> None:
        self._drop_rest()  # there is one where memory ran out between the two
        self._steps += np.ascontiguousarray(steps, np.int64).data.cast("B")
        self._indices += np.ascontiguousarray(indices, np.uint32).data.cast("B")
        self._number += len(steps)

    def cut(self, step: int) -> None:
        steps = np.frombuffer(self._steps, np.int64, self._number)
        self._number = int(np.searchsorted(steps, step, side="right"))

    def finish(self) -> tuple[Steps, Indices]:
        self._drop_rest()
        return np.frombuffer(self._steps, np.int64), np.frombuffer(self._indices, np.uint32)

    def _drop_rest(self) -> None:
        del self._steps[8 * self._number :]
        del self._indices[4 * self._number :]


def check_recording(rows: list[MemoryRow]) -> None:
    """Refuse recordings that do not fit into memory.

    Raises
    ------
    InsufficientMemoryError
    """
    if sum(row.bytes for row in rows) > NEGLIGIBLE:  # single steps must not ask the system
        check_memory(rows, refusal=_too_much)


def _too_much(rows: list[MemoryRow], available: str) -> InsufficientMemoryError:
    needed = sum(row.bytes for row in rows)
    return InsufficientMemoryError(
        f"what is to be recorded needs about {readable(needed)} of memory, {available}:\n"
        f"{table(rows)}",
        hint=HINT,
    )
