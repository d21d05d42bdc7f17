"""Results made by hand, and sinks that are fed with them piece by piece."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from pygenn_lite.declaration.steps import times_of
from pygenn_lite.runtime.results.recorded_data import (
    RecordedByName,
    Samples,
    SpikeCounts,
    SpikeTrain,
)
from pygenn_lite.runtime.results.result import Result
from pygenn_lite.runtime.results.run_sink import RunInfo

DT = 0.1


def result_of(trains, stop, *, start=0, dt=DT, recorded=None, size=None, name="exc"):
    """A result with the spikes (steps) of each recorded neuron of one population."""
    recorded = range(len(trains)) if recorded is None else recorded
    recorded = recorded if isinstance(recorded, range) else np.asarray(recorded, np.uint32)
    size = size or len(trains)
    steps = np.concatenate([np.zeros(0, np.int64), *(np.asarray(t, np.int64) for t in trains)])
    indices = np.repeat(np.asarray(recorded, np.uint32), [len(t) for t in trains])
    order = np.lexsort((indices, steps))
    train = SpikeTrain(steps[order], indices[order].astype(np.uint32), dt, recorded)
    counts = SpikeCounts(np.array([start, stop]), {name: np.array([0, len(steps)])})
    full = frozenset([name] if len(recorded) == size else [])
    spikes = RecordedByName({name: train}, "spikes")
    return Result(dt, start, stop, {name: size}, spikes, {}, counts, full)


def joined(a, b):
    """Two results of one run, of different populations."""
    counts = SpikeCounts(a.counts.steps, {**a.counts.totals, **b.counts.totals})
    return Result(
        a.dt, a.start_step, a.stop_step, {**a.sizes, **b.sizes},
        RecordedByName({**a.spikes, **b.spikes}, "spikes"), {}, counts,
        a.fully_recorded | b.fully_recorded,
    )  # fmt: skip


def with_traces(result, values, every=1, indices=None, name="exc", variable="V"):
    """The same with samples, [samples, neurons], of a variable."""
    times = times_of(result.start_step + every * np.arange(len(values)), result.dt)
    indices = np.arange(values.shape[1], dtype=np.uint32) if indices is None else indices
    result.traces = {name: {variable: Samples(times, values, indices)}}
    return result


def stream(sink, results, cuts=()):
    """Feed results to a sink as instances of one run, cut at these steps."""
    first = results[0]
    spikes = {name: train.recorded for name, train in first.spikes.items()}
    start, stop = first.start_step, first.stop_step
    variables = {
        (owner, name): samples.indices
        for owner, of in first.traces.items()
        for name, samples in of.items()
    }
    info = RunInfo(first.dt, start, stop, len(results), first.sizes, spikes, variables)
    sink.begin(info)
    edges = [start, *sorted(cut for cut in cuts if start < cut < stop), stop]
    totals = [dict.fromkeys(first.sizes, 0) for _ in results]
    for k in range(len(results)):
        sink.add_counts(k, start, totals[k])
    for a, b in pairwise(edges):
        for k, result in enumerate(results):
            _piece(sink, k, result, a, b)
            totals[k] = {
                name: int(np.searchsorted(train.steps, b, side="right"))
                for name, train in result.spikes.items()
            }
            sink.add_counts(k, b, totals[k])
        sink.reached(b)
    sink.end(stop, False)
    return sink


def _piece(sink, k, result, a, b):
    for name, train in result.spikes.items():
        low = a if a > result.start_step else a - 1
        piece = slice(*np.searchsorted(train.steps, [low, b], side="right"))
        if piece.stop > piece.start:
            sink.add_spikes(k, name, train.steps[piece], train.indices[piece])
    for owner, of in result.traces.items():
        for name, samples in of.items():
            steps = np.rint(samples.times / result.dt).astype(np.int64)
            piece = slice(*np.searchsorted(steps, [a, b]))
            if piece.stop > piece.start:
                sink.add_samples(k, owner, name, steps[piece], samples.values[piece])


def poisson_trains(seed, neurons, rate_hz, stop, dt=DT):
    """Spike trains in steps, independent, at most one spike a step."""
    rng = np.random.default_rng(seed)
    return [1 + np.flatnonzero(rng.random(stop) < rate_hz * dt / 1000.0) for _ in range(neurons)]


@st.composite
def runs_in_pieces(draw, most_neurons=5, stop=400):
    """Two instances of two populations, a warm-up in ms, and the steps at which the run is cut."""
    train = st.lists(st.integers(0, stop), max_size=25, unique=True).map(sorted)
    neurons = draw(st.integers(1, most_neurons))
    population = st.lists(train, min_size=neurons, max_size=neurons)
    exc = draw(st.lists(population, min_size=2, max_size=2))
    inh = draw(st.lists(st.lists(train, min_size=2, max_size=2), min_size=2, max_size=2))
    warmup = draw(st.sampled_from([0.0, 0.1, 7.3, 20.0]))
    cuts = draw(st.lists(st.integers(1, stop - 1), max_size=8, unique=True))
    results = [
        joined(result_of(a, stop), result_of(b, stop, recorded=[3, 1], size=4, name="inh"))
        for a, b in zip(exc, inh, strict=True)
    ]
    return results, warmup, cuts
