"""Checkpoints of a training: all that it needs to continue bit for bit, in NumPy's archive format,
written aside and renamed."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.errors import CheckpointError, Location
from pygenn_lite.runtime.results.files import (
    as_path,
    check_replaceable,
    name_beside,
    real_path,
    written_at_once,
)
from pygenn_lite.training.epoch_sums import EpochSums
from pygenn_lite.training.history import History
from pygenn_lite.training.training_settings import differences, other_parts, parts_of, settings_of
from pygenn_lite.training.training_setup import TrainingSetup
from pygenn_lite.training.training_state import TrainingState

FORMAT, VERSION = "pygenn_lite training", 1
HEADER = "header"
PARTS = ("session", "sums", "best")

Arrays = Mapping[str, npt.NDArray[Any]]


def save_training(
    setup: TrainingSetup, state: TrainingState, path: str | Path, overwrite: bool
) -> Path:
    """Write a checkpoint.

    Raises
    ------
    ArgumentError
        There is a file that is not to be replaced.
    CheckpointError
        It cannot be written.
    """
    target = check_writable(path, overwrite)
    header = {
        "format": FORMAT, "version": VERSION, "network": setup.network.digest(),
        "parts": parts_of(setup.network),
        "settings": settings_of(setup), "duration": state.duration,
        "planned": state.planned, "epoch_samples": state.epoch_samples,
        "history": state.history.rows, "shapes": _shapes(state.session.parameters),
    }  # fmt: skip
    parts = {"session": state.session.state(), "sums": state.sums.arrays(), "best": state.best}
    arrays = {
        f"{part}/{name}": np.asarray(a) for part, of in parts.items() for name, a in of.items()
    }
    text = np.frombuffer(json.dumps(header).encode(), np.uint8)
    try:
        with written_at_once(target) as aside, aside.open("wb") as file:
            np.savez(file, **{HEADER: text, **arrays})  # type: ignore[arg-type]
    except OSError as error:
        raise _unwritable(target, error) from error
    return target


def check_writable(path: str | Path, overwrite: bool) -> Path:
    """Refuse a place where no checkpoint can be written, before one is due; returns it.

    Raises
    ------
    ArgumentError
        There is a file that is not to be replaced.
    CheckpointError
        Nothing can be written there.
    """
    target = as_path(path)
    check_replaceable(
        target, overwrite=overwrite, is_ours=_is_ours, kind="checkpoint",
        hint="name another file, or pass overwrite=True to replace this one",
    )  # fmt: skip
    probe = name_beside(real_path(target))
    try:
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise _unwritable(target, error) from error
    return target


def _unwritable(target: Path, error: OSError) -> CheckpointError:
    return CheckpointError(
        f"cannot write the checkpoint {target}: {error.strerror or error}",
        hint="name a file in a directory that exists, with enough space",
    )


def load_training(setup: TrainingSetup, state: TrainingState, path: str | Path) -> None:
    """Put a training into the state of a checkpoint; where it does not fit, nothing is changed.

    Raises
    ------
    CheckpointError
        Not a checkpoint, or one of another network or training: what differs, by name.
    """
    header, arrays = _read(as_path(path))
    _check(header, setup, state, Location(str(path)))
    parts: dict[str, dict[str, npt.NDArray[Any]]] = {part: {} for part in PARTS}
    for name, array in arrays.items():
        part, _, rest = name.partition("/")
        parts.setdefault(part, {})[rest] = array
    try:
        sums, history = EpochSums.of(parts["sums"]), History(header["history"])
        state.session.restore(parts["session"])
    except (KeyError, ValueError, TypeError) as error:
        raise _unreadable(as_path(path), error) from error
    state.sums, state.history, state.planned = sums, history, int(header["planned"])
    state.epoch_samples = int(header.get("epoch_samples", 0))
    state.best = parts["best"]


def trial_of(path: str | Path) -> float:
    """The duration of a trial of a checkpoint, ms."""
    return float(_read(as_path(path))[0]["duration"])


def _shapes(parameters: Arrays) -> dict[str, list[int]]:
    return {path: list(np.shape(value)) for path, value in parameters.items()}


def _check(header: Any, setup: TrainingSetup, state: TrainingState, where: Location) -> None:
    here, there = _shapes(state.session.parameters), header["shapes"]
    different = [path for path in {**here, **there} if here.get(path) != there.get(path)]
    if different:
        path = different[0]
        raise CheckpointError(
            f"the checkpoint is of another network: {path} {_shape(there.get(path))} there, and "
            f"{_shape(here.get(path))} here",
            where=where,
            hint="make the trainer with the same network and the same trainable=",
        )
    if header["network"] != setup.network.digest():
        found = other_parts(header["parts"], parts_of(setup.network)) if "parts" in header else []
        raise CheckpointError(
            "the checkpoint is of another network: "
            f"{'; '.join(found) or 'models, values, dt or seed are others'}",
            where=where,
            hint="declare the network exactly as it was when the checkpoint was written",
        )
    changed = differences(header.get("settings", {}), settings_of(setup))
    if changed:
        raise CheckpointError(
            f"the checkpoint is of another training: {'; '.join(changed)}",
            where=where,
            hint="make the trainer with the same settings; to train on with others, load it with "
            "the same ones, and then make pg.Trainer(trainer.network, ...)",
        )
    if header["duration"] != state.duration:
        raise CheckpointError(
            f"the checkpoint is of trials of {header['duration']:g} ms, and these are of "
            f"{state.duration:g} ms",
            where=where,
            hint=f"pg.Trainer(..., duration={header['duration']:g})",
        )


def _shape(shape: list[int] | None) -> str:
    if shape is None:
        return "is not trained"
    return f"has shape {tuple(shape)}" if shape else "is a number"


def _read(path: Path) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
    header, arrays = _opened(path, whole=True)
    if header["version"] != VERSION:
        raise CheckpointError(
            f"{path} was written by another version of pygenn_lite (format {header['version']}, "
            f"this one reads {VERSION})",
            hint="continue with the version that wrote it",
        )
    return header, arrays


def _opened(path: Path, whole: bool) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
    """The header, and the arrays where they are wanted."""
    try:
        if path.exists() and not zipfile.is_zipfile(path):
            raise ValueError("it is not an archive of arrays")
        with np.load(path, allow_pickle=False) as file:
            header = json.loads(file[HEADER].tobytes().decode())
            if header["format"] != FORMAT:
                raise ValueError("it is something else")
            names = [name for name in file.files if name != HEADER] if whole else []
            return header, {name: file[name] for name in names}
    except FileNotFoundError as error:
        raise CheckpointError(
            f"there is no checkpoint {path}", hint="name a file that Trainer.save wrote"
        ) from error
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> CheckpointError:
    return CheckpointError(
        f"{path} cannot be read as a checkpoint of a training: {error}",
        hint="name a file that Trainer.save wrote",
    )


def _is_ours(path: Path) -> bool:
    try:
        _opened(path, whole=False)
    except CheckpointError:
        return False
    return True
