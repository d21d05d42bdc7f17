"""Changes places of a document by path: what ``--set populations.exc.size=100`` does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from pygenn_lite.declaration import Connectivity, Distribution, Expression, FrozenArray
from pygenn_lite.declaration.language.names import nearest_or_all
from pygenn_lite.declaration.numeric import has_unit, is_masked_array, plain_array
from pygenn_lite.declaration.paths import split_path
from pygenn_lite.errors import FileFormatError, Location
from pygenn_lite.yaml_format.document import Document
from pygenn_lite.yaml_format.marks import OVERRIDDEN, Place, format_place
from pygenn_lite.yaml_format.old_keys import is_in_steps, new_key
from pygenn_lite.yaml_format.rule_forms import write_rule
from pygenn_lite.yaml_format.schema import is_free_mapping, keys_at
from pygenn_lite.yaml_format.value_forms import write_value

# Names in these mappings must exist: an override changes a network, it does not extend it.
_FIXED = frozenset({"constants", "models", "synapses", "populations"})
_INDEX = re.compile(r"-?\d{1,9}", re.ASCII)


def apply_overrides(document: Document, changes: Mapping[str, Any]) -> None:
    """Change a document in place, before it is checked.

    Parameters
    ----------
    document : Document
        The document to change.
    changes : mapping of str to value
        Paths such as ``populations.exc.size``, ``connections[0].weight``, ``connections.0.weight``
        or, for a connection or input that has a name, ``connections.exc_inh.weight``; with the
        value that is to stand there. ``groups`` means ``connections``, as in a Network.

    Raises
    ------
    FileFormatError
        For a path that leads nowhere, with the nearest one that does not.
    """
    if not isinstance(changes, Mapping):
        raise FileFormatError(
            f"{changes!r} is not a mapping of paths to values",
            where=Location("--set"),
            hint="write {'populations.exc.size': 100}",
        )
    for path, value in changes.items():
        _set(document, str(path), plain(value))


def plain(value: Any) -> Any:
    """Turn NumPy arrays and numbers, tuples, distributions, rules and the like into what YAML would
    have given."""
    if isinstance(value, Connectivity):
        return write_rule(value)
    if isinstance(value, Distribution | FrozenArray | Expression):
        return write_value(value)
    if has_unit(value) or is_masked_array(value):
        value = plain_array(value, "the value given")  # says what is wrong with it
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def _set(document: Document, path: str, value: Any) -> None:
    parts = split_path(path, Location("--set"), FileFormatError)
    if parts[0] == "groups" and isinstance(document.data, dict):  # what networks call them
        parts[0] = "connections"
    if not isinstance(document.data, dict):
        raise document.error((), "the document should be a mapping (key: value)")
    here: Any = document.data
    place: Place = ()
    while parts:
        part = parts.pop(0)
        if isinstance(here, dict):
            part = new_key(place, part)
            if is_in_steps(place, part):
                here.pop("interval", None)
                here.setdefault(part, 1)
        key: str | int = part
        if isinstance(here, list):
            key = _index(here, part, place, path)
            by_name = not _INDEX.fullmatch(part)
            if parts and by_name and here[key].get("name") != part:
                parts[:0] = here[key]  # an input's name stands for what its kind holds
        elif isinstance(here, dict):
            _check_key(here, part, place, path)
        else:
            raise _nowhere(path, f"{format_place(place)} holds a single value")
        place = (*place, key)
        if not parts:
            here[key] = value
            _mark(document, place)
            return
        if isinstance(here, dict) and here.get(part) is None:
            here[part] = {}
            _mark(document, place)
        here = here[key]


def _mark(document: Document, place: Place) -> None:
    for old in [other for other in document.marks if other[: len(place)] == place]:
        del document.marks[old]
    document.marks[place] = OVERRIDDEN


def _index(here: list[Any], part: str, place: Place, path: str) -> int:
    if _INDEX.fullmatch(part):
        index = int(part)
        if -len(here) <= index < len(here):
            return index % len(here)
        raise _nowhere(path, f"{format_place(place)} has {len(here)} entries, counted from 0")
    names = [_name_of(item) for item in here]
    if part in names:
        return names.index(part)
    known = [name for name in names if name]
    raise _nowhere(
        path, f"'{part}' is not an entry of {format_place(place)}{nearest_or_all(part, known)}"
    )


def _name_of(item: Any) -> str | None:
    if isinstance(item, dict):
        name = item.get("name")
        if isinstance(name, str):
            return name
        if len(item) == 1:  # an input: {poisson: {name: ...}}
            return _name_of(next(iter(item.values())))
    return None


def _check_key(here: dict[str, Any], key: str, place: Place, path: str) -> None:
    if key in here:
        return
    if not place or not is_free_mapping(place):
        known = keys_at(place)
        if known and key not in known:
            raise _nowhere(path, f"unknown key '{key}'{nearest_or_all(key, known)}")
        if not known and not _extensible(place):
            raise _nowhere(path, f"unknown key '{key}'{nearest_or_all(key, here)}")
    elif place[0] in _FIXED and len(place) == 1:
        kind = str(place[0]).removesuffix("s")
        raise _nowhere(path, f"no {kind} is called '{key}'{nearest_or_all(key, here)}")


def _extensible(place: Place) -> bool:
    """Whether a mapping outside the schema may get new keys (a library model's parameters)."""
    return bool(place) and ("synapse" in place or "model" in place or "receptor" in place)


def _nowhere(path: str, message: str) -> FileFormatError:
    return FileFormatError(message, where=Location(f"--set {path[:120]}"))
