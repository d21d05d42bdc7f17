"""The operations of a network in a card's memory, and the launches that carry them out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

from pygenn_lite.codegen.program.schedule import Schedule
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cuda import records
from pygenn_lite.runtime.cuda.drivers.base import Kernel, Launch
from pygenn_lite.runtime.cuda.extension_memory import ExtensionMemory
from pygenn_lite.runtime.cuda.network_memory import CardNetwork
from pygenn_lite.runtime.cuda.operations import Facts, Operation, birth, operations
from pygenn_lite.runtime.cuda.planned_launches import PlannedLaunch, planned_launches
from pygenn_lite.runtime.cuda.sizing import Sizes, sizes_of

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class SizedLaunch:
    """A launch with the size that was chosen for it.

    Attributes
    ----------
    planned : PlannedLaunch
    launch : Launch
    sizes : Sizes
        What it was chosen by.
    """

    planned: PlannedLaunch
    launch: Launch
    sizes: Sizes


class Stepping:
    """All operations of a network: those of a step, those that are done between runs.

    Parameters
    ----------
    network : CardNetwork
    schedule : Schedule
        Of the simulation.
    facts : Facts
    extension : ExtensionMemory or None
        Arguments of the kernels and reductions that an extension brings along.
    """

    def __init__(
        self,
        network: CardNetwork,
        schedule: Schedule,
        facts: Facts,
        extension: ExtensionMemory | None = None,
    ) -> None:
        self.network, self.facts, self._extension = network, facts, extension
        network.begin_sums(schedule.step)
        self.step = operations(schedule, facts)
        signatures, structure = facts.signatures, facts.structure
        prepares = {
            name: Operation(records.OP_NEURONS, name, own.prepare)
            for name, binding in structure.populations.items()
            if (own := signatures.of_population(binding.kernel)).prepare
        }
        settles = {
            name: Operation(records.OP_SYNAPSES, name, settle)
            for name, group in network.groups.items()
            if group.signature is not None and (settle := group.signature.settle)
        }
        parts = {
            "step": self.step,
            "birth": birth(facts),
            "deliver": [op for op in self.step if op.kind == records.OP_DELIVER],
            **{f"prepare {name}": [op] for name, op in prepares.items()},
            **{f"settle {name}": [op] for name, op in settles.items()},
        }
        every = [op for part in parts.values() for op in part]
        self._table = network.memory.array(max(len(every), 1), records.dtype_of(records.CardOp))
        self._make(every)
        network.set_ops(self._table, len(self.step))
        self._launches: dict[str, list[SizedLaunch]] = {}
        at = 0
        for name, part in parts.items():
            planned = planned_launches(part, network.plan, network.instances, at)
            self._launches[name] = [self._sized(one) for one in planned]
            at += len(part)

    def _make(self, ops: Sequence[Operation]) -> None:
        functions, rows = self.network.code.functions, self._table.change()
        for k, op in enumerate(ops):
            record = records.CardOp(
                kind=op.kind,
                index=self.network.number_of(op.of) if op.of else 0,
                every=op.every,
                offset=op.offset,
                function=functions.get(op.function, records.NO_FUNCTION),
                ahead=int(op.kind == records.OP_TRACE),
                args=self._extension.arguments(op) if self._extension is not None else 0,
            )
            rows[k] = records.row_of(record)

    def records(self) -> Array:
        """The records of a step's operations (pgl_card_op)."""
        return self._table.host()[: len(self.step)]

    # ------------------------------------------------------------------ launches

    def launches(self, part: str) -> list[SizedLaunch]:
        """Those of a part: "step", "birth", "deliver", "prepare NAME", "settle NAME"; none where
        there is nothing to do."""
        return self._launches.get(part, [])

    def do(self, part: str, instance: int | None = None) -> None:
        """Carry out a part once, in all instances or in one."""
        for one in self.launches(part):
            launch, planned, grid = one.launch, one.planned, one.launch.grid
            args = launch.args
            if instance is not None:
                card = self.network.card_of_one(instance)
                args = bytes(records.Launch(card, planned.first, planned.count))
                grid = grid[0], planned.count
            self.network.driver.launch(launch.kernel, grid, launch.threads, args)

    def restore(self, sent: int, now: int) -> None:
        """Spikes at ``t_sent`` are on their way again: what arrives through static synapses at or
        after the step ``now``."""
        for one in self.launches("deliver"):
            planned, launch = one.planned, one.launch
            kernel = self._kernel("engine", "pgl_restore")
            args = records.Restoring(
                self.network.card.address, planned.first, planned.count, sent, now
            )
            self.network.driver.launch(kernel, launch.grid, launch.threads, bytes(args))

    def _kernel(self, module: str, name: str) -> Kernel:
        return self.network.code.modules[module].kernel(name)

    def _sized(self, planned: PlannedLaunch) -> SizedLaunch:
        network = self.network
        kernel = self._kernel(planned.module, planned.kernel)
        sizes = sizes_of(planned, kernel.report, network.driver.card, network.instances)
        args = bytes(records.Launch(network.card.address, planned.first, planned.count))
        return SizedLaunch(planned, Launch(kernel, sizes.grid, sizes.threads, args), sizes)
