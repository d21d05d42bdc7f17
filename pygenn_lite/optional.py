"""Packages that only some work needs, imported when that work is asked for: the one place that says
what is missing and how to get it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from pygenn_lite.errors import MissingPackageError


def require(module: str, extra: str, what: str) -> Any:
    """Import a module of an optional package.

    Parameters
    ----------
    module : str
        Its full name: ``"pandas"``, ``"bokeh.plotting"``.
    extra : str
        The extra of this package that brings it: ``"batch"``; "": none does.
    what : str
        What it is needed for, as a noun: ``"tables of results"``.

    Returns
    -------
    module

    Raises
    ------
    MissingPackageError
        It is not installed, or it is and cannot be imported.

    Examples
    --------
    >>> require("json", "batch", "tables of results").dumps([1])
    '[1]'
    """
    package = module.partition(".")[0]
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != package:
            problem = f"the package {package!r} cannot be imported: {error}"
        elif error.name == package:
            problem = f"the package {package!r} is not installed"
        else:
            problem = f"the package {package!r} has no module {error.name!r} in this version"
    except ImportError as error:
        problem = f"the package {package!r} cannot be imported: {error}"
    hint = f"pip install 'pygenn-lite[{extra}]'" if extra else f"pip install {package}"
    raise MissingPackageError(f"{problem}; it is needed for {what}", hint=hint)
