"""Results as a Neo Block, which Elephant, viewers and PyNN's tools take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from pygenn_lite.exchange.contents import (
    AnyResult,
    SampledVariable,
    about,
    by_neuron,
    recorded_neurons,
    runs_of,
    traces_of,
)
from pygenn_lite.optional import require
from pygenn_lite.runtime.results.result import Result


def to_neo(results: AnyResult) -> Any:
    """A ``neo.Block`` (see ``Result.to_neo``)."""
    neo = require("neo", "exchange", "Neo objects")
    runs = runs_of(results)
    first = runs[0][1] if runs else None
    block = neo.Block(name=first.name if first else "", **(about(first) if first else {}))
    for instance, result in runs:
        name = "run" if instance is None else f"instance {instance}"
        own: dict[str, Any] = {} if instance is None else {"instance": instance}
        if "seed" in result.provenance:
            own["seed"] = result.provenance["seed"]
        segment = neo.Segment(name=name, index=instance or 0, **own)
        segment.spiketrains.extend(list(_spike_trains(neo, result)))
        segment.analogsignals.extend([_signal(neo, trace) for trace in traces_of(result)])
        block.segments.append(segment)
    block.check_relationships()
    return block


def _spike_trains(neo: Any, result: Result) -> Iterator[Any]:
    """One for each recorded neuron."""
    import quantities as pq

    stop, rate = result.start + result.duration, 1.0 / result.dt * pq.kHz
    for population in result.spikes:
        neurons = recorded_neurons(result, population)
        counted = int(result.counts.totals[population][-1])
        times, ends = by_neuron(result.spikes[population], neurons)
        for neuron, own in zip(neurons.tolist(), np.split(times, ends[:-1]), strict=True):
            yield neo.SpikeTrain(
                own,
                units=pq.ms,
                t_start=result.start,
                t_stop=stop,
                sampling_rate=rate,
                name=f"{population}.{neuron}",
                population=population,
                index=neuron,
                population_size=result.sizes[population],
                population_spikes=counted,
            )


def _signal(neo: Any, trace: SampledVariable) -> Any:
    import quantities as pq

    samples = trace.samples
    kind = "population" if trace.of_population else "synapse_group"
    return neo.AnalogSignal(
        samples.values,
        units=_quantity(samples.unit),
        t_start=trace.start * pq.ms,
        sampling_period=trace.interval * pq.ms,
        name=trace.name,
        array_annotations={"index": samples.indices.astype(np.int64)},
        variable=trace.variable,
        unit=samples.unit,
        **{kind: trace.owner},
    )


def _quantity(unit: str) -> Any:
    """The unit as Neo knows it; dimensionless where it does not."""
    import quantities as pq

    try:
        return pq.Quantity(1.0, unit or "dimensionless").units
    except LookupError:
        return pq.dimensionless
