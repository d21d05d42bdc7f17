"""Where a run puts what it records: into memory, or into a file that grows with it; and, during the
run, into the sinks of users."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from pygenn_lite.codegen.plan.memory import MemoryRow, readable
from pygenn_lite.errors import ArgumentError, Location, PygennLiteWarning, full_text
from pygenn_lite.old_names import level_of_user
from pygenn_lite.runtime.device import Device
from pygenn_lite.runtime.recording import Indices, Requests, Steps, recording_rows
from pygenn_lite.runtime.results.files import real_path
from pygenn_lite.runtime.results.memory_sink import MemorySink, check_recording
from pygenn_lite.runtime.results.run_sink import RunInfo, Sink
from pygenn_lite.runtime.results.sink_options import SinkOptions
from pygenn_lite.runtime.synapse_recording import requests_of_run

if TYPE_CHECKING:
    from pygenn_lite.runtime.results.instance_files import InstanceFile, PartOfFile
    from pygenn_lite.runtime.results.result_file import ResultFile


class RunSinks:
    """All that takes what a run records: for each instance its part of the result, and the sinks of
    the user.

    Parameters
    ----------
    device : Device
    steps : int
        Length of the run.
    provenance : mapping
        Kept with the data.
    options : SinkOptions

    Raises
    ------
    InsufficientMemoryError
        The samples do not fit into memory.
    ArgumentError, SimulationError
        The file must not, or cannot, be written.
    """

    def __init__(
        self,
        device: Device,
        steps: int,
        provenance: Mapping[str, Any],
        options: SinkOptions,
    ) -> None:
        self.options, self.provenance = options, provenance
        self.recorded = [requests_of_run(device.requests, one) for one in device.instances]
        nothing = Requests((), ())
        kept = self.recorded if options.keep else [nothing] * len(self.recorded)
        self.requests = kept[0]
        self.file: ResultFile | InstanceFile | None = None
        start, count = device.step, len(device.instances)
        self.parts: Sequence[MemorySink | ResultFile | PartOfFile]
        if options.stream_to is None:
            self.parts = _in_memory(device, kept, start, start + steps, provenance)
        elif not options.axis:
            self.file = _open_file(device, kept[0], provenance, options)
            self.parts = [self.file]
        else:
            from pygenn_lite.runtime.results.instance_files import InstanceFile

            self.file = InstanceFile(device, kept, provenance, options)
            self.parts = self.file.parts
        if options.stream_to is not None:
            rows = recording_rows(self.requests, device.dtype, start, start + steps)
            _warn_of_full_disk(options.stream_to, rows, count)
        self.takers = [_Taker(k, part, options) for k, part in enumerate(self.parts)]
        info = RunInfo(
            device.instances[0].network.dt,
            start,
            start + steps,
            count,
            {name: population.size for name, population in device.layout.populations.items()},
            {r.population: r.recorded for r in self.recorded[0].spikes},
            {(r.owner, r.name): r.indices for r in self.recorded[0].variables},
        )
        for sink in options.sinks:
            sink.begin(info)

    @property
    def are_waited_for(self) -> bool:
        """Whether what is recorded is wanted during the run, or takes much memory: only
        spikes of several instances, which are kept in memory, are not."""
        several = len(self.parts) > 1
        samples = any(requests.variables or requests.synapses for requests in self.recorded)
        return not several or samples or self.file is not None or self.are_of_a_user

    @property
    def are_of_a_user(self) -> bool:
        """Whether there are others than those that make the result."""
        return bool(self.options.sinks)

    def reached(self, step: int) -> None:
        """All instances have got to this step."""
        if self.file is not None:
            self.file.reached(step)
        for sink in self.options.sinks:
            sink.reached(step)

    def ended(self, step: int, interrupted: bool) -> None:
        """Tell the user's sinks."""
        for sink in self.options.sinks:
            sink.end(step, interrupted)

    def cut(self, step: int) -> None:
        """Forget what came after a step."""
        for part in self.parts:
            if isinstance(part, MemorySink):
                part.cut(step)


