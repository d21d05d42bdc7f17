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


def duration_text(seconds: float) -> str:
    """A time as people say it.

    >>> duration_text(0.0042), duration_text(0.25), duration_text(3.21)
    ('4.2 ms', '250 ms', '3.2 s')
    >>> duration_text(200), duration_text(9000), duration_text(300_000)
    ('3 min 20 s', '2 h 30 min', '3 days')
    """
    if seconds < 1:
        return f"{seconds * 1e3:.{0 if seconds >= 0.01 else 1}f} ms"
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.{0 if seconds >= 10 else 1}f} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    if whole < 48 * 3600:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{seconds / 86400:,.0f} days"


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
