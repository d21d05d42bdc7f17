"""Runs whose batches end with an update, with a pause wherever synapses are exchanged."""

from __future__ import annotations

from dataclasses import replace

from pygenn_lite.runtime.interrupts import InterruptWatch
from pygenn_lite.runtime.training.program_runner import ProgramRunner
from pygenn_lite.runtime.training.rewired_groups import RewiredGroups
from pygenn_lite.runtime.training.run_order import Order
from pygenn_lite.runtime.training.staged_data import StagedData
from pygenn_lite.runtime.training.training_outcome import Outcome


class UpdateRuns:
    """Runs with updates.

    Parameters
    ----------
    runner : ProgramRunner
    rewired : RewiredGroups or None
        Groups whose synapses are exchanged between batches.
    """

    def __init__(self, runner: ProgramRunner, rewired: RewiredGroups | None) -> None:
        self.runner, self.rewired = runner, rewired

    def run(self, data: StagedData, asked: Order, watch: InterruptWatch) -> Outcome:
        """Go through samples. Ctrl-C ends it between batches; synapses are exchanged as a whole, or
        not at all.

        Raises
        ------
        NumericalError
            Something is not finite; updates of earlier batches remain.
        """
        outcomes: list[Outcome] = []
        done = 0
        while not outcomes or (done < asked.batches and not watch.seen):
            piece = min(asked.batches - done, self._batches_to_pause())
            part = asked.part(done, piece, self.runner.updates)
            outcomes.append(self.runner.run(data, part, watch))
            self._rewire(len(outcomes[-1].norms))
            done += piece
        return replace(Outcome.joined(outcomes), interrupted=watch.seen)

    def _batches_to_pause(self) -> int:
        if self.rewired is None:
            return 1 << 62
        return self.rewired.batches_until(self.runner.updates)

    def _rewire(self, batches: int) -> None:
        """After so many batches: exchange synapses where it is time."""
        updates, program = self.runner.updates, self.runner.program
        if self.rewired is not None and batches and self.rewired.is_due(updates):
            program.fetch()
            self.rewired.rewire(updates)
            program.prepare()
