"""Discrete rules, as integrators give them: temporaries, and what states become."""

from __future__ import annotations

import sympy

from pygenn_lite.codegen.program.kernel import Assign
from pygenn_lite.codegen.program.text import shown
from pygenn_lite.records import dataclass


@dataclass(frozen=True)
class Next:
    """The value of a state at the end of the step, computed from what was at its beginning."""

    target: str
    value: sympy.Expr

    def __str__(self) -> str:
        return f"{self.target} <- {shown(self.value)}"


@dataclass(frozen=True)
class Coefficient:
    """``name = value``: computed once before the run from parameters and the step ``dt``."""

    name: str
    value: sympy.Expr
    per_neuron: bool


Rule = Assign | Next
