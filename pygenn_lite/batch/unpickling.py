"""Reads the sweep of a batch's folder without running code: only declarations of this package come
out of it."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

from pygenn_lite.batch.sweep_spec import SweepSpec
from pygenn_lite.errors import BatchError, Location

DECLARATIONS = ("declaration", "errors", "models", "yaml_format", "batch")  # of this package
ARRAYS = {("numpy", "dtype"), ("numpy", "ndarray")}
PATHS = {("pathlib", "PosixPath"), ("pathlib._local", "PosixPath")}  # the second: Python 3.13
REBUILT = ("_reconstruct", "scalar", "_frombuffer")  # how NumPy keeps arrays and numbers


def read_spec(path: Path, *, trusted: bool = False) -> SweepSpec:
    """The sweep in a file.

    Parameters
    ----------
    path : Path
    trusted : bool
        Whether classes of other packages may be loaded: a network may hold a rule of the user's.

    Raises
    ------
    BatchError
        It would load something else, or is not a sweep.
    """
    try:
        with path.open("rb") as file:
            found = (pickle.Unpickler if trusted else _Declarations)(file).load()
    except BatchError as error:
        raise BatchError(error.message, where=Location(str(path)), hint=error.hint) from None
    except (pickle.UnpicklingError, EOFError, AttributeError, ImportError, IndexError) as error:
        raise BatchError(
            f"the sweep of this batch cannot be read: {error}",
            where=Location(str(path)),
            hint="run its sweep file again, in another folder",
        ) from None
    if not isinstance(found, SweepSpec):
        raise BatchError("this is not a sweep", where=Location(str(path)))
    return found


class _Declarations(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """What a pickle may name: nothing that does anything when it is made."""
        if (module, name) in ARRAYS | PATHS or (module.startswith("numpy.") and name in REBUILT):
            return super().find_class(module, name)
        package, _, rest = module.partition(".")
        if package == "pygenn_lite" and rest.partition(".")[0] in DECLARATIONS:
            found = super().find_class(module, name)
            if isinstance(found, type) and found.__module__ == module:
                return found
        raise BatchError(
            f"the sweep of this batch would load {module}.{name}, code that is not of this package",
            hint="where the batch is your own: pygenn-lite batch resume --yes, or "
            "resume_batch(folder, trusted=True)",
        )
