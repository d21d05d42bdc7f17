"""Transmission without spikes: gap junctions, graded synapses, synapses between rate units.

Each function returns a :class:`~pygenn_lite.declaration.SynapseModel` whose ``continuous``
statement is evaluated in every step. ``input`` names the input of the target that receives the sum,
``variable`` the variable that is read.
"""

from __future__ import annotations

from pygenn_lite.declaration import SynapseModel
from pygenn_lite.models.arguments import library_model

__all__ = ["GapJunction", "Graded", "RateSynapse"]


@library_model(not_negative=("weight",))
def GapJunction(*, variable: str = "V", input: str = "I") -> SynapseModel:
    """Electrical coupling: a current in proportion to the difference of two potentials.

    ``I_post += weight*(V_pre - V_post)``. A junction lets current pass both ways: connect both
    directions with the same weight.

    Parameters
    ----------
    variable
        The potential that is coupled.

    Notes
    -----
    The weight is a conductance, nS. The current is held over a step, so that the error is of first
    order in ``dt``. ``compile`` warns where conductances are so large that the coupling by itself
    would not be stable.
    Bennett and Zukin, Neuron 41 (2004).
    """
    return SynapseModel(
        continuous=f"{input}_post += weight*({variable}_pre - {variable}_post)", name="GapJunction"
    )


@library_model(positive=("slope",), not_negative=("weight",))
def Graded(
    E_rev: float = -80.0,
    V_half: float = -50.0,
    slope: float = 5.0,
    *,
    variable: str = "V",
    input: str = "I",
) -> SynapseModel:
    """Chemical synapse that releases transmitter in proportion to the presynaptic potential.

    ``I_post += weight*s*(E_rev - V_post)`` with ``s = 1/(1 + exp((V_half - V_pre)/slope))``.

    Parameters
    ----------
    E_rev
        Reversal potential, mV.
    V_half
        Presynaptic potential at which half of the transmitter is released, mV.
    slope
        Width of the sigmoid, mV.

    Notes
    -----
    The weight is the largest conductance, nS; release follows the potential at once.
    Manor, Nadim, Abbott and Marder, J. Neurosci. 17 (1997).
    """
    return SynapseModel(
        continuous=f"""
        s = 1/(1 + exp((V_half - {variable}_pre)/slope))
        {input}_post += weight*s*(E_rev - {variable}_post)
        """,
        parameters={"E_rev": E_rev, "V_half": V_half, "slope": slope},
        name="Graded",
    )


@library_model()
def RateSynapse(*, variable: str = "r", input: str = "I") -> SynapseModel:
    """Synapse between rate units: ``I_post += weight*r_pre``.

    Parameters
    ----------
    variable
        The presynaptic variable that is transmitted.

    Notes
    -----
    Between all pairs, weights are stored as a matrix, and a step is its product with the vector of
    rates. Dayan and Abbott, Theoretical Neuroscience (2001), section 7.2.
    """
    return SynapseModel(continuous=f"{input}_post += weight*{variable}_pre", name="RateSynapse")
