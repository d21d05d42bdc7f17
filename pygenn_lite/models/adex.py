"""The adaptive exponential integrate-and-fire neuron."""

from __future__ import annotations

from pygenn_lite.declaration import IntegratorLike, NeuronModel, ValueLike
from pygenn_lite.models.arguments import library_model
from pygenn_lite.models.neurons import Initial, merged_initial

__all__ = ["AdEx"]


@library_model(positive=("C", "D_T", "tau_w"), not_negative=("g_L", "t_ref"))
def AdEx(
    *,
    C: ValueLike = 281.0,
    g_L: ValueLike = 30.0,
    E_L: ValueLike = -70.6,
    V_T: ValueLike = -50.4,
    D_T: ValueLike = 2.0,
    tau_w: ValueLike = 144.0,
    a: ValueLike = 4.0,
    b: ValueLike = 80.5,
    V_r: ValueLike = -70.6,
    V_cut: ValueLike | None = None,
    t_ref: ValueLike = 0.0,
    initial: Initial = None,
    integrator: IntegratorLike = "auto",
) -> NeuronModel:
    """Adaptive exponential integrate-and-fire neuron.

    ``C dV/dt = -g_L (V - E_L) + g_L D_T exp((V - V_T)/D_T) - w + I``,
    ``tau_w dw/dt = a (V - E_L) - w``; when ``V > V_cut``: ``V = V_r``, ``w += b``.

    Parameters
    ----------
    C, g_L, E_L
        Capacitance, pF, leak conductance, nS, and resting potential, mV.
    V_T, D_T
        Threshold of the exponential and its slope factor, mV.
    tau_w, a, b
        Adaptation: time constant, ms, coupling to the potential, nS, jump at a spike, pA.
    V_r, t_ref
        Reset potential, mV, and refractory period, ms.
    V_cut
        Potential at which the upstroke is cut and the spike is noted, mV. By default
        ``V_T + 10 D_T``, whatever these two are; the literature and NEST (``V_peak``) have 0 or
        20 mV. From ``V_T + 10 D_T`` the potential needs ``C/g_L exp(-10)`` to infinity, 4e-4 ms
        with the defaults, and no usual conductance holds it back: a higher cut makes no
        difference, a lower one lets spikes begin too early. Where it is given, it can be changed
        between runs.

    Notes
    -----
    Brette and Gerstner, J. Neurophysiol. 94 (2005), with their values; firing patterns of Naud,
    Marcille, Clopath and Gerstner, Biol. Cybern. 99 (2008).

    A step of any size that leads far beyond the cut would be a step that no trajectory takes. So
    the exponential and the adaptation see V up to ``V_cut``, as in NEST's ``aeif_cond_exp``, and at
    most up to ``V_T + 20 D_T``, where the upstroke takes no time and single precision is far
    from its largest number.

    Range: with the default values and with Naud's, at ``dt`` up to 0.1 ms, currents up to 5 nA and
    cuts from -40 to 60 mV, the numbers of spikes are those of a solver of high order
    within 3 %, every interval too long by at most 3 steps. Beyond, V and w stay finite.

    ``a = b = 0`` is the exponential integrate-and-fire neuron (Fourcaud-Trocme et al., J. Neurosci.
    23, 2003).

    Examples
    --------
    >>> bursting = pg.AdEx(C=200.0, g_L=10.0, E_L=-58.0, tau_w=120.0, a=2.0, b=100.0, V_r=-46.0)
    >>> bursting.state_names
    ('V', 'w')
    """
    parameters = {
        "C": C,
        "g_L": g_L,
        "E_L": E_L,
        "V_T": V_T,
        "D_T": D_T,
        "tau_w": tau_w,
        "a": a,
        "b": b,
        "V_r": V_r,
        "t_ref": t_ref,
    }
    if V_cut is None:  # follows V_T and D_T, also where these are changed between runs
        upstroke = "V_cut = V_T + 10*D_T\nV_seen = min(V, V_cut)"
    else:
        parameters["V_cut"] = V_cut
        upstroke = "V_seen = min(V, V_cut, V_T + 12*D_T)"
    return NeuronModel(
        f"""
        dV/dt = (g_L*(E_L - V) + g_L*D_T*exp((V_seen - V_T)/D_T) - w + I)/C
        dw/dt = (a*(V_seen - E_L) - w)/tau_w
        {upstroke}
        """,
        threshold="V > V_cut",
        reset="V = V_r; w += b",
        refractory="t_ref",
        parameters=parameters,
        initial=merged_initial({"V": E_L, "w": 0.0}, initial),
        integrator=integrator,
        name="AdEx",
        units=dict(V="mV", w="pA"),
    )
