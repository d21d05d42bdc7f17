"""What the reference backend records: kept in lists until it is fetched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.runtime.recording import (
    NO_SPIKES,
    Indices,
    Requests,
    Sink,
    SpikeRequest,
    Steps,
    VariableRequest,
    hand_over,
)

Read = Callable[[], npt.NDArray[Any]]


class Recorders:
    """All recorders of an instance.

    Parameters
    ----------
    requests : Requests
    read : mapping
        What gives the values of each requested variable, by owner and name of the request.
    """

    def __init__(self, requests: Requests, read: Mapping[tuple[str, str], Read]) -> None:
        self.requests, self.read = requests, read
        self.clear()

    def clear(self) -> None:
        """Drop everything."""
        self._spikes: dict[str, list[tuple[int, npt.NDArray[np.int64]]]] = {
            wanted.population: [] for wanted in self.requests.spikes
        }
        self._samples: dict[tuple[str, str], list[tuple[int, npt.NDArray[Any]]]] = {
            (wanted.owner, wanted.name): [] for wanted in self.requests.variables
        }

    def spiked(self, step: int, population: str, neurons: npt.NDArray[np.int64]) -> None:
        """Neurons spike at ``t_step``, each as often as it is named."""
        if population in self._spikes and neurons.size:
            self._spikes[population].append((step, neurons))

    def sampled(self, step: int) -> None:
        """Take the samples of ``t_step``."""
        for wanted in self.requests.variables:
            if step % wanted.every == 0:
                key = wanted.owner, wanted.name
                self._samples[key].append((step, self.read[key]()[wanted.indices]))

    def drain(self, sink: Sink | None) -> None:
        """Hand over what was recorded since the last call; without a sink it is dropped."""
        if sink is not None:
            spikes = [(wanted, *self._joined(wanted)) for wanted in self.requests.spikes]
            samples = [(wanted, *self._stacked(wanted, sink)) for wanted in self.requests.variables]
            hand_over(sink, spikes, samples)
        self.clear()

    def _joined(self, wanted: SpikeRequest) -> tuple[Steps, Indices]:
        kept = self._spikes[wanted.population]
        if not kept:
            return NO_SPIKES
        indices = np.concatenate([neurons for _, neurons in kept])
        steps = np.repeat([step for step, _ in kept], [len(neurons) for _, neurons in kept])
        asked = np.isin(indices, wanted.recorded)
        return steps[asked].astype(np.int64), indices[asked].astype(np.uint32)

    def _stacked(self, wanted: VariableRequest, sink: Sink) -> tuple[Steps, npt.NDArray[Any]]:
        rows = self._samples[wanted.owner, wanted.name]
        values = sink.room_for(wanted.owner, wanted.name, len(rows))
        if values is None:
            dtype = self.read[wanted.owner, wanted.name]().dtype
            values = np.empty((len(rows), len(wanted.indices)), dtype)
        for k, (_, row) in enumerate(rows):
            values[k] = row
        return np.array([step for step, _ in rows], np.int64), values
