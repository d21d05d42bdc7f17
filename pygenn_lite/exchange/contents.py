"""What every format needs of results: runs, spikes by neuron, traces with rate and unit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.steps import nearest_steps, times_of
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.results.instance_results import InstanceResults
from pygenn_lite.runtime.results.recorded_data import Samples, SpikeTrain, recorded_indices
from pygenn_lite.runtime.results.result import Result

AnyResult = Result | InstanceResults

# Units that the library's models use: what SI calls them, and how much one of them is.
SI = {
    "V": ("V", 1.0), "mV": ("V", 1e-3), "uV": ("V", 1e-6),
    "A": ("A", 1.0), "nA": ("A", 1e-9), "pA": ("A", 1e-12),
    "S": ("S", 1.0), "uS": ("S", 1e-6), "nS": ("S", 1e-9),
    "s": ("s", 1.0), "ms": ("s", 1e-3), "Hz": ("Hz", 1.0), "kHz": ("Hz", 1e3),
}  # fmt: skip


@dataclass(frozen=True)
class SampledVariable:
    """Samples of one variable, and what they are of.

    Attributes
    ----------
    owner, variable : str
        Population or synapse group, and the name in its traces.
    of_population : bool
    samples : Samples
    start, interval : float
        Time of the first sample and between samples, ms; a single sample has the step's.
    """

    owner: str
    variable: str
    of_population: bool
    samples: Samples
    start: float
    interval: float

    @property
    def name(self) -> str:
        """As it is written elsewhere: ``exc.V``."""
        return f"{self.owner}.{self.variable}"


def runs_of(results: AnyResult) -> list[tuple[int | None, Result]]:
    """Results with their instances; None: of a run without."""
    if isinstance(results, InstanceResults):
        return list(enumerate(results))
    return [(None, results)]


def recorded_neurons(result: Result, population: str) -> npt.NDArray[np.int64]:
    """Neurons of a population whose spikes were recorded, silent ones included."""
    full = population in result.fully_recorded
    return np.asarray(
        recorded_indices(result.spikes[population], result.sizes[population], full), np.int64
    )


def by_neuron(
    train: SpikeTrain, neurons: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Spike times, neuron by neuron.

    Returns
    -------
    times : ndarray of float64, [spikes]
        In ms; of one neuron in order of time.
    ends : ndarray of int64, [neurons]
        Where the times of each neuron end.
    """
    order = np.argsort(train.indices, kind="stable")
    return train.times[order], np.searchsorted(train.indices[order], neurons, side="right")


def traces_of(result: Result) -> Iterator[SampledVariable]:
    """All that was sampled."""
    for owner, variables in result.traces.items():
        for variable in variables:
            samples = variables[variable]
            steps = nearest_steps(np.diff(samples.times[:2]), result.dt)
            yield SampledVariable(
                owner,
                variable,
                owner in result.sizes,
                samples,
                float(samples.times[0]) if len(samples) else result.start,
                float(times_of(steps[0], result.dt)) if len(steps) else result.dt,
            )


def about(result: Result) -> dict[str, Any]:
    """Where a result comes from, as text and numbers, with ``dt_ms``."""
    known: Mapping[str, Any] = result.provenance
    plain = {key: known[key] for key in known}
    kept = {key: v for key, v in plain.items() if isinstance(v, (str, int, float))}
    return {**kept, "dt_ms": result.dt}
