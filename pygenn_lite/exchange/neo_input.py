"""Results out of Neo objects: what was recorded elsewhere, for measures and pictures of ours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.language.constants import as_float
from pygenn_lite.declaration.numeric import Number, plain_number
from pygenn_lite.declaration.steps import nearest_steps, times_of
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.runtime.results.instance_results import InstanceResults
from pygenn_lite.runtime.results.recorded_data import (
    RecordedByName,
    Samples,
    SpikeCounts,
    SpikeTrain,
)
from pygenn_lite.runtime.results.result import Result

HERE = Location("from_neo")
OTHERS = "neurons"  # the population of trains that name none
Trains = Mapping[str, list[tuple[int, Any]]]


def from_neo(block: Any, dt: Number | None = None) -> Result | InstanceResults:
    """A result of a ``neo.Block`` or ``neo.Segment``: for measures, pictures and files.

    Parameters
    ----------
    block : neo.Block or neo.Segment
        Spike trains are those of the population that their annotation ``population`` (of PyNN's
        ``source_population``) names, and of its neuron ``index`` (``source_index``), else of
        "neurons", in order. So are the columns of analog signals.
    dt : float, optional
        ms per step, to which times are rounded; by default the trains' sampling period.

    Returns
    -------
    Result, or InstanceResults
        Of a block with several segments an instance for each.

    Raises
    ------
    ArgumentError
        Not a block or segment, an empty one, or trains that do not say their sampling rate.

    Examples
    --------
    >>> net = pg.Network()
    >>> cells = net.population("cells", 3, pg.LIF())
    >>> drive = net.current(cells, 500.0)
    >>> net.record(cells.spikes)
    >>> result = net.compile(threads=1).run(100.0)
    >>> pg.exchange.from_neo(result.to_neo()).rates() == result.rates()
    True
    """
    segments = list(getattr(block, "segments", None) or [block])
    if not all(hasattr(segment, "spiketrains") for segment in segments):
        raise ArgumentError(
            f"{type(block).__name__} is neither a block nor a segment of Neo",
            where=HERE,
            hint="give neo.io.get_io(path).read_block(), or result.to_neo()",
        )
    name, known = str(block.name or ""), block.annotations
    results = tuple(_result(segment, _step(segment, dt), name, known) for segment in segments)
    if len(results) == 1:
        return results[0]
    seeds = tuple(int(segment.annotations.get("seed", 0)) for segment in segments)
    return InstanceResults(results, seeds)


def trains_of(segment: Any) -> Trains:
    """Neurons and spike trains by population."""
    found: dict[str, list[tuple[int, Any]]] = {}
    for train in segment.spiketrains:
        known = train.annotations
        name = str(known.get("population", known.get("source_population", OTHERS)))
        own = found.setdefault(name, [])
        own.append((int(known.get("index", known.get("source_index", len(own)))), train))
    return found


def milliseconds(train: Any) -> npt.NDArray[np.float64]:
    """Times of a train, or a time, in ms."""
    return np.asarray(train.rescale("ms").magnitude, np.float64)


def _step(segment: Any, given: Number | None) -> float:
    """ms per step."""
    if given is not None:
        number = plain_number(given)
        if number is None or not 0 < number < 1e6:
            raise ArgumentError(f"dt = {given!r}", where=HERE, hint="give a time in ms, above 0")
        return as_float(number)
    trains = [*segment.spiketrains, *segment.analogsignals]
    if not trains:
        raise ArgumentError("the segment is empty", where=HERE)
    steps = [float(t.sampling_period.rescale("ms").magnitude) for t in trains if _says_rate(t)]
    if not steps:
        raise ArgumentError(
            "the spike trains do not say their sampling rate",
            where=HERE,
            hint="give dt, in ms: times are rounded to whole steps",
        )
    shortest = min(steps)
    whole = round(1.0 / shortest)  # 0.1, where a rate of 10 kHz gave 0.10000000000000002
    return 1.0 / whole if whole and abs(shortest * whole - 1.0) < 1e-9 else shortest


def _says_rate(train: Any) -> bool:
    """Neo gives 1 Hz to spike trains that were given none."""
    rate = train.sampling_rate
    if rate is None:
        return False
    return not hasattr(train, "waveforms") or float(rate.rescale("Hz").magnitude) != 1.0


def _result(segment: Any, dt: float, name: str, known: Mapping[str, Any]) -> Result:
    trains = trains_of(segment)
    parts = list(segment.spiketrains) or list(segment.analogsignals)  # trains say it exactly
    begin = min(milliseconds(part.t_start) for part in parts)
    end = max(milliseconds(part.t_stop) for part in parts)
    start, stop = (int(nearest_steps(time, dt)) for time in (begin, end))
    spikes = {name: _spikes(own, dt) for name, own in trains.items()}
    sizes = {name: _size(own) for name, own in trains.items()}
    traces: dict[str, dict[str, Samples]] = {}
    for signal in segment.analogsignals:
        owner, variable, samples = _samples(signal, dt)
        traces.setdefault(owner, {})[variable] = samples
    whole = {n for n, own in trains.items() if {i for i, _ in own} == set(range(sizes[n]))}
    return Result(
        dt=dt,
        start_step=start,
        stop_step=stop,
        sizes=sizes,
        spikes=RecordedByName[SpikeTrain](spikes, "spikes"),
        traces={n: RecordedByName(own, f"variables of {n}:") for n, own in traces.items()},
        counts=SpikeCounts(
            np.array([start, stop]),
            {n: np.array([0, _spike_count(own, sizes[n])]) for n, own in trains.items()},
        ),
        fully_recorded=frozenset(whole),
        name=name,
        provenance=dict(known),
    )


def _size(trains: Iterable[tuple[int, Any]]) -> int:
    """Neurons of the population: as told, or up to the last that was recorded."""
    return max(max(index + 1, int(t.annotations.get("population_size", 0))) for index, t in trains)


def _spike_count(trains: list[tuple[int, Any]], size: int) -> int:
    """Spikes of a whole population: as told, or at the mean rate of the neurons that were
    recorded."""
    told = trains[0][1].annotations.get("population_spikes")
    if told is not None:
        return int(told)
    neurons = {index for index, _ in trains}
    return round(sum(len(train) for _, train in trains) * size / len(neurons))


def _spikes(trains: list[tuple[int, Any]], dt: float) -> SpikeTrain:
    times, indices = joined(trains)
    steps = nearest_steps(times, dt).astype(np.int64)
    order = np.lexsort((indices, steps))
    recorded = np.array(sorted(index for index, _ in trains), np.uint32)
    return SpikeTrain(steps[order], indices[order].astype(np.uint32), dt, recorded)


def joined(
    trains: Iterable[tuple[int, Any]],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Times (ms) and neurons of all spikes of a population."""
    times, indices = [np.empty(0)], [np.empty(0, np.int64)]
    for index, train in trains:
        times.append(milliseconds(train))
        indices.append(np.full(len(times[-1]), index))
    return np.concatenate(times), np.concatenate(indices)


