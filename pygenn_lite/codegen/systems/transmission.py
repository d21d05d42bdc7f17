"""What continuous transmission adds to each of its targets, as one expression per target."""

from __future__ import annotations

import sympy

from pygenn_lite.codegen.structure.structures import SynapseStructure
from pygenn_lite.codegen.systems.system import check_number, symbol
from pygenn_lite.declaration.language.equations import parse_expression
from pygenn_lite.errors import Location


def transmitted(structure: SynapseStructure, where: Location) -> dict[str, sympy.Expr]:
    """By what is added to (``I_post``, ``V_post``, a variable of the receptor); definitions are put
    in, and statements with one target summed."""
    definitions: dict[sympy.Basic, sympy.Expr] = {}
    total: dict[str, sympy.Expr] = {}
    for name, operator, text in structure.continuous:
        value = parse_expression(text, where).sympy().xreplace(definitions)
        check_number(value, name, where)
        if operator == "=":
            definitions[symbol(name)] = value
        else:
            total[name] = total.get(name, sympy.S.Zero) + (value if operator == "+=" else -value)
    return total
