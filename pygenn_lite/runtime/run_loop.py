"""One run: advances in chunks, fetches what the engine recorded, counts, and watches for faults."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, NoReturn

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.steps import times_of
from pygenn_lite.errors import FileFormatError, MemoryPlanError, NumericalError, SimulationError
from pygenn_lite.runtime.cpp import abi
from pygenn_lite.runtime.cpp.machine import Machine
from pygenn_lite.runtime.results.final_weights import FinalWeights, final_weights
from pygenn_lite.runtime.results.memory_sink import HINT, MemorySink
from pygenn_lite.runtime.results.result import Result, load_result

if TYPE_CHECKING:
    from pygenn_lite.runtime.results.result_file import ResultFile

CHUNK_SECONDS = 0.1  # wall time between looks at progress, Ctrl-C and recorders
CHUNK_BYTES = 32 << 20  # of samples that the engine holds before they are fetched
NO_MEMORY = "not enough memory"  # the engine's words
SETTLE_EVERY = 2**31  # steps: synapses tell times of their events modulo twice that
COUNT_EVERY = 100.0  # ms of simulated time between counts of all spikes


class RunLoop:
    """One call of ``run``: advances in chunks of about 100 ms of wall time.

    Spikes are counted at the start, every 100 ms, at step ``settled`` and at the end."""

    def __init__(
        self,
        machine: Machine,
        sink: MemorySink | ResultFile,
        start: int,
        steps: int,
        settled: int,
        keep_weights: bool,
    ) -> None:
        self.machine, self.sink = machine, sink
        self.start = self.step = start
        self.end = start + steps
        self.settled, self.keep_weights = settled, keep_weights
        self.count_every = max(1, round(COUNT_EVERY / machine.network.dt))
        self.chunk_steps = 1
        self.most_steps = max(1, CHUNK_BYTES // max(machine.recorders.bytes_per_step, 1))
        machine.recorders.drain(None)  # what a run that failed may have left
        self._broken_off = False
        self.offsets = self._totals()
        self._count()

    @property
    def left(self) -> int:
        """Steps to go."""
        return self.end - self.step

    @property
    def done(self) -> int:
        """Steps done."""
        return self.step - self.start

    def chunk(self, every: int | None) -> int:
        """Advance up to the next point of interest; returns the steps done."""
        steps = min(self.chunk_steps, self.most_steps)
        target = min(self.end, self.step + steps, self._next(self.count_every))
        target = min(target, self._next(SETTLE_EVERY))
        if every is not None:
            target = min(target, self._next(every))
        if self.step < self.settled:
            target = min(target, self.settled)
        wanted = target - self.step
        started = time.perf_counter()
        try:
            done = self._run(wanted)
            seconds = time.perf_counter() - started  # of the engine alone: fetching comes on top
            self.machine.recorders.drain(self.sink)
        except MemoryError:
            self._no_memory()
        self.step += done
        self._raise_fault()
        if self.step % SETTLE_EVERY == 0:
            for synapses in self.machine.synapses.values():
                synapses.settle_now()
        if self.step % self.count_every == 0 or self.step in (self.settled, self.end):
            self._count()
        self.sink.reached(self.step)
        if seconds < CHUNK_SECONDS / 2 and wanted == self.chunk_steps:
            self.chunk_steps *= 2
        elif seconds > 2 * CHUNK_SECONDS and self.chunk_steps > 1:
            self.chunk_steps //= 2
        return done

    def finish(self, seconds: float, *, interrupted: bool, sizes: dict[str, int]) -> Result:
        """The result of what was run."""
        machine = self.machine
        if self._counted_at != self.step and not self._broken_off:
            self._count()
        weights = self._weights() if self.keep_weights else {}
        if not isinstance(self.sink, MemorySink):
            for group, kept in weights.items():
                self.sink.add_weights(group, kept)
            try:
                self.sink.close(self.step, interrupted=interrupted, simulate_seconds=seconds)
            except SimulationError as error:
                with contextlib.suppress(FileFormatError):
                    error.result = load_result(self.sink.path)  # type: ignore[attr-defined]
                raise
            return load_result(self.sink.path)
        return Result(
            dt=machine.network.dt,
            start_step=self.start,
            stop_step=self.step,
            sizes=sizes,
            spikes=self.sink.spikes(),
            traces=self.sink.traces(),
            counts=self.sink.counts(),
            whole=frozenset(r.population for r in machine.requests.spikes if r.whole),
            name=machine.network.name,
            interrupted=interrupted,
            simulate_seconds=seconds,
            weights=weights,
            provenance=self.sink.provenance,
        )

    def _run(self, steps: int) -> int:
        """Let the engine advance; what it recorded waits to be fetched."""
        machine = self.machine
        done = machine.engine.run(machine.pointer, steps)
        if done < 0 and NO_MEMORY in machine.engine.last_error():
            raise MemoryError
        return machine.engine.check(done, "running the simulation")

    def _no_memory(self) -> NoReturn:
        """The last chunk cannot be kept, or was not finished: the result ends before it."""
        self._broken_off = True
        if isinstance(self.sink, MemorySink):
            self.sink.cut(self.step)
        reached = float(times_of(self.step, self.machine.network.dt))
        raise MemoryPlanError(
            f"there is no memory left for what is recorded after {reached:g} ms; what was "
            "recorded before is kept in this error's 'result'",
            hint=f"{HINT}; reset() before the next run",
        ) from None

    def _weights(self) -> dict[str, FinalWeights]:
        groups = self.machine.synapses.items()
        return {name: final_weights(group.weights()) for name, group in groups}

    def _next(self, multiple: int) -> int:
        return (self.step // multiple + 1) * multiple

    def _totals(self) -> npt.NDArray[np.int64]:
        """Spikes of each population since the start or the last reset."""
        totals = np.zeros(len(self.machine.numbers), np.int64)
        self.machine.call("total_spikes", totals.ctypes.data)
        return totals

    def _count(self) -> None:
        self._counted_at = self.step
        totals = (self._totals() - self.offsets).tolist()
        self.sink.add_counts(self.step, dict(zip(self.machine.numbers, totals, strict=True)))

    def _raise_fault(self) -> None:
        """NaN or infinity: say where."""
        machine, fault = self.machine, abi.Fault()
        if not machine.engine.fault_get(machine.pointer, fault):
            return
        self.step = int(machine.engine.step_get(machine.pointer))
        name = list(machine.populations)[fault.population]
        signature = machine.signature_of(name)
        variable = signature.checked[fault.variable]
        value = machine.populations[name].arrays[variable].read()[fault.neuron]
        moment = float(times_of(fault.step + 1, machine.network.dt))
        equations = getattr(machine.network.populations[name].model, "equations", ())
        grows = any("exp(" in equation.text for equation in equations)
        bound = "bound an exponential that grows, as in exp(min(x, 10)), " if grows else ""
        raise NumericalError(
            f"{signature.variable(variable).name!r} became {value} at {moment:g} ms",
            where=f"population {name!r}, neuron {fault.neuron}",
            hint="look for a division by zero (a parameter of 0), at the weights onto this neuron, "
            f"{bound}use a smaller dt, or switch the check off (check_finite=False)",
        )
