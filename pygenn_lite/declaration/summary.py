"""Declarations in one line, for ``repr`` and tables: no arrays, nothing longer than a line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

LONGEST = 60


def shortened(text: str, most: int = LONGEST) -> str:
    """The text, or its beginning."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def listed(names: Iterable[str], most: int = 8) -> str:
    """Names with commas between them; of many the first."""
    names = list(names)
    return ", ".join(names[:most]) + (f", ... ({len(names)})" if len(names) > most else "")


def counted(number: int, what: str) -> str:
    """A number of things, in the plural unless it is one."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def value_text(value: Any) -> str:
    """A value: a number, an expression, a distribution, or the shape of an array."""
    if isinstance(value, (int, float)):
        return f"{value:.12g}"
    array = getattr(value, "array", None)
    if array is not None:
        return f"array of {' x '.join(f'{n:,}' for n in array.shape)}"
    return shortened(str(value))


def line(kind: str, name: str, *parts: str) -> str:
    """``<Kind name: part; part>``, without the parts that are empty."""
    said = "; ".join(filter(None, parts))
    return f"<{f'{kind} {name}'.rstrip()}{': ' if said else ''}{said}>"
