"""Numbers for the reference interpreter: evaluates expressions and declared values with NumPy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, lru_cache, reduce
from typing import Any

import numpy as np
import sympy
from scipy.linalg import expm
from sympy.printing.numpy import NumPyPrinter

from pygenn_lite.codegen.program.kernel import LinearFlow
from pygenn_lite.declaration.distribution_base import Distribution
from pygenn_lite.declaration.language.equations import Expression
from pygenn_lite.declaration.language.functions import numpy_forms
from pygenn_lite.declaration.values import FrozenArray, Value
from pygenn_lite.errors import UnsupportedFeatureError
from pygenn_lite.runtime.reference.random_numbers import element_uniforms
from pygenn_lite.runtime.values.philox import stream_of

Names = dict[str, Any]


def evaluate(expression: sympy.Basic, names: Mapping[str, Any]) -> Any:
    """Value of a SymPy expression for the given arrays and numbers."""
    function, arguments = _compiled(expression)
    # Python's own numbers would raise where a branch that is not taken divides by zero.
    values = (np.float64(v) if isinstance(v, float) else v for v in map(names.get, arguments))
    with np.errstate(all="ignore"):
        return function(*values)


def propagators(flow: LinearFlow, names: Mapping[str, Any], h: Any) -> Names:
    """Entries of the exponential of a flow's matrix over `h` (ms), by their names."""
    entries = [(i, j, evaluate(value, names)) for i, j, value in flow.matrix]
    shape = np.broadcast_shapes(np.shape(h), *(np.shape(value) for _, _, value in entries))
    order = len(flow.variables) + len(flow.inputs)
    matrix = np.zeros((*shape, order, order))
    for i, j, value in entries:
        matrix[..., i, j] = value
    matrix = matrix * np.asarray(h)[..., None, None]
    exponential = _exponential(matrix.tobytes(), matrix.shape)
    return {name: exponential[..., i, j] for i, j, name in flow.outputs}


@lru_cache(maxsize=64)
def _exponential(matrix: bytes, shape: tuple[int, ...]) -> Any:
    """Most matrices are the same in every step. One with an infinite rate has no exponential."""
    given = np.frombuffer(matrix).reshape(shape)
    exists = np.isfinite(given).all(axis=(-2, -1), keepdims=True)
    return np.where(exists, expm(np.where(exists, given, 0.0)), np.nan)


def declared_value(value: Value, size: int, seed: int, stream: str, positions: Any = None) -> Any:
    """A number, or an array of `size` numbers for the neurons of a population."""
    if isinstance(value, FrozenArray):
        return np.array(value.array, np.float64)
    if isinstance(value, Distribution):
        return np.asarray(value.draw(element_uniforms(size, seed, stream_of(stream))))
    if isinstance(value, Expression):
        names: Names = {"i": np.arange(size, dtype=np.float64), "n": float(size)}
        if positions is not None:
            places = np.asarray(positions, np.float64).reshape(size, -1)
            names.update(zip("xyz", places.T, strict=False))
        return np.broadcast_to(evaluate(value.sympy(), names), size).astype(np.float64)
    if isinstance(value, (int, float)):
        return float(value)
    raise UnsupportedFeatureError(f"the reference interpreter does not know {value!r}")


@cache
def _compiled(expression: sympy.Basic) -> tuple[Callable[..., Any], tuple[str, ...]]:
    symbols = sorted(expression.free_symbols, key=str)
    # Plain argument names: a variable may be called like a function of NumPy.
    arguments = [sympy.Dummy(f"argument{k}") for k in range(len(symbols))]
    body = expression.xreplace(dict(zip(symbols, arguments, strict=True)))
    modules = [numpy_forms(), "numpy"]
    function = sympy.lambdify(arguments, body, modules=modules, printer=_Printer)
    return function, tuple(str(s) for s in symbols)


def compiled_list(names: Sequence[str], values: Sequence[sympy.Expr]) -> Callable[..., list[Any]]:
    """A function of the named symbols, in that order, that gives the values of several expressions;
    what these have in common is computed once."""
    return _compiled_list(tuple(names), tuple(values))


@lru_cache(maxsize=512)
def _compiled_list(
    names: tuple[str, ...], values: tuple[sympy.Expr, ...]
) -> Callable[..., list[Any]]:
    # (With dummies SymPy would go through all expressions once for each of them.)
    arguments = [sympy.Symbol(f"argument{k}__", real=True) for k in range(len(names))]
    replace = {sympy.Symbol(n, real=True): a for n, a in zip(names, arguments, strict=True)}
    body = [sympy.sympify(value).xreplace(replace) for value in values]
    modules = [numpy_forms(), "numpy"]
    function: Callable[..., list[Any]] = sympy.lambdify(
        arguments, body, modules=modules, printer=_Printer, cse=True
    )
    return function


class _Printer(NumPyPrinter):  # type: ignore[misc]
    """SymPy's own, except that numbers and arrays may stand side by side."""

    def __init__(self, settings: Any = None) -> None:
        super().__init__({**(settings or {}), "allow_unknown_functions": True})

    def _fold(self, function: str, arguments: Iterable[sympy.Basic]) -> str:
        call = self._module_format(f"numpy.{function}")
        parts = [str(self._print(a)) for a in arguments]
        return reduce(lambda a, b: f"{call}({a}, {b})", parts)

    def _print_Max(self, expr: sympy.Max) -> str:
        return self._fold("maximum", expr.args)

    def _print_Min(self, expr: sympy.Min) -> str:
        return self._fold("minimum", expr.args)

    def _print_Piecewise(self, expr: sympy.Piecewise) -> str:
        """Nested, not ``numpy.select``, which takes ten times as long."""
        where = self._module_format("numpy.where")
        text = self._module_format("numpy.nan")
        for value, condition in reversed(expr.args):
            branch = self._print(value)
            holds = condition == sympy.true
            text = branch if holds else f"{where}({self._print(condition)}, {branch}, {text})"
        return str(text)

    def _print_And(self, expr: sympy.And) -> str:
        return self._fold("logical_and", expr.args)

    def _print_Or(self, expr: sympy.Or) -> str:
        return self._fold("logical_or", expr.args)
