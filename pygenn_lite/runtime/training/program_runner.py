"""Runs a training program over orders of samples: memory for samples in flight, results,
capacities that grow, faults as errors."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from pygenn_lite.codegen.plan.memory import readable
from pygenn_lite.declaration.summary import counted
from pygenn_lite.errors import InsufficientMemoryError, Location
from pygenn_lite.runtime.interrupts import InterruptWatch
from pygenn_lite.runtime.training import training_records as records
from pygenn_lite.runtime.training.data_record import DataRecord
from pygenn_lite.runtime.training.processor_program import ProcessorProgram
from pygenn_lite.runtime.training.program_memory import ProgramMemory
from pygenn_lite.runtime.training.run_order import Ended, Order
from pygenn_lite.runtime.training.session_options import SessionOptions
from pygenn_lite.runtime.training.staged_data import StagedData
from pygenn_lite.runtime.training.training_faults import fault_error
from pygenn_lite.runtime.training.training_outcome import Names, Outcome, Results

if TYPE_CHECKING:
    from pygenn_lite.runtime.training.card_program import CardProgram

SHARE = 0.5  # of the available memory that slots take at most


class ProgramRunner:
    """Runs a program.

    Parameters
    ----------
    program : ProcessorProgram or CardProgram
    memory : ProgramMemory
    options : SessionOptions

    Attributes
    ----------
    last_batch : int
        Samples of the last batch that was gone back through; without any, gradients are 0.
    runs : int
        How often it has run.
    updates : int
        So many the program has made.
    """

    def __init__(
        self,
        program: ProcessorProgram | CardProgram,
        memory: ProgramMemory,
        options: SessionOptions,
    ) -> None:
        self.program, self.memory, self.signature = program, memory, memory.signature
        self.options, self.last_batch, self.runs, self.updates = options, 1, 0, 0
        self._sizes = (0, 0)  # bytes of a slot, and how many there are
        self.reserve()

    # ------------------------------------------------------------------ memory

    def reserve(self, at_least: int = 1) -> None:
        """Memory for samples in flight, with the capacities that there are.

        Parameters
        ----------
        at_least : int
            So many at the same time, if a program does not need more.

        Raises
        ------
        InsufficientMemoryError
            For so few there is not enough.
        """
        at_least = max(at_least, min(self.program.least_slots, self.options.batch))
        size = self.memory.lay_out()
        available = self.program.available()
        fit = 1 << 30 if available is None else int(SHARE * available) // max(size, 1)
        if fit < at_least:
            raise _does_not_fit(size, fit, at_least, available or 0)
        wanted = self.options.in_flight or self.program.slots
        count = max(at_least, min(wanted, fit, max(self.options.batch, 1)))
        if (size, count) != self._sizes:
            self.program.allocate(count)
            self._sizes = (size, count)

    def _grow(self, name: str, needed: int, at_least: int) -> None:
        """Room for so many spikes of a population, and some more."""
        room = max(2 * self.memory.capacities[name], needed + needed // 4)
        self.memory.make_room({name: room})
        self.reserve(at_least)

    # ------------------------------------------------------------------ running

    def run(
        self, data: StagedData, order: Order, watch: InterruptWatch, at_least: int = 1
    ) -> Outcome:
        """Go through samples.

        Parameters
        ----------
        data : StagedData
        order : Order
        watch : InterruptWatch
            Ctrl-C ends it between batches.
        at_least : int
            Samples that are in flight at the same time, see `reserve`.

        Raises
        ------
        NumericalError
            Something is not finite.
        """
        self._check(data)
        self._switch_dropout(bool(order.mode & records.BACKWARD))
        most = {n: max(s.most, 1) for n, s in zip(self.signature.given, data.spikes, strict=True)}
        if self.memory.make_room(most) or at_least > self._sizes[1]:
            self.reserve(at_least)
        self.runs += 1
        widths = (self._outputs(), len(self.signature.loss.metrics), len(self.memory.numbers))
        results = Results.of(len(order.samples), order.batches, widths, self.options.dtype)
        for counts in self.memory.spike_counts:
            counts[:] = 0
        self.program.send(self.memory.spike_counts)
        with self._means_kept(not order.mode & records.BACKWARD):
            samples, batches = self._go_through(data, order, results, watch, at_least)
        if order.mode & records.BACKWARD and samples:
            self.last_batch = samples - (batches - 1) * order.batch
        gone = order.samples[:samples]
        return results.outcome(gone, batches, self._names(), watch.seen)

    def _go_through(
        self, data: StagedData, order: Order, results: Results, watch: InterruptWatch, least: int
    ) -> tuple[int, int]:
        """Samples and batches that are done in the end."""
        kept = DataRecord(data, numbers=self.memory.numbers)
        samples = batches = 0
        while samples < len(order.samples) and not watch.seen:
            ended = self.program.run(kept, order, results, watch, (samples, batches))
            samples, batches = samples + ended.samples, batches + ended.batches
            self.updates += ended.batches * bool(order.mode & records.UPDATE)
            self._raise_what_happened(ended)
            if ended.needed is None:
                break  # all is done, or it was asked to stop
            self._grow(*ended.needed, least)
        return samples, batches

    def _raise_what_happened(self, ended: Ended) -> None:
        if ended.raised is not None:
            raise ended.raised
        if ended.fault is not None:
            raise fault_error(self.signature, ended.fault, self.memory.trial.dt)

    @contextlib.contextmanager
    def _means_kept(self, keep: bool) -> Iterator[None]:
        """Let an evaluation leave the mean numbers of spikes of the last batch, which losses read,
        as training has left them."""
        means = [of.mean_counts.whole for of in self.memory.populations.values()] if keep else []
        self.program.fetch(means)
        before = [array.copy() for array in means]
        try:
            yield
        finally:
            for array, values in zip(means, before, strict=True):
                array[...] = values
            self.program.send(means)

    def back(self, kept: DataRecord, order: Order, watch: InterruptWatch) -> None:
        """Go back through the trials that a run of the same order has left in memory.

        Parameters
        ----------
        kept : DataRecord
            With derivatives by outputs, and room for those by real-valued inputs.
        order : Order
        watch : InterruptWatch

        Raises
        ------
        NumericalError
            Something is not finite.
        KeyboardInterrupt
            Ctrl-C came meanwhile.
        """
        self._switch_dropout(False)  # as `run` went forwards
        self.last_batch = 0
        if not len(order.samples):
            return
        widths = (1, 0, len(self.memory.numbers))
        results = Results.of(len(order.samples), 1, widths, self.options.dtype)
        self.runs += 1
        ended = self.program.run(kept, replace(order, mode=records.BACKWARD), results, watch)
        self._raise_what_happened(ended)
        if watch.seen:
            raise KeyboardInterrupt
        self.last_batch = len(order.samples)

    def _switch_dropout(self, on: bool) -> None:
        if self.memory.switch_dropout(on):
            self.program.records_changed()

    def _names(self) -> Names:
        numbers = {p.name: k for k, p in enumerate(self.signature.populations)}
        self.program.fetch(self.memory.spike_counts)
        spikes = {name: of.spikes() for name, of in self.memory.populations.items()}
        return Names(numbers, self.signature.loss.metrics, spikes)

    def _outputs(self) -> int:
        """Numbers that a sample gives out."""
        loss, sizes = self.signature.loss, self.memory.sizes
        if not loss.traces:
            return sizes[loss.output]
        each = [sizes[self.signature.populations[number].name] for _, number in loss.traces]
        return self.memory.trial.steps * sum(each)

    def _check(self, data: StagedData) -> None:
        """Labels or targets that the loss needs.

        Raises
        ------
        ArgumentError, ShapeError
            They are missing, or do not fit.
        """
        from pygenn_lite.codegen.trial.loss_targets import check_targets

        sizes = {name: self.memory.sizes[name] for name in self.signature.loss.compared}
        check_targets(
            self.signature.loss.target_kind,
            sizes,
            len(data),
            self.memory.trial.steps,
            data.labels,
            data.targets,
        )


def _does_not_fit(size: int, fit: int, wanted: int, available: int) -> InsufficientMemoryError:
    hint = "use fewer steps or neurons, or precision='float32'"
    if fit > 0:
        hint = f"{counted(fit, 'sample')} would fit"
        hint += ", with batch=1" if wanted == 2 else ""
    return InsufficientMemoryError(
        f"{counted(wanted, 'sample')} in flight need {readable(wanted * size)} of memory; "
        f"{readable(available)} are available, of which {readable(int(SHARE * available))} may be "
        "taken",
        where=Location("TrainingSession"),
        hint=hint,
    )
