"""A training program on the processor: its shared object, called batch by batch; capacities that
are too small grow, and Ctrl-C ends it between batches."""

from __future__ import annotations

import ctypes as c
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.plan.memory import available_memory
from pygenn_lite.runtime.interrupts import InterruptWatch
from pygenn_lite.runtime.training import training_records as records
from pygenn_lite.runtime.training.building import check_version
from pygenn_lite.runtime.training.data_record import DataRecord
from pygenn_lite.runtime.training.program_memory import ProgramMemory
from pygenn_lite.runtime.training.program_threads import ProgramThreads
from pygenn_lite.runtime.training.run_order import Ended, Order
from pygenn_lite.runtime.training.training_faults import FoundFault
from pygenn_lite.runtime.training.training_outcome import Results

Array = npt.NDArray[Any]
# Gradients are gathered from rows of adjoints that a chunk of samples has left: the fewer they are,
# the more is still in the cache. Chunks take turns in two halves of the slots.
CACHED_BYTES = 256 << 10
# Weights that gradients come back through in every step are read once for so many samples, unless
# they stay in the cache closest to a processor.
TOGETHER, CLOSEST_BYTES = 4, 32 << 10
MOST_OF_THREAD = 16  # in a chunk: more share the cost of its phases no further


class ProcessorProgram:
    """A compiled program with its threads.

    Parameters
    ----------
    library : ctypes.CDLL
    memory : ProgramMemory
    threads : int
    """

    def __init__(self, library: c.CDLL, memory: ProgramMemory, threads: int) -> None:
        check_version(library, records.ABI_VERSION)
        self.memory, self.threads = memory, threads
        self._library = library
        self._declare()
        self._threads = ProgramThreads(library, threads)
        weakref.finalize(self, self._threads.close)
        names = list(memory.numbers)
        sizes = (c.c_uint32 * len(names))(*(memory.sizes[name] for name in names))
        memory.make_panels()
        if any(panels.nbytes > CLOSEST_BYTES for panels in memory.panels.values()):
            memory.record.together = TOGETHER
        memory.scratch = int(library.pgl_training_scratch(sizes, memory.trial.steps))

    def _declare(self) -> None:
        library, pointer = self._library, c.c_void_p
        library.pgl_training_create.restype = pointer
        library.pgl_training_create.argtypes = (c.c_uint32,)
        library.pgl_training_destroy.argtypes = (pointer,)
        library.pgl_training_destroy.restype = None
        library.pgl_training_execute.restype = c.c_int64
        library.pgl_training_execute.argtypes = (pointer, pointer, pointer, pointer)
        library.pgl_training_prepare.restype = None
        library.pgl_training_prepare.argtypes = (pointer,)
        library.pgl_last_error.restype = c.c_char_p
        library.pgl_last_error.argtypes = ()
        library.pgl_training_scratch.restype = c.c_uint64
        library.pgl_training_scratch.argtypes = (pointer, c.c_uint32)

    # ------------------------------------------------------------------ memory

    @property
    def least_slots(self) -> int:
        """So many samples of a batch are in flight at least: chunks take turns in two halves."""
        return 2

    @property
    def slots(self) -> int:
        """As many samples in flight as are worthwhile."""
        record = self.memory.record
        rows = sum(
            int(of.kept).bit_count() * int(of.kept_stride)
            + 2 * int(of.sent_kept).bit_count() * int(of.stride)
            for of in self.memory.population_records
        )
        kept = max(rows * int(record.steps) * int(record.real_bytes), 1)
        least = max(int(record.together), 1)
        return 2 * self.threads * min(max(CACHED_BYTES // kept, least), MOST_OF_THREAD)

    def available(self) -> int | None:
        """Bytes that can still be had, slots that would be exchanged among them."""
        available = available_memory()
        return None if available is None else available + self.memory.slots.nbytes

    def allocate(self, count: int) -> None:
        """Memory for so many samples in flight."""
        self.memory.allocate(count)

    def attach(self, *owners: object) -> None:
        """Arrays that the program's records point to: nothing is to be done here."""

    def fetch(self, arrays: Sequence[Array] | None = None) -> None:
        """Bring arrays up to date: they are."""

    def send(self, arrays: Sequence[Array]) -> None:
        """Let the program see arrays that were changed: it does."""

    def records_changed(self) -> None:
        """Nothing to do: the program reads the records of the host."""

    def set_optimiser(self, args: Any, arrays: Any) -> None:
        """Records of an optimiser: OptimiseArgs, and the TrainedArrays that they point to."""
        self.memory.record.optimise = c.addressof(args)
        self._kept = (args, arrays)

    # ------------------------------------------------------------------ running

    def prepare(self) -> None:
        """Coefficients from parameters, steps from delays: after any of them was set."""
        self._library.pgl_training_prepare(c.addressof(self.memory.record))

    def run(
        self,
        data: DataRecord,
        order: Order,
        results: Results,
        watch: InterruptWatch,
        done: tuple[int, int] = (0, 0),
    ) -> Ended:
        """Go through samples from the first that is not done.

        Parameters
        ----------
        data : DataRecord
        order : Order
        results : Results
        watch : InterruptWatch
            Ctrl-C ends it with the batch of that moment.
        done : (int, int)
            Samples and batches that are done already.

        Raises
        ------
        SimulationError
            The program refuses to run: in a forked process, which has no threads of it.
        """
        counts, stop = np.zeros(2, np.uint64), self._threads.stop
        stop[0] = 0
        run = self._record(order, results, done)
        run.done, run.stop = counts.ctypes.data, stop.ctypes.data

        def ask_to_stop() -> None:
            stop[0] = 1

        watch.stop_with(ask_to_stop)
        raised = self._threads.execute(self.memory.record, data.record, run)
        samples, batches = int(counts[0]), int(counts[1])
        fault, needed = self._fault(run, order, done[0])
        return Ended(samples, batches, fault, needed, raised)

    def _record(self, order: Order, results: Results, done: tuple[int, int]) -> records.Run:
        samples, batches = done
        rates = int(order.rates.ctypes.data) + 8 * batches if len(order.rates) else None
        return records.Run(
            order=int(order.samples.ctypes.data) + 8 * samples,
            n=len(order.samples) - samples,
            batch=order.batch,
            mode=order.mode,
            seed=order.seed,
            epoch=order.epoch,
            update=order.update + batches * bool(order.mode & records.UPDATE),
            rates=rates,
            **results.addresses(samples, batches),
        )

    def _fault(
        self, run: records.Run, order: Order, before: int
    ) -> tuple[FoundFault | None, tuple[str, int] | None]:
        status = run.fault
        if status.fault == records.FINE:
            return None, None
        if status.fault == records.NO_ROOM:
            name = list(self.memory.numbers)[status.population]
            return None, (name, int(status.number))
        sample = int(order.samples[before + run.fault_position])
        return FoundFault.of(status, sample), None
