"""Turns equation text into a checked syntax tree, and the tree into SymPy. Text is never evaluated:
only listed kinds of nodes and listed functions get through, and sizes are bounded."""

from __future__ import annotations

import ast
import keyword
import re
import warnings
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from pygenn_lite.declaration.language.constants import LARGEST_NUMBER, as_float, constant_value
from pygenn_lite.declaration.language.habits import function_hint, text_hint
from pygenn_lite.declaration.language.names import check_name, nearest
from pygenn_lite.declaration.language.vocabulary import CONSTANTS, FUNCTIONS
from pygenn_lite.errors import NOWHERE, EquationError, Location

LONGEST_TEXT = 10_000
DEEPEST_NESTING = 60
_ALLOWED_CHARACTERS = re.compile(r"[A-Za-z0-9_+\-*/^%().,<>=!&|~\s]*\Z", re.ASCII)
_BINARY = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.BitAnd, ast.BitOr)
_COMPARE = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
_FLATTEN = "split it: in equations by auxiliary definitions, in values by an array"
_WHAT_TO_USE = "use names, numbers, + - * / **, comparisons, and/or/not and the listed functions"


@lru_cache(maxsize=4096)
def parse_tree(text: str, where: Location = NOWHERE) -> ast.expr:
    """The checked syntax tree of an expression.

    Raises
    ------
    EquationError
        Anything that is not arithmetic over names and the listed functions.
    """
    if not isinstance(text, str):
        raise EquationError(f"expected an expression, got {type(text).__name__}", where=where)
    if len(text) > LONGEST_TEXT:
        raise EquationError(
            f"an expression of {len(text)} characters is too long",
            where=where,
            hint=f"shorten it to {LONGEST_TEXT} characters: in equations by auxiliary definitions, "
            "in values by an array",
        )
    if not text.strip():
        raise EquationError("an expression is empty", where=where)
    if not _ALLOWED_CHARACTERS.match(text):
        bad = next(c for c in text if not _ALLOWED_CHARACTERS.match(c))
        raise EquationError(
            f"character {bad!r} does not belong in the expression {_short(text)}",
            where=where,
            hint=text_hint(text) or _WHAT_TO_USE,
        )
    depth = deepest = 0
    for c in text:
        depth += (c == "(") - (c == ")")
        deepest = max(deepest, depth)
    if deepest > DEEPEST_NESTING:
        raise EquationError(
            f"parentheses are nested {deepest} deep",
            where=where,
            hint=_FLATTEN,
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(" ".join(text.split()), mode="eval").body
    except (MemoryError, RecursionError):  # which of them, and how deep, differs between Pythons
        raise _too_deep(text, where) from None
    except (SyntaxError, ValueError) as error:
        word = _python_word(text)
        if word:
            raise EquationError(
                f"the word {word!r} in {_short(text)} is reserved",
                where=where,
                hint=f"choose another name, e.g. {word + '_'!r}",
            ) from None
        column = getattr(error, "offset", None)
        place = f" near character {column}" if column else ""
        raise EquationError(
            f"cannot read {_short(text)}{place}",
            where=where,
            hint=text_hint(text) or "check operators and parentheses",
        ) from None
    _check(tree, text, where, 0)
    constant_value(tree, where)
    return tree


@lru_cache(maxsize=4096)  # trees come from the cache above
def names_of(tree: ast.expr) -> frozenset[str]:
    """Names of variables in a tree (functions and constants are none)."""
    functions = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return frozenset(
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and id(node) not in functions and node.id not in CONSTANTS
    )


def functions_of(tree: ast.expr) -> frozenset[str]:
    """Names of the functions that a tree calls."""
    return frozenset(
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    )


def is_boolean(tree: ast.expr) -> bool:
    """Whether an expression is a condition."""
    if isinstance(tree, (ast.Compare, ast.BoolOp)):
        return True
    if isinstance(tree, ast.Constant):
        return isinstance(tree.value, bool)
    if isinstance(tree, ast.UnaryOp):
        return isinstance(tree.op, (ast.Not, ast.Invert))
    return isinstance(tree, ast.BinOp) and isinstance(tree.op, (ast.BitAnd, ast.BitOr))


def _too_deep(text: str, where: Location) -> EquationError:
    return EquationError(
        f"{_short(text)} is nested too deeply",
        where=where,
        hint=_FLATTEN,
    )


def _check(node: ast.AST, text: str, where: Location, depth: int) -> None:
    if depth > 4 * DEEPEST_NESTING:
        raise _too_deep(text, where)
    children: list[ast.AST] = []
    if isinstance(node, ast.Name):
        check_name(node.id, "symbol", where, reserved=False)
    elif isinstance(node, ast.Constant):
        _check_number(node.value, text, where)
    elif isinstance(node, ast.BinOp):
        if isinstance(node.op, ast.BitXor):
            raise EquationError(
                f"'^' in {_short(text)} is not a power", where=where, hint="write ** instead of ^"
            )
        if not isinstance(node.op, _BINARY):
            raise _refused(node.op, text, where)
        children = [node.left, node.right]
        if not isinstance(node.op, (ast.BitAnd, ast.BitOr)):
            _numbers(children, text, where)
        elif not (is_boolean(node.left) and is_boolean(node.right)):
            raise EquationError(
                f"'&' and '|' in {_short(text)} must join conditions",
                where=where,
                hint="put each comparison in parentheses",
            )
    elif isinstance(node, ast.UnaryOp):
        children = [node.operand]
        expect = _conditions if isinstance(node.op, (ast.Not, ast.Invert)) else _numbers
        expect(children, text, where)
    elif isinstance(node, ast.BoolOp):
        children = list(node.values)
        _conditions(children, text, where)
    elif isinstance(node, ast.Compare):
        if not all(isinstance(op, _COMPARE) for op in node.ops):
            raise _refused(node.ops[0], text, where)
        children = [node.left, *node.comparators]
        _numbers(children, text, where)
    elif isinstance(node, ast.IfExp):
        children = [node.test, node.body, node.orelse]
        _conditions(children[:1], text, where)
        _numbers(children[1:], text, where)
    elif isinstance(node, ast.Call):
        children = _check_call(node, text, where)
    else:
        raise _refused(node, text, where)
    for child in children:
        _check(child, text, where, depth + 1)


def _check_call(node: ast.Call, text: str, where: Location) -> list[ast.AST]:
    name = node.func.id if isinstance(node.func, ast.Name) else None
    if name is None or node.keywords:
        raise _refused(node, text, where)
    if name not in FUNCTIONS:
        hint = function_hint(name, ", ".join(ast.unparse(a) for a in node.args))
        near = "" if hint else nearest(name, FUNCTIONS)
        raise EquationError(
            f"unknown function {name!r} in {_short(text)}{near}",
            where=where,
            hint=hint or f"known functions: {', '.join(sorted(FUNCTIONS))}",
        )
    least, most = FUNCTIONS[name].least, FUNCTIONS[name].most
    if not least <= len(node.args) <= most:
        raise EquationError(
            f"{name}() takes {least if least == most else f'{least} to {most}'} arguments, "
            f"not {len(node.args)}, in {_short(text)}",
            where=where,
        )
    if name != "Piecewise":
        numbers = list(node.args)
        if name == "where":
            _conditions([numbers.pop(0)], text, where)
        _numbers(numbers, text, where)
        return list(node.args)
    children: list[ast.AST] = []
    for branch in node.args:
        if not isinstance(branch, ast.Tuple) or len(branch.elts) != 2:
            raise EquationError(
                f"Piecewise takes pairs (value, condition), in {_short(text)}",
                where=where,
                hint="write Piecewise((a, x > 0), (b, True)) or where(x > 0, a, b)",
            )
        _numbers(branch.elts[:1], text, where)
        _conditions(branch.elts[1:], text, where)
        children += branch.elts
    return children


def _numbers(nodes: Sequence[ast.AST], text: str, where: Location) -> None:
    """No conditions among the operands of arithmetic and the arguments of functions."""
    for node in nodes:
        if isinstance(node, ast.expr) and is_boolean(node):
            raise EquationError(
                f"{_short(ast.unparse(node))} in {_short(text)} is true or false, not a number",
                where=where,
                hint=f"write where({ast.unparse(node)[:60]}, 1, 0)",
            )


def _conditions(nodes: Sequence[ast.AST], text: str, where: Location) -> None:
    """No numbers where something is asked."""
    for node in nodes:
        if isinstance(node, ast.expr) and not is_boolean(node):
            raise EquationError(
                f"{_short(ast.unparse(node))} in {_short(text)} is a number, not a condition",
                where=where,
                hint=f"compare it, e.g. {ast.unparse(node)[:60]} > 0",
            )


def _check_number(value: object, text: str, where: Location) -> None:
    if isinstance(value, bool):
        return
    if (
        not isinstance(value, (int, float)) or not abs(as_float(value)) <= LARGEST_NUMBER  # nor NaN
    ):
        raise EquationError(
            f"{_short(repr(value))} in {_short(text)} is not a usable number", where=where
        )


def _refused(node: ast.AST, text: str, where: Location) -> EquationError:
    return EquationError(
        f"{type(node).__name__.lower()} is not allowed in the expression {_short(text)}",
        where=where,
        hint=text_hint(text) or _WHAT_TO_USE,
    )


def _python_word(text: str) -> str:
    """The first word that Python's grammar keeps for itself, such as ``lambda``, or nothing."""
    own = {"and", "or", "not", "if", "else", "True", "False"}
    words = re.findall(r"[A-Za-z_]\w*", text, re.ASCII)
    return next((w for w in words if keyword.iskeyword(w) and w not in own), "")


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")


def to_sympy(tree: ast.expr) -> Any:
    """SymPy form of a checked tree."""
    from pygenn_lite.declaration.language.sympy_form import SympyBuilder

    return SympyBuilder().build(tree)
