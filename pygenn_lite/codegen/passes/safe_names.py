"""Gives variables whose names generated code uses for itself another name in the source text.

Only the text of the source changes: kernels are called by position, so signatures, arrays and
messages keep the user's names.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import sympy

from pygenn_lite.codegen.passes.reserved_names import spelled
from pygenn_lite.codegen.program.kernel import Kernel, everything, written_by

KEPT = frozenset({"kind"})  # fields of statements that are not names of variables


def with_safe_names(kernel: Kernel, language: str = "cpp") -> Kernel:
    """The same kernel with variables renamed that would clash with the names of the templates of a
    language ("cpp" or "cuda")."""
    names = {v.symbol for v in kernel.variables}
    names |= {name for s in everything(kernel.body) for name in written_by(s)}
    spelling = {name: spelled(name, language) for name in names}
    renamed = {name: other for name, other in spelling.items() if other != name}
    if not renamed:
        return kernel
    symbols = {sympy.Symbol(a, real=True): sympy.Symbol(b, real=True) for a, b in renamed.items()}
    return dataclasses.replace(
        kernel,
        variables=tuple(
            dataclasses.replace(v, symbol=renamed.get(v.symbol, v.symbol)) for v in kernel.variables
        ),
        body=_renamed(kernel.body, renamed, symbols),
    )


def _renamed(part: Any, names: dict[str, str], symbols: dict[Any, Any]) -> Any:
    if isinstance(part, str):
        return names.get(part, part)
    if isinstance(part, sympy.Basic):
        return part.xreplace(symbols)
    if isinstance(part, tuple):
        return tuple(_renamed(p, names, symbols) for p in part)
    if dataclasses.is_dataclass(part) and not isinstance(part, type):
        inner = {
            f.name: _renamed(getattr(part, f.name), names, symbols)
            for f in dataclasses.fields(part)
            if f.name not in KEPT
        }
        return dataclasses.replace(part, **inner)
    return part
