"""Anchors and merge keys: what one place of a document takes over from another, with its lines.

What is taken over is a copy, so that an override of one place does not change the other; and it
keeps the line on which it was written, since that is the line to mend.
"""

from __future__ import annotations

from typing import Any

from pygenn_lite.yaml_format.marks import Mark, Place

MERGE = "<<"


def copy_of(value: Any, marks: dict[Place, Mark], old: Place, new: Place) -> Any:
    """Copy a value from one place to another, with the marks of all in it."""
    if old in marks:
        marks.setdefault(new, marks[old])
    if isinstance(value, dict):
        return {k: copy_of(item, marks, (*old, k), (*new, k)) for k, item in value.items()}
    if isinstance(value, list):
        if all(type(item) in (int, float) for item in value):  # long, and without marks
            return list(value)
        return [copy_of(v, marks, (*old, n), (*new, n)) for n, v in enumerate(value)]
    return value


def merged(
    own: dict[str, Any], given: Any, marks: dict[Place, Mark], place: Place
) -> dict[str, Any]:
    """The mapping at ``place`` with what its key ``<<`` brings: a mapping, or several, of which the
    earlier count more. What the mapping says itself counts most.

    What is taken over comes first, as if it stood above.
    """
    sources = given if isinstance(given, list) else [given]
    taken: dict[str, Any] = {}
    for index, source in enumerate(sources):
        inner = (*place, MERGE, index) if isinstance(given, list) else (*place, MERGE)
        for key, item in source.items():
            if key in own:
                taken[key] = own[key]
            elif key not in taken:
                taken[key] = copy_of(item, marks, (*inner, key), (*place, key))
    return {**taken, **own}
