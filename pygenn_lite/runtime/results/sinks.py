"""Where a run puts what it records: into memory, or into a file that grows with it."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pygenn_lite.codegen.plan.memory import MemoryRow, readable
from pygenn_lite.errors import PygennLiteWarning, full_text
from pygenn_lite.runtime.device import Device
from pygenn_lite.runtime.recording import recording_rows
from pygenn_lite.runtime.results.files import real_path
from pygenn_lite.runtime.results.memory_sink import MemorySink
from pygenn_lite.runtime.synapse_recording import requests_of_run

if TYPE_CHECKING:
    from pygenn_lite.runtime.results.result_file import ResultFile


def open_sink(
    device: Device,
    steps: int,
    provenance: Mapping[str, Any],
    *,
    stream_to: Path | None = None,
    overwrite: bool = False,
    keep_weights: bool = False,
) -> MemorySink | ResultFile:
    """The place for what the next steps record.

    Parameters
    ----------
    device : Device
    steps : int
        Length of the run.
    provenance : mapping
        Kept with the data.
    stream_to : Path, optional
        The file to write; without one all is kept in memory.
    overwrite : bool
        Whether it may replace a result file.
    keep_weights : bool
        Whether the file needs room for weights of plastic groups.

    Raises
    ------
    MemoryPlanError
        The samples do not fit into memory.
    ArgumentError, SimulationError
        The file must not, or cannot, be written.
    """
    network = device.instances[0].network
    requests = requests_of_run(device.requests, device.instances[0])
    real, dt, start = device.real, network.dt, device.step
    if stream_to is None:
        return MemorySink(requests, dt, real, start, start + steps, provenance)
    # Runs into memory, and they are most of those that last milliseconds, do without.
    from pygenn_lite.runtime.results.result_file import ResultFile

    file = ResultFile(
        stream_to,
        dt=dt,
        start_step=start,
        name=network.name,
        sizes={name: population.size for name, population in device.layout.populations.items()},
        spikes={r.population: r.recorded for r in requests.spikes},
        traces={(r.owner, r.name): r.indices for r in requests.variables},
        units={(r.owner, r.name): r.unit for r in requests.variables},
        every={(r.owner, r.name): r.every for r in requests.variables},
        dtype=real,
        weights=[n for n, g in device.layout.groups.items() if g.plastic] if keep_weights else [],
        provenance=provenance,
        overwrite=overwrite,
    )
    _warn_of_full_disk(stream_to, recording_rows(requests, real, start, start + steps))
    return file


def _warn_of_full_disk(path: Path, rows: Sequence[MemoryRow]) -> None:
    """Say before a long run that its samples will not fit on the disk, as far as that is known."""
    needed = sum(row.bytes for row in rows)
    free = shutil.disk_usage(real_path(path).parent).free
    if needed > free:
        text = full_text(
            f"{path} will need about {readable(needed)} for samples of variables, but "
            f"{readable(free)} are free: the run will end when the disk is full",
            hint="record fewer neurons, or less often (every=10)",
        )
        warnings.warn(text, PygennLiteWarning, stacklevel=4)
