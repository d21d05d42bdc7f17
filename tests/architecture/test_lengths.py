"""Modules stay short enough to be read at one sitting."""

from __future__ import annotations

from pathlib import Path

import pygenn_lite

ROOT = Path(pygenn_lite.__file__).parent
MOST = 420  # lines: 400 are aimed at


def long_modules() -> set[str]:
    """All that are longer, from the package's folder."""
    found = set()
    for path in ROOT.rglob("*.py"):
        with path.open() as lines:
            if sum(1 for _ in lines) > MOST:
                found.add(path.relative_to(ROOT).with_suffix("").as_posix())
    return found


def test_no_module_exceeds_420_lines() -> None:
    assert long_modules() == set()
