"""The texts that sources for a card may include."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from pygenn_lite.runtime.package_sources import TEMPLATES

FOLDERS = ("common", "cuda", "training")


@cache
def all_sources() -> Mapping[str, str]:
    """Headers and sources of the package by the names under which they include each other."""
    paths = (p for part in FOLDERS for p in (TEMPLATES / part).rglob("*"))
    return {
        path.relative_to(TEMPLATES).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(paths)
        if path.suffix in (".h", ".hpp", ".cu")
    }
