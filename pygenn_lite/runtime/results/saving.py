"""Writes a result that is in memory (or in another file) to a result file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from pygenn_lite.declaration.steps import nearest_steps
from pygenn_lite.runtime.results.files import real_path
from pygenn_lite.runtime.results.recorded_data import Samples
from pygenn_lite.runtime.results.result import Result
from pygenn_lite.runtime.results.result_file import ResultFile
from pygenn_lite.runtime.results.result_reader import file_id

SAVED_AT_ONCE = 1 << 20  # rows


def write_result(
    result: Result,
    path: Path,
    overwrite: bool = False,
    instances: int = 0,
    stops: Sequence[int] = (),
) -> Path:
    """Write a whole result at once; of several instances, with the steps at which each ended."""
    there = result.path is not None and real_path(path) == real_path(result.path)
    if there and result.file_id == file_id(path):
        return path
    traces = {(p, v): t for p, of in result.traces.items() for v, t in of.items()}
    dtype = next((t.values.dtype for t in traces.values()), np.dtype(np.float32))
    spikes = {}
    for population, train in result.spikes.items():
        known = train.recorded
        if known is None:
            whole = population in result.fully_recorded
            known = range(result.sizes[population]) if whole else np.unique(train.indices)
        spikes[population] = known
    file = ResultFile(
        path,
        dt=result.dt,
        start_step=result.start_step,
        name=result.name,
        sizes=result.sizes,
        spikes=spikes,
        traces={key: t.indices for key, t in traces.items()},
        dtype=dtype,
        units={key: t.unit for key, t in traces.items()},
        every={key: _interval(t, result.dt) for key, t in traces.items()},
        weights=list(result.weights),
        provenance=result.provenance,
        overwrite=overwrite,
        aside=True,
        instances=instances,
    )
    try:
        for population, train in result.spikes.items():
            for part in _parts(len(train)):
                file.add_spikes(population, train.steps[part], train.indices[part])
                file.flush(result.start_step)
        for (population, variable), trace in traces.items():
            for part in _parts(len(trace), len(trace.indices)):
                steps = nearest_steps(trace.times[part], result.dt).astype(np.int64)
                file.add_samples(population, variable, steps, trace.values[part])
                file.flush(result.start_step)
        for k, step in enumerate(result.counts.steps):
            totals = {p: int(t[k]) for p, t in result.counts.totals.items()}
            file.add_counts(int(step), totals)
        for group, kept in result.weights.items():
            file.add_weights(group, kept)
        file.close(
            result.stop_step,
            interrupted=result.interrupted,
            simulate_seconds=result.simulate_seconds,
            **({"stops": np.array(stops, np.int64)} if instances else {}),
        )
    except BaseException:
        file.abandon()
        file.path.unlink(missing_ok=True)
        raise
    return path


def _parts(rows: int, columns: int = 1) -> Iterator[slice]:
    """Rows to write at once."""
    step = max(1, SAVED_AT_ONCE // max(columns, 1))
    return (slice(first, first + step) for first in range(0, rows, step))


def _interval(trace: Samples, dt: float) -> int:
    """Steps between samples."""
    first = nearest_steps(trace.times[:2], dt)
    return int(first[1] - first[0]) if len(first) == 2 else 1
