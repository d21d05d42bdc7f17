"""What users give to be told how far work has got."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

ProgressFunction: TypeAlias = Callable[[str, float, float], None]
"""Called as ``progress(what, done, total)`` now and then."""