class _Taker:
    """Hands what one instance records to its part of the result and to the user's sinks."""

    def __init__(
        self, index: int, part: MemorySink | ResultFile | PartOfFile, options: SinkOptions
    ) -> None:
        self.index, self.part, self.sinks = index, part, options.sinks
        self.keep = options.keep

    def add_spikes(self, population: str, steps: Steps, indices: Indices) -> None:
        """Take spikes."""
        if self.keep:
            self.part.add_spikes(population, steps, indices)
        for sink in self.sinks:
            sink.add_spikes(self.index, population, steps, indices)

    def add_samples(
        self, population: str, variable: str, steps: Steps, values: npt.NDArray[Any]
    ) -> None:
        """Take samples."""
        if self.keep:
            self.part.add_samples(population, variable, steps, values)
        for sink in self.sinks:
            sink.add_samples(self.index, population, variable, steps, values)

    def room_for(self, population: str, variable: str, rows: int) -> npt.NDArray[Any] | None:
        """Where the next samples should be put."""
        return self.part.room_for(population, variable, rows) if self.keep else None

    def add_counts(self, step: int, totals: Mapping[str, int]) -> None:
        """Take the number of spikes since the start of the run."""
        self.part.add_counts(step, totals)
        for sink in self.sinks:
            sink.add_counts(self.index, step, totals)

    def reached(self, step: int) -> None:
        """Told to all at once: see `RunSinks.reached`."""


def check_sinks(given: Iterable[Sink]) -> tuple[Sink, ...]:
    """The sinks that a user gives.

    Raises
    ------
    ArgumentError
        Something else is among them.
    """
    sinks = (given,) if isinstance(given, Sink) else tuple(given)
    for sink in sinks:
        if not isinstance(sink, Sink):
            name = getattr(sink, "__name__", type(sink).__name__)
            raise ArgumentError(
                f"{name} is not a sink",
                where=Location.of("run(sinks=...)"),
                hint="write a subclass of pygenn_lite.Sink and give an object of it",
            )
    return sinks


def _in_memory(
    device: Device, requests: list[Requests], start: int, stop: int, provenance: Mapping[str, Any]
) -> list[MemorySink]:
    dt, dtype = device.instances[0].network.dt, device.dtype
    if len(requests) > 1:
        rows = recording_rows(requests[0], dtype, start, stop)
        check_recording(rows * len(requests))
    return [MemorySink(own, dt, dtype, start, stop, provenance) for own in requests]


def _open_file(
    device: Device, requests: Requests, provenance: Mapping[str, Any], options: SinkOptions
) -> ResultFile:
    # Runs into memory, and they are most of those that last milliseconds, do without.
    from pygenn_lite.runtime.results.result_file import ResultFile

    network = device.instances[0].network
    plastic = [name for name, group in device.layout.groups.items() if group.plastic]
    assert options.stream_to is not None
    return ResultFile(
        options.stream_to,
        dt=network.dt,
        start_step=device.step,
        name=network.name,
        sizes={name: population.size for name, population in device.layout.populations.items()},
        spikes={r.population: r.recorded for r in requests.spikes},
        traces={(r.owner, r.name): r.indices for r in requests.variables},
        units={(r.owner, r.name): r.unit for r in requests.variables},
        every={(r.owner, r.name): r.every for r in requests.variables},
        dtype=device.dtype,
        weights=plastic if options.keep_weights else [],
        provenance=provenance,
        overwrite=options.overwrite,
    )


def _warn_of_full_disk(path: Path, rows: Sequence[MemoryRow], count: int) -> None:
    """Say before a long run that its samples will not fit on the disk, as far as that is known."""
    needed = sum(row.bytes for row in rows) * count
    free = shutil.disk_usage(real_path(path).parent).free
    if needed > free:
        text = full_text(
            f"{path} will need about {readable(needed)} for samples of variables, but "
            f"{readable(free)} are free: the run will end when the disk is full",
            hint="record fewer neurons, or less often (interval=10.0)",
        )
        warnings.warn(text, PygennLiteWarning, stacklevel=level_of_user())
