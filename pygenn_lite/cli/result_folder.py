"""The folder that a command writes its results into."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from pygenn_lite.errors import ArgumentError, Location, SimulationError


def result_folder(out: Path | None, name: str, files: Sequence[str], overwrite: bool) -> Path:
    """Make the folder for results before anything long is done.

    Without ``out`` no earlier result is overwritten: ``results/NAME``, ``results/NAME_2``, ...

    Parameters
    ----------
    out : Path or None
        ``--out``.
    name : str
        Of the folder where ``out`` is not given.
    files : sequence of str
        What will be written there.
    overwrite : bool
        Whether these may exist.

    Raises
    ------
    ArgumentError
        The files of an earlier run are there.
    SimulationError
        Nothing can be written there.
    """
    folder = new_folder(Path("results") / name) if out is None else out
    _refuse_existing(folder, files, overwrite)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.write_bytes(b"")
        probe.unlink()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SimulationError(
            f"cannot write results into '{folder}': {reason}", hint="choose another with --out"
        ) from None
    return folder


def new_folder(wanted: Path) -> Path:
    """A folder that was not there before; runs that start at the same time get one each."""
    folder, count = wanted, 2
    with contextlib.suppress(OSError):  # told when it is tried out
        while True:
            try:
                folder.mkdir(parents=True)
            except FileExistsError:
                folder, count = wanted.with_name(f"{wanted.name}_{count}"), count + 1
            else:
                break
    return folder


def _refuse_existing(folder: Path, files: Sequence[str], overwrite: bool) -> None:
    """Refuse to write over the files of an earlier run, or of somebody else, unless asked."""
    there = [name for name in files if (folder / name).exists()]
    if there and not overwrite:
        raise ArgumentError(
            f"'{folder}' has a {' and a '.join(there[:3])} already",
            where=Location("--out"),
            hint="choose another folder, or add --overwrite to replace what is there",
        )
