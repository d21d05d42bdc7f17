"""Questions to who sits at the terminal."""

from __future__ import annotations

import sys

from pygenn_lite.cli.endings import say


def can_ask() -> bool:
    """Whether somebody can read a question and answer it."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def agreed(question: str) -> bool:
    """Ask; only a yes is one."""
    say(f"{question} [y/N]")
    return sys.stdin.readline().strip().lower() in ("y", "yes")
