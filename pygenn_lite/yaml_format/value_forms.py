"""Values of parameters, weights and delays: numbers, formulas, arrays and distributions."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

import numpy as np

from pygenn_lite.declaration import distributions as declared
from pygenn_lite.declaration.connectivity import SharedKernel
from pygenn_lite.declaration.distribution_base import Affine, Distribution
from pygenn_lite.declaration.language.names import nearest_or_all
from pygenn_lite.declaration.values import FrozenArray
from pygenn_lite.errors import FileFormatError
from pygenn_lite.yaml_format.context import Context
from pygenn_lite.yaml_format.marks import Place

OF_FILE = ("file", "array")
DISTRIBUTIONS: dict[str, type[Distribution]] = {
    "uniform": declared.Uniform,
    "normal": declared.Normal,
    "truncated_normal": declared.TruncatedNormal,
    "lognormal": declared.LogNormal,
    "exponential": declared.Exponential,
    "gamma": declared.Gamma,
    "binomial": declared.Binomial,
}


def fields_of(kind: type[Distribution]) -> tuple[tuple[str, ...], int]:
    """Parameters of a distribution in their order, and how many of them a file must give (all but
    limits that are infinite by default)."""
    found = fields(kind)
    return tuple(f.name for f in found), sum(f.default not in (math.inf, -math.inf) for f in found)


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
        if "file" in given:
            return _array_of_file(context, given, place)
        return _distribution(context, given, place)
    return context.number(given, place)


def read_values(context: Context, given: dict[str, Any], place: Place) -> dict[str, Any]:
    """Read a mapping of names to values."""
    return {name: read_value(context, item, (*place, name)) for name, item in given.items()}


def write_value(value: Any) -> Any:
    """Turn a declared value into plain data: the inverse of `read_value`."""
    if isinstance(value, SharedKernel):
        return value.kernel.tolist()
    if isinstance(value, FrozenArray):
        return value.array.tolist()
    if isinstance(value, Affine):
        given = {"factor": value.factor} if value.factor != 1 else {}
        given |= {"offset": value.offset} if value.offset else {}
        return {**write_value(value.of), **given}
    if isinstance(value, Distribution):
        for name, kind in DISTRIBUTIONS.items():
            if type(value) is kind:
                names, required = fields_of(kind)
                numbers = {field: float(getattr(value, field)) for field in names}
                return {name: list(numbers.values()) if len(names) == required else numbers}
        raise FileFormatError(f"the distribution {value!r} has no form in YAML")
    if hasattr(value, "text"):
        return str(value.text)
    return float(value)


def _array_of_file(context: Context, given: dict[str, Any], place: Place) -> Any:
    """``{file: values.npz, array: NAME}``: what would be too long for the document."""
    wrong = [key for key in given if key not in OF_FILE]
    missing = [key for key in OF_FILE if not isinstance(given.get(key), str)]
    if wrong or missing:
        key, where = (wrong[0], (*place, wrong[0])) if wrong else (missing[0], place)
        raise context.document.error(
            where,
            f"unknown key '{key}'" if wrong else f"'{key}' is missing, or not text",
            "write {file: values.npz, array: NAME}",
        )
    return context.array(given["file"], given["array"], (*place, "file"))


def _matrix(context: Context, given: list[Any], place: Place) -> Any:
    """A weight or delay for every pair: rows source neurons, columns target neurons."""
    rows = [
        _matrix(context, row, (*place, index))  # a kernel
        if row and all(isinstance(each, list) for each in row)
        else context.numbers(row, (*place, index))
        for index, row in enumerate(given)
    ]
    if len({len(row) for row in rows}) > 1:
        raise context.document.error(place, "the rows of a matrix must have equal lengths")
    return np.array(rows)


def _distribution(context: Context, given: dict[str, Any], place: Place) -> Any:
    arithmetic = {key: given[key] for key in ("factor", "offset") if key in given}
    given = {key: item for key, item in given.items() if key not in arithmetic}
    if len(given) != 1:
        raise context.document.error(
            place,
            "should hold one distribution",
            "write it like {uniform: [0, 1]} or {uniform: [0, 1], factor: -2, offset: 5}",
        )
    numbers = {key: context.number(item, (*place, key)) for key, item in arithmetic.items()}
    drawn = _plain_distribution(context, given, place)
    with context.at(place):
        return drawn * numbers.get("factor", 1.0) + numbers.get("offset", 0.0)


def _plain_distribution(context: Context, given: dict[str, Any], place: Place) -> Any:
    name, arguments = next(iter(given.items()))
    if name not in DISTRIBUTIONS:
        near = nearest_or_all(name, DISTRIBUTIONS)
        raise context.document.error((*place, name), f"unknown distribution '{name}'{near}")
    kind = DISTRIBUTIONS[name]
    names, required = fields_of(kind)
    inner = (*place, name)
    hint = f"write {{{name}: [{', '.join(names[:required])}]}} or {{{name}: {{{names[0]}: ...}}}}"
    if isinstance(arguments, dict):
        for key in arguments:
            if key not in names:
                raise context.document.error((*inner, key), f"unknown key '{key}'", hint)
        numbers = {key: context.number(item, (*inner, key)) for key, item in arguments.items()}
    else:
        items = arguments if isinstance(arguments, list) else [arguments]
        if len(items) > len(names):
            raise context.document.error(inner, f"takes {len(names)} numbers", hint)
        numbers = {
            key: context.number(item, (*inner, index))
            for index, (key, item) in enumerate(zip(names, items, strict=False))
        }
    missing = [field for field in names[:required] if field not in numbers]
    if missing:
        raise context.document.error(inner, f"'{missing[0]}' is missing", hint)
    with context.at(inner):
        return kind(**numbers)
