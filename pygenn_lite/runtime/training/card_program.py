"""A training program on a card, or on the emulated one: a few launches per batch; nothing is copied
but what says whether a batch went well."""

from __future__ import annotations

import ctypes as c
import math
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from pygenn_lite.runtime.cuda.drivers.base import Driver, Kernel, Memory, Module
from pygenn_lite.runtime.interrupts import InterruptWatch
from pygenn_lite.runtime.training import training_records as records
from pygenn_lite.runtime.training.card_arguments import (
    CheckArgs,
    ChunkArgs,
    Found,
    Report,
    ScratchArgs,
)
from pygenn_lite.runtime.training.card_mirror import CardMirror, CardRecord, arrays_in
from pygenn_lite.runtime.training.card_run import CardRun, DataOnCard, ResultsOnCard
from pygenn_lite.runtime.training.data_record import DataRecord
from pygenn_lite.runtime.training.optimiser_records import LEVELS, NORMS
from pygenn_lite.runtime.training.program_memory import ProgramMemory
from pygenn_lite.runtime.training.run_order import Ended, Order
from pygenn_lite.runtime.training.staged_data import StagedData
from pygenn_lite.runtime.training.training_faults import FoundFault
from pygenn_lite.runtime.training.training_outcome import Results

Array = npt.NDArray[Any]
BLOCKS = 8  # of a multiprocessor, for what blocks take in turn
OF_OPTIMISER = 256  # threads of its kernels
OF_CHECK = 32
MOST_SLOTS = 1 << 16


