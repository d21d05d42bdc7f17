"""One run: advances in chunks, fetches what was recorded, counts, and watches for faults."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from pygenn_lite.declaration.steps import times_of
from pygenn_lite.declaration.summary import counted, listed
from pygenn_lite.errors import (
    DeviceError,
    FileFormatError,
    InsufficientMemoryError,
    NumericalError,
    SimulationError,
)
from pygenn_lite.runtime.device import Device, Fault, Instance
from pygenn_lite.runtime.fault_errors import fault_error
from pygenn_lite.runtime.recording import sample_bytes
from pygenn_lite.runtime.results.final_weights import FinalWeights, final_weights
from pygenn_lite.runtime.results.memory_sink import HINT, MemorySink
from pygenn_lite.runtime.results.provenance import of_instances
from pygenn_lite.runtime.results.result import Result
from pygenn_lite.runtime.results.sinks import RunSinks
from pygenn_lite.runtime.synapse_recording import SynapseSampler

if TYPE_CHECKING:
    from pygenn_lite.runtime.results.instance_results import InstanceResults

CHUNK_SECONDS = 0.1  # wall time between looks at progress, Ctrl-C and recorders
CHUNK_SECONDS_EACH = 0.005  # the same per instance: each is looked at
CHUNK_BYTES = 32 << 20  # of samples that a device holds before they are fetched
COUNT_EVERY = 100.0  # ms of simulated time between counts of all spikes


class RunLoop:
    """One call of ``run``: advances in chunks of about 100 ms of wall time.

    Spikes are counted at the start, every 100 ms, when the warm-up ends and at the end, and where a
    callback may ask a sink what it has measured so far. An instance of several in which a variable
    stops being finite ends; the others continue, and the error is raised at the end."""

    def __init__(
        self, device: Device, sinks: RunSinks, steps: int, warmup: int, keep_weights: bool
    ) -> None:
        self.device, self.sinks, self.keep_weights = device, sinks, keep_weights
        self.instances = list(device.instances)
        self.dt = self.instances[0].network.dt
        self.start = self.step = device.step
        self.end, self.warm = self.start + steps, self.start + warmup
        self.count_every = max(1, round(COUNT_EVERY / self.dt))
        self.chunk_steps = 1
        self.chunk_seconds = max(CHUNK_SECONDS, CHUNK_SECONDS_EACH * len(self.instances))
        bytes_per_step = sample_bytes(device.requests, device.dtype) * len(self.instances)
        self.most_steps = max(1, CHUNK_BYTES // max(bytes_per_step, 1))
        self.synapses = [
            SynapseSampler(device.requests, instance, device.layout) for instance in self.instances
        ]
        self.faults: dict[int, Fault] = {}
        self._found_before(device)
        for instance in self.instances:
            instance.drain(None)  # what a run that failed may have left
        self._fetched, self._held_seconds = self.step, 0.0
        self._holding = self._alive()  # instances from which records are to be fetched
        self._broken_off = False
        self.offsets = device.spike_totals()
        self._count()

    @property
    def left(self) -> int:
        """Steps to go; none when all instances have failed."""
        return 0 if len(self.faults) == len(self.instances) else self.end - self.step

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
        target = min(target, *self.synapses[0].next_after(self.step), target)
        if self.step < self.warm:
            target = min(target, self.warm)
        for k in self._alive():
            self.synapses[k].sample(self.step, self.sinks.takers[k])
        wanted = target - self.step
        started = time.perf_counter()
        try:
            done = self.device.run(wanted)
            seconds = time.perf_counter() - started  # fetching comes on top
            self._held_seconds += seconds
            if self._is_to_fetch(self.step + done):
                self._fetch(self.step + done)
        except MemoryError:
            self._no_memory()
        self.step += done
        self._find_faults()
        looked_at = every is not None and self.step % every == 0 and self.sinks.are_of_a_user
        if looked_at or self.step % self.count_every == 0 or self.step in (self.warm, self.end):
            self._count()
        self.sinks.reached(self.step)
        if seconds < self.chunk_seconds / 2 and wanted == self.chunk_steps:
            self.chunk_steps *= 2
        elif seconds > 2 * self.chunk_seconds and self.chunk_steps > 1:
            self.chunk_steps //= 2
        return done

    def _is_to_fetch(self, step: int) -> bool:
        """Whether what was recorded is fetched now. Spikes of many instances, which nobody waits
        for, are fetched after longer times: each call costs as much as a millisecond of a small
        network."""
        return (
            self.sinks.are_waited_for
            or self._held_seconds >= self.chunk_seconds
            or step == self.end
        )

    def _fetch(self, step: int) -> None:
        """Fetch what was recorded up to a step."""
        for k in self._holding:
            self.instances[k].drain(self.sinks.takers[k])
        self._holding, self._held_seconds, self._fetched = self._alive(), 0.0, step

    def finish(self, seconds: float, *, interrupted: bool) -> Result | InstanceResults:
        """The result of what was run."""
        if self._fetched < self.step and not self._broken_off:
            self._fetch(self.step)
        if self._counted_at != self.step and not self._broken_off:
            self._count()
        parts = self.sinks.parts
        weights = [
            self._weights(instance) if self.keep_weights else {} for instance in self.instances
        ]
        if self.sinks.file is not None:
            return self._close_file(weights, seconds, interrupted)
        results, network = [], self.instances[0].network
        sizes = {n: p.size for n, p in self.device.layout.populations.items()}
        whole = frozenset(r.population for r in self.sinks.requests.spikes if r.whole)
        for part, origin, k in zip(parts, self._provenance(), range(len(parts)), strict=True):
            assert isinstance(part, MemorySink)
            result = Result(
                dt=network.dt,
                start_step=self.start,
                stop_step=self._stop(k),
                sizes=sizes,
                spikes=part.spikes(),
                traces=part.traces(),
                counts=part.counts(),
                fully_recorded=whole,
                name=network.name,
                interrupted=interrupted or k in self.faults,
                simulate_seconds=seconds,
                weights=weights[k],
                provenance=origin,
            )
            results.append(result)
        if not self.sinks.options.axis:
            return results[0]
        from pygenn_lite.runtime.results.instance_results import InstanceResults

        return InstanceResults(tuple(results), self._seeds(), self._failed())

    def _provenance(self) -> Iterator[Mapping[str, Any]]:
        """Where the result of each instance comes from."""
        whole = self.sinks.provenance
        if not self.sinks.options.axis:
            return iter([whole])
        return of_instances(whole, range(len(self.instances)))

    def raise_faults(self) -> None:
        """Say where variables stopped being finite, if any did.

        Raises
        ------
        NumericalError
            Of the first instance; with ``by_instance``, a dict of all such errors, where there are
            several instances.
        """
        if not self.faults:
            return
        errors = {k: self._error(k, fault) for k, fault in sorted(self.faults.items())}
        first = next(iter(errors))
        raised = errors[first]
        if len(errors) > 1:
            raised = self._error(first, self.faults[first])
            others = listed((str(k) for k in errors if k != first), 10)
            raised.message += f"; so did variables of {counted(len(errors) - 1, 'other instance')}"
            raised.message += f" ({others})"
        raised.by_instance = errors  # type: ignore[attr-defined]
        raise raised

    def _close_file(
        self, weights: list[dict[str, FinalWeights]], seconds: float, interrupted: bool
    ) -> Result | InstanceResults:
        from pygenn_lite.runtime.results.instance_results import InstanceResults
        from pygenn_lite.runtime.results.result_reader import load_result

        file = self.sinks.file
        assert file is not None
        for part, own in zip(self.sinks.parts, weights, strict=True):
            for group, kept in own.items():
                part.add_weights(group, kept)  # type: ignore[union-attr]
        ended = interrupted or bool(self.faults)
        attributes: dict[str, Any] = {"interrupted": ended, "simulate_seconds": seconds}
        load: Callable[[Path], Result | InstanceResults] = load_result
        if self.sinks.options.axis:
            from pygenn_lite.runtime.results.instance_files import load_instances

            load = load_instances
            attributes["stops"] = np.array([self._stop(k) for k in range(len(self.instances))])
        try:
            file.close(self.step, **attributes)
        except SimulationError as error:
            with contextlib.suppress(FileFormatError):
                error.result = load(file.path)  # type: ignore[attr-defined]
            raise
        result = load(file.path)
        if isinstance(result, InstanceResults):
            result.failed = self._failed()
        return result

    def _stop(self, index: int) -> int:
        """The step at which an instance ended."""
        return self.faults[index].step + 1 if index in self.faults else self.step

    def _no_memory(self) -> NoReturn:
        """The last chunk cannot be kept, or was not finished: the result ends before it."""
        if self._fetched < self.step:  # what was recorded before may still be there
            with contextlib.suppress(MemoryError):
                self._fetch(self.step)
        self._broken_off = True
        self.step = self._fetched
        self.sinks.cut(self.step)
        reached = float(times_of(self.step, self.dt))
        raise InsufficientMemoryError(
            f"there is no memory left for what is recorded after {reached:g} ms; what was "
            "recorded before is kept in this error's 'result'",
            hint=f"{HINT}; reset() before the next run",
        ) from None

    def _weights(self, instance: Instance) -> dict[str, FinalWeights]:
        groups = self.device.layout.groups.items()
        read = instance.read
        try:
            return {n: final_weights(read(group.weight)) for n, group in groups if group.plastic}
        except DeviceError:  # they are lost with the card; what was recorded is not
            return {}

    def _next(self, multiple: int) -> int:
        return (self.step // multiple + 1) * multiple

    def _alive(self) -> list[int]:
        return [k for k in range(len(self.instances)) if k not in self.faults]

    def _count(self) -> None:
        self._counted_at = self.step
        populations = self.device.layout.populations
        totals = (self.device.spike_totals() - self.offsets).tolist()
        for taker, own in zip(self.sinks.takers, totals, strict=True):
            taker.add_counts(self.step, dict(zip(populations, own, strict=True)))

    def _seeds(self) -> tuple[int, ...]:
        return tuple(instance.seed for instance in self.instances)

    # ------------------------------------------------------------------ faults

    def _found_before(self, device: Device) -> None:
        """Instances that failed in an earlier run are stopped; they must not be taken along."""
        if len(self.instances) == 1:
            return
        failed = device.failed()
        if failed:
            raise SimulationError(
                f"{counted(len(failed), 'instance')} failed in an earlier run and cannot continue: "
                f"{listed(map(str, failed), 10)}",
                hint="reset() or restore() all of them, or compile those that are well",
            )

    def _find_faults(self) -> None:
        for k in self.device.failed():
            fault = None if k in self.faults else self.instances[k].fault()
            if fault is not None:
                self.faults[k] = fault
        if len(self.instances) == 1 and self.faults:
            self.step = self.device.step
            self.raise_faults()

    def _failed(self) -> dict[int, str]:
        return {k: str(self._error(k, fault)) for k, fault in sorted(self.faults.items())}

    def _error(self, index: int, fault: Fault) -> NumericalError:
        return fault_error(self.device, index, fault, self.sinks.options.axis)
