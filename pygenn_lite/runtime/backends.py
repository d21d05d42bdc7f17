"""The backends there are, by name: who turns a network into a device that a Simulation can drive.

A backend is imported when it is chosen. One from outside the package is registered with
:func:`register_backend`; see docs/design.md for what it must do.
"""

from __future__ import annotations

from collections.abc import Callable

from pygenn_lite.errors import UnsupportedFeatureError
from pygenn_lite.runtime.device import Backend

PRECISIONS = ("float32", "float64")


def _cuda() -> Backend:
    from pygenn_lite.runtime.cuda.backend import CudaBackend

    return CudaBackend()


def _cpp() -> Backend:
    from pygenn_lite.runtime.cpp.backend import CppBackend

    return CppBackend()


def _reference() -> Backend:
    from pygenn_lite.runtime.reference.backend import ReferenceBackend

    return ReferenceBackend()


def _null() -> Backend:
    from pygenn_lite.runtime.null.backend import NullBackend

    return NullBackend()


# In the order in which "auto" tries them.
BACKENDS: dict[str, Callable[[], Backend]] = {
    "cuda": _cuda,
    "cpp": _cpp,
    "reference": _reference,
    "null": _null,
}


def register_backend(name: str, make: Callable[[], Backend], *, replace: bool = False) -> None:
    """Offer a backend under a name, as in ``network.compile(backend=name)``.

    Parameters
    ----------
    name : str
    make : callable
        Gives the backend; called when it is chosen. "auto" tries it after those that were there.
    replace : bool
        Whether it may take the place of another of this name.

    Raises
    ------
    UnsupportedFeatureError
        The name is taken.
    """
    if name == "auto" or (name in BACKENDS and not replace):
        raise UnsupportedFeatureError(
            f"there is a backend {name!r} already",
            hint="choose another name"
            if name == "auto"
            else "choose another name, or pass replace=True",
        )
    BACKENDS[name] = make


def choose_backend(name: str) -> Backend:
    """A backend by name, or the first that is available for "auto".

    Raises
    ------
    UnsupportedFeatureError
        There is none of this name.
    """
    if isinstance(name, str) and name == "auto":
        made = (make() for make in BACKENDS.values())
        return next(backend for backend in made if backend.is_available())
    if not isinstance(name, str) or name not in BACKENDS:
        raise UnsupportedFeatureError(
            f"no backend {name!r}", hint=f"choose one of {', '.join(['auto', *BACKENDS])}"
        )
    return BACKENDS[name]()


def check_precision(precision: str) -> None:
    """Raise UnsupportedFeatureError for anything but a known type of numbers."""
    if not isinstance(precision, str) or precision not in PRECISIONS:
        raise UnsupportedFeatureError(
            f"no precision {precision!r}", hint=f"choose one of {', '.join(PRECISIONS)}"
        )
