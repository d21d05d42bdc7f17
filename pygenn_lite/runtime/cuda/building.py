"""Lays synapses down on a card: the same as the C++ builder, of many groups and many networks by
the same few launches (templates/cuda/builder.cu)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pygenn_lite.codegen.plan.delivery import StorePlan
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cuda.build_batch import BuildBatch
from pygenn_lite.runtime.cuda.card_synapses import CardSynapses
from pygenn_lite.runtime.cuda.drivers.base import Driver, Kernel
from pygenn_lite.runtime.cuda.group_records import GroupRecord, group_records
from pygenn_lite.runtime.cuda.sources import all_sources
from pygenn_lite.runtime.values.group_description import GroupDescription

MOST_AT_ONCE = 1 << 15  # groups of one launch: a grid has at most 2^16 - 1 blocks in y
MAIN = "builder.cu"
LONGEST_COUNTED = 65535  # steps: a delay has 16 bits


@dataclass(frozen=True)
class Request:
    """A group of one network to be laid down.

    Attributes
    ----------
    description : GroupDescription
    store : StorePlan
        What is to be kept: its `storage`, `weights`, `codes`, `sources`, `transposed`, `general`.
    seed : int
        Of the network's connectivity.
    """

    description: GroupDescription
    store: StorePlan
    seed: int


class CardBuilder:
    """Draws and stores synapses on one card.

    Parameters
    ----------
    driver : Driver
    dtype : dtype
        Of weights: float32 or float64.
    dt : float
        ms, of a step.
    cache : bool
        Whether its kernels may come from the compile cache.
    by_warps : bool, optional
        Whether the 32 threads of a warp share a row: by default on cards, where that is faster; the
        emulator is faster with a thread for each row.
    """

    def __init__(
        self,
        driver: Driver,
        dtype: np.dtype[Any],
        dt: float,
        *,
        cache: bool = True,
        by_warps: bool | None = None,
    ) -> None:
        self.driver, self.dtype, self.dt = driver, dtype, dt
        self.by_warps = driver.name != "emulator" if by_warps is None else by_warps
        main = f'#define PGL_REAL_BYTES {dtype.itemsize}\n#include "cuda/builder.cu"\n'
        self.image = driver.compile({**all_sources(), MAIN: main}, MAIN, cache=cache)
        self._module = driver.load(self.image)

    def kernel(self, name: str) -> Kernel:
        """One of its kernels."""
        return self._module.kernel(name)

    def build(
        self,
        requests: Sequence[Request],
        max_delay: int,
        progress: Callable[[float], None] = lambda part: None,
    ) -> list[CardSynapses]:
        """Lay down groups, of one network or of many.

        Parameters
        ----------
        requests : sequence of Request
            Those of a group that differ in their seeds alone share what is the same for all.
        max_delay : int
            Steps; longer ones are cut.
        progress : callable
            Gets the part that is done, 0 to 1; what it raises ends the building.

        Raises
        ------
        InsufficientMemoryError
            The card has not so much memory, or a group has more than 2^32 synapses.
        """
        built: list[CardSynapses] = []
        records = self._records(requests, max_delay)
        for begin in range(0, len(requests), MOST_AT_ONCE):
            some = slice(begin, begin + MOST_AT_ONCE)
            batch = BuildBatch(self, records[some], [r.seed for r in requests[some]])
            built += batch.build()
            progress(len(built) / len(requests))
        return built

    def longest_delays(self, requests: Sequence[Request]) -> list[int]:
        """The longest delay of each group in steps, found by drawing the words of all delays.

        Parameters
        ----------
        requests : sequence of Request
        """
        records = self._records(requests, LONGEST_COUNTED)
        found: list[int] = []
        for begin in range(0, len(requests), MOST_AT_ONCE):
            some = slice(begin, begin + MOST_AT_ONCE)
            batch = BuildBatch(self, records[some], [r.seed for r in requests[some]])
            found += batch.longest_delays()
        return found

    def _records(self, requests: Sequence[Request], max_delay: int) -> list[GroupRecord]:
        """What the kernels get about each; made once for a description."""
        keys = [(id(request.description.same_for_all_seeds), request.store) for request in requests]
        different = dict(zip(keys, requests, strict=True))
        given = [(request.description, request.store) for request in different.values()]
        made = group_records(self.driver, given, self.dtype, (self.dt, max_delay))
        found = dict(zip(different, made, strict=True))
        return [found[key] for key in keys]
