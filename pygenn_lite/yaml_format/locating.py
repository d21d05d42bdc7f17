"""From what an error says of a declaration to the place in the file that it speaks of."""

from __future__ import annotations

import re

from pygenn_lite.yaml_format.document import Document
from pygenn_lite.yaml_format.marks import Place
from pygenn_lite.yaml_format.merging import MERGE

_EQUATION = re.compile(
    r", (derivatives|update|threshold|reset|refractory|inputs|continuous|on_pre|on_post|"
    r"synapse_derivatives)"
    r"(?:, line (\d+))?(?:: (?:d(\w+)/dt|(\w+)))?"
)
_TRACE = re.compile(r"trace: d(\w+)/dt")
_KEY = re.compile(r"(?:, |: )(\w+)(?:: (\w+))?\Z")
_OTHER_MEANINGS = ("source", "target")  # "source index 9 is out of range": of the connectivity
_NAME = re.compile(r"'(\w+)'|\A(\w+) ")


def located(document: Document, place: Place, where: str, message: str = "") -> str:
    """Name file, line, column and path of what an error speaks of.

    Parameters
    ----------
    document : Document
    place : Place
        What was declared when the error came up.
    where, message : str
        What the error says: an equation ("neuron model, derivatives, line 2"), a key at the end,
        or a name in the message that stands at one single place within ``place``.
    """
    equation = _EQUATION.search(where)
    if equation:
        key, line, *names = equation.groups()
        for name in filter(None, names):  # equations may be a mapping of names to right sides
            if document.has((*place, key, name)):
                return document.where((*place, key, name))
        if document.has((*place, key)):
            return document.where((*place, key), int(line or 0))
    return document.where(
        _trace(document, place, where)
        or _key(document, place, where)
        or _named(document, place, message)
        or place
    )


def _trace(document: Document, place: Place, where: str) -> Place | None:
    """The equations of the trace that has a variable."""
    found = _TRACE.search(where)
    if found is None:
        return None
    for side in ("pre_trace", "post_trace"):
        inner: Place = (*place, side, "derivatives")
        given = document.at(inner)
        if isinstance(given, dict) and found[1] in given:
            return (*inner, found[1])
        if f"d{found[1]}/dt" in str(given):
            return inner
    return None


def _key(document: Document, place: Place, where: str) -> Place | None:
    found = _KEY.search(where)
    inner = tuple(part for part in found.groups() if part) if found else ()
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
