"""The files of the package that compiled code is made from, and their digests: newer code never
meets older entries of the compile cache."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
TEMPLATES = PACKAGE / "templates"
GENERATORS = ("codegen", "declaration")  # packages that decide what source a structure gets


@cache
def generators() -> tuple[Path, ...]:
    """Python files that decide what source a structure gets."""
    found = (p for part in GENERATORS for p in (PACKAGE / part).rglob("*.py"))
    return tuple(sorted(p for p in found if p.parent.name != "plan"))


@cache
def digest_of(*sources: Path) -> str:
    """Digest of source files of the package."""
    digest = hashlib.sha256()
    for path in sources:
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()
