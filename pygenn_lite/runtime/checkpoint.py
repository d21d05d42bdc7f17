"""Checkpoints: all that a simulation must know to go on with the same spikes, bit for bit.

A file holds what does not follow from the declaration: states, parameters, past values and spikes
on their way, weights and synapse variables that changed, the step and the seed. It does not depend
on the number of threads. NumPy's archive format; written aside and renamed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.errors import CheckpointError
from pygenn_lite.runtime.results.files import check_replaceable, written_at_once

if TYPE_CHECKING:
    import zipfile

    from pygenn_lite.runtime.cpp.machine import Machine

FORMAT = "pygenn_lite checkpoint"
VERSION = 3

Array = npt.NDArray[Any]


def save_checkpoint(machine: Machine, path: Path, overwrite: bool = False) -> None:
    """Write a checkpoint.

    Parameters
    ----------
    machine : Machine
    path : Path
        Replaced at once when all is written.
    overwrite : bool
        Whether a checkpoint that is there may be replaced.
    """
    check_replaceable(
        path, overwrite=overwrite, is_ours=_is_checkpoint, kind="checkpoint",
        hint="name another file, or pass overwrite=True to replace this one",
    )  # fmt: skip
    changed = sorted(name for name, group in machine.groups.items() if group.drawn is not None)
    header = {
        "format": FORMAT,
        "version": VERSION,
        "network": simulation_digest(machine),
        "step": int(machine.engine.step_get(machine.pointer)),
        "seed": machine.seed,
        "changed_weights": changed,
    }
    try:
        import zipfile

        with written_at_once(path) as aside, zipfile.ZipFile(aside, "w", allowZip64=True) as file:
            _put(file, "header", np.frombuffer(json.dumps(header).encode(), np.uint8))
            for name, array in _arrays(machine, changed):
                _put(file, name, array)
    except OSError as error:
        raise CheckpointError(
            f"the checkpoint {path} cannot be written: {error.strerror or error}",
            hint="name a file in a directory that exists, with enough space",
        ) from error


def restore_checkpoint(machine: Machine, path: Path) -> None:
    """Put a simulation into the state of a checkpoint.

    Raises
    ------
    CheckpointError
        No such file, not a checkpoint, or one of another network.
    """
    try:
        with _Archive(path) as file:
            header = json.loads(file["header"].tobytes().decode())
            _check(header, machine, path)
            changed = header["changed_weights"]
            step, seed = _whole(header["step"], 2**62), _whole(header["seed"], 2**64)
            content = {name: file[name] for name in _shapes(machine, changed)}
            _check_content(content, machine, changed)
    except FileNotFoundError as error:
        raise CheckpointError(f"there is no checkpoint {path}") from error
    except CheckpointError:
        raise
    except Exception as error:  # whatever zipfile, NumPy and json make of a damaged file
        raise CheckpointError(
            f"{path} cannot be read as a checkpoint: {error}",
            hint="name a file that Simulation.save wrote",
        ) from error
    machine.set_step(step, seed)
    for population, memory in machine.populations.items():
        for name, array in memory.checkpoint_arrays():
            array.write(content[f"{population}/array/{name}"])
        memory.scalars[:] = content[f"{population}/scalars"]
        for k, poisson in enumerate(memory.poisson):
            poisson.set(
                content[f"{population}/poisson/{k}/rate"],
                content[f"{population}/poisson/{k}/sources"],
            )
        for k, timed in enumerate(memory.timed):
            timed.set(content[f"{population}/timed/{k}"])
        for name, published in memory.published.items():
            _restore_ring(published.ring, content[f"{population}/past/{name}"], step)
            published.repeated[:] = content[f"{population}/repeated/{name}"]
        steps = np.ascontiguousarray(content[f"{population}/spikes/steps"], np.int64)
        indices = np.ascontiguousarray(content[f"{population}/spikes/indices"], np.uint32)
        machine.call(
            "inflight_import",
            machine.numbers[population],
            len(steps),
            steps.ctypes.data,
            indices.ctypes.data,
        )
        counts = np.ascontiguousarray(content[f"{population}/spikes/counts"], np.uint32)
        machine.call("spike_totals_import", machine.numbers[population], counts.ctypes.data)
    for group, synapses in machine.synapses.items():
        for name in synapses.dtypes:
            values = content[f"{group}/synapse/{name}"]
            if name == "weight":
                synapses.stored.set_weights(values)
            else:
                synapses.write_raw(name, values)
        synapses.scalars[:] = content[f"{group}/scalars"]
    for group, stored in machine.groups.items():
        if group in changed:
            stored.change_weights(content[f"{group}/weight"])
        else:
            stored.undo_changes()
    machine.prepare(machine.populations)


def simulation_digest(machine: Machine) -> str:
    """Digest of the declaration and the precision."""
    return hashlib.sha256(f"{machine.network.digest()} {machine.real.name}".encode()).hexdigest()


def _is_checkpoint(path: Path) -> bool:
    try:
        with _Archive(path) as file:
            return bool(json.loads(file["header"].tobytes().decode())["format"] == FORMAT)
    except Exception:  # noqa: BLE001  (whatever NumPy makes of other people's files)
        return False


class _Archive:
    """An archive of arrays, each read to its end: only there zipfile compares the checksum."""

    def __init__(self, path: Path) -> None:
        import zipfile

        self._file = zipfile.ZipFile(path)

    def __enter__(self) -> _Archive:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def __getitem__(self, name: str) -> Array:
        with self._file.open(f"{name}.npy") as entry:
            array = np.lib.format.read_array(entry, allow_pickle=False)
            if entry.read(1):
                raise ValueError(f"{name!r} is longer than it says")
        return np.asarray(array)


def _whole(number: Any, below: int) -> int:
    if not isinstance(number, int) or not 0 <= number < below:
        raise ValueError(f"{number!r} is not a valid step or seed")
    return number


def _check(header: Any, machine: Machine, path: Path) -> None:
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise CheckpointError(f"{path} is not a checkpoint of pygenn_lite")
    if header["version"] != VERSION:
        raise CheckpointError(
            f"{path} was written by another version of pygenn_lite (format {header['version']}, "
            f"this one reads {VERSION})"
        )
    if header["network"] != simulation_digest(machine):
        raise CheckpointError(
            f"{path} belongs to another network, or to another precision",
            hint="restore it into a simulation of the same declaration (sizes, models, values, "
            "dt, seed) and precision",
        )


def _arrays(machine: Machine, changed: list[str]) -> Iterator[tuple[str, Array]]:
    step = int(machine.engine.step_get(machine.pointer))
    for population, memory in machine.populations.items():
        for name, array in memory.checkpoint_arrays():
            yield f"{population}/array/{name}", array.read()
        yield f"{population}/scalars", memory.scalars
        for k, poisson in enumerate(memory.poisson):
            yield f"{population}/poisson/{k}/rate", np.asarray(poisson.rate)
            yield f"{population}/poisson/{k}/sources", np.asarray(poisson.sources)
        for k, timed in enumerate(memory.timed):
            yield f"{population}/timed/{k}", timed.values
        for name, published in memory.published.items():
            yield f"{population}/past/{name}", _past(published.ring, step)
            yield f"{population}/repeated/{name}", published.repeated
        number = machine.numbers[population]
        count = machine.call("inflight_count", number)
        steps, indices = np.empty(count, np.int64), np.empty(count, np.uint32)
        machine.call("inflight_export", number, steps.ctypes.data, indices.ctypes.data)
        yield f"{population}/spikes/steps", steps
        yield f"{population}/spikes/indices", indices
        yield f"{population}/spikes/counts", machine.spike_counts(population)
    for group, synapses in machine.synapses.items():
        for name in synapses.dtypes:
            if name == "weight":
                yield f"{group}/synapse/{name}", synapses.stored.weights().astype(synapses.real)
            else:
                yield f"{group}/synapse/{name}", synapses.read_raw(name)
        yield f"{group}/scalars", synapses.scalars
    for group in changed:
        yield f"{group}/weight", machine.groups[group].weights()


def _shapes(machine: Machine, changed: list[str]) -> dict[str, list[tuple[int, ...] | None]]:
    """The arrays of a checkpoint, and what shapes each may have (None: a list of any length)."""
    shapes: dict[str, list[tuple[int, ...] | None]] = {}
    for population, memory in machine.populations.items():
        size = (memory.size,)
        shapes |= {f"{population}/array/{n}": [size] for n, _ in memory.checkpoint_arrays()}
        for name, published in memory.published.items():
            shapes[f"{population}/past/{name}"] = [published.ring.shape]
            shapes[f"{population}/repeated/{name}"] = [published.repeated.shape]
        for k in range(len(memory.poisson)):
            shapes |= {f"{population}/poisson/{k}/{n}": [(), size] for n in ("rate", "sources")}
        for k, timed in enumerate(memory.timed):
            shapes[f"{population}/timed/{k}"] = [timed.values.shape]
        shapes[f"{population}/scalars"] = [memory.scalars.shape]
        shapes |= {f"{population}/spikes/{n}": [None] for n in ("steps", "indices")}
        shapes[f"{population}/spikes/counts"] = [size]
    for group, synapses in machine.synapses.items():
        one_each = (synapses.stored.size,)
        shapes |= {f"{group}/synapse/{n}": [one_each] for n in synapses.dtypes}
        shapes[f"{group}/scalars"] = [synapses.scalars.shape]
    shapes |= {f"{group}/weight": [(machine.groups[group].size,)] for group in changed}
    return shapes


def _check_content(content: Mapping[str, Array], machine: Machine, changed: list[str]) -> None:
    """Find what does not fit before anything is put into memory."""
    for name, shapes in _shapes(machine, changed).items():
        found = content[name]
        if found.dtype.kind not in "biuf":
            raise ValueError(f"{name!r} holds no numbers")
        if shapes == [None] and found.ndim == 1:
            continue
        if found.shape not in shapes:
            raise ValueError(f"{name!r} has shape {found.shape}")
    for population in machine.populations:
        steps, indices = (content[f"{population}/spikes/{n}"] for n in ("steps", "indices"))
        if steps.shape != indices.shape:  # the engine would read beyond the shorter one
            raise ValueError(f"there are spikes of {population!r} without a time")


def _past(ring: Array, step: int) -> Array:
    """Values of the last steps, newest first."""
    slots = len(ring)
    return np.asarray(ring[(step - np.arange(slots)) % slots])


def _restore_ring(ring: Array, past: Array, step: int) -> None:
    slots = len(ring)
    ring[(step - np.arange(slots)) % slots] = past


def _put(file: zipfile.ZipFile, name: str, array: Array) -> None:
    with file.open(f"{name}.npy", "w", force_zip64=True) as entry:
        np.lib.format.write_array(entry, np.require(array, requirements="C"), allow_pickle=False)
