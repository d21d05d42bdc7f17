"""Results as pandas tables: one of the spikes, one of each trace."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.steps import times_of
from pygenn_lite.exchange.contents import AnyResult, runs_of, traces_of
from pygenn_lite.optional import require


class Tables(NamedTuple):
    """What ``result.to_pandas()`` gives.

    Attributes
    ----------
    spikes : pandas.DataFrame
        A row per spike, in order of time: ``time`` (ms), ``population`` (a category), ``neuron``;
        of instances also ``instance``, whose rows follow one another.
    traces : dict of str to pandas.DataFrame
        By ``"exc.V"``: a row per sample, whose index is the ``time`` in ms, and a column per
        neuron; of instances the columns have two levels, ``instance`` and ``neuron``.
        ``frame.attrs["unit"]`` is the unit where it is known.
    """

    spikes: Any
    traces: dict[str, Any]


def to_pandas(results: AnyResult) -> Tables:
    """Tables of a result (see ``Result.to_pandas``)."""
    pandas = require("pandas", "exchange", "tables of results")
    return Tables(_spikes(pandas, results), _traces(pandas, results))


def _spikes(pandas: Any, results: AnyResult) -> Any:
    runs = runs_of(results)
    names = list(dict.fromkeys(name for _, result in runs for name in result.spikes))
    frames = []
    for instance, result in runs:
        trains = [result.spikes[name] for name in names]
        steps = _joined([train.steps for train in trains])
        order = np.argsort(steps, kind="stable")
        codes = np.repeat(np.arange(len(names)), [len(train) for train in trains])
        columns = {
            "time": times_of(steps[order], result.dt),
            "population": pandas.Categorical.from_codes(codes[order], names),
            "neuron": _joined([train.indices for train in trains])[order],
        }
        if instance is not None:
            columns["instance"] = np.full(len(steps), instance)
        frames.append(pandas.DataFrame(columns))
    return pandas.concat(frames, ignore_index=True) if len(frames) != 1 else frames[0]


def _joined(arrays: list[npt.NDArray[Any]]) -> npt.NDArray[np.int64]:
    return np.concatenate([np.empty(0, np.int64), *arrays]).astype(np.int64)


def _traces(pandas: Any, results: AnyResult) -> dict[str, Any]:
    parts: dict[str, dict[int | None, Any]] = {}
    units: dict[str, str] = {}
    for instance, result in runs_of(results):
        for trace in traces_of(result):
            index = pandas.Index(trace.samples.times, name="time")
            columns = pandas.Index(trace.samples.indices.astype(np.int64), name="neuron")
            frame = pandas.DataFrame(trace.samples.values, index=index, columns=columns)
            parts.setdefault(trace.name, {})[instance] = frame
            units[trace.name] = trace.samples.unit
    frames = {}
    for name, own in parts.items():
        frame = own[None] if None in own else pandas.concat(own, axis=1, names=["instance"])
        frame.attrs["unit"] = units[name]
        frames[name] = frame
    return frames
