"""Measures beside Elephant's: time and largest difference; and measures during long runs.

    python benchmarks/measures.py [--spikes 1000000] [--neurons 1000] [--rounds 5]
    python benchmarks/measures.py --streaming [--spikes 100000000]

Spikes are those of independent gamma processes of various regularities over 100 s, on a grid of
0.1 ms. Each side starts from its own container: sorted spike trains here, a list of Neo's spike
trains there; the first row is what making these from a result's spikes (by time) takes. What counts
is the CPU time of the fastest of the rounds (of Elephant's, one where it takes longer than 5 s), on
one thread. The difference is the largest, relative to the largest value.

``--streaming`` feeds all sinks with pieces of 100 ms and prints the time per 10^6 spikes and the
memory that the process has grown by from the first tenth of the run to its end.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
import warnings
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported

import numpy as np

from pygenn_lite import analysis
from pygenn_lite.runtime.results.recorded_data import RecordedByName, SpikeCounts, SpikeTrain
from pygenn_lite.runtime.results.result import Result
from pygenn_lite.runtime.results.run_sink import RunInfo

DT, STOP = 0.1, 1_000_000
LONG = 5.0  # s: not repeated
PIECE = 1000  # steps
OPTIONS = {"vector_strength": {"frequency": 40.0}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--spikes", type=int)
    parser.add_argument("--neurons", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--streaming", action="store_true")
    options = parser.parse_args()
    if options.streaming:
        stream(options.spikes or 10**8, options.neurons)
    else:
        warnings.simplefilter("ignore")
        compare(options.spikes or 10**6, options.neurons, options.rounds)


# ------------------------------------------------------------------ beside Elephant


def compare(spikes: int, neurons: int, rounds: int) -> None:
    """Print the table."""
    import elephant.conversion as conversion
    import elephant.spectral as spectral
    import elephant.spike_train_correlation as correlation
    import elephant.statistics as statistics
    import neo
    import quantities as pq

    result = make_result(spikes, neurons)
    trains = analysis.spike_trains(result, "exc")

    def to_neo() -> list[Any]:
        train = result.spikes["exc"]
        times = train.times
        return [
            neo.SpikeTrain(times[train.indices == k] * pq.ms, t_stop=STOP * DT * pq.ms)
            for k in range(neurons)
        ]

    theirs = to_neo()
    # Elephant's bins are [a, b).
    moved = [each.duplicate_with_new_data(each.magnitude - DT / 2) for each in theirs]

    def binned(bin_ms: float) -> Any:
        return conversion.BinnedSpikeTrain(moved, bin_size=bin_ms * pq.ms)

    def population(bin_ms: float) -> Any:
        return np.asarray(binned(bin_ms).sparse_matrix.sum(axis=0)).ravel()

    def each_of(function: Callable[[Any], Any]) -> Any:
        return np.array([float(function(statistics.isi(train))) for train in theirs])

    def spectrum() -> Any:
        rate = population(1.0) / neurons / 0.001
        signal = neo.AnalogSignal(rate[:, None], units="Hz", sampling_rate=1.0 * pq.kHz)
        return spectral.welch_psd(signal, len_segment=500)[1].magnitude.ravel()

    def matrix() -> Any:
        return correlation.correlation_coefficient(binned(5.0))

    def autocorrelogram() -> Any:
        own = conversion.BinnedSpikeTrain(moved[0], bin_size=1.0 * pq.ms)
        found = correlation.cross_correlation_histogram(own, own, window=[-100, 100])[0]
        found = found.magnitude.ravel()[100:]
        found[0] -= len(theirs[0])
        return found

    first = analysis.spike_trains([trains.times(0)], duration=STOP * DT, dt=DT)
    rows: list[tuple[str, Callable[[], Any], Callable[[], Any]]] = [
        ("spike trains", lambda: len(analysis.spike_trains(result, "exc")), lambda: len(theirs)
         and sum(map(len, to_neo()))),
        ("rates", lambda: analysis.rates(trains),
         lambda: np.mean([float(statistics.mean_firing_rate(t).rescale("Hz")) for t in theirs])),
        ("isi", lambda: analysis.isi(trains),
         lambda: np.concatenate([statistics.isi(t).magnitude for t in theirs])),
        ("cv_isi", lambda: analysis.cv_isi(trains, by_neuron=True),
         lambda: each_of(statistics.cv)),
        ("cv2", lambda: analysis.cv2(trains, by_neuron=True), lambda: each_of(statistics.cv2)),
        ("lv", lambda: analysis.lv(trains, by_neuron=True), lambda: each_of(statistics.lv)),
        ("lvr", lambda: analysis.lvr(trains, by_neuron=True), lambda: each_of(statistics.lvr)),
        ("fano_factor_of_neurons", lambda: analysis.fano_factor_of_neurons(trains),
         lambda: statistics.fanofactor(theirs)),
        ("binned_counts", lambda: analysis.binned_counts(trains).y, lambda: population(5.0)),
        ("synchrony", lambda: analysis.synchrony(trains, bin_ms=4.0),
         lambda: np.var(population(4.0)) / np.mean(population(4.0))),
        ("correlation", lambda: analysis.correlation(trains),
         lambda: np.mean(matrix()[np.triu_indices(neurons, 1)])),
        ("correlation_matrix", lambda: analysis.correlation_matrix(trains), matrix),
        ("power_spectrum", lambda: analysis.power_spectrum(trains).y, spectrum),
        ("autocorrelogram (1 neuron)", lambda: analysis.autocorrelogram(first).y, autocorrelogram),
    ]  # fmt: skip
    print(f"{len(trains):,} spikes of {neurons:,} neurons, {STOP * DT / 1000:g} s\n")
    print("| measure | ours (ms) | Elephant (ms) | ratio | largest difference |")
    print("|---|---|---|---|---|")
    for name, ours, others in rows:
        seconds, value = fastest(ours, rounds)
        their_seconds, their_value = fastest(others, rounds)
        scale = float(np.nanmax(np.abs(their_value))) or 1.0
        difference = float(np.nanmax(np.abs(np.asarray(value) - np.asarray(their_value)))) / scale
        print(
            f"| {name} | {1000 * seconds:.2f} | {1000 * their_seconds:.1f} | "
            f"{their_seconds / seconds:.0f} | {difference:.0e} |",
            flush=True,
        )


def fastest(function: Callable[[], Any], rounds: int) -> tuple[float, Any]:
    """Seconds of the fastest of some rounds, and what came out."""
    best = np.inf
    for _ in range(rounds):
        start = time.process_time()
        value = function()
        best = min(best, time.process_time() - start)
        if best > LONG:
            break
    return best, value


def make_result(spikes: int, neurons: int) -> Result:
    """Gamma processes of shape 1 (Poisson) to 8, with a spike at most in each step."""
    rng = np.random.default_rng(1)
    mean = STOP * neurons / spikes
    parts = []
    for k in range(neurons):
        shape = 1 + k % 8
        intervals = rng.gamma(shape, mean / shape, int(1.2 * spikes / neurons + 50))
        steps = np.unique(np.ceil(np.cumsum(intervals)).astype(np.int64))
        parts.append(steps[steps <= STOP])
    steps = np.concatenate(parts)
    indices = np.repeat(np.arange(neurons, dtype=np.uint32), [len(part) for part in parts])
    order = np.argsort(steps, kind="stable")
    train = SpikeTrain(steps[order], indices[order], DT, range(neurons))
    counts = SpikeCounts(np.array([0, STOP]), {"exc": np.array([0, len(steps)])})
    spikes_by_name = RecordedByName({"exc": train}, "spikes")
    return Result(DT, 0, STOP, {"exc": neurons}, spikes_by_name, {}, counts, frozenset(["exc"]))


# ------------------------------------------------------------------ during a run


def stream(spikes: int, neurons: int) -> None:
    """Feed each sink with so many spikes, the same piece again and again."""
    piece = min(10_000, spikes)
    pieces = spikes // piece
    rng = np.random.default_rng(1)
    steps = np.sort(rng.integers(1, PIECE + 1, piece))
    indices = rng.integers(0, neurons, piece).astype(np.uint32)
    info = RunInfo(
        DT, 0, pieces * PIECE, 1, {"exc": neurons, "inh": 10},
        {"exc": range(neurons), "inh": range(10)}, {},
    )  # fmt: skip
    print(f"{spikes:,} spikes of {neurons:,} neurons in pieces of {piece:,}\n")
    print("| measure | ms per 10^6 spikes | memory grows by (MiB) |")
    print("|---|---|---|")
    for name, measure in analysis.MEASURES.items():
        if not measure.sink or measure.needs != "spikes":
            continue
        sink = measure.make_sink(**OPTIONS.get(name, {}))
        sink.begin(info)
        sink.add_counts(0, 0, {})
        start = time.perf_counter()
        early = 0
        for k in range(pieces):
            sink.add_spikes(0, "exc", steps + k * PIECE, indices)
            sink.add_counts(0, (k + 1) * PIECE, {})
            if k == pieces // 10:
                early = memory()
        seconds = time.perf_counter() - start
        sink.end(pieces * PIECE, False)
        sink.values(0)
        grown = (memory() - early) / 1024
        print(f"| {name} | {seconds / spikes * 1e9:.0f} | {grown:.1f} |", flush=True)


def memory() -> int:
    """The most that this process has had resident, KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main()
