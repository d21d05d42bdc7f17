"""Surrogate derivatives by name: `pg.surrogates`.

Each function returns a :class:`Surrogate`, the derivative of a spike by its signed threshold u
(``V - V_th`` for the threshold ``V > V_th``), used where ``gradient="surrogate"``. Formulas and
defaults are those of Spyx 1.0 (Heckel and Nowotny, arXiv 2402.18994), except where a function says
otherwise; all are made for thresholds of about 1: see :meth:`Surrogate.scaled`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from pygenn_lite.codegen.trial.surrogate import WHERE, Surrogate, surrogate_of
from pygenn_lite.declaration.language.equations import ExpressionLike, is_sympy
from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.declaration.numeric import plain_number
from pygenn_lite.errors import ArgumentError

__all__ = [
    "Surrogate",
    "arctan",
    "as_surrogate",
    "boxcar",
    "custom",
    "linear",
    "straight_through",
    "superspike",
    "tanh",
    "triangular",
]


def superspike(k: float = 25.0) -> Surrogate:
    """``1/(1 + k |u|)**2``: the derivative of a fast sigmoid.

    Parameters
    ----------
    k
        Steepness, per unit of u.

    Notes
    -----
    Zenke and Ganguli, Neural Comput. 30 (2018). The same as snnTorch's ``fast_sigmoid(slope=k)``,
    whose default is 25 as well.

    Examples
    --------
    >>> pg.surrogates.superspike()
    <surrogate superspike(k=25): (25*Abs(u) + 1)**(-2)>
    """
    return _shape("superspike", "1/(1 + {k}*abs(u))**2", k=k)


def arctan(k: float = 2.0) -> Surrogate:
    """``1/(pi (1 + (k pi u)**2))``: the derivative of an arctangent, with its tails.

    Parameters
    ----------
    k
        Steepness, per unit of u.

    Notes
    -----
    Fang et al., ICCV (2021), in the form of Spyx. snnTorch's ``atan(alpha)`` is
    ``alpha/2/(1 + (pi alpha u/2)**2)``, which is ``pi alpha/2`` times as high at ``k = alpha/2``:
    write it with :func:`custom`.
    """
    return _shape("arctan", "1/(pi*(1 + ({k}*pi*u)**2))", k=k)


def tanh(k: float = 1.0) -> Surrogate:
    """``sech(k u)**2``: the derivative of a hyperbolic tangent, without its factor k.

    Parameters
    ----------
    k
        Steepness, per unit of u.
    """
    # 4 e/(1 + e)**2 with e = exp(-2 k |u|): neither overflows nor cancels
    return _shape("tanh", "4*exp(-2*{k}*abs(u))/(1 + exp(-2*{k}*abs(u)))**2", k=k)


def triangular(k: float = 2.0) -> Surrogate:
    """``max(0, 1 - |k u|)``: a triangle of height 1 on ``|u| < 1/k``.

    Parameters
    ----------
    k
        Steepness, per unit of u.

    Notes
    -----
    Esser et al., PNAS 113 (2016); Bellec et al., NeurIPS (2018).
    """
    return _shape("triangular", "max(0, 1 - {k}*abs(u))", k=k)


def boxcar(width: float = 2.0, height: float = 0.5) -> Surrogate:
    """``height`` for ``|u| < width/2``, else 0.

    Parameters
    ----------
    width
        Width of the box around the threshold, in the unit of u.
    height
        Its height, per unit of u.
    """
    formula = "where(abs(u) < {width}/2, {height}, 0)"
    return _shape("boxcar", formula, width=width, height=height)


def straight_through() -> Surrogate:
    """``1`` everywhere: the spike passes its gradient on unchanged.

    Notes
    -----
    Bengio, Leonard and Courville, arXiv 1308.3432. Spyx's ``custom`` is documented as this, and
    is :func:`linear`.
    """
    return surrogate_of("1", "straight_through()")


def linear() -> Surrogate:
    """``u``: what ``custom()`` of Spyx computes where it is documented as straight-through.

    It is 0 at the threshold and negative below. It is here so that networks trained with it can be
    moved over; there is no other reason to use it.
    """
    return surrogate_of("u", "linear()")


def custom(formula: ExpressionLike) -> Surrogate:
    """Any function of ``u``.

    Parameters
    ----------
    formula
        Equation text, or a SymPy expression of the symbol ``u``.

    Raises
    ------
    EquationError
        It cannot be read.
    ArgumentError
        It is not a finite number for every ``u``, or reads something else.

    Examples
    --------
    >>> sigmoid = pg.surrogates.custom("exp(-5*abs(u))/(1 + exp(-5*abs(u)))**2")
    """
    return surrogate_of(formula)


NAMED: MappingProxyType[str, Callable[[], Surrogate]] = MappingProxyType(
    {
        shape.__name__: shape
        for shape in (superspike, arctan, tanh, triangular, boxcar, straight_through, linear)
    }
)
"""The shapes that text names, with their defaults."""


def as_surrogate(given: Any = None) -> Surrogate:
    """A surrogate as users give it.

    Parameters
    ----------
    given : Surrogate, str, SymPy expression or None
        The name of a shape, equation text of ``u``, SymPy; None: ``superspike(25)``.

    Raises
    ------
    ArgumentError, EquationError
        It is none of them.
    """
    if given is None:
        return superspike()
    if isinstance(given, Surrogate):
        return given
    if isinstance(given, str) and given.isidentifier() and given != "u":
        if given not in NAMED:
            raise ArgumentError(
                f"there is no surrogate {given!r}{nearest(given, list(NAMED))}",
                where=WHERE,
                hint=f"write one of {', '.join(NAMED)}, or a formula of u",
            )
        return NAMED[given]()
    if isinstance(given, str) or is_sympy(given):
        return surrogate_of(given)
    raise ArgumentError(
        f"{given!r} is not a surrogate",
        where=WHERE,
        hint='write pg.surrogates.superspike(25), its name, or a formula such as "1/(1 + u**2)"',
    )


def _shape(name: str, formula: str, **parameters: float) -> Surrogate:
    """A shape from a formula of ``u`` and of positive parameters, whose numbers are put in."""
    for key, value in parameters.items():
        number = plain_number(value)
        if number is None or not 0 < number < math.inf:
            raise ArgumentError(
                f"{key} = {value!r} is not a positive number",
                where=WHERE.entry(name),
                hint=f"write {name}({key}=2.0)",
            )
    shown = ", ".join(f"{key}={value:g}" for key, value in parameters.items())
    return surrogate_of(formula.format(**parameters), f"{name}({shown})")
