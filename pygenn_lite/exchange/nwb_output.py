"""Results as an NWB file: units with spike times and observed intervals, traces as time series."""

from __future__ import annotations

import datetime
import uuid
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.exchange.contents import (
    SI,
    AnyResult,
    SampledVariable,
    about,
    by_neuron,
    recorded_neurons,
    runs_of,
    traces_of,
)
from pygenn_lite.optional import require
from pygenn_lite.runtime.results.files import as_path, check_replaceable, written_at_once
from pygenn_lite.runtime.results.result import Result

SECONDS = 1000.0  # ms in a second: NWB has seconds throughout
ANOTHER = "pass overwrite=True, or name another file"


def to_nwb(
    results: AnyResult, path: str | Path, overwrite: bool, metadata: Mapping[str, Any]
) -> Path:
    """Write an NWB file (see ``Result.to_nwb``)."""
    pynwb = require("pynwb", "exchange", "NWB files")
    target = as_path(path)
    check_replaceable(target, overwrite=overwrite, is_ours=_is_nwb, kind="NWB file", hint=ANOTHER)
    file = _session(pynwb, results, metadata)
    rows = _Units(results)
    if len(rows.neurons):
        file.units = rows.table(pynwb)
    for instance, result in runs_of(results):
        for trace in traces_of(result):
            file.add_acquisition(_series(pynwb, trace, instance))
    with written_at_once(target) as aside, pynwb.NWBHDF5IO(str(aside), "w") as io:
        io.write(file)
    return target


def _is_nwb(path: Path) -> bool:
    import h5py

    if not h5py.is_hdf5(path):
        return False
    with h5py.File(path) as file:
        return "nwb_version" in file.attrs


def _session(pynwb: Any, results: AnyResult, metadata: Mapping[str, Any]) -> Any:
    """What NWB asks for; the user's own words come before those of the provenance."""
    result = runs_of(results)[0][1]
    known = about(result)
    network, date = str(known.pop("network", "")), str(known.get("date", ""))
    defaults: dict[str, Any] = {
        "session_description": f"simulation of {result.name or 'a network'}",
        "identifier": str(uuid.uuid4()),
        "session_start_time": _started(date),
        "notes": "\n".join(f"{key}: {value}" for key, value in known.items()),
        "keywords": ["simulation", "spiking neural network"],
        "data_collection": f"simulated with pygenn_lite {known.get('pygenn_lite', '')}".strip(),
        **(
            {"source_script": network, "source_script_file_name": "network.yaml"} if network else {}
        ),
    }
    try:
        return pynwb.NWBFile(**{**defaults, **metadata})
    except (TypeError, ValueError) as error:
        raise ArgumentError(
            f"NWB does not take these fields: {error}",
            where=Location("to_nwb"),
            hint="fields are those of pynwb.NWBFile: session_description, identifier, "
            "session_start_time (a datetime), experimenter, institution, lab, subject, ...",
        ) from None


def _started(date: str) -> datetime.datetime:
    """When the run began; the beginning of 1970 where nobody knows."""
    if not date:
        return datetime.datetime.fromtimestamp(0, datetime.UTC)
    return datetime.datetime.fromisoformat(date)


class _Units:
    """The rows of the units table: one for each recorded neuron."""

    def __init__(self, results: AnyResult) -> None:
        times: list[npt.NDArray[np.float64]] = []
        ends, intervals, neurons, instances = [], [], [], []
        self.populations: list[str] = []
        before = 0
        for instance, result in runs_of(results):
            for population in result.spikes:
                own = recorded_neurons(result, population)
                spikes, stops = by_neuron(result.spikes[population], own)
                times.append(spikes / SECONDS)
                ends.append(stops + before)
                before += len(spikes)
                neurons.append(own)
                intervals.append(np.tile(_observed(result), (len(own), 1)))
                instances.append(np.full(len(own), -1 if instance is None else instance))
                self.populations += [population] * len(own)
        self.resolution = runs_of(results)[0][1].dt / SECONDS
        self.times = np.concatenate(times or [np.empty(0)])
        self.ends = np.concatenate(ends or [np.empty(0, np.int64)])
        self.neurons = np.concatenate(neurons or [np.empty(0, np.int64)])
        self.intervals = np.concatenate(intervals or [np.empty((0, 2))])
        self.instances = np.concatenate(instances or [np.empty(0, np.int64)])

    def table(self, pynwb: Any) -> Any:
        """As pynwb has it, made by column: adding units one by one takes 100 times as long."""
        column, index = pynwb.core.VectorData, pynwb.core.VectorIndex
        spikes = column(name="spike_times", description="spike times, s", data=self.times)
        observed = column(
            name="obs_intervals", description="when it was observed, s", data=self.intervals
        )
        count = np.arange(1, len(self.neurons) + 1)
        columns = [
            spikes,
            index(name="spike_times_index", data=self.ends, target=spikes),
            observed,
            index(name="obs_intervals_index", data=count, target=observed),
            column(name="population", description="population", data=self.populations),
            column(name="neuron", description="index in its population", data=self.neurons),
        ]
        if self.instances[0] >= 0:
            columns.append(
                column(name="instance", description="instance of the run", data=self.instances)
            )
        return pynwb.misc.Units(
            name="units",
            description="simulated neurons whose spikes were recorded, silent ones included",
            id=count - 1,
            columns=columns,
            resolution=self.resolution,
        )


def _observed(result: Result) -> npt.NDArray[np.float64]:
    return np.array([result.start, result.start + result.duration]) / SECONDS


def _series(pynwb: Any, trace: SampledVariable, instance: int | None) -> Any:
    """A trace, its values as they were recorded; ``conversion`` makes them SI."""
    samples = trace.samples
    unit, factor = SI.get(samples.unit, (samples.unit or "unknown", 1.0))
    kind = "population" if trace.of_population else "synapse group"
    what = f"{trace.variable} of {kind} {trace.owner}; columns are neurons"
    with warnings.catch_warnings():  # that rows are fewer than columns: pynwb fears a transpose
        warnings.simplefilter("ignore", UserWarning)
        return pynwb.TimeSeries(
            name=trace.name if instance is None else f"{trace.name}.{instance}",
            data=samples.values,
            unit=unit,
            conversion=factor,
            rate=SECONDS / trace.interval,
            starting_time=trace.start / SECONDS,
            description=what,
            comments="neurons: " + " ".join(map(str, samples.indices.tolist())),
        )
