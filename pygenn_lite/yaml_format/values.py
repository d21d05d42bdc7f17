"""Values of parameters, weights and delays: numbers, formulas, arrays and distributions."""

from __future__ import annotations

from typing import Any

import numpy as np

from pygenn_lite.declaration import values as declared
from pygenn_lite.declaration.names import nearest_or_all
from pygenn_lite.errors import FileFormatError
from pygenn_lite.yaml_format.context import Context
from pygenn_lite.yaml_format.document import Place

# YAML name -> class, its fields in order, how many of them must be given.
DISTRIBUTIONS: dict[str, tuple[type[declared.Distribution], tuple[str, ...], int]] = {
    "uniform": (declared.Uniform, ("low", "high"), 2),
    "normal": (declared.Normal, ("mean", "sd"), 2),
    "truncated_normal": (declared.TruncatedNormal, ("mean", "sd", "low", "high"), 2),
    "lognormal": (declared.LogNormal, ("mu", "sigma"), 2),
    "exponential": (declared.Exponential, ("mean",), 1),
    "gamma": (declared.Gamma, ("shape", "scale"), 2),
    "binomial": (declared.Binomial, ("n", "p"), 2),
}


def read_value(context: Context, given: Any, place: Place) -> Any:
    """Turn what the file says into what the declaration takes.

    Returns
    -------
    float, str, ndarray or Distribution
        A string is a formula of the index or position.
    """
    if isinstance(given, str):
        return context.formula(given, place)
    if isinstance(given, list):
        if given and all(isinstance(row, list) for row in given):
            return _matrix(context, given, place)
        return context.numbers(given, place)
    if isinstance(given, dict):
        return _distribution(context, given, place)
    return context.number(given, place)


def read_values(context: Context, given: dict[str, Any], place: Place) -> dict[str, Any]:
    """Read a mapping of names to values."""
    return {name: read_value(context, item, (*place, name)) for name, item in given.items()}


def write_value(value: Any) -> Any:
    """Turn a declared value into plain data: the inverse of `read_value`."""
    if isinstance(value, declared.FrozenArray):
        return value.array.tolist()
    if isinstance(value, declared.Distribution):
        for name, (kind, fields, required) in DISTRIBUTIONS.items():
            if type(value) is kind:
                numbers = {field: float(getattr(value, field)) for field in fields}
                if len(fields) == required:
                    return {name: list(numbers.values())}
                return {name: numbers}
        raise FileFormatError(f"the distribution {value!r} has no form in YAML")
    if hasattr(value, "text"):
        return str(value.text)
    return float(value)


def _matrix(context: Context, given: list[Any], place: Place) -> Any:
    """A weight or delay for every pair: rows source neurons, columns target neurons."""
    rows = [context.numbers(row, (*place, index)) for index, row in enumerate(given)]
    if len({len(row) for row in rows}) > 1:
        raise context.document.error(place, "the rows of a matrix must have equal lengths")
    return np.array(rows)


def _distribution(context: Context, given: dict[str, Any], place: Place) -> Any:
    if len(given) != 1:
        raise context.document.error(
            place, "should hold one distribution", "write it like {uniform: [0, 1]}"
        )
    name, arguments = next(iter(given.items()))
    if name not in DISTRIBUTIONS:
        hint = nearest_or_all(name, DISTRIBUTIONS)
        raise context.document.error((*place, name), f"unknown distribution '{name}'{hint}")
    kind, fields, required = DISTRIBUTIONS[name]
    inner = (*place, name)
    cure = f"write {{{name}: [{', '.join(fields[:required])}]}} or {{{name}: {{{fields[0]}: ...}}}}"
    if isinstance(arguments, dict):
        for key in arguments:
            if key not in fields:
                raise context.document.error((*inner, key), f"unknown key '{key}'", cure)
        numbers = {key: context.number(item, (*inner, key)) for key, item in arguments.items()}
    else:
        items = arguments if isinstance(arguments, list) else [arguments]
        if len(items) > len(fields):
            raise context.document.error(inner, f"takes {len(fields)} numbers", cure)
        numbers = {
            key: context.number(item, (*inner, index))
            for index, (key, item) in enumerate(zip(fields, items, strict=False))
        }
    missing = [field for field in fields[:required] if field not in numbers]
    if missing:
        raise context.document.error(inner, f"'{missing[0]}' is missing", cure)
    with context.at(inner):
        return kind(**numbers)
