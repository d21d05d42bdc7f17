"""What a run of several instances gives back: a result for each, and what they have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import partial
from pathlib import Path
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from pygenn_lite import hooks
from pygenn_lite.declaration.summary import counted
from pygenn_lite.errors import ArgumentError, SimulationError
from pygenn_lite.old_names import with_old_arguments
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.results.exchangeable import Exchangeable
from pygenn_lite.runtime.results.files import as_path
from pygenn_lite.runtime.results.recorded_data import RecordedByName, Samples
from pygenn_lite.runtime.results.result import Result


@dataclass
class InstanceResults(Exchangeable, Sequence[Result]):
    """Results of all instances: ``results[k]`` is what a single run with the seed and the values of
    instance ``k`` gives.

    Attributes
    ----------
    results : tuple of Result
    seeds : tuple of int
        Of the instances.
    failed : dict of int to str
        Instances that ended early since a variable stopped being finite, and what was wrong.
    path : Path or None
        The file that they were streamed to or loaded from.
    """

    results: tuple[Result, ...]
    seeds: tuple[int, ...]
    failed: dict[int, str] = field(default_factory=dict)
    path: Path | None = None

    def __len__(self) -> int:
        return len(self.results)

    @overload
    def __getitem__(self, index: int) -> Result: ...
    @overload
    def __getitem__(self, index: slice) -> InstanceResults: ...

    def __getitem__(self, index: int | slice) -> Result | InstanceResults:
        if isinstance(index, slice):
            kept = range(len(self))[index]
            failed = {new: self.failed[k] for new, k in enumerate(kept) if k in self.failed}
            return InstanceResults(self.results[index], self.seeds[index], failed, self.path)
        return self.results[index]

    def __iter__(self) -> Iterator[Result]:
        return iter(self.results)

    @property
    def dt(self) -> float:
        """ms per step."""
        return self.results[0].dt

    @property
    def duration(self) -> float:
        """Simulated time of each instance in ms."""
        return max(result.duration for result in self.results)

    @property
    def interrupted(self) -> bool:
        """Whether the run ended early."""
        return any(r.interrupted for k, r in enumerate(self.results) if k not in self.failed)

    @property
    def simulate_seconds(self) -> float:
        """Wall time of the run."""
        return max(result.simulate_seconds for result in self.results)

    @property
    def traces(self) -> Mapping[str, Mapping[str, Samples]]:
        """Samples with an axis of instances: ``values`` has shape (instances, samples, neurons)."""
        return {
            owner: RecordedByName[Samples](
                {variable: partial(self._stacked, owner, variable) for variable in of},
                f"variables of {owner}:",
            )
            for owner, of in self.results[0].traces.items()
        }

    def _stacked(self, owner: str, variable: str) -> Samples:
        traces = [result.traces[owner][variable] for result in self.results]
        if len({len(trace) for trace in traces}) > 1:
            raise SimulationError(
                f"instances have different numbers of samples of {variable!r}",
                hint="some ended early (see .failed): look at one by one, as in results[0].traces",
            )
        if len({trace.values.shape for trace in traces}) > 1:
            raise SimulationError(
                f"instances have different numbers of synapses in {owner!r}",
                hint="look at one by one, as in results[0].traces, or record as many of each",
            )
        return replace(traces[0], values=np.stack([trace.values for trace in traces]))

    @with_old_arguments("InstanceResults.rates")
    def rates(self, warmup: float = 0.0) -> dict[str, npt.NDArray[np.float64]]:
        """Mean firing rates in Hz: for each population an array with one rate per instance; NaN
        where an instance ended before ``warmup``.

        Parameters
        ----------
        warmup : float
            As in :meth:`Result.rates`.
        """
        rates = []
        for k, result in enumerate(self.results):
            try:
                rates.append(result.rates(warmup))
            except (ArgumentError, SimulationError):
                if k not in self.failed:
                    raise
                rates.append(dict.fromkeys(result.sizes, float("nan")))
        return {name: np.array([each[name] for each in rates]) for name in rates[0]}

    def save(self, path: str | Path, overwrite: bool = False) -> Path:
        """Write all to one HDF5 file, in which instance 3 of population ``exc`` is ``exc.3``.

        Parameters
        ----------
        path, overwrite
            As in :meth:`Result.save`.
        """
        written: Path = hooks.call("write_instances", self, as_path(path), overwrite)
        return written

    def __add__(self, other: object) -> InstanceResults:
        """These results and those of the run that followed."""
        if not isinstance(other, InstanceResults):
            return NotImplemented
        if len(self) != len(other):
            raise ArgumentError(
                f"results of {counted(len(self), 'instance')} and of "
                f"{counted(len(other), 'instance')} cannot be joined"
            )
        both = tuple(a + b for a, b in zip(self.results, other.results, strict=True))
        return InstanceResults(both, other.seeds, {**self.failed, **other.failed})

    def __repr__(self) -> str:
        if not self.results:  # an empty slice
            return "<InstanceResults: no instances>"
        failed = f", {len(self.failed)} failed" if self.failed else ""
        first: Any = self.results[0]
        return (
            f"<InstanceResults: {self.duration:g} ms of {counted(len(self), 'instance')} of "
            f"{first.name or 'a network'}{failed}>"
        )
