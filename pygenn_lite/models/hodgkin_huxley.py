"""Neurons with ion channels: the squid axon, and Traub and Miles' cell as benchmarks use it.

The rate functions are written with ``exprel(x) = (exp(x) - 1)/x``, so that the points where their
published forms read 0/0 need no special care: ``x/(exp(x/k) - 1) = k/exprel(x/k)``.
"""

from __future__ import annotations

from pygenn_lite.declaration import IntegratorLike, NeuronModel, ValueLike
from pygenn_lite.models.arguments import library_model
from pygenn_lite.models.neurons import Initial, merged_initial

__all__ = ["HodgkinHuxleySquid", "TraubMilesHH"]

_SQUID = """
dV/dt = (g_Na*m**3*h*(E_Na - V) + g_K*n**4*(E_K - V) + g_L*(E_L - V) + I)/C
dm/dt = alpha_m*(1 - m) - beta_m*m
dh/dt = alpha_h*(1 - h) - beta_h*h
dn/dt = alpha_n*(1 - n) - beta_n*n
alpha_m = 1/exprel(-(V + 40)/10)
beta_m = 4*exp(-(V + 65)/18)
alpha_h = 0.07*exp(-(V + 65)/20)
beta_h = 1/(1 + exp(-(V + 35)/10))
alpha_n = 0.1/exprel(-(V + 55)/10)
beta_n = 0.125*exp(-(V + 65)/80)
"""

_TRAUB_MILES = """
dV/dt = (g_L*(E_L - V) + g_Na*m**3*h*(E_Na - V) + g_K*n**4*(E_K - V) + I)/C
dm/dt = alpha_m*(1 - m) - beta_m*m
dn/dt = alpha_n*(1 - n) - beta_n*n
dh/dt = alpha_h*(1 - h) - beta_h*h
alpha_m = 1.28/exprel((13 - V + V_T)/4)
beta_m = 1.4/exprel((V - V_T - 40)/5)
alpha_h = 0.128*exp((17 - V + V_T)/18)
beta_h = 4/(1 + exp((40 - V + V_T)/5))
alpha_n = 0.16/exprel((15 - V + V_T)/5)
beta_n = 0.5*exp((10 - V + V_T)/40)
"""


@library_model(positive=("C",), not_negative=("g_Na", "g_K", "g_L"))
def HodgkinHuxleySquid(
    *,
    C: ValueLike = 1.0,
    g_Na: ValueLike = 120.0,
    E_Na: ValueLike = 50.0,
    g_K: ValueLike = 36.0,
    E_K: ValueLike = -77.0,
    g_L: ValueLike = 0.3,
    E_L: ValueLike = -54.387,
    V_th: ValueLike = 0.0,
    initial: Initial = None,
    integrator: IntegratorLike = "auto",
) -> NeuronModel:
    """Space-clamped squid giant axon at 6.3 degrees Celsius.

    ``C dV/dt = g_Na m^3 h (E_Na - V) + g_K n^4 (E_K - V) + g_L (E_L - V) + I``, with
    ``dq/dt = alpha_q (1 - q) - beta_q q`` for the gates m, h, n. A spike is counted when V rises
    above ``V_th``; nothing is reset and nothing is clamped.

    Parameters
    ----------
    C
        Capacitance, uF/cm2. ``I`` is in uA/cm2.
    g_Na, g_K, g_L
        Conductances, mS/cm2.
    E_Na, E_K, E_L
        Reversal potentials, mV.
    V_th
        Potential at which a spike is counted, mV.

    Notes
    -----
    Hodgkin and Huxley, J. Physiol. 117 (1952), equations 12, 13, 20, 21, 23, 24 and 26, with the
    sign of V turned and its origin moved so that the axon rests at -65 mV. The initial values
    are the gates' steady values at -65 mV.

    Range: I up to 150 uA/cm2 (from there on one spike, then a block). The integrator chosen by
    itself, exponential Euler, is stable at any ``dt`` and of first order: intervals are 6 to 16
    steps too long. ``integrator="rk4"`` has them right within a step, for ``dt`` up to 0.05 ms.
    """
    return NeuronModel(
        _SQUID,
        threshold="V > V_th",
        refractory="V > V_th",
        parameters={
            "C": C,
            "g_Na": g_Na,
            "E_Na": E_Na,
            "g_K": g_K,
            "E_K": E_K,
            "g_L": g_L,
            "E_L": E_L,
            "V_th": V_th,
        },
        initial=merged_initial(
            {"V": -65.0, "m": 0.0529324852572, "h": 0.5961207535085, "n": 0.3176769140607}, initial
        ),
        integrator=integrator,
        name="HodgkinHuxleySquid",
        units=dict(V="mV"),
    )


@library_model(positive=("C",), not_negative=("g_Na", "g_K", "g_L", "t_ref"))
def TraubMilesHH(
    *,
    C: ValueLike = 200.0,
    g_L: ValueLike = 10.0,
    E_L: ValueLike = -60.0,
    g_Na: ValueLike = 20000.0,
    E_Na: ValueLike = 50.0,
    g_K: ValueLike = 6000.0,
    E_K: ValueLike = -90.0,
    V_T: ValueLike = -63.0,
    V_th: ValueLike = -20.0,
    t_ref: ValueLike = 3.0,
    initial: Initial = None,
    integrator: IntegratorLike = "auto",
) -> NeuronModel:
    """Hodgkin-Huxley type cortical cell, after Traub and Miles.

    ``C dV/dt = g_L (E_L - V) + g_Na m^3 h (E_Na - V) + g_K n^4 (E_K - V) + I``, with
    ``dq/dt = alpha_q (1 - q) - beta_q q`` for the gates m, n, h.

    Parameters
    ----------
    C, g_L, g_Na, g_K
        Capacitance, pF, and conductances, nS, of a cell of 20,000 um2.
    E_L, E_Na, E_K
        Reversal potentials, mV.
    V_T
        Moves the threshold, mV.
    V_th, t_ref
        A spike is counted above ``V_th`` (mV), and none for ``t_ref`` (ms) afterwards; no
        variable is clamped.

    Notes
    -----
    Benchmark 3 (COBAHH) of Brette et al., J. Comput. Neurosci. 23 (2007), appendix B; kinetics of
    Traub and Miles, "Neuronal networks of the hippocampus" (1991). The initial values are the
    gates' steady values at -60 mV.

    Range: I up to 3 nA; near 10 nA the intervals are shorter than ``t_ref``, and beyond the
    potential stays above ``V_th``, which is noted every ``t_ref``. The integrator chosen by itself,
    exponential Euler, is stable at any ``dt`` and of first order: intervals are 5 to 22 steps too
    long. ``integrator="rk4"`` has them right within a step, for ``dt`` up to 0.05 ms.
    """
    return NeuronModel(
        _TRAUB_MILES,
        threshold="V > V_th",
        refractory="t_ref",
        parameters={
            "C": C,
            "g_L": g_L,
            "E_L": E_L,
            "g_Na": g_Na,
            "E_Na": E_Na,
            "g_K": g_K,
            "E_K": E_K,
            "V_T": V_T,
            "V_th": V_th,
            "t_ref": t_ref,
        },
        initial=merged_initial(
            {"V": -60.0, "m": 0.0268633297984, "n": 0.0604340346786, "h": 0.9913058218944}, initial
        ),
        clamp=(),
        integrator=integrator,
        name="TraubMilesHH",
        units=dict(V="mV"),
    )
