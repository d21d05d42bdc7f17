"""Checkpoints: all that a simulation needs to continue with the same spikes, bit for bit.

A file holds what does not follow from the declaration: states, parameters, past values and spikes
in flight, weights and synapse variables that changed, the step and the seeds. All of it is
canonical (see runtime/device.py), so it depends neither on the backend that wrote it nor on the
number of threads. NumPy's archive format; written aside and renamed. What belongs to instance k
begins with ``k/``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.errors import CheckpointError, PygennLiteError
from pygenn_lite.runtime.layout import SLOT, StoredVariable
from pygenn_lite.runtime.restoring import (
    SPIKES,
    Moment,
    check_content,
    exposed_of,
    of_length,
    put_back,
    variables_of,
)
from pygenn_lite.runtime.results.files import check_replaceable, written_at_once

if TYPE_CHECKING:
    import zipfile

    from pygenn_lite.runtime.device import Device, Instance
    from pygenn_lite.runtime.views.changed_weights import ChangedWeights

FORMAT = "pygenn_lite checkpoint"
VERSION = 5

Array = npt.NDArray[Any]


def save_checkpoint(
    device: Device, changed: Sequence[ChangedWeights], path: Path, overwrite: bool = False
) -> None:
    """Write a checkpoint.

    Parameters
    ----------
    device : Device
    changed : sequence of ChangedWeights
        Of each instance.
    path : Path
        Replaced at once when all is written.
    overwrite : bool
        Whether a checkpoint that is there may be replaced.
    """
    check_replaceable(
        path, overwrite=overwrite, is_ours=_is_checkpoint, kind="checkpoint",
        hint="name another file, or pass overwrite=True to replace this one",
    )  # fmt: skip
    header = {
        "format": FORMAT,
        "version": VERSION,
        "networks": [instance_digest(one, device.dtype) for one in device.instances],
        "step": device.step,
        "seeds": [one.seed for one in device.instances],
        "changed_weights": [list(own) for own in changed],
        "replayed": [list(one.replayed) for one in device.instances],
    }
    try:
        import zipfile

        with written_at_once(path) as aside, zipfile.ZipFile(aside, "w", allowZip64=True) as file:
            _put(file, "header", np.frombuffer(json.dumps(header).encode(), np.uint8))
            for k, (instance, own) in enumerate(zip(device.instances, changed, strict=True)):
                for name, array in _arrays(device, instance, own):
                    _put(file, f"{k}/{name}", array)
    except OSError as error:
        raise CheckpointError(
            f"the checkpoint {path} cannot be written: {error.strerror or error}",
            hint="name a file in a directory that exists, with enough space",
        ) from error


def restore_checkpoint(device: Device, changed: Sequence[ChangedWeights], path: Path) -> None:
    """Put a simulation into the state of a checkpoint.

    Raises
    ------
    CheckpointError
        No such file, not a checkpoint, or one of another network.
    """
    try:
        with _Archive(path) as file:
            header = json.loads(file["header"].tobytes().decode())
            _check(header, device, path)
            step = _whole(header["step"], 2**62)
            seeds = [_whole(seed, 2**64) for seed in header["seeds"]]
            content = [
                _read(file, device, k, groups, replayed)
                for k, (groups, replayed) in enumerate(
                    zip(header["changed_weights"], header["replayed"], strict=True)
                )
            ]
    except FileNotFoundError as error:
        raise CheckpointError(f"there is no checkpoint {path}") from error
    except PygennLiteError:
        raise
    except Exception as error:  # whatever zipfile, NumPy and json make of a damaged file
        raise CheckpointError(
            f"{path} cannot be read as a checkpoint: {error}",
            hint="name a file that Simulation.save wrote",
        ) from error
    for instance, own in zip(device.instances, content, strict=True):
        check_content(device, instance, step, own)
    put_back(device, changed, Moment(step, seeds, content))


def instance_digest(instance: Instance, dtype: np.dtype[Any]) -> str:
    """Digest of the declaration, the precision, and the seed of the connectivity."""
    parts = f"{instance.network.digest()} {dtype.name} {instance.connectivity_seed}"
    return hashlib.sha256(parts.encode()).hexdigest()


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


def _check(header: Any, device: Device, path: Path) -> None:
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise CheckpointError(f"{path} is not a checkpoint of pygenn_lite")
    if header["version"] != VERSION:
        raise CheckpointError(
            f"{path} was written by another version of pygenn_lite (format {header['version']}, "
            f"this one reads {VERSION})",
            hint="restore it with the version that wrote it",
        )
    if header["networks"] != [instance_digest(one, device.dtype) for one in device.instances]:
        raise CheckpointError(
            f"{path} belongs to another network, or to another precision",
            hint="restore it into a simulation of the same declaration (sizes, models, values, "
            "dt, seed) and precision",
        )


def _arrays(
    device: Device, instance: Instance, changed: ChangedWeights
) -> Iterator[tuple[str, Array]]:
    for name, variable in variables_of(device).items():
        yield name, instance.read(variable, stored=True).astype(variable.dtype, copy=False)
    for name, variable in exposed_of(device).items():
        past = instance.past(variable)
        yield f"{name}/past", past.values
        yield f"{name}/repeated", past.repeated
    for population in device.layout.populations:
        spikes = (*instance.spikes_in_flight(population), instance.spike_counts(population))
        for k, name in enumerate(SPIKES):
            yield f"spikes/{population}/{name}", spikes[k]
    for group in changed:
        yield f"changed/{group}", instance.read(device.layout.groups[group].weight)
    for population, train in instance.replayed.items():
        yield f"replayed/{population}/steps", train.steps
        yield f"replayed/{population}/indices", train.indices


def _read(
    file: _Archive, device: Device, index: int, changed: list[str], replayed: list[str]
) -> dict[str, Array]:
    """The arrays of an instance, of the right shapes."""
    content = {}
    for name, shapes in _shapes(device, device.instances[index], changed, replayed).items():
        found = content[name] = file[f"{index}/{name}"]
        if found.dtype.kind not in "biuf":
            raise ValueError(f"{name!r} holds no numbers")
        if shapes == [None] and found.ndim == 1:
            continue
        if name.endswith("/past") and len(found):
            found = of_length(found, 1)
        if found.shape not in shapes:
            raise ValueError(f"{name!r} has shape {content[name].shape}")
    return content


def _shapes(
    device: Device, instance: Instance, changed: list[str], replayed: list[str]
) -> dict[str, list[tuple[int, ...] | None]]:
    """The arrays of a checkpoint, and what shapes each may have (None: a list of any length)."""
    layout, shapes = device.layout, {}
    for name, variable in variables_of(device).items():
        shapes[name] = _shapes_of(device, instance, variable)
    for name, variable in exposed_of(device).items():
        past = instance.past(variable)
        shapes[f"{name}/past"] = [(1, *past.values.shape[1:])]  # of any length, see of_length
        shapes[f"{name}/repeated"] = [past.repeated.shape]
    for name, population in layout.populations.items():
        shapes |= {f"spikes/{name}/{n}": [None] for n in SPIKES[:2]}
        shapes[f"spikes/{name}/{SPIKES[2]}"] = [(population.size,)]
    for group in changed:
        if group not in layout.groups:
            raise ValueError(f"there is no synapse group {group!r}")
        shapes[f"changed/{group}"] = [(instance.synapse_count(group),)]
    for name in replayed:
        if name not in layout.populations:
            raise ValueError(f"there is no population {name!r}")
        shapes |= {f"replayed/{name}/{n}": [None] for n in SPIKES[:2]}
    return shapes


def _shapes_of(
    device: Device, instance: Instance, variable: StoredVariable
) -> list[tuple[int, ...] | None]:
    layout = device.layout
    if variable.role == "input":
        target = {i.name: i.target for i in instance.network.inputs}[variable.owner]
        either = [(), (layout.populations[target].size,)]
        return [instance.read(variable).shape] if variable.name == "values" else [*either]
    if variable.shared:
        return [()]
    if variable.role == SLOT:
        return [instance.read(variable).shape]
    if variable.owner in layout.groups:
        return [(instance.synapse_count(variable.owner),)]
    return [(layout.populations[variable.owner].size,)]


def _put(file: zipfile.ZipFile, name: str, array: Array) -> None:
    with file.open(f"{name}.npy", "w", force_zip64=True) as entry:
        np.lib.format.write_array(entry, np.require(array, requirements="C"), allow_pickle=False)
