"""Values of parameters, initial states, weights and delays."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pygenn_lite.declaration.distribution_base import Distribution
from pygenn_lite.declaration.language.constants import constant_value
from pygenn_lite.declaration.language.equations import (
    Expression,
    Symbolic,
    is_sympy,
    parse_expression,
)
from pygenn_lite.declaration.language.habits import UNITS, units_hint
from pygenn_lite.declaration.language.parser import parse_tree
from pygenn_lite.declaration.numeric import is_masked_array, plain_array
from pygenn_lite.errors import NOWHERE, DeclarationError, EquationError, Location, ShapeError


class FrozenArray:
    """A read-only array that is equal, and hashes equal, to another with the same values."""

    def __init__(self, array: Any) -> None:
        masked = is_masked_array(array)
        copy = plain_array(array, "an array") if masked else np.array(array)
        copy.flags.writeable = False
        self.array: NDArray[Any] = copy

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of type, shape and values."""
        head = f"{self.array.dtype.str}{self.array.shape}".encode()
        return hashlib.sha256(head + np.ascontiguousarray(self.array).tobytes()).digest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FrozenArray) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __reduce__(self) -> tuple[object, ...]:
        return FrozenArray, (np.array(self.array),)

    def __len__(self) -> int:
        return len(self.array)

    def __repr__(self) -> str:
        return f"FrozenArray(shape={self.array.shape}, dtype={self.array.dtype})"


Value: TypeAlias = float | FrozenArray | Distribution | Expression
ValueLike: TypeAlias = Value | str | ArrayLike | Symbolic
"""What users may write where a :data:`Value` is meant: a number, an array or list, a formula (text
or SymPy), a distribution."""
ValuesLike: TypeAlias = Mapping[str, ValueLike] | Sequence[tuple[str, ValueLike]] | None
"""Values by name."""


def as_value(source: object, where: Location = NOWHERE) -> Value:
    """Normalise what a user may give as a value.

    Raises
    ------
    DeclarationError
        Not a number, array, distribution or expression; or not finite.
    """
    if isinstance(source, Distribution):
        return source
    if isinstance(source, (str, Expression)) or is_sympy(source):
        return _as_expression(source, where)
    if isinstance(source, FrozenArray):
        if source.array.dtype == np.float64 and np.all(np.isfinite(source.array)):
            return source  # with its digest
        source = source.array
    if isinstance(source, (bool, np.bool_)) or source is None:
        raise DeclarationError(f"{source!r} is not a number", where=where)
    array = plain_array(source, "a value", where)
    if not np.all(np.isfinite(array)):
        raise DeclarationError(
            "a value is NaN or infinite", where=where, hint="give finite numbers"
        )
    return float(array) if array.ndim == 0 else FrozenArray(array)


def _as_expression(source: object, where: Location) -> Value:
    expression = source if isinstance(source, Expression) else parse_expression(source, where)
    if expression.is_condition:
        raise DeclarationError(
            f"{expression.text!r} is true or false, not a number",
            where=where,
            hint=f"write where({expression.text}, 1, 0)",
        )
    for unit in sorted(expression.symbols & UNITS.keys()):
        raise EquationError(
            f"unknown symbol {unit!r} in {expression.text}",
            where=where,
            hint=units_hint(expression.text),
        )
    constant = constant_value(parse_tree(expression.text, where), where)
    return expression if constant is None else float(constant)


def as_values(
    source: object, what: str, where: Location = NOWHERE
) -> tuple[tuple[str, Value], ...]:
    """A mapping of names to values, as pairs."""
    if source is None:
        return ()
    if isinstance(source, Mapping):
        pairs: Iterable[Any] = source.items()
    elif isinstance(source, (tuple, list)) and all(
        isinstance(p, (tuple, list)) and len(p) == 2 for p in source
    ):
        pairs = source
    else:
        raise DeclarationError(f"{what} must be a mapping of names to values", where=where)
    return tuple((str(name), as_value(value, where.entry(str(name)))) for name, value in pairs)


def check_length(value: Value, size: int, what: str, where: Location = NOWHERE) -> None:
    """An array must have one entry per element.

    Raises
    ------
    ShapeError
        It has another shape.
    """
    if isinstance(value, FrozenArray) and value.array.shape != (size,):
        raise ShapeError(
            f"{what} has shape {value.array.shape}, but needs ({size},)",
            where=where,
            hint="give one value, or one per element",
        )
