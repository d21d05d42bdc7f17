"""The parts of adjoints, as plain data: between events, at spikes, at arrivals, at the end of
refractory periods.

``lam__X`` stands for the derivative of the loss by the state ``X``; at events, for that just after.
``sent__X`` stands for the derivative by the value of ``X`` that a spike has carried to its targets.
Whatever a loss does besides is added by who knows the loss: ``dl/dX`` to the adjoint dynamics, at a
spike the derivative by its time, and where a running loss l jumps ``l- - l+`` to the price.
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy

from pygenn_lite.codegen.systems.system import symbol
from pygenn_lite.records import dataclass

Formulas = Mapping[str, sympy.Expr]


def adjoint(state: str) -> sympy.Symbol:
    """The symbol of the adjoint of a state."""
    return symbol(f"lam__{state}")


def adjoint_of_sent(state: str) -> sympy.Symbol:
    """The symbol of the derivative by a value that a spike has carried."""
    return symbol(f"sent__{state}")


def of_synapse(parameter: str) -> str:
    """The symbol of a synapse's own parameter, beside those of its target."""
    return f"{parameter}__synapse"


def of_source(state: str) -> str:
    """The symbol of the value of a state of its source that a spike carries."""
    return f"carried__{state}"


@dataclass(frozen=True)
class FlowAdjoint:
    """Between events.

    Attributes
    ----------
    f : mapping of str to sympy.Expr
        Derivatives of all states, in the form that is differentiated; 0 for those that stay.
    jacobian : mapping of (str, str) to sympy.Expr
        ``df_i/dx_j`` by (i, j), without zeros.
    gradients : mapping of str to sympy.Expr
        By symbol of a parameter or input: ``lam . df/dp``, to be integrated over time.
    linear : bool
        Whether the Jacobian is constant, so that the adjoint has a propagator: the transposed one.
    """

    f: Formulas
    jacobian: Mapping[tuple[str, str], sympy.Expr]
    gradients: Formulas
    linear: bool

    @property
    def rates(self) -> dict[str, sympy.Expr]:
        """``dlam/ds = (df/dx)^T lam``, s running backwards, by state."""
        return {
            x: sympy.Add(*(v * adjoint(i) for (i, j), v in self.jacobian.items() if j == x))
            for x in self.f
        }

    @property
    def matrix(self) -> sympy.Matrix:
        """The transposed Jacobian, ``(df/dx)^T``."""
        return sympy.Matrix([[self.jacobian.get((i, j), 0) for i in self.f] for j in self.f])


@dataclass(frozen=True)
class SpikeAdjoint:
    """At a spike.

    Attributes
    ----------
    g : sympy.Expr or None
        The signed threshold, in the form that is differentiated; None: spikes are given.
    slope : mapping of str to sympy.Expr
        ``dg/dx`` by state.
    speed : sympy.Expr
        ``grad g . f``: how fast the threshold is crossed.
    reset : mapping of str to sympy.Expr
        R: states after the spike, of those before.
    price : sympy.Expr
        ``lam . (dR/dx f- - f+)``, what later would cost; the prices of its arrivals are added.
    back : mapping of str to sympy.Expr
        ``(dR/dx)^T lam`` by state; at a crossing ``-slope/speed * price`` is added.
    reset_gradients, threshold_gradients : mapping of str to sympy.Expr
        By symbol: ``lam . dR/dp``; ``dg/dp``, times ``-price/speed``.
    """

    g: sympy.Expr | None
    slope: Formulas
    speed: sympy.Expr
    reset: Formulas
    price: sympy.Expr
    back: Formulas
    reset_gradients: Formulas
    threshold_gradients: Formulas


@dataclass(frozen=True)
class ReleaseAdjoint:
    """At the end of a refractory period, where clamped states begin to move.

    Attributes
    ----------
    clamped : tuple of str
    length : sympy.Expr or None
        ms after the spike, to whose price this one is added; None: a condition ends it.
    ends : sympy.Expr or None
        Becomes positive where the condition ends.
    slope : mapping of str to sympy.Expr
        ``d ends/dx`` by state.
    speed : sympy.Expr
        Of `ends`, along the flow while states are clamped.
    price : sympy.Expr
        ``lam . (f_clamped - f)``.
    gradients : mapping of str to sympy.Expr
        By symbol: ``dlength/dp``, times the price; or ``d ends/dp``, times ``-price/speed``.
    """

    clamped: tuple[str, ...]
    length: sympy.Expr | None
    ends: sympy.Expr | None
    slope: Formulas
    speed: sympy.Expr
    price: sympy.Expr
    gradients: Formulas


@dataclass(frozen=True)
class ArrivalAdjoint:
    """Where a spike arrives.

    Attributes
    ----------
    jump : mapping of str to sympy.Expr
        J: states of the target after it, of those before.
    price : sympy.Expr
        ``lam . (dJ/dx f- - f+)``: the gradient of the delay; it is added to the price of the
        emitting spike.
    back : mapping of str to sympy.Expr
        ``(dJ/dx)^T lam`` of the states that differ from ``lam``.
    gradients : mapping of str to sympy.Expr
        By symbol of the synapse: ``lam . dJ/dp``.
    sent : mapping of str to sympy.Expr
        By state of the source: the derivative by the value that the spike carried.
    """

    jump: Formulas
    price: sympy.Expr
    back: Formulas
    gradients: Formulas
    sent: Formulas
