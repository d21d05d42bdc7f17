"""Swept values as text that is the same for equal values."""

from __future__ import annotations

from typing import Any

from pygenn_lite.declaration.digest import value_digest


def as_text(value: Any) -> str:
    """A swept value as text; equal numbers have the same.

    >>> as_text(5) == as_text(5.0) != as_text(True)
    True
    """
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, bool) or not isinstance(value, int):
        if isinstance(value, dict):
            inner = ",".join(f"{k!r}:{as_text(v)}" for k, v in sorted(value.items()))
            return f"{{{inner}}}"
        if isinstance(value, list | tuple):
            return f"[{','.join(map(as_text, value))}]"
        return value_digest(value)
    return str(value)
