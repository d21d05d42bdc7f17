"""A surrogate derivative: what takes the place of the derivative of a spike by its signed threshold
when gradients are computed. Spikes themselves remain what they are."""

from __future__ import annotations

import math
from typing import Any

import sympy

from pygenn_lite.codegen.program.text import shown
from pygenn_lite.codegen.systems.system import symbol
from pygenn_lite.declaration.language.equations import ExpressionLike, parse_expression
from pygenn_lite.declaration.language.vocabulary import RANDOM
from pygenn_lite.declaration.numeric import plain_number
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.records import dataclass

U = symbol("u")  # the signed threshold: V - V_th where a neuron spikes when V > V_th
WHERE = Location("surrogate")


@dataclass(frozen=True)
class Surrogate:
    """The surrogate derivative of a spike.

    Attributes
    ----------
    name : str
    derivative : sympy.Expr
        Over ``u``, in the unit of the threshold's two sides: positive where the neuron spikes.
    """

    name: str
    derivative: sympy.Expr

    def of(self, u: sympy.Expr) -> sympy.Expr:
        """The derivative at a signed threshold.

        Parameters
        ----------
        u : sympy.Expr
            The signed threshold as an expression of states and parameters.
        """
        return self.derivative.xreplace({U: u})

    def scaled(self, scale: float) -> Surrogate:
        """The same shape over ``u/scale``: the derivative becomes ``g(u/scale)/scale``.

        The shapes are made for thresholds of about 1. Where the potential is in mV, scale them by
        the distance from rest to threshold.

        Parameters
        ----------
        scale : float
            Positive, in the unit of ``u``.

        Raises
        ------
        ArgumentError
            It is not a positive number.

        Examples
        --------
        >>> pg.surrogates.triangular(1.0).scaled(16.0)
        <surrogate triangular(k=1).scaled(16): 0.0625*Max(0, 1 - 0.0625*Abs(u))>
        """
        number = plain_number(scale)
        if number is None or not 0 < number < math.inf:
            raise ArgumentError(
                f"the scale of a surrogate is {scale!r}, which is not a positive number",
                where=WHERE,
                hint="write the distance from rest to threshold, such as .scaled(15.0)",
            )
        value = self.of(U / sympy.Float(number)) / sympy.Float(number)
        return Surrogate(f"{self.name}.scaled({number:g})", value)

    def __repr__(self) -> str:
        return f"<surrogate {self.name}: {shown(self.derivative)}>"


def surrogate_of(formula: ExpressionLike, name: str = "") -> Surrogate:
    """A surrogate from a formula.

    Parameters
    ----------
    formula : str, number or SymPy expression
        Of ``u``: equation text or SymPy.
    name : str
        What it is called where it is printed; by default its formula.

    Raises
    ------
    EquationError
        It cannot be read.
    ArgumentError
        It is not a number for every ``u``, or reads something else.
    """
    if not isinstance(formula, str) and getattr(formula, "is_Symbol", False):
        formula = str(formula)
    expression = parse_expression(formula, WHERE)
    if expression.is_condition or expression.functions & RANDOM:
        kind = "a condition" if expression.is_condition else "random"
        raise _unfit(f"{expression.text} is {kind}, not a function of u")
    others = sorted(expression.symbols - {U.name})
    if others:
        raise _unfit(
            f"{expression.text} reads {', '.join(others)}: it is not a function of u alone"
        )
    value = expression.sympy()
    for u in (-1.0, 0.0, 1.0):
        if not _is_finite(value, u):
            raise _unfit(f"{expression.text} is not finite at u = {u:g}")
    return Surrogate(name or expression.text, value)


def _is_finite(value: Any, u: float) -> bool:
    try:
        return math.isfinite(float(value.xreplace({U: sympy.Float(u)})))
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        return False


def _unfit(message: str) -> ArgumentError:
    return ArgumentError(
        message,
        where=WHERE,
        hint='write the derivative over u = V - V_th, such as "1/(1 + 25*abs(u))**2"',
    )