class CardProgram:
    """A compiled program on a card; it offers what `ProcessorProgram` does.

    Parameters
    ----------
    driver : Driver
    module : Module
    memory : ProgramMemory
    threads : int
        Of a block.
    """

    def __init__(self, driver: Driver, module: Module, memory: ProgramMemory, threads: int) -> None:
        self.driver, self.memory, self.threads = driver, memory, threads
        self._module = module
        self._mirror = CardMirror(driver)
        self._staged: WeakKeyDictionary[StagedData, CardMirror] = WeakKeyDictionary()
        self._slots: Memory | None = None
        self._program = CardRecord(driver, c.sizeof(records.Program))
        self._report = CardRecord(driver, c.sizeof(Report))
        self._optimise: Any = None
        self._stale = True  # whether what the host has was changed since it was copied
        self._ahead = False  # whether the card has newer values than the host
        memory.scratch = self._scratch()

    def _kernel(self, name: str) -> Kernel:
        return self._module.kernel(f"pgl_{name}")

    def _launch(self, name: str, blocks: int, args: Any, threads: int | None = None) -> None:
        kernel = self._kernel(name)
        self.driver.launch(kernel, (max(blocks, 1), 1), threads or self.threads, bytes(args))

    def _scratch(self) -> int:
        names = list(self.memory.numbers)
        sizes = np.array([self.memory.sizes[name] for name in names], np.uint32)
        on_card, found = CardRecord(self.driver, sizes.nbytes), CardRecord(self.driver, 8)
        on_card.write(sizes)
        args = ScratchArgs(on_card.address, found.address, self.memory.trial.steps)
        self._launch("training_scratch", 1, args, OF_CHECK)
        reals = np.zeros(1, np.uint64)
        found.read(reals)
        return int(reals[0])

    # ------------------------------------------------------------------ memory

    @property
    def least_slots(self) -> int:
        """So many samples of a batch are in flight at least."""
        return 1

    @property
    def slots(self) -> int:
        """As many samples in flight as are worthwhile: a card does best with all."""
        return MOST_SLOTS

    def available(self) -> int | None:
        """Bytes that the card has left, slots that would be exchanged among them."""
        held = 0 if self._slots is None else self._slots.bytes
        return self.driver.free_bytes() + held

    def allocate(self, count: int) -> None:
        """Memory for so many samples in flight."""
        self._slots = None  # given back first
        size = count * int(self.memory.record.slot_bytes)
        self._slots = self.driver.allocate(size)
        self.memory.record.n_slots = count
        self._stale = True

    def attach(self, *owners: object) -> None:
        """Arrays of the host that the program's records point to."""
        groups = (vars(group) for group in self.memory.groups.values())
        populations = (vars(one) for one in self.memory.populations.values())
        self._mirror.add(arrays_in(*populations, *groups, *owners))

    def fetch(self, arrays: Sequence[Array] | None = None) -> None:
        """Bring arrays of the host up to date; by default all."""
        if self._ahead:
            self._mirror.pull(arrays)
            self._ahead = arrays is not None

    def send(self, arrays: Sequence[Array]) -> None:
        """Bring arrays of the card up to date."""
        self._mirror.push(arrays)

    def prepare(self) -> None:
        """Coefficients from parameters, steps from delays: after any of them was set."""
        self._mirror.push()
        self._write_records()
        self._prepare()
        self._round()
        self._ahead = True

    def _prepare(self) -> None:
        blocks = int(self.memory.record.n_populations + self.memory.record.n_delays)
        self._launch("training_prepare", blocks, ChunkArgs(program=self._program.address))

    def _round(self) -> None:
        """What is quantised, from values that were set."""
        if self._optimise is not None and self._update.limits & LEVELS:
            for name in ("round_rows", "round_arrays"):
                self._launch(name, int(self._update.chunks), self._update, OF_OPTIMISER)

    def _write_records(self) -> None:
        """The program's record and all that it points to, with addresses of the card."""
        mirror, record = self._mirror, self.memory.record
        made = records.Program.from_buffer_copy(record)
        self._kept = {}
        for name, part in self.memory.record_arrays().items():
            on_card = CardRecord(self.driver, c.sizeof(part))
            on_card.write(mirror.translated(part))
            self._kept[name] = on_card
            setattr(made, name, on_card.address)
        made.constants = mirror.address(record.constants)
        made.slots = None if self._slots is None else self._slots.address
        if self._optimise is not None:
            args, arrays = self._optimise
            on_card = CardRecord(self.driver, c.sizeof(arrays))
            on_card.write(mirror.translated(arrays))
            self._kept["optimise"] = on_card
            self._update = mirror.translated(args, arrays=on_card.address)
        made.optimise = None
        self._program.write(made)
        self._stale = False

    def records_changed(self) -> None:
        """The card's copies are written anew before the next run."""
        self._stale = True

    def set_optimiser(self, args: Any, arrays: Any) -> None:
        """Records of an optimiser: OptimiseArgs, and the TrainedArrays that they point to."""
        self._optimise = (args, arrays)

    # ------------------------------------------------------------------ running

    def run(
        self,
        data: DataRecord,
        order: Order,
        results: Results,
        watch: InterruptWatch,
        done: tuple[int, int] = (0, 0),
    ) -> Ended:
        """Go through samples from the first that is not done; see `ProcessorProgram.run`."""
        if self._stale:
            self._write_records()
        self._ahead = True
        on_card = ResultsOnCard(self.driver, results)
        mirror = self._mirror_of(data)
        given = DataOnCard(self.driver, mirror, data)
        order_on_card = CardRecord(self.driver, order.samples.nbytes)
        order_on_card.write(order.samples)
        running = self._running(order, on_card, given, order_on_card)
        samples, batches = done
        fault = needed = None
        self._report.clear()
        while samples < len(order.samples) and not watch.seen:
            size = min(order.batch, len(order.samples) - samples)
            report = self._batch(running, samples, size, batches)
            if not math.isfinite(report.norm):
                break
            if report.found.status.fault != records.FINE:
                fault, needed = self._fault(report.found, order)
                break
            samples, batches = samples + size, batches + 1
            running.done.write(np.array([samples, batches], np.uint64))
        on_card.read()
        given.read()
        exploded = np.flatnonzero(~np.isfinite(results.norm[done[1] : batches]))
        if len(exploded):  # the last batch, which made no update
            batches = done[1] + int(exploded[0])
            samples = done[0] + int(exploded[0]) * order.batch
            sample = int(order.samples[samples])
            fault, needed = FoundFault(records.ADJOINT, records.NONE, 0, 0, 0, sample), None
        return Ended(samples - done[0], batches - done[1], fault, needed)

    def _running(
        self, order: Order, results: ResultsOnCard, data: DataOnCard, samples: CardRecord
    ) -> CardRun:
        done = CardRecord(self.driver, 16)
        done.clear()
        run = records.Run(
            order=samples.address,
            n=len(order.samples),
            batch=order.batch,
            mode=order.mode,
            seed=order.seed,
            epoch=order.epoch,
            update=order.update,
            done=done.address,
            **results.addresses,
        )
        on_card = CardRecord(self.driver, c.sizeof(run))
        on_card.write(run)
        args = ChunkArgs(
            program=self._program.address,
            data=data.record.address,
            run=on_card.address,
            gradients=int(bool(order.mode & records.BACKWARD)),
        )
        self._run_record = on_card
        return CardRun(args, order, results.norm, done)

    def _mirror_of(self, data: DataRecord) -> CardMirror:
        """The staged arrays on the card: copied once."""
        if data.data not in self._staged:
            mirror = CardMirror(self.driver)
            mirror.add(data.arrays)
            self._staged[data.data] = mirror
        return self._staged[data.data]

    def _batch(self, running: CardRun, begin: int, size: int, number: int) -> Report:
        """One batch, update included, unless something went wrong: then the report says what."""
        self.driver.fill(self._report.address, c.sizeof(Found))
        backward = bool(running.order.mode & records.BACKWARD)
        self._clear(backward)
        slots = int(self.memory.record.n_slots)
        for first in range(0, size, slots):
            self._chunk(running.args, begin + first, min(slots, size - first), backward)
        raw = np.zeros(c.sizeof(Report), np.uint8)
        self._report.read(raw)
        report = Report.from_buffer_copy(raw.tobytes())
        if report.found.status.fault != records.FINE or not math.isfinite(report.norm):
            return report
        args = ChunkArgs.from_buffer_copy(running.args)
        args.n = size
        self._launch("training_end_batch", int(self.memory.record.n_populations), args)
        if running.order.mode & records.UPDATE:
            self._make_update(running, size, number)
        return report

    def _chunk(self, of_run: ChunkArgs, position: int, n: int, backward: bool) -> None:
        args = ChunkArgs.from_buffer_copy(of_run)
        args.n, args.first_position = n, position
        self._launch("training_trials", n, args)
        for number, group in enumerate(self.memory.group_records) if backward else ():
            if group.wanted and group.layout != records.SHARED:
                args.group = number
                rows = int(self.memory.population_records[group.source].n)
                blocks = min(rows, BLOCKS * self.driver.card.multiprocessors)
                self._launch("training_gather", blocks, args)
        self._launch("training_sums", len(self.memory.groups) + len(self.memory.numbers), args)
        self._launch("training_check", 1, CheckArgs(args, self._report.address), OF_CHECK)

    def _clear(self, backward: bool) -> None:
        """Sums of gradients and of spikes, before a batch."""
        for address, size in self.memory.sums(backward):
            on_card = self._mirror.address(address)
            assert on_card is not None
            self.driver.fill(on_card, size)

    def _make_update(self, running: CardRun, size: int, number: int) -> None:
        args, order = self._update, running.order
        args.update.rate = float(order.rates[number])
        args.update.number = float(order.update + number + 1)
        args.update.scale = 1.0 / size
        blocks = min(int(args.chunks), BLOCKS * self.driver.card.multiprocessors)
        self._launch("square_sums", blocks, args, OF_OPTIMISER)
        self._launch("gradient_norms", 1, args, 32)
        self._launch("optimise0", blocks, args, OF_OPTIMISER)
        limits = ("limit_rows", "limit_columns") if args.limits & NORMS else ()
        rounding = ("round_rows", "round_arrays") if args.limits & LEVELS else ()
        for name in (*limits, *rounding):
            self._launch(name, blocks, args, OF_OPTIMISER)
        norm = args.norms + 8 * args.count
        for address in (
            running.norms.address + 8 * number,
            self._report.address + Report.norm.offset,
        ):
            self.driver.copy(address, norm, 8)
        self._prepare()

    def _fault(
        self, found: Found, order: Order
    ) -> tuple[FoundFault | None, tuple[str, int] | None]:
        status = found.status
        if status.fault == records.NO_ROOM:
            return None, (list(self.memory.numbers)[status.population], int(status.number))
        return FoundFault.of(status, int(order.samples[found.position])), None
