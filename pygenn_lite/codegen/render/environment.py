"""The Jinja environment of all templates, in which expressions are printed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import jinja2
import sympy

from pygenn_lite.codegen.render.cpp_printer import CppPrinter

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "templates"


@cache
def environment() -> jinja2.Environment:
    """Of the folder ``templates``; the filter `expression` prints."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    made.filters["expression"] = _print
    return made


def _print(value: sympy.Basic, real: str = "real", spell: Callable[[str], str] = str) -> str:
    return str(CppPrinter(real, spell).doprint(value))
