"""Checkpoints: all that a simulation must know to go on with the same spikes, bit for bit.

A file holds what does not follow from the declaration: states, parameters, past values and spikes
in flight, weights and synapse variables that changed, the step and the seeds. All of it is
canonical (see runtime/device.py), so it depends neither on the backend that wrote it nor on the
number of threads. NumPy's archive format; written aside and renamed. What belongs to instance k
begins with ``k/``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.errors import CheckpointError, Location
from pygenn_lite.runtime.device import Past
from pygenn_lite.runtime.layout import StoredVariable
from pygenn_lite.runtime.results.files import check_replaceable, written_at_once
from pygenn_lite.runtime.values.spike_trains import SpikeTrain

if TYPE_CHECKING:
    import zipfile

    from pygenn_lite.runtime.device import Device, Instance
    from pygenn_lite.runtime.views.changed_weights import ChangedWeights

SPIKES = ("steps", "indices", "counts")  # in flight: steps and neurons; per neuron: how many
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
        "networks": [instance_digest(one, device.real) for one in device.instances],
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
    except CheckpointError:
        raise
    except Exception as error:  # whatever zipfile, NumPy and json make of a damaged file
        raise CheckpointError(
            f"{path} cannot be read as a checkpoint: {error}",
            hint="name a file that Simulation.save wrote",
        ) from error
    device.set_step(step, seeds)
    for instance, own, arrays in zip(device.instances, changed, content, strict=True):
        _put_back(device, instance, own, arrays)


def _put_back(
    device: Device, instance: Instance, changed: ChangedWeights, content: Mapping[str, Array]
) -> None:
    """Write the arrays of one instance, whose step is set."""
    for population in device.layout.populations:
        steps = content.get(f"replayed/{population}/steps")
        if steps is not None:
            indices = content[f"replayed/{population}/indices"].astype(np.uint32)
            instance.replay(population, SpikeTrain(steps.astype(np.int64), indices))
        elif population in instance.replayed:
            instance.replay(population, None)
    for name, variable in _variables(device).items():
        instance.write(variable, content[name])
    for name, variable in _published(device).items():
        rows = len(instance.past(variable).values)
        past = _of_length(content[f"{name}/past"], rows)
        instance.set_past(variable, Past(past, content[f"{name}/repeated"]))
    for population in device.layout.populations:
        steps, indices, counts = (content[f"spikes/{population}/{n}"] for n in SPIKES)
        instance.set_spikes_in_flight(population, steps.astype(np.int64), indices.astype(np.uint32))
        instance.set_spike_counts(population, counts.astype(np.uint32))
    for group in device.layout.groups:
        weights = content.get(f"changed/{group}")
        if weights is None:
            changed.undo(group)
        else:
            changed.set(group, weights)
    instance.prepare(device.layout.populations)


def instance_digest(instance: Instance, real: np.dtype[Any]) -> str:
    """Digest of the declaration, the precision, and the seed of the connectivity."""
    parts = f"{instance.network.digest()} {real.name} {instance.connectivity_seed}"
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
    if header["networks"] != [instance_digest(one, device.real) for one in device.instances]:
        raise CheckpointError(
            f"{path} belongs to another network, or to another precision",
            hint="restore it into a simulation of the same declaration (sizes, models, values, "
            "dt, seed) and precision",
        )


def _variables(device: Device) -> dict[str, StoredVariable]:
    """All that is kept but coefficients, which follow from parameters, and the weights of static
    groups, by name in a checkpoint."""
    layout = device.layout
    populations = {
        f"populations/{name}/{v.name}": v
        for name, population in layout.populations.items()
        for v in population.variables.values()
        if v.role not in ("coefficient", "coupled")
    }
    groups = {
        f"groups/{name}/{v.name}": v
        for name, group in layout.groups.items()
        for v in (*group.variables.values(), *group.parameters.values())
        if group.plastic and v.role != "coefficient"
    }
    inputs = {
        f"inputs/{name}/{v.name}": v
        for name, values in layout.inputs.items()
        for v in values.values()
    }
    return {**populations, **groups, **inputs}


def _published(device: Device) -> dict[str, StoredVariable]:
    """Variables of which past values are kept."""
    return {
        f"populations/{name}/{own}": population.variables[own]
        for name, population in device.layout.populations.items()
        for own in population.published
    }


def _arrays(
    device: Device, instance: Instance, changed: ChangedWeights
) -> Iterator[tuple[str, Array]]:
    for name, variable in _variables(device).items():
        yield name, instance.read(variable, stored=True).astype(variable.dtype, copy=False)
    for name, variable in _published(device).items():
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
    """The arrays of an instance; what does not fit is found before anything is put into memory."""
    content = {}
    for name, shapes in _shapes(device, device.instances[index], changed, replayed).items():
        found = content[name] = file[f"{index}/{name}"]
        if found.dtype.kind not in "biuf":
            raise ValueError(f"{name!r} holds no numbers")
        if shapes == [None] and found.ndim == 1:
            continue
        if name.endswith("/past") and len(found):
            found = _of_length(found, 1)
        if found.shape not in shapes:
            raise ValueError(f"{name!r} has shape {content[name].shape}")
    for population in device.layout.populations:
        steps, indices = (content[f"spikes/{population}/{n}"] for n in SPIKES[:2])
        if steps.shape != indices.shape:  # the engine would read beyond the shorter one
            raise ValueError(f"there are spikes of {population!r} without a time")
    for group in changed:
        _check_settable(device.instances[index], group, content[f"changed/{group}"])
    for population in replayed:
        steps, indices = (content[f"replayed/{population}/{n}"] for n in SPIKES[:2])
        if steps.shape != indices.shape:
            raise ValueError(f"there are spikes of {population!r} without a time")
    return content


def _of_length(past: Array, rows: int) -> Array:
    """So many rows, the newest first. Backends keep all that the longest delay looks back to, and
    some more, each for reasons of its own: what was not kept is not looked at."""
    return past[np.minimum(np.arange(rows), len(past) - 1)]


def _check_settable(instance: Instance, group: str, weights: Array) -> None:
    """Backends differ in which groups keep one weight for all of their synapses."""
    if not instance.has_own_weights(group) and np.any(weights != weights[:1]):
        raise CheckpointError(
            "the checkpoint has a weight for each synapse, and here all of them share one",
            where=Location.of("synapse group", group),
            hint="declare weights that differ (an array or a distribution) in both simulations, or "
            "restore on the backend that wrote it",
        )


def _shapes(
    device: Device, instance: Instance, changed: list[str], replayed: list[str]
) -> dict[str, list[tuple[int, ...] | None]]:
    """The arrays of a checkpoint, and what shapes each may have (None: a list of any length)."""
    layout, shapes = device.layout, {}
    for name, variable in _variables(device).items():
        shapes[name] = _shapes_of(device, instance, variable)
    for name, variable in _published(device).items():
        past = instance.past(variable)
        shapes[f"{name}/past"] = [(1, *past.values.shape[1:])]  # of any length, see _of_length
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
    if variable.owner in layout.groups:
        return [(instance.synapse_count(variable.owner),)]
    return [(layout.populations[variable.owner].size,)]


def _put(file: zipfile.ZipFile, name: str, array: Array) -> None:
    with file.open(f"{name}.npy", "w", force_zip64=True) as entry:
        np.lib.format.write_array(entry, np.require(array, requirements="C"), allow_pickle=False)
