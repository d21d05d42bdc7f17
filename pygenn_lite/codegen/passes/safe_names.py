"""Gives variables whose names generated code uses for itself another name in the source text.

A user may call a variable ``n``, ``time`` or ``M_PI``. Only the text of the source changes: kernels
are called by position, so signatures, arrays and messages keep the user's names.
"""

from __future__ import annotations

import dataclasses
import re
from functools import cache
from pathlib import Path
from typing import Any

import sympy

from pygenn_lite.codegen.program.kernel import Kernel, everything, written_by

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "templates" / "cpp"
# Names of the standard headers that do not look like macros.
STANDARD_NAMES = frozenset(
    ("errno", "assert", "stdin", "stdout", "stderr", "linux", "unix", "math_errhandling", "size_t")
)
# Macros of the standard headers all look like this, and so do the templates' pointers.
MACRO_LIKE = re.compile(r"[A-Z]{3}|(M|FP|FD|MB)_|.*(_|_base)\Z")
KEPT = frozenset({"kind"})  # fields of statements that are not names of variables


def with_safe_names(kernel: Kernel) -> Kernel:
    """The same kernel with variables renamed that would clash with the templates' own names."""
    names = {v.symbol for v in kernel.variables}
    names |= {name for s in everything(kernel.body) for name in written_by(s)}
    renamed = {name: f"{name}__u" for name in names if _clashes(name)}
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


def _clashes(name: str) -> bool:
    used = name in STANDARD_NAMES or name in template_names()
    return "__" not in name and (used or MACRO_LIKE.match(name) is not None)


@cache
def template_names() -> frozenset[str]:
    """All identifiers that stand in the templates of kernels themselves."""
    names: set[str] = set()
    for path in (*TEMPLATES.glob("*.jinja"), *TEMPLATES.glob("*.hpp")):
        text = path.read_text(encoding="utf-8")
        # A piece that Jinja fills in may be joined to a word: V_ and V_base are macro-like.
        plain = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}|//[^\n]*|\"[^\"\n]*\"", " ", text, flags=re.S)
        names |= set(re.findall(r"[A-Za-z_]\w*", plain))
        # What macros are handed as text.
        names |= set(re.findall(r"[A-Za-z_]\w*", " ".join(re.findall(r"\"([^\"\n]*)\"", text))))
    return frozenset(names)


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
