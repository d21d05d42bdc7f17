"""Connectivity rules between their YAML form and the declaration."""

from __future__ import annotations

from typing import Any

import numpy as np

from pygenn_lite.declaration.connectivity import RULES, YamlForm
from pygenn_lite.declaration.language.names import nearest_or_all
from pygenn_lite.errors import FileFormatError
from pygenn_lite.yaml_format.context import Context
from pygenn_lite.yaml_format.document import Document
from pygenn_lite.yaml_format.marks import Place

_FLAGS = ("autapses", "multapses", "shared")
_WHOLE = frozenset({"n", "stride", "padding"})
_RULES: dict[str, tuple[type[Any], YamlForm]] = {
    rule.yaml.name: (rule, rule.yaml) for rule in RULES if rule.yaml is not None
}


def read_rule(context: Context, given: Any, place: Place, *, listed: bool) -> Any | None:
    """Turn ``{fixed_probability: 0.02}`` into a rule; ``None`` means no connection at all.

    ``listed``: between lists of populations, where a probability or number of 0 (a cell of a
    matrix, mostly) says that these two are not connected.
    """
    if given is None:
        return None
    document = context.document
    if isinstance(given, str):
        given = {given: {}}
    if not isinstance(given, dict) or len(given) != 1:
        raise document.error(place, "should be one connectivity rule", _form(given))
    name, options = next(iter(given.items()))
    if name not in _RULES:
        raise document.error((*place, name), f"unknown rule '{name}'{nearest_or_all(name, _RULES)}")
    kind, form = _RULES[name]
    inner, bare, known = (*place, name), form.bare, form.known
    if options is None:
        options = {}
    if not isinstance(options, dict):
        if bare is None:
            raise document.error(inner, f"'{name}' takes a mapping", f"known: {', '.join(known)}")
        options = {bare: options}
    arguments = {}
    for key, value in options.items():
        if key not in known:
            raise document.error((*inner, key), f"unknown key '{key}'{nearest_or_all(key, known)}")
        arguments[key] = _argument(context, key, value, (*inner, key))
    if "file" in arguments:
        arguments = _from_file(context, arguments["file"], arguments, form.columns, inner)
    _check_complete(document, form, arguments, inner)
    if listed and any(arguments.get(key) == 0 for key in ("p", "n", "probability")):
        return None
    with context.at(inner):
        return kind(**arguments)


def _form(given: Any) -> str:
    """How to write what was meant: a rule whose options stand beside it rather than in it."""
    rule = next((key for key in given if key in _RULES), None) if isinstance(given, dict) else None
    bare = None if rule is None else _RULES[rule][1].bare
    if bare is None:
        return "write it like {fixed_probability: 0.02}"
    options = [bare, *(key for key in given if key != rule)]
    return f"write it like {{{rule}: {{{', '.join(f'{key}: ...' for key in options)}}}}}"


def write_rule(rule: Any) -> Any:
    """Turn a rule into plain data: the inverse of `read_rule`."""
    form: YamlForm | None = vars(type(rule)).get("yaml")  # a subclass is a rule of its own
    if form is None:
        raise FileFormatError(
            f"the connectivity {type(rule).__name__} is drawn by Python and has no form in YAML",
            hint="write the synapses that it draws as PairList(pre, post), which can be listed",
        )
    name, bare = form.name, form.bare
    options: dict[str, Any] = {}
    for key in form.known:
        if key == "file":
            continue
        value = getattr(rule, key)
        if value is None or (key in _FLAGS and value == _default_flag(type(rule), key)):
            continue
        options[key] = _plain(value)
    if not options:
        return name
    if bare is not None and set(options) == {bare}:
        return {name: options[bare]}
    return {name: options}


def _argument(context: Context, key: str, value: Any, place: Place) -> Any:
    document = context.document
    if key in _FLAGS:
        if not isinstance(value, bool):
            raise document.error(place, f"'{key}' should be true or false")
        return value
    if key in ("file", "of"):
        if not isinstance(value, str):
            what = "a file" if key == "file" else "a synapse group"
            raise document.error(place, f"'{key}' should be the name of {what}")
        return value
    if key in ("pre", "post", "row_begin", "targets"):
        return context.whole_numbers(value, place)
    if key == "periodic":
        return context.numbers(value if isinstance(value, list) else [value], place)
    if key in ("kernel", "size"):
        if isinstance(value, list):
            return context.whole_numbers(value, place)
        return context.whole_number(value, place)
    if key in _WHOLE:
        return context.whole_number(value, place)
    if key == "probability" and isinstance(value, str):
        return context.formula(value, place)
    return context.number(value, place)


def _from_file(
    context: Context, file: str, given: dict[str, Any], columns: tuple[str, ...], place: Place
) -> dict[str, Any]:
    if len(given) > 1:
        raise context.document.error(place, "give either a file or the lists, not both")
    arrays = context.columns(file, (*place, "file"), columns)
    for array in arrays:
        if array.size and not np.all(array == np.floor(array)):
            raise context.document.error((*place, "file"), f"'{file}' holds fractional indices")
    return {column: array.astype(np.int64) for column, array in zip(columns, arrays, strict=True)}


def _check_complete(
    document: Document, form: YamlForm, arguments: dict[str, Any], place: Place
) -> None:
    if form.one_of and len(set(form.one_of) & set(arguments)) != 1:
        either = " or ".join(f"'{key}'" for key in form.one_of)
        raise document.error(place, f"'{form.name}' needs either {either}")
    for key in form.all_of:
        if key not in arguments:
            raise document.error(place, f"'{form.name}' needs '{key}'")


def _default_flag(kind: type[Any], key: str) -> bool:
    return bool(kind.__dataclass_fields__[key].default)


def _plain(value: Any) -> Any:
    if hasattr(value, "array"):
        return value.array.tolist()
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, tuple):
        return list(value)
    if hasattr(value, "text"):
        return str(value.text)
    return value
