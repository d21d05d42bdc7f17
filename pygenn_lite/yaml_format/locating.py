"""From what an error says of a declaration to the place in the file that it speaks of."""

from __future__ import annotations

import re

from pygenn_lite.errors import Location
from pygenn_lite.yaml_format.document import Document
from pygenn_lite.yaml_format.marks import Place
from pygenn_lite.yaml_format.merging import MERGE

_OF_EQUATIONS = frozenset(
    {
        "derivatives", "update", "threshold", "reset", "refractory", "inputs", "continuous",
        "on_pre", "on_post", "synapse_derivatives",
    }
)  # fmt: skip
_OTHER_MEANINGS = ("source", "target")  # "source index 9 is out of range": of the connectivity
_NAME = re.compile(r"'(\w+)'|\A(\w+) ")


def located(document: Document, place: Place, where: Location, message: str = "") -> Location:
    """Name file, line, column and path of what an error speaks of.

    Parameters
    ----------
    document : Document
    place : Place
        What was declared when the error came up.
    where : Location
        The equation, line and keys that the error names.
    message : str
        May begin with a name that stands at one single place within ``place``.
    """
    key = next((k for k in where.path if k in _OF_EQUATIONS), None)
    name = where.equation.removeprefix("d").removesuffix("/dt")
    if key is not None and name and document.has((*place, key, name)):
        return document.where((*place, key, name))  # equations may be a mapping
    if key is not None and document.has((*place, key)):
        return document.where((*place, key), where.line)
    return document.where(
        _trace(document, place, where)
        or _key(document, place, where)
        or _named(document, place, message)
        or place
    )


def _trace(document: Document, place: Place, where: Location) -> Place | None:
    """The equations of the trace that has a variable."""
    if ("trace", "") not in where.owners or not where.equation:
        return None
    name = where.equation.removeprefix("d").removesuffix("/dt")
    for side in ("pre_trace", "post_trace"):
        inner: Place = (*place, side, "derivatives")
        given = document.at(inner)
        if isinstance(given, dict) and name in given:
            return (*inner, name)
        if where.equation in str(given):
            return inner
    return None


def _key(document: Document, place: Place, where: Location) -> Place | None:
    inner = where.path
    while inner and not document.has((*place, *inner)):
        inner = inner[:-1]
    return (*place, *inner) if inner else None


def _named(document: Document, place: Place, message: str) -> Place | None:
    found = _NAME.search(message)
    name = (found[1] or found[2]) if found else ""
    if name in _OTHER_MEANINGS:
        return None
    inner = document.real(place)
    places = [
        mark for mark in document.marks
        if mark[-1:] == (name,) and mark[: len(inner)] == inner != mark and MERGE not in mark
    ]  # fmt: skip
    return places[0] if len(places) == 1 else None
