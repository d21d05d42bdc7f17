"""Who may use a device at a time, and the loop around a run: Ctrl-C, callbacks, progress, and what
becomes of a run that fails."""

from __future__ import annotations

import contextlib
import threading
import time
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

from pygenn_lite.errors import DeviceError, FileFormatError, PygennLiteWarning, SimulationError
from pygenn_lite.old_names import level_of_user
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.device import Device
from pygenn_lite.runtime.exclusive import Exclusive
from pygenn_lite.runtime.interrupts import InterruptWatch
from pygenn_lite.runtime.precision_checks import PrecisionChecks
from pygenn_lite.runtime.progress import Progress
from pygenn_lite.runtime.results.result import Result
from pygenn_lite.runtime.results.sinks import RunSinks
from pygenn_lite.runtime.run_loop import RunLoop

if TYPE_CHECKING:
    from pygenn_lite.runtime.results.instance_results import InstanceResults


# What may keep the result of a run that failed from being put together.
BROKEN_OFF = (SimulationError, DeviceError, FileFormatError, AttributeError, MemoryError)


@dataclass(frozen=True)
class RunOptions:
    """What one call of ``run`` asks for, in steps.

    Attributes
    ----------
    steps : int
    callback : callable, optional
        Called without arguments at multiples of ``every``.
    every : int, optional
    warmup : int
        After how many steps spikes are counted again.
    keep_weights : bool
        Whether the result keeps the weights of plastic groups.
    """

    steps: int
    callback: Callable[[], object] | None = None
    every: int | None = None
    warmup: int = 0
    keep_weights: bool = False


class Runner:
    """Runs a device for one caller at a time.

    Attributes
    ----------
    changed : set of str
        Populations whose parameters were set: their coefficients are computed before the next step.
    """

    def __init__(self, device: Device, checks: PrecisionChecks) -> None:
        self.device, self.checks = device, checks
        self.changed: set[str] = set()
        self._stop_wanted = False
        # What would change a state that a run is working on is refused, in a callback, too.
        self.exclusively = Exclusive(
            "the simulation", "let the run end, or end it with stop(), first"
        )
        self._thread: int | None = None  # the one that runs

    @property
    def is_running_here(self) -> bool:
        """Whether this thread is inside a run: in a callback, between two steps."""
        return self._thread == threading.get_ident()

    def prepare_changed(self) -> None:
        """Compute what follows from parameters that were set."""
        if self.changed:
            for instance in self.device.instances:
                instance.prepare(self.changed)
            self.checks.parameters_set(self.changed)
            self.changed.clear()

    def stop(self) -> None:
        """End a run that is under way."""
        self._stop_wanted = True
        if self._thread is not None:
            self.device.stop()

    def _hurry(self) -> None:
        """Ctrl-C was seen: many instances need not come to the end of a chunk."""
        if len(self.device.instances) > 1:
            self.device.stop()

    def run(
        self, options: RunOptions, sinks: RunSinks, report: Progress
    ) -> Result | InstanceResults:
        """Run, and give the result; the caller has made sure that nobody else does."""
        start, dt = self.device.step, self.device.instances[0].network.dt
        self.checks.run_begins(start + options.steps)
        loop = RunLoop(self.device, sinks, options.steps, options.warmup, options.keep_weights)
        self._stop_wanted, self._thread = False, threading.get_ident()
        signals = InterruptWatch(stop=self._hurry)
        started = time.perf_counter()

        def result() -> Result | InstanceResults:
            self._thread = None
            seconds = time.perf_counter() - started
            sinks.ended(loop.step, loop.left > 0)
            return loop.finish(seconds, interrupted=loop.left > 0)

        try:
            with signals:
                while loop.left and not self._stop_wanted and not signals.seen:
                    done = loop.chunk(options.every)
                    report("simulating", loop.done * dt, options.steps * dt)
                    if done and options.callback and loop.step % (options.every or 1) == 0:
                        options.callback()
                        self.prepare_changed()
                loop.raise_faults()
        except BaseException as error:
            with contextlib.suppress(*BROKEN_OFF):
                error.result = result()  # type: ignore[attr-defined]
            raise
        finished = result()
        self.checks.run_ended()
        if signals.seen:
            warnings.warn(
                f"interrupted at {loop.step * dt:g} ms, {loop.left * dt:g} ms before the end; the "
                "results up to there are kept (result.interrupted is True)",
                PygennLiteWarning,
                stacklevel=level_of_user(),
            )
        return finished
