"""One run: advances in chunks, fetches what was recorded, counts, and watches for faults."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, NoReturn

from pygenn_lite.declaration.steps import times_of
from pygenn_lite.errors import FileFormatError, MemoryPlanError, NumericalError, SimulationError
from pygenn_lite.runtime.device import Device
from pygenn_lite.runtime.recording import sample_bytes
from pygenn_lite.runtime.results.final_weights import FinalWeights, final_weights
from pygenn_lite.runtime.results.memory_sink import HINT, MemorySink
from pygenn_lite.runtime.results.result import Result
from pygenn_lite.runtime.results.result_reader import load_result
from pygenn_lite.runtime.synapse_recording import SynapseSampler

if TYPE_CHECKING:
    from pygenn_lite.runtime.results.result_file import ResultFile

CHUNK_SECONDS = 0.1  # wall time between looks at progress, Ctrl-C and recorders
CHUNK_BYTES = 32 << 20  # of samples that a device holds before they are fetched
COUNT_EVERY = 100.0  # ms of simulated time between counts of all spikes


class RunLoop:
    """One call of ``run``: advances in chunks of about 100 ms of wall time.

    Spikes are counted at the start, every 100 ms, at step ``settled`` and at the end."""

    def __init__(
        self,
        device: Device,
        sink: MemorySink | ResultFile,
        start: int,
        steps: int,
        settled: int,
        keep_weights: bool,
    ) -> None:
        self.device, self.instance, self.sink = device, device.instances[0], sink
        self.dt = self.instance.network.dt
        self.start = self.step = start
        self.end = start + steps
        self.settled, self.keep_weights = settled, keep_weights
        self.count_every = max(1, round(COUNT_EVERY / self.dt))
        self.chunk_steps = 1
        self.most_steps = max(1, CHUNK_BYTES // max(sample_bytes(device.requests, device.real), 1))
        self.synapses = SynapseSampler(device.requests, self.instance, device.layout)
        self.instance.drain(None)  # what a run that failed may have left
        self._broken_off = False
        self.offsets = self.instance.spike_totals()
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
        if every is not None:
            target = min(target, self._next(every))
        target = min(target, *self.synapses.next_after(self.step), target)
        if self.step < self.settled:
            target = min(target, self.settled)
        self.synapses.sample(self.step, self.sink)
        wanted = target - self.step
        started = time.perf_counter()
        try:
            done = self.device.run(wanted)
            seconds = time.perf_counter() - started  # fetching comes on top
            self.instance.drain(self.sink)
        except MemoryError:
            self._no_memory()
        self.step += done
        self._raise_fault()
        if self.step % self.count_every == 0 or self.step in (self.settled, self.end):
            self._count()
        self.sink.reached(self.step)
        if seconds < CHUNK_SECONDS / 2 and wanted == self.chunk_steps:
            self.chunk_steps *= 2
        elif seconds > 2 * CHUNK_SECONDS and self.chunk_steps > 1:
            self.chunk_steps //= 2
        return done

    def finish(self, seconds: float, *, interrupted: bool) -> Result:
        """The result of what was run."""
        network = self.instance.network
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
            dt=network.dt,
            start_step=self.start,
            stop_step=self.step,
            sizes={n: p.size for n, p in self.device.layout.populations.items()},
            spikes=self.sink.spikes(),
            traces=self.sink.traces(),
            counts=self.sink.counts(),
            whole=frozenset(r.population for r in self.device.requests.spikes if r.whole),
            name=network.name,
            interrupted=interrupted,
            simulate_seconds=seconds,
            weights=weights,
            provenance=self.sink.provenance,
        )

    def _no_memory(self) -> NoReturn:
        """The last chunk cannot be kept, or was not finished: the result ends before it."""
        self._broken_off = True
        if isinstance(self.sink, MemorySink):
            self.sink.cut(self.step)
        reached = float(times_of(self.step, self.dt))
        raise MemoryPlanError(
            f"there is no memory left for what is recorded after {reached:g} ms; what was "
            "recorded before is kept in this error's 'result'",
            hint=f"{HINT}; reset() before the next run",
        ) from None

    def _weights(self) -> dict[str, FinalWeights]:
        groups = self.device.layout.groups.items()
        read = self.instance.read
        return {n: final_weights(read(group.weight)) for n, group in groups if group.plastic}

    def _next(self, multiple: int) -> int:
        return (self.step // multiple + 1) * multiple

    def _count(self) -> None:
        self._counted_at = self.step
        totals = (self.instance.spike_totals() - self.offsets).tolist()
        populations = self.device.layout.populations
        self.sink.add_counts(self.step, dict(zip(populations, totals, strict=True)))

    def _raise_fault(self) -> None:
        """NaN or infinity: say where."""
        fault = self.instance.fault()
        if fault is None:
            return
        self.step = self.device.step
        variable = self.device.layout.populations[fault.population].variables[fault.variable]
        moment = float(times_of(fault.step + 1, self.dt))
        model = self.instance.network.populations[fault.population].model
        grows = any("exp(" in equation.text for equation in getattr(model, "equations", ()))
        bound = "bound an exponential that grows, as in exp(min(x, 10)), " if grows else ""
        raise NumericalError(
            f"{variable.called!r} became {fault.value} at {moment:g} ms",
            where=f"population {fault.population!r}, neuron {fault.neuron}",
            hint="look for a division by zero (a parameter of 0), at the weights onto this neuron, "
            f"{bound}use a smaller dt, or switch the check off (check_finite=False)",
        )
