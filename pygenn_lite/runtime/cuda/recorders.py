"""What a card records: rings of samples and logs of spikes in its memory, emptied while it runs and
kept on the host until they are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.runtime.cuda import records
from pygenn_lite.runtime.cuda.card_memory import CardArray
from pygenn_lite.runtime.cuda.population_memory import CardPopulation, Place
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
    samples_between,
)

Array = npt.NDArray[Any]
LOG_BYTES = 64 << 20  # of all logs together, as far as a few steps fit into each
RING_BYTES = 64 << 20  # of all rings together, as far as a sample fits into each
MOST_STEPS = 1024  # that a log or a ring is made for


class SampleRing:
    """A variable of some neurons in all instances, every so many steps.

    Parameters
    ----------
    population : CardPopulation
    request : VariableRequest
    variable : str
        What generated code calls it.
    share : int
        Bytes.
    """

    def __init__(
        self, population: CardPopulation, request: VariableRequest, variable: str, share: int
    ) -> None:
        place, count = population.place, len(request.indices)
        self.request, self._driver = request, place.memory.driver
        self._array = population.variables[variable]
        row = max(count * place.dtype.itemsize * place.instances, 1)
        self.rows = max(2, min(MOST_STEPS, share // row))
        self._indices = place.memory.holding(request.indices, np.uint32)
        self._ring = place.memory.array((place.instances, self.rows, count), place.dtype)
        self._fetched = 0  # the step up to which samples have been taken out
        self._held: list[list[tuple[Steps, Array]]] = [[] for _ in range(place.instances)]

    def record(self, instance: int) -> records.Sampler:
        """pgl_sampler of an instance."""
        return records.Sampler(
            variable=self._array.at(instance),
            indices=self._indices.address,
            out=self._ring.at(instance),
            rows=self.rows,
            n=len(self.request.indices),
            every=self.request.every,
        )

    @property
    def nbytes(self) -> int:
        """Bytes of all instances."""
        return self._ring.nbytes

    def most_steps(self, step: int) -> int:
        """So many steps from this one on fit into the ring, beside what was not fetched yet."""
        every = self.request.every
        first = -(-self._fetched // every) * every
        return first + (self.rows - 1) * every + 1 - step

    def fetch(self, step: int, ends: Sequence[int]) -> None:
        """Take out what was sampled before a step, and in each instance before its own end."""
        every = self.request.every
        count = samples_between(self._fetched, step, every)
        if count > 0:
            first = -(-self._fetched // every)
            numbers = np.arange(first, first + count)
            whole = np.empty(self._ring.shape, self._ring.dtype)
            if whole.size:
                self._driver.download(self._ring.address, whole)
            steps, values = numbers * every, whole[:, numbers % self.rows]
            for held, own, end in zip(self._held, values, ends, strict=True):
                if end > steps[-1]:
                    held.append((steps, own))
                elif end > steps[0]:
                    held.append((steps[steps < end], own[steps < end]))
        self._fetched = max(self._fetched, step)

    def forget(self, step: int) -> None:
        """Drop all; the next sample is that of a step, or of a later one."""
        self._held, self._fetched = [[] for _ in self._held], step

    def cut(self, step: int) -> None:
        """Drop what was sampled at a step and later."""
        self._held = [[(s[s < step], v[s < step]) for s, v in own] for own in self._held]
        self._fetched = min(self._fetched, step)

    def held(self, instance: int, sink: Sink) -> tuple[Steps, Array]:
        """Samples of an instance."""
        held, request = self._held[instance], self.request
        steps = np.concatenate([np.zeros(0, np.int64), *(s for s, _ in held)])
        values = sink.room_for(request.owner, request.name, len(steps))
        if values is None:
            values = np.empty((len(steps), len(request.indices)), self._ring.dtype)
        at = 0
        for _, rows in held:
            values[at : at + len(rows)] = rows
            at += len(rows)
        return steps, values

    def drop(self, instance: int) -> None:
        """Drop what is held of an instance."""
        self._held[instance] = []


class SpikeLog:
    """Spikes of some neurons of a population in all instances.

    Parameters
    ----------
    population : CardPopulation
    request : SpikeRequest
    share : int
        Bytes.
    """

    def __init__(self, population: CardPopulation, request: SpikeRequest, share: int) -> None:
        memory, instances = population.place.memory, population.place.instances
        self.request, self._driver = request, memory.driver
        self.number = population.number
        most = share // (8 * instances)
        self.room = max(2 * population.room, min(MOST_STEPS * population.room, most))
        self._entries = memory.array((instances, self.room), np.uint64)
        self._sizes = memory.array((instances, 1), np.uint64)
        self._held: list[list[tuple[Steps, Indices]]] = [[] for _ in range(instances)]

    def record(self, instance: int) -> records.SpikeLog:
        """pgl_spike_log of an instance."""
        request = self.request
        return records.SpikeLog(
            population=self.number,
            begin=request.begin,
            end=request.end,
            stride=request.stride,
            room=self.room,
            entries=self._entries.at(instance),
            size=self._sizes.at(instance),
        )

    @property
    def nbytes(self) -> int:
        """Bytes of all instances."""
        return self._entries.nbytes

    def fetch(self, step: int) -> None:
        """Take out all, where no spike lies behind a step."""
        driver, sizes = self._driver, np.empty(self._sizes.shape, np.uint64)
        driver.download(self._sizes.address, sizes)
        for instance in np.flatnonzero(sizes).tolist():
            found = np.empty(int(sizes[instance, 0]), np.uint64)
            driver.download(self._entries.at(instance), found)
            # 32 bits of the step are noted: those that lie behind it by less than 2^32.
            ago = (np.uint64(step) - (found >> np.uint64(32))) & np.uint64(0xFFFFFFFF)
            indices = (found & np.uint64(0xFFFFFFFF)).astype(np.uint32)
            self._held[instance].append((step - ago.astype(np.int64), indices))
        if sizes.any():
            self._sizes.fill_zero()

    def forget(self) -> None:
        """Drop all."""
        self._sizes.fill_zero()
        self._held = [[] for _ in self._held]

    def cut(self, step: int) -> None:
        """Drop spikes behind a step."""
        self._held = [[(s[s <= step], i[s <= step]) for s, i in own] for own in self._held]

    def drop(self, instance: int) -> None:
        """Drop what is held of an instance."""
        self._held[instance] = []

    def held(self, instance: int) -> tuple[Steps, Indices]:
        """Steps and neurons of the spikes of an instance, sorted by step, then neuron."""
        held = self._held[instance]
        if not held:
            return NO_SPIKES
        steps, indices = (np.concatenate(parts) for parts in zip(*held, strict=True))
        if self.request.chosen is not None:
            kept = np.isin(indices, self.request.chosen)
            steps, indices = steps[kept], indices[kept]
        order = np.lexsort((indices, steps))
        return steps[order], indices[order]


class Recorders:
    """All that the instances of a network record.

    Parameters
    ----------
    place : Place
    populations : mapping of str to CardPopulation
    layout : NetworkLayout
    requests : Requests
    """

    def __init__(
        self,
        place: Place,
        populations: Mapping[str, CardPopulation],
        layout: NetworkLayout,
        requests: Requests,
    ) -> None:
        self.requests, self._instances = requests, place.instances
        parts = max(len(requests.variables), 1), max(len(requests.spikes), 1)
        self.rings = [
            SampleRing(
                populations[r.population],
                r,
                recorded_variable(r, layout, place.structures[0]).name,
                RING_BYTES // parts[0],
            )
            for r in requests.variables
        ]
        self.logs = [
            SpikeLog(populations[r.population], r, LOG_BYTES // parts[1]) for r in requests.spikes
        ]
        memory, instances = place.memory, place.instances
        self._samplers = memory.array(
            (instances, max(len(self.rings), 1)), records.dtype_of(records.Sampler)
        )
        self._logs = memory.array(
            (instances, max(len(self.logs), 1)), records.dtype_of(records.SpikeLog)
        )

    def most_steps(self, step: int) -> int:
        """So many steps from this one on fit into the rings; 0: what they hold is to be fetched."""
        return min((ring.most_steps(step) for ring in self.rings), default=1 << 62)

    def fetch(self, step: int, ends: Sequence[int]) -> None:
        """Take out what was recorded before a step was reached, in each instance its own end."""
        for ring in self.rings:
            ring.fetch(step, ends)
        for log in self.logs:
            log.fetch(step)

    def cut(self, step: int) -> None:
        """Drop what was recorded after a step was reached."""
        for ring in self.rings:
            ring.cut(step)
        for log in self.logs:
            log.cut(step)

    def drain(self, instance: int, sink: Sink | None) -> None:
        """Hand over what is held of an instance, all or nothing; without a sink it is dropped."""
        if sink is not None:
            spikes = [(log.request, *log.held(instance)) for log in self.logs]
            samples = [(ring.request, *ring.held(instance, sink)) for ring in self.rings]
            hand_over(sink, spikes, samples)
        for log in self.logs:
            log.drop(instance)
        for ring in self.rings:
            ring.drop(instance)

    def forget(self, step: int) -> None:
        """Drop all; the next step is this one."""
        for ring in self.rings:
            ring.forget(step)
        for log in self.logs:
            log.forget()

    # ------------------------------------------------------------------ records

    def describe(self) -> list[CardArray]:
        """Fill in the records of all; returns what they lie in."""
        samplers, logs = self._samplers.change(), self._logs.change()
        for instance in range(self._instances):
            for k, ring in enumerate(self.rings):
                samplers[instance, k] = records.row_of(ring.record(instance))
            for k, log in enumerate(self.logs):
                logs[instance, k] = records.row_of(log.record(instance))
        return [self._samplers, self._logs]

    def fields(self, instance: int) -> dict[str, int]:
        """What pgl_instance says of them."""
        return {
            "samplers": self._samplers.at(instance),
            "logs": self._logs.at(instance),
            "n_samplers": len(self.rings),
            "n_logs": len(self.logs),
        }