def _samples(signal: Any, dt: float) -> tuple[str, str, Samples]:
    """Owner, variable and samples of an analog signal."""
    known = signal.annotations
    owner = known.get("population", known.get("synapse_group", known.get("source_population")))
    unit = known.get("unit", "" if signal.dimensionality.string == "dimensionless"
                     else signal.dimensionality.string)  # fmt: skip
    columns = np.arange(signal.shape[1])
    indices = signal.array_annotations.get("index", columns)
    times = times_of(nearest_steps(milliseconds(signal.times), dt), dt)
    variable = str(known.get("variable", signal.name or "signal"))
    values = np.asarray(signal.magnitude)
    return (
        str(owner or OTHERS),
        variable,
        Samples(times, values, np.asarray(indices, np.uint32), unit),
    )


def segments_of(source: Any) -> Iterator[Any]:
    """Segments of what a user gives: a block, a segment, a spike train, a list of them."""
    if hasattr(source, "segments"):
        yield from source.segments
    elif hasattr(source, "spiketrains"):
        yield source
    else:
        trains = list(source) if isinstance(source, (list, tuple)) else [source]
        yield _Trains(trains)


class _Trains:
    """A segment of nothing but spike trains."""

    def __init__(self, trains: list[Any]) -> None:
        self.spiketrains = trains
