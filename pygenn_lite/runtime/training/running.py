"""Runs a training program over orders of samples: memory for samples in flight, results,
capacities that grow, faults as errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from pygenn_lite.codegen.plan.memory import readable
from pygenn_lite.codegen.trial.trial_signature import TrialSignature
from pygenn_lite.declaration.summary import counted
from pygenn_lite.errors import InsufficientMemoryError, Location
from pygenn_lite.runtime.training import training_records as records
from pygenn_lite.runtime.training.data_record import DataRecord
from pygenn_lite.runtime.training.processor_program import Ended, Order, ProcessorProgram
from pygenn_lite.runtime.training.program_memory import ProgramMemory
from pygenn_lite.runtime.training.session_options import SessionOptions
from pygenn_lite.runtime.training.staged_data import StagedData
from pygenn_lite.runtime.training.training_faults import fault_error
from pygenn_lite.runtime.training.training_outcome import Names, Outcome, Results

if TYPE_CHECKING:
    from pygenn_lite.runtime.training.card_program import CardProgram

Array = npt.NDArray[Any]
SHARE = 0.5  # of the available memory that slots take at most


class Running:
    """How a program is run.

    Parameters
    ----------
    program : ProcessorProgram or CardProgram
    memory : ProgramMemory
    signature : TrialSignature
    options : SessionOptions

    Attributes
    ----------
    last_batch : int
        Samples of the last batch that was gone back through.
    runs : int
        How often it has run.
    """

    def __init__(
        self,
        program: ProcessorProgram | CardProgram,
        memory: ProgramMemory,
        signature: TrialSignature,
        options: SessionOptions,
    ) -> None:
        self.program, self.memory, self.signature = program, memory, signature
        self.options, self.last_batch, self.runs = options, 1, 0
        self._at_least = 1
        self._sizes = (0, 0)  # bytes of a slot, and how many there are
        self.reserve()

    # ------------------------------------------------------------------ memory

    def reserve(self, at_least: int = 1) -> None:
        """Memory for samples in flight, with the capacities that there are.

        Raises
        ------
        InsufficientMemoryError
            For so few there is not enough.
        """
        self._at_least = at_least
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

    def _grow(self, ended: Ended) -> None:
        assert ended.needed is not None
        name, needed = ended.needed
        room = max(2 * self.memory.capacities[name], needed + needed // 4)
        self.memory.make_room({name: room})
        self.reserve(self._at_least)

    # ------------------------------------------------------------------ running

    def run(self, data: StagedData, order: Order) -> tuple[Outcome, int]:
        """Go through samples; gives what came of them, and how many batches are done.

        Raises
        ------
        NumericalError
            Something is not finite.
        """
        self._check(data)
        self._switch_dropout(bool(order.mode & records.BACKWARD))
        most = {n: max(s.most, 1) for n, s in zip(self.signature.given, data.spikes, strict=True)}
        if self.memory.make_room(most):
            self.reserve(self._at_least)
        self.runs += 1
        widths = (self._outputs(), len(self.signature.loss.metrics), len(self.memory.numbers))
        results = Results.of(len(order.samples), order.batches, widths, self.options.dtype)
        kept = DataRecord(data, numbers=self.memory.numbers)
        for counts in self.memory.spike_counts:
            counts[:] = 0
        self.program.send(self.memory.spike_counts)
        samples = batches = 0
        stopped = False
        while samples < len(order.samples) and not stopped:
            ended = self.program.run(kept, order, results, (samples, batches))
            samples, batches = samples + ended.samples, batches + ended.batches
            stopped = ended.stopped
            if ended.needed is not None and not stopped:
                self._grow(ended)
            elif ended.fault is not None:
                raise fault_error(self.signature, ended.fault, self.memory.trial.dt)
        if order.mode & records.BACKWARD and samples:
            self.last_batch = samples - (batches - 1) * order.batch
        gone = order.samples[:samples]
        return results.outcome(gone, batches, self._names(), stopped), batches

    def back(
        self, data: StagedData, order: Order, given: Array, gradients: Sequence[Array]
    ) -> None:
        """Go back through the trials that a run of the same order has left in memory.

        Parameters
        ----------
        data : StagedData
        order : Order
        given : ndarray, [samples, steps, outputs]
            Derivatives by outputs.
        gradients : sequence of ndarray
            Where the derivatives by the real-valued inputs of the data go.

        Raises
        ------
        NumericalError
            Something is not finite.
        KeyboardInterrupt
            Ctrl-C came meanwhile.
        """
        self._switch_dropout(False)  # as `run` went forwards
        kept = DataRecord(data, gradients, given, self.memory.numbers)
        widths = (1, 0, len(self.memory.numbers))
        results = Results.of(len(order.samples), 1, widths, self.options.dtype)
        self.runs += 1
        ended = self.program.run(kept, replace(order, mode=records.BACKWARD), results)
        if ended.fault is not None:
            raise fault_error(self.signature, ended.fault, self.memory.trial.dt)
        if ended.stopped:
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
    return InsufficientMemoryError(
        f"{counted(wanted, 'sample')} in flight need {readable(wanted * size)} of memory, "
        f"{readable(available)} are available",
        where=Location("TrainingSession"),
        hint=f"{counted(fit, 'sample')} would fit"
        if fit
        else "use fewer steps or neurons, or precision='float32'",
    )
