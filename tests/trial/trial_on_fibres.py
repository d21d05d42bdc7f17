"""A program written by hand (trial_by_hand), run by the kernels of cards on the emulator, whose
memory is the processor's."""

from __future__ import annotations

import ctypes as c
import struct

from trial_by_hand import LIF, LOSS, HandMade

from pygenn_lite.codegen.render.trial_source import TrialSource, render_trial_kernels
from pygenn_lite.runtime.cuda.drivers.emulator import EmulatorDriver
from pygenn_lite.runtime.training import training_records as records

LAYOUT = "PPPIIQII"  # ChunkArgs of templates/training/kernels.hpp


def source_of_kernels(real: str, hidden: str, threads: int) -> str:
    return render_trial_kernels(
        TrialSource(real, (hidden, "Population2", "Source"), (LIF, LOSS)), threads
    )


class OnFibres:
    """Runs what a `HandMade` has in memory by kernels, chunk after chunk."""

    def __init__(self, real: str, hidden: str, threads: int = 64, backwards: bool = False) -> None:
        self.threads = threads
        self.driver = EmulatorDriver(backwards=backwards)
        text = source_of_kernels(real, hidden, threads)
        image = self.driver.compile({"trial.cu": text}, "trial.cu", cache=True)
        self.module = self.driver.load(image)

    def execute(self, made: HandMade, data: records.Data, run: records.Run, chunk: int) -> int:
        """All samples of the order as one batch; how many trials had a fault."""
        made.clear()
        addresses = [c.addressof(record) for record in (made.program, data, run)]
        faults = 0
        for begin in range(0, int(run.n), chunk):
            n = min(chunk, int(run.n) - begin)

            def launch(name: str, blocks: int, group: int = 0, n: int = n, at: int = begin) -> None:
                args = struct.pack(LAYOUT, *addresses, 0, n, at, group, 1)
                kernel = self.module.kernel(f"pgl_training_{name}")
                self.driver.launch(kernel, (blocks, 1), self.threads, args)
                self.driver.synchronise()

            launch("trials", n)
            faults += sum(made.status(slot).fault != records.FINE for slot in range(n))
            for g, group in enumerate(made.group_records):
                if group.wanted and group.layout != records.SHARED:
                    launch("gather", 3, g)
            launch("sums", len(made.groups) + 3)
        launch("end_batch", 3, n=int(run.n))
        return faults
