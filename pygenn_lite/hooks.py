"""What a layer needs of the layers above it: conveniences such as ``Network.compile`` and
``Result.plot``. The package (`pygenn_lite/__init__.py`) says where each is found; nothing below
knows. So imports run downwards only (tests/architecture/test_imports.py).
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PLACES: dict[str, tuple[str, str]] = {}


def supply(**places: str) -> None:
    """Say where functions are found: ``name="module:function"``. Imported when first called."""
    for name, place in places.items():
        module, _, function = place.partition(":")
        _PLACES[name] = module, function


def call(name: str, *arguments: Any, **options: Any) -> Any:
    """Call a function of a layer above.

    Raises
    ------
    LookupError
        Nothing was supplied under this name.
    """
    if name not in _PLACES:
        raise LookupError(f"no layer above has supplied {name!r}")
    module, function = _PLACES[name]
    return getattr(import_module(module), function)(*arguments, **options)
