"""The recorders of engines: what was asked for is fetched from them while the network runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.runtime.cpp import shared_objects
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


class Recorders:
    """What all engines of a device record. In each of them a recorder has the number that it has in
    the others."""

    def __init__(
        self, engine: shared_objects.Engine, requests: Requests, dtype: np.dtype[Any]
    ) -> None:
        self.engine, self.requests, self.dtype = engine, requests, dtype

    def drain(self, pointer: int, sink: Sink | None) -> None:
        """Fetch what an engine recorded since the last call; without a sink it is dropped."""
        spikes = [
            (wanted, *self._fetch_spikes(pointer, wanted, number))
            for number, wanted in enumerate(self.requests.spikes)
        ]
        samples = [
            (request, *self._fetch_samples(pointer, request, number, sink))
            for number, request in enumerate(self.requests.variables, len(self.requests.spikes))
        ]
        if sink is not None:
            hand_over(sink, spikes, samples)

    def _fetch_spikes(
        self, pointer: int, wanted: SpikeRequest, number: int
    ) -> tuple[Steps, Indices]:
        count = self.engine.call("spikes_count", pointer, number)
        if not count:  # many small populations are silent for a while
            return NO_SPIKES
        steps, indices = np.empty(count, np.int64), np.empty(count, np.uint32)
        self.engine.call("spikes_drain", pointer, number, steps.ctypes.data, indices.ctypes.data)
        if wanted.chosen is not None:
            kept = np.isin(indices, wanted.chosen)
            steps, indices = steps[kept], indices[kept]
        return steps, indices

    def _fetch_samples(
        self, pointer: int, request: VariableRequest, number: int, sink: Sink | None
    ) -> tuple[Steps, npt.NDArray[Any]]:
        rows = self.engine.call("samples_count", pointer, number)
        steps = np.empty(rows, np.int64)
        values = None if sink is None else sink.room_for(request.owner, request.name, rows)
        if values is None:
            values = np.empty((rows, len(request.indices)), self.dtype)
        self.engine.call("samples_drain", pointer, number, steps.ctypes.data, values.ctypes.data)
        return steps, values
