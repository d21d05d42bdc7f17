"""Holds a document against the schema and says in the user's words what does not fit."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import ValidationError

from pygenn_lite.declaration.language.names import nearest_or_all
from pygenn_lite.declaration.summary import shortened
from pygenn_lite.errors import FileFormatError
from pygenn_lite.yaml_format.document import Document
from pygenn_lite.yaml_format.marks import Place
from pygenn_lite.yaml_format.schema import NetworkFile, Section, keys_at

S = TypeVar("S", bound=Section)

_WORDS = {
    "dict_type": "should be a mapping (name: value)",
    "model_type": "should be a mapping (key: value)",
    "list_type": "should be a list",
    "string_type": "should be text",
    "bool_type": "should be true or false",
    "bool_parsing": "should be true or false",
    "string_too_long": "is too long a name",
}


def check_document(document: Document) -> NetworkFile:
    """Return the document in the shape of the schema.

    Raises
    ------
    FileFormatError
        Naming file, line and key of the first thing that does not fit, and the nearest known key.
    """
    return check_section(document, (), document.data, NetworkFile)


def check_section(document: Document, place: Place, data: Any, kind: type[S]) -> S:
    """Hold the data at ``place`` against one section of the schema."""
    if not isinstance(data, dict):
        what = "the document" if not place else f"'{place[-1]}'"
        raise document.error(place, f"{what} {_WORDS['model_type']}, not {_kind(data)}")
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise _first_error(document, place, error, kind) from None
    except RecursionError:
        raise document.error(place, "nested too deeply") from None


def _first_error(
    document: Document, place: Place, error: ValidationError, kind: type[Section]
) -> FileFormatError:
    details = error.errors(include_url=False, include_context=False)
    # An unknown key explains a missing one beside it ("treshold"), so it comes first.
    detail = min(details, key=lambda item: item["type"] != "extra_forbidden")
    local = tuple(detail["loc"])
    known = keys_at(local[:-1], kind) if local else ()
    whole = (*place, *local)
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    if detail["type"] == "extra_forbidden":
        hint = nearest_or_all(str(local[-1]), known)
        return document.error(whole, f"unknown key '{local[-1]}'{hint}{more}")
    if detail["type"] == "missing":
        return document.error(whole[:-1], f"the key '{local[-1]}' is missing{more}")
    if detail["type"] == "literal_error":
        return document.error(whole, "this version reads 'format: 1' only")
    message = _WORDS.get(detail["type"]) or detail["msg"].removeprefix("Value error, ")
    name = f"'{whole[-1]}'" if whole and isinstance(whole[-1], str) else "this entry"
    return document.error(whole, f"{name} {message}, not {_kind(detail['input'])}{more}")


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = repr(value)
    return shortened(text)
