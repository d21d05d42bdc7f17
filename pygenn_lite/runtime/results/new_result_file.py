"""Opens new result files for writing: claimed, hidden until others can read them, beside what they
will replace, and gone again where they cannot even begin."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pygenn_lite.errors import SimulationError
from pygenn_lite.runtime.results.files import (
    FileClaim,
    check_regular,
    check_replaceable,
    is_disk_full,
    name_beside,
    real_path,
)
from pygenn_lite.runtime.results.result_reader import is_result_file

if TYPE_CHECKING:
    import h5py

REPLACE_HINT = "give each run a file of its own, or pass overwrite=True to replace this one"
ROOM_HINT = "make room, record less, or write to another disk"


class NewResultFile(NamedTuple):
    """A file that is being made: nothing can be read from it before it is complete.

    Attributes
    ----------
    claim : FileClaim
        The right to write it.
    hidden : Path
        Where it is made, under a name that no other process uses: a run that is killed at this
        moment leaves no file that looks like a result and is none.
    meanwhile : Path
        Where it belongs from then on, as long as the run continues.
    file : h5py.File
    """

    claim: FileClaim
    hidden: Path
    meanwhile: Path
    file: h5py.File


def new_result_file(path: Path, overwrite: bool, aside: bool) -> NewResultFile:
    """Claim and open a file for writing.

    Parameters
    ----------
    path : Path
    overwrite : bool
        Whether a result file that is there may be replaced; the new one is written beside it.
    aside : bool
        Whether to keep it hidden until it is put in its place.

    Raises
    ------
    ArgumentError
        There is a file that must not be replaced.
    SimulationError
        The file cannot be written, or somebody else is writing it.
    """
    import h5py

    check_regular(path, "result file")
    claim = None
    try:
        claim = FileClaim(path)
        replaces = check_replaceable(
            path, overwrite=overwrite, is_ours=is_result_file, kind="result file", hint=REPLACE_HINT
        )
        target = real_path(path)
        hidden = name_beside(target)
        meanwhile = target
        if aside:
            meanwhile = hidden
        elif replaces:
            meanwhile = target.with_name(f"{target.name}.part")
        # With SWMR from the oldest format that has it.
        file = h5py.File(hidden, "w", libver=("v110", "v110"))
        return NewResultFile(claim, hidden, meanwhile, file)
    except BaseException as error:
        if claim is not None:
            claim.release()
        if isinstance(error, OSError):
            raise unwritable(path, error) from error
        raise


def unwritable(path: Path, error: Exception, more: str = "") -> SimulationError:
    """What to say where the system refuses to make a file."""
    number = getattr(error, "errno", None)
    text = str(error)
    reason = os.strerror(number) if number else text
    return SimulationError(
        f"the result file {path} cannot be written: {reason}{more}",
        hint=ROOM_HINT
        if is_disk_full(error)
        else "name a file in a directory that exists and that you can write to",
    )
