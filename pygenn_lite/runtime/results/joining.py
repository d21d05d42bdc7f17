"""Results of successive runs as one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Generic, TypeVar

import numpy as np

from pygenn_lite.declaration.steps import times_of
from pygenn_lite.errors import ArgumentError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.results.recorded_data import (
    RecordedByName,
    Samples,
    SpikeCounts,
    SpikeTrain,
)
from pygenn_lite.runtime.results.result import Result

T = TypeVar("T")


def join_results(results: Sequence[Result]) -> Result:
    """Join results of runs that followed one another; also written ``first + second``.

    Parameters
    ----------
    results : sequence of Result
        Of one simulation (or of one that was restored from its checkpoint), in order of time, each
        beginning where the one before ended, with the same recordings.

    Returns
    -------
    Result
        As of one run over the whole time; spikes and traces are joined when they are asked for.

    Raises
    ------
    ArgumentError
        They do not follow one another, or do not belong together.
    """
    parts = list(results)
    if not parts or not all(isinstance(part, Result) for part in parts):
        raise ArgumentError(
            "only results of runs can be joined", hint="give a list of them: join_results([a, b])"
        )
    for first, second in pairwise(parts):
        _check_belong_together(first, second)
    first, last = parts[0], parts[-1]
    spikes = {p: _Join([r.spikes for r in parts], p, _join_spikes) for p in first.spikes}
    traces: dict[str, Mapping[str, Samples]] = {}
    for owner, of in first.traces.items():
        joins = {v: _Join([r.traces[owner] for r in parts], v, _join_traces) for v in of}
        traces[owner] = RecordedByName[Samples](joins, f"variables of {owner}:")
    return replace(
        last,
        start_step=first.start_step,
        spikes=RecordedByName[SpikeTrain](spikes, "spikes"),
        traces=traces,
        counts=_join_counts([part.counts for part in parts]),
        simulate_seconds=sum(part.simulate_seconds for part in parts),
        path=None,
        file_id="",
    )


@dataclass(frozen=True)
class _Join(Generic[T]):
    """What is joined when it is asked for."""

    parts: Sequence[Mapping[str, T]]
    name: str
    join: Callable[[list[T]], T]

    def __call__(self) -> T:
        return self.join([part[self.name] for part in self.parts])


def _join_spikes(trains: list[SpikeTrain]) -> SpikeTrain:
    return replace(
        trains[0],
        steps=np.concatenate([train.steps for train in trains]),
        indices=np.concatenate([train.indices for train in trains]),
    )


def _join_traces(traces: list[Samples]) -> Samples:
    return replace(
        traces[0],
        times=np.concatenate([trace.times for trace in traces]),
        values=np.concatenate([trace.values for trace in traces]),
    )


def _join_counts(counts: list[SpikeCounts]) -> SpikeCounts:
    """Spikes from the start of the first: each run counts from its own start."""
    totals = {population: [values] for population, values in counts[0].totals.items()}
    before = {population: int(values[-1]) for population, values in counts[0].totals.items()}
    for part in counts[1:]:
        for population, values in part.totals.items():
            totals[population].append(before[population] + values[1:])
            before[population] += int(values[-1])
    return SpikeCounts(
        np.concatenate([counts[0].steps, *(part.steps[1:] for part in counts[1:])]),
        {population: np.concatenate(values) for population, values in totals.items()},
    )


def _check_belong_together(first: Result, second: Result) -> None:
    ends, begins = (float(times_of(s, first.dt)) for s in (first.stop_step, second.start_step))
    if first.dt == second.dt and ends != begins:
        raise ArgumentError(
            f"a result that begins at {begins:g} ms does not follow one that ends at {ends:g} ms",
            hint="give all results of successive runs, in order of time",
        )
    for what, of in _SAME.items():
        if of(first) != of(second):
            raise ArgumentError(
                f"results with different {what} cannot be joined",
                hint="join results of one simulation that recorded the same",
            )
    if not len(first.counts.steps) or first.counts.steps[-1] != first.stop_step:
        raise ArgumentError(
            f"the result that ends at {ends:g} ms broke off before its spikes were counted",
            hint="only the last result may be one that broke off",
        )


def _recorded(result: Result) -> Any:
    spikes = {p: _plain(result.spikes[p].recorded) for p in result.spikes}
    traces = {(o, v): _plain(t.indices) for o, of in result.traces.items() for v, t in of.items()}
    return spikes, traces


def _plain(indices: Any) -> Any:
    return indices.tobytes() if isinstance(indices, np.ndarray) else indices


_SAME: dict[str, Callable[[Result], Any]] = {
    "time steps": lambda result: result.dt,
    "populations": lambda result: result.sizes,
    "recordings": _recorded,
}
