"""The plan "instances": a block of threads for each instance carries out all operations of many
steps by itself, so that small networks wait for no launches, and hundreds of them fill a card."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pygenn_lite.codegen.plan.memory import MemoryRows
from pygenn_lite.runtime.cuda import records
from pygenn_lite.runtime.cuda.code import DRAWS
from pygenn_lite.runtime.cuda.meetings import meetings, orders
from pygenn_lite.runtime.cuda.network_memory import CardNetwork
from pygenn_lite.runtime.cuda.occupancy import active_blocks
from pygenn_lite.runtime.cuda.plans import Asked, CardPlan
from pygenn_lite.runtime.cuda.stepping import Stepping

MODULE = "instances"
MOST_NEURONS = 4096  # of an instance: more are faster by launches that spread them over the card
WARP = 32
GRANT, WALK, END = "pgl_grant", "pgl_walk_instances", "pgl_end_walk"
# Operations that every network may have: deliveries, sending, samples, updates, trains.
ALWAYS = (
    *(records.OP_DELIVER, records.OP_COLLECT, records.OP_SEND, records.OP_SAMPLE),
    records.OP_TRAIN,
)


class InstancesPlan(CardPlan):
    """One block for each instance.

    Parameters
    ----------
    network : CardNetwork
    stepping : Stepping
    """

    name = "instances"

    @classmethod
    def refusal(cls, asked: Asked) -> str:
        """Large networks."""
        neurons = sum(size.size for size in asked.plan.described.network.populations.values())
        if neurons > MOST_NEURONS:
            return f"an instance has {neurons:,} neurons; a block works on {MOST_NEURONS:,} at most"
        return ""

    @classmethod
    def sources(cls, asked: Asked) -> Mapping[str, str]:
        """The network's kernels, and the one that calls them."""
        many = asked.instances > 2 * asked.card.multiprocessors
        numbers = {
            "WITHOUT_KERNELS": 1,
            "WALK_THREADS": 128 if many else 256,
            "WALK_BLOCKS": 4 if many else 2,
            "WALK_KINDS": kinds_of(asked),
        }
        lines = [f"#define PGL_{name} {number}" for name, number in numbers.items()]
        if asked.draws:
            lines.append(DRAWS)
        return {MODULE: "\n".join([*lines, asked.source.text, '#include "cuda/instances.cu"\n'])}

    def __init__(self, network: CardNetwork, stepping: Stepping) -> None:
        self._network, module = network, network.code.modules[MODULE]
        self._kernels = {name: module.kernel(name) for name in (GRANT, WALK, END)}
        self._granted = network.memory.array(1, np.int64)
        self._threads = threads_of(network)
        ops = [
            records.CardOp(kind=int(row["kind"]), args=int(row["args"]))
            for row in stepping.records()
        ]
        self._orders = network.memory.holding(orders(ops, self._threads), np.uint8)
        self._orders.send()
        self._barriers = sum(meetings(ops)) + 1

    def rows(self) -> MemoryRows:
        """A few bytes."""
        return MemoryRows()

    def synapses_changed(self, group: str) -> None:
        """It reads them where they are."""

    def start(self) -> None:
        """It works on the common arrays."""

    def run(self, steps: int) -> None:
        """As many steps as all records of spikes are sure to have room for."""
        network, driver = self._network, self._network.driver
        args = bytes(
            records.Walk(network.card.address, self._granted.address, self._orders.address, steps)
        )
        for name, kernel in self._kernels.items():
            walks = name == WALK
            grid = (network.instances if walks else 1, 1)
            driver.launch(kernel, grid, self._threads if walks else kernel.report.threads, args)

    def finish(self) -> None:
        """It works on the common arrays."""

    def describe(self) -> str:
        """The size of blocks, and how many of them run at the same time."""
        card, report = self._network.driver.card, self._kernels[WALK].report
        beside = active_blocks(
            card.compute_capability, self._threads, report.registers, report.shared_bytes
        )
        at_once = beside * card.multiprocessors
        return (
            f"plan instances: a block of {self._threads} threads for each instance, "
            f"{at_once:,} at the same time; "
            f"{report.registers} registers, {report.shared_bytes} bytes of shared memory, "
            f"{self._barriers} barriers a step"
        )


def kinds_of(asked: Asked) -> int:
    """Of which kinds operations may be, by bit: what none is of is not compiled."""
    kinds = [*ALWAYS]
    if any(asked.source.adds.values()):
        kinds.append(records.OP_FOLD)
    if asked.source.ordered:
        kinds.append(records.OP_SORT)
    if asked.extended:
        kinds += [records.OP_REDUCE, records.OP_FINISH, records.OP_ONCE]
    return sum(1 << kind for kind in kinds)


def threads_of(network: CardNetwork) -> int:
    """Of a block: one for each neuron of the largest population, as far as the kernel allows."""
    most = network.code.modules[MODULE].kernel(WALK).report.threads
    largest = max((p.size for p in network.populations.values()), default=1)
    return int(min(most, -(-largest // WARP) * WARP))
