"""Results as an xarray DataTree: a dataset for the spikes of a population and for each trace."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.exchange.contents import (
    AnyResult,
    SampledVariable,
    about,
    recorded_neurons,
    runs_of,
    traces_of,
)
from pygenn_lite.optional import require
from pygenn_lite.runtime.results.instance_results import InstanceResults


def to_xarray(results: AnyResult) -> Any:
    """An ``xarray.DataTree`` (see ``Result.to_xarray``)."""
    xarray = require("xarray", "exchange", "labelled arrays of results")
    runs = runs_of(results)
    nodes: dict[str, Any] = {}
    for name in dict.fromkeys(name for _, result in runs for name in result.spikes):
        nodes[f"/{name}/spikes"] = _spikes(xarray, results, name)
    traces: dict[str, list[SampledVariable]] = {}
    for _, result in runs:
        for trace in traces_of(result):
            traces.setdefault(f"/{trace.owner}/{trace.variable}", []).append(trace)
    for place, own in traces.items():
        nodes[place] = _samples(xarray, own, isinstance(results, InstanceResults))
    root = xarray.Dataset(attrs=about(runs[0][1]) if runs else {})
    if isinstance(results, InstanceResults):
        root = root.assign({"seed": ("instance", np.array(results.seeds, np.uint64))})
    return xarray.DataTree.from_dict({"/": root, **nodes})


def _spikes(xarray: Any, results: AnyResult, name: str) -> Any:
    """Spikes of one population, ragged: a row each."""
    runs = runs_of(results)
    trains = [result.spikes[name] for _, result in runs]
    dataset = {
        "time": ("spike", np.concatenate([train.times for train in trains]), {"units": "ms"}),
        "neuron": ("spike", np.concatenate([train.indices for train in trains])),
    }
    if isinstance(results, InstanceResults):
        lengths = [len(train) for train in trains]
        dataset["instance_of_spike"] = ("spike", np.repeat(np.arange(len(runs)), lengths))
    neurons = recorded_neurons(runs[0][1], name)
    dataset["recorded"] = (
        "recorded_neuron",
        neurons,
        {"description": "neurons whose spikes were recorded, silent ones included"},
    )
    return xarray.Dataset(dataset, attrs={"population": name})


def _samples(xarray: Any, traces: list[SampledVariable], with_instances: bool) -> Any:
    """Samples of one variable; what instances that ended early do not have is NaN."""
    first = traces[0]
    axis = "neuron"
    longest = max(traces, key=lambda trace: len(trace.samples))
    neurons = longest.samples.indices
    for trace in traces:
        neurons = neurons if np.array_equal(neurons, trace.samples.indices) else _all(traces)
    coordinates = {
        "time": ("time", longest.samples.times, {"units": "ms"}),
        axis: (axis, neurons.astype(np.int64)),
    }
    values = [_laid_out(trace, len(longest.samples), neurons) for trace in traces]
    dims = (["instance"] if with_instances else []) + ["time", axis]
    data = np.stack(values) if with_instances else values[0]
    attributes = {"units": first.samples.unit} if first.samples.unit else {}
    kind = "population" if first.of_population else "synapse_group"
    return xarray.Dataset(
        {first.variable: (dims, data, attributes)}, coordinates, {kind: first.owner}
    )


def _all(traces: list[SampledVariable]) -> npt.NDArray[Any]:
    return np.unique(np.concatenate([trace.samples.indices for trace in traces]))


def _laid_out(trace: SampledVariable, rows: int, neurons: npt.NDArray[Any]) -> npt.NDArray[Any]:
    values, indices = trace.samples.values, trace.samples.indices
    if values.shape == (rows, len(neurons)):
        return values
    laid = np.full((rows, len(neurons)), np.nan, values.dtype)
    laid[: len(values), np.searchsorted(neurons, indices)] = values
    return laid
