"""Old keys of network files: each is taken as the new one, with a warning that names its line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pygenn_lite.old_names import OLD_NAMES, OldName, warn_old_name
from pygenn_lite.yaml_format.document import Document
from pygenn_lite.yaml_format.marks import Place

IN_STEPS = frozenset({"every"})  # the new ones are in ms
_KEYS = [one for one in OLD_NAMES if one.kind == "key"]


def rename_old_keys(document: Document, *, changed: bool = True) -> None:
    """Rename the old keys of a document in place.

    Parameters
    ----------
    changed : bool
        Whether all changes to it have been made: numbers of steps become ms with the final dt.

    Raises
    ------
    FileFormatError
        An old key stands beside the new one.
    """
    for place, mapping in _mappings(document.data, ()):
        found = {key: one for key in mapping if (one := _renamed(place, key)) is not None}
        for key, one in found.items():
            if key in IN_STEPS and not changed:
                continue
            warn_old_name("key", one.where, key, document.where((*place, key)))
            if one.new in mapping:
                raise document.error(
                    (*place, key),
                    f"'{key}' is the old name of '{one.new}', which is given as well",
                    f"keep '{one.new}'",
                )
            _rename(document, place, mapping, key, one.new)
            if key in IN_STEPS:
                mapping[one.new] = _milliseconds(document, mapping[one.new])


def new_key(place: Place, key: str) -> str:
    """The name of a key of a path to a place of a document; warns where it is an old one, unless
    its value has another unit, too."""
    one = _renamed(place, key)
    return key if one is None or key in IN_STEPS else warn_old_name("key", one.where, key)


def is_in_steps(place: Place, key: str) -> bool:
    """Whether this is an old key of a number of steps, which `rename_old_keys` takes."""
    return key in IN_STEPS and _renamed(place, key) is not None


def _mappings(value: Any, place: Place) -> Iterator[tuple[Place, dict[str, Any]]]:
    """All mappings; of one that is changed in between, what it then holds."""
    if isinstance(value, dict):
        yield place, value
        for key, item in value.items():
            yield from _mappings(item, (*place, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _mappings(item, (*place, index))


def _renamed(place: Place, key: object) -> OldName | None:
    return next((one for one in _KEYS if one.old == key and _stands_in(place, one.where)), None)


def _stands_in(place: Place, section: str) -> bool:
    """Whether a place is a section of the table: ``models.*``, or ``**.normal`` at any depth."""
    names = [part for part in place if isinstance(part, str)]
    wanted = section.split(".") if section != "the file" else []
    if wanted[:1] == ["**"]:
        wanted = wanted[1:]
        names = names[-len(wanted) :]
    return len(names) == len(wanted) and all(
        a in ("*", b) for a, b in zip(wanted, names, strict=True)
    )


def _milliseconds(document: Document, steps: Any) -> Any:
    """So many steps as a formula, or what is there, where it is neither number nor formula."""
    network = document.data.get("network")
    dt = network.get("dt", 0.1) if isinstance(network, dict) else 0.1
    if isinstance(steps, (int, float, str)) and not isinstance(steps, bool):
        return f"({steps})*({dt})"
    return steps


def _rename(document: Document, place: Place, mapping: dict[str, Any], old: str, new: str) -> None:
    items = [(new if key == old else key, item) for key, item in mapping.items()]
    mapping.clear()
    mapping.update(items)
    before, after = (*place, old), (*place, new)
    for table in (document.marks, document.spelled, document.parts):
        for known in [known for known in table if known[: len(before)] == before]:
            table[(*after, *known[len(before) :])] = table[known]  # type: ignore[assignment]
