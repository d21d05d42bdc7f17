"""What the plan "resident" keeps on a card beside rows: messages, logs of spikes by block, and the
records that tell its kernel where neurons are and what is sampled."""

from __future__ import annotations

import ctypes
import math
from typing import Any

import numpy as np

from pygenn_lite.codegen.plan.memory import MemoryRow, MemoryRows
from pygenn_lite.codegen.plan.resident_layout import MESSAGE_DISTANCE, ResidentLayout
from pygenn_lite.runtime.cuda import resident_records as records
from pygenn_lite.runtime.cuda.card_memory import CardArray
from pygenn_lite.runtime.cuda.network_memory import CardNetwork
from pygenn_lite.runtime.cuda.resident_rows import ResidentRows

LOG_BYTES = 64 << 20  # of the logs of all blocks, as far as some steps fit into each
LEAST_STEPS = 3  # in which all neurons of a block may spike
NOWHERE = 0xFFFFFFFF


class ResidentMemory:
    """Arrays and records of one network.

    Parameters
    ----------
    network : CardNetwork
    layout : ResidentLayout
    """

    def __init__(self, network: CardNetwork, layout: ResidentLayout) -> None:
        self._network, self._layout = network, layout
        memory, blocks = network.memory, layout.blocks
        self.log_room = max(LEAST_STEPS * layout.places, LOG_BYTES // 8 // blocks)
        messages = layout.buffers * blocks
        self._messages = memory.array((messages, MESSAGE_DISTANCE), np.uint8)
        self._spilled = memory.array((messages, layout.places), np.uint32)
        self._log = memory.array((blocks, self.log_room), np.uint64)
        self._ends = memory.array((blocks,), np.dtype(records.End))
        self._populations = self._population_records()
        rings = network.recorders.rings
        self._places = [self._places_of(ring) for ring in rings]
        self._samplers = self._sampler_records()
        self._sample_every = math.gcd(*(ring.request.every for ring in rings)) or 1

    def rows(self) -> MemoryRows:
        """What it takes."""
        arrays = (
            ("messages", self._messages),
            ("spikes of a step that messages do not hold", self._spilled),
            ("spikes by block, until they are unpacked", self._log),
        )
        return MemoryRows(
            MemoryRow("resident plan", what, math.prod(array.shape), array.nbytes)
            for what, array in arrays
        )

    def _population_records(self) -> CardArray:
        network, layout = self._network, self._layout
        made = []
        for name, population in network.populations.items():
            by_variable = {
                inbox.variable: k
                for k, inbox in enumerate(population.inboxes.all)
                if inbox.is_static
            }
            inboxes = [by_variable.get(symbol, -1) for symbol in layout.receptors[name]]
            inboxes += [-1] * (records.MOST_RECEPTORS - len(inboxes))
            made.append(
                records.Population(
                    layout.start[name],
                    layout.size[name],
                    network.place.structures[0].populations[name].kernel,
                    (ctypes.c_int32 * records.MOST_RECEPTORS)(*inboxes),
                )
            )
        return self._held(made, records.Population)

    def _places_of(self, ring: Any) -> CardArray:
        """Where in a sample each neuron's value goes."""
        places = np.full(self._layout.size[ring.request.population], NOWHERE, np.uint32)
        places[np.asarray(ring.request.indices)] = np.arange(len(ring.request.indices))
        return self._network.memory.holding(places, np.uint32)

    def _sampler_records(self) -> CardArray:
        network, made = self._network, []
        for ring, places in zip(network.recorders.rings, self._places, strict=True):
            population = network.populations[ring.request.population]
            given = ring.record(0)
            addresses = [array.at(0) for array in population.variables.values()]
            made.append(
                records.Sampler(
                    population.number,
                    addresses.index(given.variable),
                    given.every,
                    given.n,
                    given.rows,
                    places.address,
                    given.out,
                )
            )
        return self._held(made, records.Sampler)

    def _held(self, made: list[Any], kind: type[Any]) -> CardArray:
        values = np.frombuffer(b"".join(map(bytes, made)) or bytes(kind()), np.uint8)
        return self._network.memory.holding(values, np.uint8)

    def steps_and_room(self, steps: int) -> tuple[int, int]:
        """How many of some steps have surely room in what the network records, and how many spikes
        a block may note meanwhile."""
        layout, room = self._layout, self.log_room
        for log in self._network.recorders.logs:
            given = log.record(0)
            size = np.empty(1, np.uint64)
            self._network.driver.download(given.size, size)
            free = max(int(given.room) - int(size[0]), 0)
            if free >= layout.blocks * LEAST_STEPS * layout.places:
                room = min(room, free // layout.blocks)
            else:
                members = -(-(given.end - given.begin) // given.stride)
                steps = min(steps, free // max(members, 1))
        return steps, room

    def arguments(self, synapses: ResidentRows) -> records.Run:
        """What the kernel is given, but for the steps."""
        network, layout = self._network, self._layout
        return records.Run(
            card=network.card.address,
            instance=network.instance_records()[0],
            populations=self._populations.address,
            samplers=self._samplers.address,
            heads=synapses.heads.address if synapses.heads else 0,
            tails_at=synapses.tails_at.address,
            tails=synapses.tails.address if synapses.tails else 0,
            messages=self._messages.address,
            spilled=self._spilled.address,
            log=self._log.address,
            ends=self._ends.address,
            n_populations=len(network.populations),
            n_samplers=len(network.recorders.rings),
            places=layout.places,
            numbers=layout.numbers,
            columns=layout.columns,
            slots_mask=layout.slots - 1,
            sample_every=self._sample_every,
            weight_shift=synapses.weight_shift,
        )

    def read_ends(self) -> list[records.End]:
        """What the blocks say of the last launch (waits for it)."""
        found = np.empty(self._ends.nbytes, np.uint8)
        self._network.driver.download(self._ends.address, found)
        return list((records.End * self._layout.blocks).from_buffer_copy(found.tobytes()))
