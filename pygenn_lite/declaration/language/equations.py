"""Equations as data: checked text that can be hashed, pickled and written to YAML, with its SymPy
form available when it is asked for."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from typing import Any, Protocol, TypeAlias

from pygenn_lite.declaration.language import parser
from pygenn_lite.declaration.language.constants import as_float
from pygenn_lite.declaration.language.habits import block_hint, line_hint
from pygenn_lite.declaration.language.names import check_name
from pygenn_lite.declaration.numeric import plain_number
from pygenn_lite.declaration.summary import shortened
from pygenn_lite.errors import NOWHERE, EquationError, Location
from pygenn_lite.records import dataclass

_DERIVATIVE = re.compile(r"d([A-Za-z][A-Za-z0-9_]*)\s*/\s*dt\Z", re.ASCII)
_ASSIGNMENT = re.compile(r"(?<![<>=!+\-*/])(\+|-|\*|/)?=(?!=)")
LONGEST_SOURCE = 100_000


class Symbolic(Protocol):
    """A SymPy expression, recognised without importing SymPy, which takes long."""

    @property
    def free_symbols(self) -> Any:
        """Its symbols."""

    @property
    def args(self) -> Any:
        """Its parts."""


@dataclass(frozen=True)
class Expression:
    """A checked expression.

    Attributes
    ----------
    text : str
        Normalised text.
    where : str
        The place to name in errors; not part of the value.
    """

    text: str
    where: Location = field(default=NOWHERE, compare=False)

    @property
    def symbols(self) -> frozenset[str]:
        """Names it reads (without functions and constants)."""
        return parser.names_of(parser.parse_tree(self.text))

    @property
    def functions(self) -> frozenset[str]:
        """Functions it calls."""
        return parser.functions_of(parser.parse_tree(self.text))

    @property
    def is_condition(self) -> bool:
        """Whether it is true or false rather than a number."""
        return parser.is_boolean(parser.parse_tree(self.text))

    def sympy(self) -> Any:
        """SymPy form; every name is ``Symbol(name, real=True)``."""
        try:
            return _sympy(self.text)
        except EquationError as error:
            raise EquationError(
                error.message, where=error.where or self.where, hint=error.hint
            ) from None

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<{shortened(str(self))}>"


ExpressionLike: TypeAlias = str | float | Expression | Symbolic
"""What users may write where an expression is meant: text, a number, SymPy."""


@dataclass(frozen=True, repr=False)
class Equation(Expression):
    """A derivative ``dx/dt = ...``, a definition ``x = ...`` or an assignment ``x += ...``."""

    text: str = ""
    where: Location = field(default=NOWHERE, compare=False)
    kind: str = "definition"
    name: str = ""
    operator: str = "="

    def __str__(self) -> str:
        left = f"d{self.name}/dt" if self.kind == "derivative" else self.name
        return f"{left} {self.operator} {self.text}"


EquationsLike: TypeAlias = str | Mapping[Any, ExpressionLike] | Sequence[Any] | None
"""What users may write where equations are meant: lines of text, a mapping of names (or SymPy
symbols) to right sides, or a list of these."""


@lru_cache(maxsize=4096)
def _sympy(text: str) -> Any:
    try:
        return parser.to_sympy(parser.parse_tree(text))
    except (TypeError, ValueError, RecursionError, OverflowError, ZeroDivisionError) as error:
        raise EquationError(
            f"{text!r} makes no mathematical sense ({error})",
            hint="look for roots of negative numbers, divisions by zero and very large constants",
        ) from None


def parse_expression(source: object, where: Location = NOWHERE) -> Expression:
    """An expression from text, a number or SymPy.

    Raises
    ------
    EquationError
        The text is not an allowed expression.
    """
    tree = parser.parse_tree(_text(source, where), where)
    text = ast.unparse(tree)
    parser.parse_tree(
        text, where
    )  # as it is kept and written, with spaces, it must be readable, too
    return Expression(text, where)


def parse_equations(
    source: object, where: Location = NOWHERE, *, assignments: bool = False
) -> tuple[Equation, ...]:
    """Equations from text (one per line or ``;``), a mapping, or SymPy.

    Parameters
    ----------
    source : str or mapping or None
        ``"dV/dt = ..."`` lines and definitions ``"I = ..."``; a mapping ``{V: expression}`` gives
        derivatives (or, with `assignments`, values).
    assignments : bool
        Whether these are ordered assignments (resets, events) instead of differential equations.

    Raises
    ------
    EquationError
        A line cannot be read; `where` and the line number are named.
    """
    if source is None:
        return ()
    if isinstance(source, tuple) and all(isinstance(e, Equation) for e in source):
        return source
    if isinstance(source, Mapping):
        return tuple(
            _from_pair(str(name), value, where, assignments) for name, value in source.items()
        )
    if isinstance(source, (list, tuple)):
        return tuple(
            e for part in source for e in parse_equations(part, where, assignments=assignments)
        )
    if not isinstance(source, str):
        raise EquationError(
            f"equations must be text or a mapping, not {type(source).__name__}", where=where
        )
    if len(source) > LONGEST_SOURCE:
        raise EquationError(f"{len(source)} characters of equations are too many", where=where)
    result = []
    for number, line in _lines(source):
        place = where
        if "\n" in source.strip():
            place = where.at_line(number)
        try:
            result.append(_from_line(line, place, assignments))
        except EquationError as error:
            error.hint = block_hint(source) or line_hint(line) or error.hint
            raise
    return tuple(result)


def _lines(source: str) -> list[tuple[int, str]]:
    """Statements with line numbers: without comments, split at ';', joined inside parentheses."""
    statements: list[tuple[int, str]] = []
    pending: list[str] = []
    start, depth = 1, 0

    def finish() -> None:
        nonlocal depth
        if pending:
            statements.append((start, " ".join(pending)))
        pending.clear()
        depth = 0

    for number, raw in enumerate(source.splitlines(), 1):
        for k, part in enumerate(raw.split("#", 1)[0].split(";")):
            if k and depth <= 0:
                finish()
            if not part.strip():
                continue
            if not pending:
                start = number
            pending.append(part.strip())
            depth += part.count("(") - part.count(")")
        if depth <= 0:
            finish()
    finish()
    return statements


def _from_line(line: str, where: Location, assignments: bool) -> Equation:
    found = _ASSIGNMENT.search(line)
    if not found:
        raise EquationError(
            f"no '=' in {line[:80]!r}",
            where=where,
            hint="write 'x += ...' or 'x = ...'"
            if assignments
            else "write 'dx/dt = ...' or 'x = ...'",
        )
    left, right = line[: found.start()].strip(), line[found.end() :].strip()
    operator = found.group()
    derivative = _DERIVATIVE.match(left)
    if derivative and not assignments:
        if operator != "=":
            raise EquationError(
                f"{left} {operator} ... is not an equation", where=where, hint="use '='"
            )
        name = _derivative_name(derivative.group(1), where)
        return _equation("derivative", name, "=", right, where.at_equation(f"d{name}/dt"))
    if assignments:
        if derivative:
            raise EquationError(
                f"{left} = ... does not belong here",
                where=where,
                hint="put dx/dt = ... into 'derivatives'; here write 'x = ...' or 'x += ...'",
            )
        name = _target_name(left, where)
        return _equation("assignment", name, operator, right, where)
    if operator != "=":
        raise EquationError(
            f"'{left} {operator} ...' is an assignment",
            where=where,
            hint="derivatives hold 'dx/dt = ...' and definitions 'x = ...'",
        )
    name = check_name(left, "definition", where)
    return _equation("definition", name, "=", right, where)


def _from_pair(name: str, value: object, where: Location, assignments: bool) -> Equation:
    derivative = _DERIVATIVE.match(name)
    if assignments:
        return _equation("assignment", _target_name(name, where), "=", value, where)
    name = _derivative_name(derivative.group(1) if derivative else name, where)
    return _equation("derivative", name, "=", value, where.at_equation(f"d{name}/dt"))


def _derivative_name(name: str, where: Location) -> str:
    """Synapse models may give dweight/dt."""
    return name if name == "weight" else check_name(name, "variable", where)


def _target_name(name: str, where: Location) -> str:
    """Assignments may go to 'weight' and to X_post."""
    if name == "weight":
        return name
    if name.endswith("_pre"):
        raise EquationError(
            f"{name!r} cannot be assigned: variables of a synapse's source are only read",
            where=where,
            hint="to act on the source, connect a group in the opposite direction",
        )
    bare = name.removesuffix("_post")
    check_name(bare, "variable", where)
    return name


def _equation(kind: str, name: str, operator: str, value: object, where: Location) -> Equation:
    expression = parse_expression(value, where)
    if expression.is_condition:
        raise EquationError(
            f"{expression.text!r} is true or false, not a number",
            where=where,
            hint=f"write {name} {operator} where({expression.text}, 1, 0)",
        )
    return Equation(expression.text, where, kind, name, operator)


def _text(source: object, where: Location) -> str:
    """Text of what a user gave: text, a number, or a SymPy expression (turned into text, so that it
    goes through the same checks)."""
    if isinstance(source, Expression):
        return source.text
    if isinstance(source, str):
        return source
    number = None if is_sympy(source) else plain_number(source)
    if number is not None:
        if not math.isfinite(as_float(number)):
            raise EquationError(
                f"{source} is not a finite number", where=where, hint="give finite numbers"
            )
        return repr(number)
    if is_sympy(source):
        from pygenn_lite.declaration.language.sympy_text import sympy_text

        return sympy_text(source, where)
    raise EquationError(
        f"expected text, a number or a SymPy expression, not {type(source).__name__}", where=where
    )


def is_sympy(source: object) -> bool:
    """Whether an object is a SymPy expression (without importing SymPy)."""
    return hasattr(source, "free_symbols") and hasattr(source, "args")
