"""Where in its text each part of a document stands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

Place = tuple[str | int, ...]


class Mark(NamedTuple):
    """A point of a document's text.

    Attributes
    ----------
    line, column : int
        Counted from 1, as editors do. Line 0: the value was given by ``--set``.
    block : bool
        Whether text in lines of its own follows ("|"), so that its n-th line is n lines below.
    """

    line: int
    column: int
    block: bool = False

    def below(self, offset: int) -> Mark:
        """The mark of a line of the text that begins here; this one where that is not known."""
        return Mark(self.line + offset, 0) if offset and self.block else self

    def __str__(self) -> str:
        return f"{self.line}:{self.column}" if self.column else f"{self.line}"


OVERRIDDEN = Mark(0, 0)


def format_place(place: Iterable[str | int]) -> str:
    """Write a place as users write paths: ``connections[0].weight``."""
    text = ""
    for part in place:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text
