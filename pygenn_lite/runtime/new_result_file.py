"""Opens new result files for writing: claimed, beside what they will replace, and gone again where
they cannot even begin."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pygenn_lite.errors import SimulationError
from pygenn_lite.runtime.files import (
    FileClaim,
    check_regular,
    check_replaceable,
    is_disk_full,
    name_beside,
    real_path,
)
from pygenn_lite.runtime.result_reader import is_result_file

if TYPE_CHECKING:
    import h5py

REPLACE_HINT = "give each run a file of its own, or pass overwrite=True to replace this one"
ROOM_HINT = "make room, record less, or write to another disk"


def new_result_file(path: Path, overwrite: bool, aside: bool) -> tuple[FileClaim, Path, h5py.File]:
    """The right to write a file, where to write it meanwhile, and that, open.

    Parameters
    ----------
    path : Path
    overwrite : bool
        Whether a result file that is there may be replaced; the new one is written beside it.
    aside : bool
        Whether to write beside it in any case, under a name that is used by no other process.

    Raises
    ------
    ArgumentError
        There is a file that must not be replaced.
    SimulationError
        The file cannot be written, or somebody else is writing it.
    """
    import h5py

    check_regular(path, "result file")
    claim, meanwhile = None, path.absolute()
    try:
        claim = FileClaim(path)
        replaces = check_replaceable(
            path, overwrite=overwrite, is_ours=is_result_file, kind="result file", hint=REPLACE_HINT
        )
        target = real_path(path)
        if aside:
            meanwhile = name_beside(target)
        elif replaces:
            meanwhile = target.with_name(f"{target.name}.part")
        # With SWMR from the oldest format that has it.
        return claim, meanwhile, h5py.File(meanwhile, "w", libver=("v110", "v110"))
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
        cure=ROOM_HINT
        if is_disk_full(error)
        else "name a file in a directory that exists and that you can write to",
    )
