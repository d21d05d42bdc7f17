"""Result files with an axis of instances: one file, in which instance 3 of population ``exc`` is
the population ``exc.3`` (names have no dots otherwise)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.errors import FileFormatError
from pygenn_lite.runtime.device import Device
from pygenn_lite.runtime.recording import Requests
from pygenn_lite.runtime.results.files import as_path
from pygenn_lite.runtime.results.final_weights import FinalWeights
from pygenn_lite.runtime.results.instance_results import InstanceResults
from pygenn_lite.runtime.results.lazy_mapping import LazyMapping
from pygenn_lite.runtime.results.provenance import Provenance, of_instance
from pygenn_lite.runtime.results.recorded_data import RecordedByName, SpikeCounts, SpikeTrain
from pygenn_lite.runtime.results.result import Result
from pygenn_lite.runtime.results.result_file import ResultFile
from pygenn_lite.runtime.results.result_reader import read_whole

if TYPE_CHECKING:
    from pygenn_lite.runtime.results.sink_options import SinkOptions


class InstanceFile:
    """A result file that grows, for all instances."""

    def __init__(
        self,
        device: Device,
        requests: Sequence[Requests],
        provenance: Mapping[str, Any],
        options: SinkOptions,
    ) -> None:
        numbers = range(len(device.instances))
        network, spikes = device.instances[0].network, requests[0].spikes
        assert options.stream_to is not None
        populations = device.layout.populations
        plastic = [name for name, group in device.layout.groups.items() if group.plastic]
        variables = {(k, r.owner, r.name): r for k in numbers for r in requests[k].variables}
        names = {key: (_name(key[1], key[0]), key[2]) for key in variables}
        self.file = ResultFile(
            options.stream_to,
            dt=network.dt,
            start_step=device.step,
            name=network.name,
            sizes={_name(n, k): p.size for k in numbers for n, p in populations.items()},
            spikes={_name(r.population, k): r.recorded for k in numbers for r in spikes},
            traces={names[key]: r.indices for key, r in variables.items()},
            units={names[key]: r.unit for key, r in variables.items()},
            every={names[key]: r.every for key, r in variables.items()},
            dtype=device.dtype,
            weights=[_name(n, k) for k in numbers for n in plastic] if options.keep_weights else [],
            provenance=provenance,
            overwrite=options.overwrite,
            instances=len(numbers),
        )
        self.parts = [PartOfFile(self, k) for k in numbers]
        self._counts: dict[str, int] = {}

    @property
    def path(self) -> Path:
        """Where the data are at present."""
        return self.file.path

    def reached(self, step: int) -> None:
        """All up to this step has been added."""
        self.file.reached(step)

    def close(self, step: int, **attributes: Any) -> None:
        """Write out the rest and close."""
        self.file.close(step, **attributes)

    def add_counts(self, index: int, step: int, totals: Mapping[str, int]) -> None:
        """Counts of one instance; they are written when those of all have come."""
        self._counts.update({_name(n, index): total for n, total in totals.items()})
        if index == len(self.parts) - 1:
            self.file.add_counts(step, self._counts)


class PartOfFile:
    """Where the data of one instance go."""

    def __init__(self, whole: InstanceFile, index: int) -> None:
        self.whole, self.index, self.provenance = whole, index, whole.file.provenance

    def add_spikes(
        self, population: str, steps: npt.NDArray[np.int64], indices: npt.NDArray[np.uint32]
    ) -> None:
        """Append spikes."""
        self.whole.file.add_spikes(_name(population, self.index), steps, indices)

    def add_samples(
        self, owner: str, variable: str, steps: npt.NDArray[np.int64], values: npt.NDArray[Any]
    ) -> None:
        """Append samples."""
        self.whole.file.add_samples(_name(owner, self.index), variable, steps, values)

    def room_for(self, owner: str, variable: str, rows: int) -> None:
        """Nowhere in particular."""

    def add_counts(self, step: int, totals: Mapping[str, int]) -> None:
        """Append the spikes counted so far."""
        self.whole.add_counts(self.index, step, totals)

    def add_weights(self, group: str, weights: FinalWeights) -> None:
        """Add the weights of a group at the end."""
        self.whole.file.add_weights(_name(group, self.index), weights)


def write_instances(results: InstanceResults, path: Path, overwrite: bool) -> Path:
    """Write results that are in memory (or in another file)."""
    from pygenn_lite.runtime.results.saving import write_result

    stops = [result.stop_step for result in results]
    write_result(_joined(results), path, overwrite, instances=len(results), stops=stops)
    return path


def load_instances(path: str | Path) -> InstanceResults:
    """Read a result file of a run with instances; arrays are read when asked for.

    Parameters
    ----------
    path : path
        As of :func:`load_result`.

    Raises
    ------
    FileFormatError
        No such file, a damaged one, or one without instances.
    """
    whole, stops = read_whole(as_path(path))
    if stops is None:
        raise FileFormatError(
            f"{path} holds one result, without instances", hint="read it with load_result(path)"
        )
    return _split_instances(whole, stops)


def _split_instances(whole: Result, found: Sequence[int]) -> InstanceResults:
    """The results of all instances out of a file's."""
    count = len(found)
    sizes, spikes = _split(whole.sizes, count), _split(whole.spikes, count)
    traces, weights = _split(whole.traces, count), _split(whole.weights, count)
    totals, fully = (
        _split(whole.counts.totals, count),
        _split(dict.fromkeys(whole.fully_recorded), count),
    )
    results = tuple(
        replace(
            whole,
            stop_step=stop or whole.stop_step,
            sizes=sizes[k],
            spikes=RecordedByName[SpikeTrain](spikes[k], "spikes"),
            traces=traces[k],
            counts=SpikeCounts(whole.counts.steps, totals[k]),
            fully_recorded=frozenset(fully[k]),
            weights=weights[k],
            provenance=of_instance(whole.provenance, k),
            interrupted=stop < whole.stop_step if stop else whole.interrupted,
        )
        for k, stop in enumerate(found)
    )
    seeds = whole.provenance.get("seeds")
    listed: list[Any] = seeds if isinstance(seeds, list) else [whole.provenance.get("seed", 0)]
    return InstanceResults(results, tuple(map(int, listed)), path=whole.path)


