"""Spike trains of single neurons, one after the other: what every measure of spikes computes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.analysis.grouping import IntArray, order_by_neuron
from pygenn_lite.declaration.language.names import nearest_or_all
from pygenn_lite.declaration.numeric import plain_number
from pygenn_lite.declaration.steps import nearest_steps, times_of
from pygenn_lite.declaration.summary import counted
from pygenn_lite.errors import ArgumentError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.results.instance_results import InstanceResults
from pygenn_lite.runtime.results.recorded_data import recorded_indices
from pygenn_lite.runtime.results.result import Result


@dataclass(frozen=True)
class SpikeTrains:
    """Spike trains of the recorded neurons of a population, silent ones included.

    They are in the window (``start``, ``stop``] of time. Spikes at the very start of a simulation
    belong to a window that begins there, as in :meth:`Result.binned`.

    Attributes
    ----------
    steps : ndarray of int64, [spikes]
        Times in steps: by neuron, then by time.
    bounds : ndarray of int64, [neurons + 1]
        Neuron ``k`` has the spikes from ``bounds[k]`` up to ``bounds[k + 1]``.
    dt : float
        ms per step.
    start, stop : int
        The window, in steps.

    Examples
    --------
    >>> trains = pg.analysis.spike_trains([[10.0, 30.0, 50.0], []], duration=100.0)
    >>> trains
    <SpikeTrains: 3 spikes of 2 neurons in 100 ms>
    >>> trains.times(0)
    array([10., 30., 50.])
    >>> trains.counts
    array([3, 0])
    """

    steps: IntArray
    bounds: IntArray
    dt: float
    start: int
    stop: int

    @property
    def neurons(self) -> int:
        """How many, silent ones included."""
        return len(self.bounds) - 1

    @property
    def counts(self) -> IntArray:
        """Spikes of each neuron."""
        return np.diff(self.bounds)

    @property
    def owners(self) -> IntArray:
        """The neuron of each spike."""
        return np.repeat(np.arange(self.neurons), self.counts)

    @property
    def duration(self) -> float:
        """Length of the window, ms."""
        return float(times_of(self.stop - self.start, self.dt))

    def times(self, neuron: int) -> npt.NDArray[np.float64]:
        """Spike times of one neuron, ms."""
        return times_of(self.steps[self.bounds[neuron] : self.bounds[neuron + 1]], self.dt)

    def __len__(self) -> int:
        return len(self.steps)

    def __repr__(self) -> str:
        spikes, neurons = counted(len(self), "spike"), counted(self.neurons, "neuron")
        return f"<SpikeTrains: {spikes} of {neurons} in {self.duration:g} ms>"


def spike_trains(
    data: Result | Sequence[Any],
    population: str | None = None,
    *,
    warmup: float = 0.0,
    duration: float | None = None,
    dt: float = 0.001,
) -> SpikeTrains:
    """Sort spikes by neuron, once for several measures.

    Parameters
    ----------
    data : Result, or a sequence of arrays
        A result, or the spike times of each neuron in ms.
    population : str, optional
        Which of a result; may be left out where spikes of one only were recorded.
    warmup : float
        ms at the start that are left out.
    duration : float, optional
        Of arrays: they cover the time from 0 to ``duration`` ms; by default up to the last spike.
    dt : float
        Of arrays: times are rounded to this, ms.

    Returns
    -------
    SpikeTrains

    Raises
    ------
    ArgumentError
        No spikes of the population were recorded, or the warm-up leaves nothing.

    Examples
    --------
    >>> net = pg.Network()
    >>> cells = net.population("cells", 3, pg.LIF())
    >>> drive = net.current(cells, [300.0, 400.0, 500.0])
    >>> net.record(cells.spikes)
    >>> result = net.compile(threads=1).run(1000.0)
    >>> trains = pg.analysis.spike_trains(result, "cells", warmup=200.0)
    >>> trains.counts
    array([ 0, 27, 51])
    """
    if isinstance(data, InstanceResults):
        raise ArgumentError(
            f"spike trains of {counted(len(data), 'instance')} at once",
            hint="take those of one: spike_trains(results[0])",
        )
    if isinstance(data, Result):
        return _of_result(data, _chosen(data, population), warmup)
    return _of_arrays(data, warmup, duration, dt)


def recorded_populations(result: Result, wanted: Sequence[str] | None = None) -> list[str]:
    """Populations whose spikes were recorded, or those of them that are wanted.

    Raises
    ------
    ArgumentError
        None were, or not those.
    """
    if not result.spikes:
        some = next(iter(result.sizes), "population")
        raise ArgumentError(
            "no spikes were recorded, of which this could be a measure",
            hint=f"record them before compiling: net.record(net[{some!r}].spikes)",
        )
    for name in wanted or ():
        if name in result.spikes:
            continue
        if name not in result.sizes:
            known = nearest_or_all(name, result.sizes)
            raise ArgumentError(f"there is not a population {name!r}{known}")
        raise ArgumentError(
            f"no spikes of {name!r} were recorded (recorded: {', '.join(result.spikes)})",
            hint=f"record them before compiling: net.record(net[{name!r}].spikes)",
        )
    return list(wanted or result.spikes)


def warmup_steps(warmup: object, dt: float, steps: int) -> int:
    """A warm-up in steps, of a run of so many.

    Raises
    ------
    ArgumentError
        It is not a time, or leaves nothing.
    """
    number = plain_number(warmup)
    if number is None or number != number:
        raise ArgumentError(f"warmup = {warmup!r} is not a time", hint="give a number of ms")
    left_out = float(nearest_steps(number, dt))
    if not 0 <= left_out < max(steps, 1):
        length = float(times_of(steps, dt))
        raise ArgumentError(
            f"a warm-up time of {number} ms leaves nothing of a run of {length:g} ms"
        )
    return int(left_out)


def steps_of(time: object, dt: float, name: str) -> int:
    """A width in steps, at least one.

    Raises
    ------
    ArgumentError
        It is not a time above 0.
    """
    number = plain_number(time)
    if number is None or not 0 < number < 1e15:
        raise ArgumentError(f"{name} = {time!r}", hint="give a number of ms, above 0")
    return max(1, int(nearest_steps(number, dt)))


def _chosen(result: Result, population: str | None) -> str:
    names = recorded_populations(result, None if population is None else [population])
    if len(names) > 1:
        raise ArgumentError(
            f"spikes of {', '.join(names)} were recorded",
            hint=f"say of which: spike_trains(result, {names[0]!r})",
        )
    return names[0]


def _of_result(result: Result, population: str, warmup: float) -> SpikeTrains:
    left_out = warmup_steps(warmup, result.dt, result.stop_step - result.start_step)
    train, first = result.spikes[population], result.start_step + left_out
    # In (a, b], as rates are; but what is at the start of the run belongs to it.
    after = first if left_out else first - 1
    window = slice(*np.searchsorted(train.steps, [after, result.stop_step], side="right"))
    steps, indices = train.steps[window], train.indices[window]
    size = result.sizes[population]
    recorded = recorded_indices(train, size, population in result.fully_recorded)
    columns = columns_of(recorded, size)
    return _grouped(
        steps, indices if columns is None else columns[indices], len(recorded), result.dt,
        (first, result.stop_step),
    )  # fmt: skip


def columns_of(recorded: range | npt.NDArray[Any], size: int) -> npt.NDArray[np.uint32] | None:
    """The column of each neuron of a population among those recorded; None: its own index."""
    if isinstance(recorded, range) and recorded == range(size):
        return None
    columns = np.zeros(size, np.uint32)
    columns[np.asarray(recorded)] = np.arange(len(recorded))
    return columns


def _grouped(
    steps: IntArray, columns: npt.NDArray[Any], neurons: int, dt: float, window: tuple[int, int]
) -> SpikeTrains:
    bounds = np.concatenate(([0], np.cumsum(np.bincount(columns, minlength=neurons))))
    return SpikeTrains(
        steps[order_by_neuron(columns, neurons)], bounds.astype(np.int64), dt, *window
    )


def _of_arrays(
    arrays: Sequence[Any], warmup: float, duration: float | None, dt: float
) -> SpikeTrains:
    if isinstance(arrays, (str, bytes)) or not hasattr(arrays, "__len__"):
        raise ArgumentError(
            f"{arrays!r:.60} are not spike trains",
            hint="give a result, or the spike times of each neuron: [[10.0, 20.0], [15.0]]",
        )
    times = [np.sort(np.asarray(each, np.float64).reshape(-1)) for each in arrays]
    steps = np.concatenate([np.zeros(0), *times])
    if not np.isfinite(steps).all():
        raise ArgumentError("there are spike times that are not finite")
    steps = nearest_steps(steps, dt).astype(np.int64)
    last = int(steps.max(initial=0))
    stop = last if duration is None else steps_of(duration, dt, "duration")
    left_out = warmup_steps(warmup, dt, stop)
    kept = (steps > left_out if left_out else steps >= 0) & (steps <= stop)
    owners = np.repeat(np.arange(len(times)), [len(each) for each in times])[kept]
    counts = np.bincount(owners, minlength=len(times))
    bounds = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    return SpikeTrains(steps[kept], bounds, dt, left_out, stop)
