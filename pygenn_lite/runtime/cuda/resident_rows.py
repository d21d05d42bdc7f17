"""The rows of a network as the plan "resident" has them: cut into slices on the card, from the
groups' synapses that lie there."""

from __future__ import annotations

from typing import Any

import numpy as np

from pygenn_lite.codegen.plan.accumulators import LARGEST_SUM
from pygenn_lite.codegen.plan.memory import MemoryRow, MemoryRows
from pygenn_lite.codegen.plan.resident_layout import HEAD, PACKED, TAIL_UNIT, WIDE, ResidentLayout
from pygenn_lite.errors import UnsupportedFeatureError
from pygenn_lite.runtime.cuda import resident_records as records
from pygenn_lite.runtime.cuda.drivers.base import Memory, Module
from pygenn_lite.runtime.cuda.network_memory import CardNetwork

THREADS, BLOCKS_EACH = 128, 16  # of a block; blocks for each multiprocessor
PACKED_WEIGHT, PACKED_DELAY, PACKED_COLUMN = 0x7FFF, 0x3F, 0x3FE


class ResidentRows:
    """Heads and tails of all rows.

    Attributes
    ----------
    synapse_bytes : int
        8; or 4, where weights, delays and sums allow it.
    weight_shift : int
        Weights of 4-byte synapses are multiples of 2 to this.

    Parameters
    ----------
    network : CardNetwork
    layout : ResidentLayout
    support : Module
        Compiled from templates/cuda/resident/support.cu.
    """

    def __init__(self, network: CardNetwork, layout: ResidentLayout, support: Module) -> None:
        self._network, self._layout, self._support = network, layout, support
        self._driver = network.driver
        self.synapse_bytes, self.weight_shift = WIDE, 0
        slices = layout.numbers * layout.blocks
        self.tails_at = self._driver.allocate(slices * 8)
        self.heads: Memory | None = None
        self.tails: Memory | None = None

    def rows(self) -> MemoryRows:
        """What it takes."""
        named = (
            ("heads of rows", self.heads, self.synapse_bytes),
            ("where tails of rows begin", self.tails_at, 8),
            ("tails of rows", self.tails, self.synapse_bytes),
        )
        return MemoryRows(
            MemoryRow("resident plan", what, memory.bytes // each, memory.bytes)
            for what, memory, each in named
            if memory is not None
        )

    def build(self) -> None:
        """Cut all rows, weights as they are now.

        Raises
        ------
        InsufficientMemoryError
            The card has no room for them.
        UnsupportedFeatureError
            More may arrive at a neuron in a step than 32 bits hold.
        """
        groups = self._group_records()
        found, sums = self._measure(groups)
        self._check_sums(sums)
        self._choose_synapse(found)
        self._allocate(found.tail_units)
        kind = "packed" if self.synapse_bytes == PACKED else "wide"
        self._each_population(f"pgl_resident_slice_{kind}", groups, self._found_memory(), None)

    # ------------------------------------------------------------------ what there is

    def _group_records(self) -> dict[str, tuple[Memory, int]]:
        """By source population: records of its groups, and how many."""
        network, layout = self._network, self._layout
        by_source: dict[str, list[records.Group]] = {}
        for name, group in network.groups.items():
            target = group.target.name
            receptor = layout.receptors[target].index(group.delivery.adds_to)
            record = records.Group(network.group_records(name)[0], layout.start[target], receptor)
            by_source.setdefault(group.source.name, []).append(record)
        return {
            source: (self._held(b"".join(map(bytes, own))), len(own))
            for source, own in by_source.items()
        }

    def _held(self, content: bytes) -> Memory:
        memory = self._driver.allocate(max(len(content), 1))
        self._driver.upload(memory.address, np.frombuffer(content, np.uint8))
        return memory

    def _found_memory(self) -> Memory:
        return self._held(bytes(records.Found()))

    def _measure(
        self, groups: dict[str, tuple[Memory, int]]
    ) -> tuple[records.Found, np.ndarray[Any, np.dtype[np.uint64]]]:
        """What all synapses need, and the largest sums: [positive or negative, receptors,
        numbers]."""
        layout = self._layout
        receptors = layout.columns // layout.places
        sums = np.empty((2, receptors, layout.numbers), np.uint64)
        memory, found_memory = self._driver.allocate(sums.nbytes), self._found_memory()
        self._each_population("pgl_resident_measure", groups, found_memory, memory)
        found = np.empty(len(bytes(records.Found())), np.uint8)
        self._driver.download(found_memory.address, found)
        self._driver.download(memory.address, sums)
        return records.Found.from_buffer_copy(found.tobytes()), sums

    def _check_sums(self, sums: np.ndarray[Any, np.dtype[np.uint64]]) -> None:
        """32 bits wrap around without a word: what could come together in one step must fit."""
        layout = self._layout
        beyond = np.flatnonzero((sums > LARGEST_SUM).any(axis=(0, 1)))
        if not beyond.size:
            return
        name = max(
            (name for name, first in layout.start.items() if first <= beyond[0]),
            key=lambda name: layout.start[name],
        )
        raise UnsupportedFeatureError(
            "plan='resident' sums what arrives in a step in 32 bits, and more could arrive at "
            f"neuron {beyond[0] - layout.start[name]} of {name}",
            hint="leave plan='auto', or use plan='general'",
        )

    # ------------------------------------------------------------------ laying down

    def _choose_synapse(self, found: records.Found) -> None:
        """4 bytes where nothing is lost by it."""
        layout = self._layout
        shift = (found.bits & -found.bits).bit_length() - 1 if found.bits else 0
        fits = (
            found.largest >> shift <= PACKED_WEIGHT
            and layout.slots - 1 <= PACKED_DELAY
            and layout.columns - 1 <= PACKED_COLUMN
        )
        self.synapse_bytes, self.weight_shift = (PACKED, shift) if fits else (WIDE, 0)

    def _allocate(self, tail_units: int) -> None:
        layout, size = self._layout, self.synapse_bytes
        heads = layout.numbers * layout.blocks * HEAD * size
        tails = max(tail_units * TAIL_UNIT * size, 1)
        if self.heads is None or self.heads.bytes != heads:
            self.heads = None  # given back first
            self.heads = self._driver.allocate(heads)
        if self.tails is None or self.tails.bytes < tails:
            self.tails = None
            self.tails = self._driver.allocate(tails)
        self._driver.fill(self.heads.address, heads)
        self._driver.fill(self.tails_at.address, self.tails_at.bytes)

    def _each_population(
        self,
        kernel: str,
        groups: dict[str, tuple[Memory, int]],
        found: Memory,
        sums: Memory | None,
    ) -> None:
        layout, card = self._layout, self._driver.card
        half = layout.columns // layout.places * layout.numbers * 8
        for source, (memory, count) in groups.items():
            size = layout.size[source]
            args = records.Slicing(
                groups=memory.address,
                found=found.address,
                most=sums.address if sums else 0,
                least=sums.address + half if sums else 0,
                heads=self.heads.address if self.heads else 0,
                tails_at=self.tails_at.address,
                tails=self.tails.address if self.tails else 0,
                n_groups=count,
                start=layout.start[source],
                size=size,
                blocks=layout.blocks,
                places=layout.places,
                numbers=layout.numbers,
                lag=layout.lag,
                weight_shift=self.weight_shift,
            )
            blocks = max(1, min(size, card.multiprocessors * BLOCKS_EACH))
            self._driver.launch(self._support.kernel(kernel), (blocks, 1), THREADS, bytes(args))
        self._driver.synchronise()