def _joined(results: InstanceResults) -> Result:
    """One result in which instances are populations."""
    longest = max(results, key=lambda result: result.stop_step)
    provenance = Provenance({**results[0].provenance, "seeds": list(results.seeds)})
    totals: dict[str, npt.NDArray[np.int64]] = {}
    for k, result in enumerate(results):
        for name, values in result.counts.totals.items():
            places = np.searchsorted(result.counts.steps, longest.counts.steps, side="right") - 1
            totals[_name(name, k)] = values[places]  # those that ended early stay as they are
    return replace(
        longest,
        sizes=_of_all(results, "sizes"),
        spikes=RecordedByName[SpikeTrain](_of_all(results, "spikes"), "spikes"),
        traces=_of_all(results, "traces"),
        counts=SpikeCounts(longest.counts.steps, totals),
        fully_recorded=frozenset(
            _name(n, k) for k, result in enumerate(results) for n in result.fully_recorded
        ),
        weights=_of_all(results, "weights"),
        provenance=provenance,
        path=None,
        file_id="",
    )


def _of_all(results: InstanceResults, field: str) -> dict[str, Any]:
    return {
        _name(name, k): value
        for k, result in enumerate(results)
        for name, value in getattr(result, field).items()
    }


def _split(entries: Mapping[str, Any], count: int) -> list[dict[str, Any]]:
    """What belongs to each instance, by its name there; what lies in a file stays there."""
    own: list[dict[str, Any]] = [{} for _ in range(count)]
    lazy = isinstance(entries, LazyMapping)
    for whole in entries:
        name, _, number = whole.rpartition(".")
        own[int(number)][name] = _Fetch(entries, whole) if lazy else entries[whole]
    return own


class _Fetch:
    """An entry of a mapping that is looked up when it is asked for."""

    def __init__(self, entries: Mapping[str, Any], name: str) -> None:
        self.entries, self.name = entries, name

    def __call__(self) -> Any:
        return self.entries[self.name]


def _name(name: str, index: int) -> str:
    return f"{name}.{index}"
