"""Spikes of many samples on the grid of a simulation: in which step each occurs, in order."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.codegen.plan.memory import available_memory, readable
from pygenn_lite.declaration.checks import check_dt
from pygenn_lite.declaration.steps import nearest_steps
from pygenn_lite.declaration.summary import counted
from pygenn_lite.errors import ArgumentError, InsufficientMemoryError, Location
from pygenn_lite.records import dataclass

DUPLICATES = ("keep", "merge", "count", "refuse")
WHERE = Location("SpikeDataset.steps")


@dataclass(frozen=True, eq=False)
class StepSpikes:
    """Spikes of many samples, sample after sample, in the order of step and channel.

    Attributes
    ----------
    steps, indices : ndarray of uint32, shape (spikes,)
        The step of each spike within its sample, and its channel.
    begin : ndarray of int64, shape (samples + 1,)
        Those of sample k are from ``begin[k]`` up to ``begin[k + 1]``.
    counts : ndarray of uint32 or None
        How many spikes one stands for, where duplicates are counted.
    number_of_steps : int
        Of a sample.
    dt : float
        ms
    late : int
        Spikes nearest to the end of the trial, where no step begins: they are left out.
    merged : int
        Spikes that were left out since their channel had one in that step.
    """

    steps: NDArray[np.uint32]
    indices: NDArray[np.uint32]
    begin: NDArray[np.int64]
    counts: NDArray[np.uint32] | None
    number_of_steps: int
    dt: float
    late: int = 0
    merged: int = 0

    def __len__(self) -> int:
        return len(self.begin) - 1

    def __repr__(self) -> str:
        samples, spikes = counted(len(self), "sample"), counted(len(self.steps), "spike")
        return f"<StepSpikes: {samples} of {self.number_of_steps} steps of {self.dt} ms, {spikes}>"


def steps_in_trial(duration: float, dt: float) -> int:
    """How many steps of dt a sample of this duration takes: enough to hold it, one at least."""
    steps = duration / dt
    nearest = round(steps)
    return max(1, nearest if abs(steps - nearest) < 1e-6 * max(1.0, steps) else int(steps) + 1)


@dataclass(frozen=True)
class Grid:
    """What spikes are laid out on: samples of some steps, channels.

    Attributes
    ----------
    samples, steps, channels : int
    dt : float
        ms
    """

    samples: int
    steps: int
    channels: int
    dt: float


def grid_of(samples: int, duration: float, channels: int, dt: Any) -> Grid:
    """The grid of a dataset for a time step.

    Raises
    ------
    InsufficientMemoryError
        Its places cannot be numbered with 64 bits.
    """
    step = check_dt(dt)
    grid = Grid(samples, steps_in_trial(duration, step), channels, step)
    if samples * grid.steps * channels >= 2**63:
        raise InsufficientMemoryError(
            f"{samples:,} samples of {grid.steps:,} steps and {channels:,} channels",
            where=WHERE,
            hint="use a larger dt, or fewer samples at once",
        )
    return grid


def beginnings_of_bins(times: NDArray[np.float32], grid: Grid) -> NDArray[np.float64]:
    """Times that lie nearest to the step in whose bin each spike is; at the very end in the last.

    A time that was ``k*dt`` before it was rounded to float32 belongs to bin k.
    """
    exact = times.astype(np.float64)
    rounding = np.minimum(0.001 * grid.dt + 0.5 * np.spacing(times), 0.5 * grid.dt)
    last = (grid.steps - 1) * grid.dt
    return np.asarray((exact - 0.5 * grid.dt + rounding).clip(0.0, last))


def empty_bins(grid: Grid, kind: type[np.unsignedinteger]) -> NDArray[np.unsignedinteger]:
    """Zeros of shape (samples, steps, channels).

    Raises
    ------
    InsufficientMemoryError
        They do not fit.
    """
    shape = (grid.samples, grid.steps, grid.channels)
    needed, there = math.prod(shape) * np.dtype(kind).itemsize, available_memory()
    if there is not None and needed > there:
        raise InsufficientMemoryError(
            f"an array of {' x '.join(f'{n:,}' for n in shape)} numbers needs {readable(needed)}, "
            f"{readable(there)} are available",
            where=Location("SpikeDataset.dense"),
            hint="use a larger dt, or fewer samples at once: data[:100].dense(dt)",
        )
    return np.zeros(shape, kind)


def step_spikes(
    times: NDArray[np.floating],
    indices: NDArray[np.uint32],
    samples: NDArray[np.int64],
    grid: Grid,
    duplicates: str,
) -> StepSpikes:
    """Spikes in the order of sample, step and channel; see ``SpikeDataset.steps``."""
    if duplicates not in DUPLICATES:
        raise ArgumentError(
            f"duplicates = {duplicates!r}", where=WHERE, hint=f"give one of {', '.join(DUPLICATES)}"
        )
    # One number for sample, step and channel: sorting plain numbers is several times as fast as
    # sorting by three keys.
    at = nearest_steps(times, grid.dt).astype(np.int64)
    key = (samples * grid.steps + at) * grid.channels + indices
    late = at >= grid.steps
    key = key[~late] if late.any() else key
    key.sort()
    merged, counts = 0, None
    if duplicates != "keep":
        first = np.ones(len(key), bool)
        np.not_equal(key[1:], key[:-1], out=first[1:])
        starts = np.flatnonzero(first)
        merged = len(key) - len(starts)
        if duplicates == "count":
            counts = np.diff(starts, append=len(key)).astype(np.uint32)
        elif duplicates == "refuse" and merged:
            raise _twice(int(key[np.flatnonzero(~first)[0]]), grid)
        key = key[starts]
    rows, index = np.divmod(key, grid.channels)
    begin = np.searchsorted(rows, np.arange(grid.samples + 1, dtype=np.int64) * grid.steps)
    return StepSpikes(
        (rows % grid.steps).astype(np.uint32), index.astype(np.uint32), begin.astype(np.int64),
        counts, grid.steps, grid.dt, int(np.count_nonzero(late)), merged,
    )  # fmt: skip


def _twice(key: int, grid: Grid) -> ArgumentError:
    row, channel = divmod(key, grid.channels)
    sample, step = divmod(row, grid.steps)
    return ArgumentError(
        f"channel {channel} spikes twice in step {step} of {grid.dt} ms",
        where=Location(f"SpikeDataset, sample {sample}"),
        hint='use a smaller dt, or duplicates="keep", "merge" or "count"',
    )
