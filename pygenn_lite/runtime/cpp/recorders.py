"""The recorders of one engine: what was asked for is fetched from them while the network runs."""

from __future__ import annotations

import ctypes as c
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.runtime.cpp.network_memory import NetworkMemory
from pygenn_lite.runtime.layout import NetworkLayout
from pygenn_lite.runtime.recording import (
    NO_SPIKES,
    Indices,
    Requests,
    Sink,
    SpikeRequest,
    Steps,
    VariableRequest,
    hand_over,
    recorded_variable,
)


class Recorders:
    """All recorders of an instance's engine."""

    def __init__(self, instance: NetworkMemory, requests: Requests, layout: NetworkLayout) -> None:
        self.engine, self.pointer, self.real = instance.engine, instance.pointer, instance.real
        self._spikes: list[tuple[SpikeRequest, int]] = []
        self._variables: list[tuple[VariableRequest, int]] = []
        for wanted in requests.spikes:
            number = self.engine.record_spikes(
                self.pointer,
                instance.numbers[wanted.population],
                wanted.begin,
                wanted.end,
                wanted.stride,
            )
            what = f"recording spikes of {wanted.population!r}"
            self._spikes.append((wanted, self.engine.check(number, what)))
        for request in requests.variables:
            memory = instance.populations[request.population]
            array = memory.arrays[recorded_variable(request, layout, instance.structure).name]
            shards = memory.partition.shards
            bases = (c.c_void_p * shards)(*(array.address(s) for s in range(shards)))
            number = self.engine.record_variable(
                self.pointer,
                instance.numbers[request.population],
                bases,
                request.indices.ctypes.data,
                len(request.indices),
                request.every,
            )
            what = f"recording {request.variable!r} of {request.owner!r}"
            self._variables.append((request, self.engine.check(number, what)))

    def drain(self, sink: Sink | None) -> None:
        """Fetch what was recorded since the last call; without a sink it is dropped."""
        spikes = [(wanted, *self._fetch_spikes(wanted, number)) for wanted, number in self._spikes]
        samples = [(r, *self._fetch_samples(r, number, sink)) for r, number in self._variables]
        if sink is not None:
            hand_over(sink, spikes, samples)

    def _fetch_spikes(self, wanted: SpikeRequest, number: int) -> tuple[Steps, Indices]:
        count = self._call("spikes_count", number)
        if not count:  # many small populations are silent for a while
            return NO_SPIKES
        steps, indices = np.empty(count, np.int64), np.empty(count, np.uint32)
        self._call("spikes_drain", number, steps.ctypes.data, indices.ctypes.data)
        if wanted.chosen is not None:
            kept = np.isin(indices, wanted.chosen)
            steps, indices = steps[kept], indices[kept]
        return steps, indices

    def _fetch_samples(
        self, request: VariableRequest, number: int, sink: Sink | None
    ) -> tuple[Steps, npt.NDArray[Any]]:
        rows = self._call("samples_count", number)
        steps = np.empty(rows, np.int64)
        values = None if sink is None else sink.room_for(request.owner, request.name, rows)
        if values is None:
            values = np.empty((rows, len(request.indices)), self.real)
        self._call("samples_drain", number, steps.ctypes.data, values.ctypes.data)
        return steps, values

    def _call(self, name: str, *arguments: Any) -> int:
        return self.engine.call(name, self.pointer, *arguments)
