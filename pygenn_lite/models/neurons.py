"""Neuron models: point neurons from the literature, declared in the public vocabulary.

Each function returns a :class:`~pygenn_lite.declaration.NeuronModel`; nothing here has special
powers, and any of them can be copied into a user's script and changed. Units, unless a docstring
says otherwise: ms, mV, pA, pF, nS (so that nS * mV = pA and pA / pF = mV / ms).

Every function takes, besides the model's own parameters, ``initial`` (overrides the initial values
given here) and ``integrator``. A parameter may be a number, one value per neuron, a distribution,
or an expression of the neuron's index and position.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from pygenn_lite.declaration import IntegratorLike, NeuronModel, ValueLike
from pygenn_lite.declaration.values import as_values
from pygenn_lite.errors import Location
from pygenn_lite.models.arguments import library_model

__all__ = [
    "GIF",
    "LIF",
    "QIF",
    "AdaptiveThresholdLIF",
    "FitzHughNagumo",
    "LIFConductance",
    "PoissonNeuron",
]

Initial: TypeAlias = Mapping[str, ValueLike] | None


@library_model(positive=("tau", "C"), not_negative=("t_ref",))
def LIF(
    *,
    tau: ValueLike = 10.0,
    C: ValueLike = 250.0,
    E_L: ValueLike = -65.0,
    V_th: ValueLike = -50.0,
    V_r: ValueLike = -65.0,
    t_ref: ValueLike = 2.0,
    initial: Initial = None,
    integrator: IntegratorLike = "auto",
) -> NeuronModel:
    """Leaky integrate-and-fire neuron driven by currents.

    ``dV/dt = (E_L - V)/tau + I/C``; a spike when ``V > V_th``, then ``V = V_r`` for ``t_ref``.

    Parameters
    ----------
    tau
        Membrane time constant, ms.
    C
        Capacitance, pF. The membrane resistance is ``tau / C`` (GOhm); with ``C = tau`` the
        currents are in mV, as in the benchmark network CUBA.
    E_L, V_th, V_r
        Resting, threshold and reset potential, mV.
    t_ref
        Refractory period, ms; V is clamped, the synaptic currents are not.

    Notes
    -----
    Potjans and Diesmann, Cereb. Cortex 24 (2014), whose values are the defaults.
    Range: every current and ``dt``; the membrane is solved exactly, and a spike's time is the end
    of the step that crosses the threshold.

    Examples
    --------
    >>> model = pg.LIF(tau=20.0, t_ref=pg.Uniform(1.0, 3.0))
    >>> [str(equation) for equation in model.equations]
    ['dV/dt = (E_L - V) / tau + I / C']
    """
    return NeuronModel(
        "dV/dt = (E_L - V)/tau + I/C",
        threshold="V > V_th",
        reset="V = V_r",
        refractory="t_ref",
        parameters={"tau": tau, "C": C, "E_L": E_L, "V_th": V_th, "V_r": V_r, "t_ref": t_ref},
        initial=merged_initial({"V": E_L}, initial),
        integrator=integrator,
        name="LIF",
        units=dict(V="mV"),
    )


@library_model(positive=("C",), not_negative=("g_L", "t_ref"))
def LIFConductance(
    *,
    C: ValueLike = 200.0,
    g_L: ValueLike = 10.0,
    E_L: ValueLike = -60.0,
    V_th: ValueLike = -50.0,
    V_r: ValueLike = -60.0,
    t_ref: ValueLike = 5.0,
    initial: Initial = None,
    integrator: IntegratorLike = "auto",
) -> NeuronModel:
    """Leaky integrate-and-fire neuron for conductance synapses.

    ``C dV/dt = g_L (E_L - V) + I``, where conductance synapses add ``g (E_rev - V)`` to ``I``.

    Parameters
    ----------
    C, g_L
        Capacitance, pF, and leak conductance, nS (time constant ``C / g_L``).
    E_L, V_th, V_r, t_ref
        As in :func:`LIF`.

    Notes
    -----
    Benchmark 1 (COBA) of Brette et al., J. Comput. Neurosci. 23 (2007); defaults from there.
    Range: with currents alone solved exactly; with conductances, which are held within a step, of
    first order and stable at any ``dt``: choose it small against the synapses' time constants.
    """
    return NeuronModel(
        "dV/dt = (g_L*(E_L - V) + I)/C",
        threshold="V > V_th",
        reset="V = V_r",
        refractory="t_ref",
        parameters={"C": C, "g_L": g_L, "E_L": E_L, "V_th": V_th, "V_r": V_r, "t_ref": t_ref},
        initial=merged_initial({"V": E_L}, initial),
        integrator=integrator,
        name="LIFConductance",
        units=dict(V="mV"),
    )


@library_model(positive=("tau",), not_negative=("t_ref",))
def QIF(
    *,
    tau: ValueLike = 10.0,
    V_peak: ValueLike = 100.0,
    V_r: ValueLike = -100.0,
    t_ref: ValueLike = 0.2,
    initial: Initial = None,
    integrator: IntegratorLike = "auto",
) -> NeuronModel:
    """Quadratic integrate-and-fire neuron, dimensionless potential.

    ``tau dV/dt = V**2 + I``; when ``V > V_peak``: ``V = V_r``.

    Parameters
    ----------
    tau
        Time constant, ms.
    V_peak, V_r, t_ref
        Peak, reset, and the time held at the reset. The defaults stand for a peak at plus and a
        reset at minus infinity: from 100 to infinity and from minus infinity to -100 the
        solution takes ``2 tau / V_peak`` = 0.2 ms. Then the period is ``pi tau / sqrt(I)``.

    Notes
    -----
    Ermentrout and Kopell, SIAM J. Appl. Math. 46 (1986); the use of the refractory time follows
    Montbrio, Pazo and Roxin, Phys. Rev. X 5 (2015), section II. Range: ``dt`` at or below
    ``tau / V_peak`` (beyond, the way up from ``V_r`` is not a solution any more), I up to
    ``V_peak**2 / 100``. Beyond ``V_peak`` the square is constant: only the last step of an
    upstroke gets there.
    """
    return NeuronModel(
        "dV/dt = (min(V, V_peak)**2 + I)/tau",
        threshold="V > V_peak",
        reset="V = V_r",
        refractory="t_ref",
        parameters={"tau": tau, "V_peak": V_peak, "V_r": V_r, "t_ref": t_ref},
        initial=merged_initial({"V": 0.0}, initial),
        integrator=integrator,
        name="QIF",
    )


@library_model(positive=("tau", "C", "tau_theta"), not_negative=("t_ref",))
def AdaptiveThresholdLIF(
    *,
    tau: ValueLike = 20.0,
    C: ValueLike = 200.0,
    E_L: ValueLike = -70.0,
    V_r: ValueLike = -70.0,
    V_th: ValueLike = -50.0,
    tau_theta: ValueLike = 100.0,
    d_theta: ValueLike = 2.0,
    t_ref: ValueLike = 2.0,
    initial: Initial = None,
    integrator: IntegratorLike = "auto",
) -> NeuronModel:
    """Leaky integrate-and-fire neuron whose threshold rises with every spike and decays.

    ``dV/dt = (E_L - V)/tau + I/C``, ``dtheta/dt = -theta/tau_theta``; a spike when
    ``V > V_th + theta``, then ``V = V_r`` and ``theta += d_theta``.

    Parameters
    ----------
    tau, C, E_L, V_r, t_ref
        As in :func:`LIF`.
    V_th
        Threshold at rest, mV.
    tau_theta, d_theta
        Time constant, ms, and jump at a spike, mV, of the adaptive part.

    Notes
    -----
    Kobayashi, Tsubo and Shinomoto, Front. Comput. Neurosci. 3 (2009), with one time constant
    and a reset; equally the ALIF neuron of Bellec et al., Nat. Commun. 11 (2020).
    The threshold continues to decay while the potential is refractory.
    Range: every current and ``dt``, as :func:`LIF`.
    """
    return NeuronModel(
        """
        dV/dt = (E_L - V)/tau + I/C
        dtheta/dt = -theta/tau_theta
        """,
        threshold="V > V_th + theta",
        reset="V = V_r; theta += d_theta",
        refractory="t_ref",
        parameters={
            "tau": tau,
            "C": C,
            "E_L": E_L,
            "V_r": V_r,
            "V_th": V_th,
            "tau_theta": tau_theta,
            "d_theta": d_theta,
            "t_ref": t_ref,
        },
        initial=merged_initial({"V": E_L, "theta": 0.0}, initial),
        clamp=("V",),
        integrator=integrator,
        name="AdaptiveThresholdLIF",
        units=dict(V="mV", theta="mV"),
    )


@library_model(
    positive=("tau", "C", "D_V", "tau_eta", "tau_gamma"), not_negative=("escape_rate", "t_ref")
)
def GIF(
    *,
    tau: ValueLike = 20.0,
    C: ValueLike = 100.0,
    E_L: ValueLike = -65.0,
    V_r: ValueLike = -55.0,
    V_T: ValueLike = -50.0,
    D_V: ValueLike = 1.0,
    escape_rate: ValueLike = 1000.0,
    tau_eta: ValueLike = 50.0,
    d_eta: ValueLike = 20.0,
    tau_gamma: ValueLike = 100.0,
    d_gamma: ValueLike = 2.0,
    t_ref: ValueLike = 4.0,
    initial: Initial = None,
    integrator: IntegratorLike = "auto",
) -> NeuronModel:
    """Generalised integrate-and-fire neuron with escape noise.

    ``dV/dt = (E_L - V)/tau + (I - eta)/C``, ``deta/dt = -eta/tau_eta``,
    ``dgamma/dt = -gamma/tau_gamma``; spikes at the rate
    ``escape_rate exp((V - V_T - gamma)/D_V)``, and then ``V = V_r``, ``eta += d_eta``,
    ``gamma += d_gamma``.

    Parameters
    ----------
    tau, C, E_L, V_r, t_ref
        As in :func:`LIF`.
    V_T, D_V, escape_rate
        Threshold, mV, its sharpness, mV, and the rate of spikes at threshold, Hz.
    tau_eta, d_eta
        Spike-triggered current: time constant, ms, and jump, pA.
    tau_gamma, d_gamma
        Spike-triggered threshold movement: time constant, ms, and jump, mV.

    Notes
    -----
    Mensi et al., J. Neurophysiol. 107 (2012), and Pozzorini et al., PLoS Comput.
    Biol. 11 (2015), with one exponential for each kernel. In a step the neuron spikes with
    probability ``1 - exp(-rate dt)``. Range: every current and ``dt`` short against ``t_ref``; a
    neuron far above its threshold spikes in every step that is not refractory. In single precision
    the probability is a multiple of 6e-8: rates below ``0.006 / dt`` Hz (``dt`` in ms) are off by
    more than 1 %.
    """
    return NeuronModel(
        """
        dV/dt = (E_L - V)/tau + (I - eta)/C
        deta/dt = -eta/tau_eta
        dgamma/dt = -gamma/tau_gamma
        hazard = escape_rate/1000*exp((V - V_T - gamma)/D_V)
        """,
        threshold="rand() < 1 - exp(-hazard*dt)",
        reset="V = V_r; eta += d_eta; gamma += d_gamma",
        refractory="t_ref",
        parameters={
            "tau": tau,
            "C": C,
            "E_L": E_L,
            "V_r": V_r,
            "V_T": V_T,
            "D_V": D_V,
            "escape_rate": escape_rate,
            "tau_eta": tau_eta,
            "d_eta": d_eta,
            "tau_gamma": tau_gamma,
            "d_gamma": d_gamma,
            "t_ref": t_ref,
        },
        initial=merged_initial({"V": E_L, "eta": 0.0, "gamma": 0.0}, initial),
        clamp=("V",),
        integrator=integrator,
        name="GIF",
        units=dict(V="mV", eta="pA", gamma="mV"),
    )


@library_model(positive=("tau",))
def FitzHughNagumo(
    *,
    a: ValueLike = 0.7,
    b: ValueLike = 0.8,
    tau: ValueLike = 12.5,
    V_th: ValueLike = 1.0,
    initial: Initial = None,
    integrator: IntegratorLike = "auto",
) -> NeuronModel:
    """FitzHugh's two-variable model of excitability, dimensionless.

    ``dV/dt = V - V**3/3 - W + I``, ``dW/dt = (V + a - b W)/tau``. A spike is counted when V rises
    above ``V_th``; nothing is reset.

    Parameters
    ----------
    a, b, tau
        Parameters of the recovery variable; the unit of time is 1 ms.
    V_th
        Potential at which a spike is counted.

    Notes
    -----
    FitzHugh, Biophys. J. 1 (1961); Nagumo, Arimoto and Yoshizawa, Proc. IRE 50 (1962).
    The initial values are the resting state at I = 0. Range: I from 0 to 3, ``dt`` up to 0.1;
    above I = 1.43 the model rests at a high potential and is silent.
    """
    return NeuronModel(
        """
        dV/dt = V - V**3/3 - W + I
        dW/dt = (V + a - b*W)/tau
        """,
        threshold="V > V_th",
        refractory="V > V_th",
        parameters={"a": a, "b": b, "tau": tau, "V_th": V_th},
        initial=merged_initial({"V": -1.199408035244035, "W": -0.6242600440550438}, initial),
        integrator=integrator,
        name="FitzHughNagumo",
    )


@library_model(not_negative=("rate",))
def PoissonNeuron(*, rate: ValueLike = 10.0) -> NeuronModel:
    """Neuron that spikes at random: in every step with probability ``rate dt / 1000``.

    Parameters
    ----------
    rate
        Spikes per second; one value per neuron if wanted. It can be changed between runs.

    Notes
    -----
    Range: up to one spike a step, ``1000 / dt``. In single precision the probability is a multiple
    of 6e-8: below ``0.006 / dt`` Hz (``dt`` in ms) the rate is off by more than 1 %. Beyond either
    end ``compile`` warns.
    """
    return NeuronModel(
        threshold="rand() < rate*dt/1000", parameters={"rate": rate}, name="PoissonNeuron"
    )


def merged_initial(defaults: dict[str, ValueLike], initial: Initial) -> dict[str, ValueLike]:
    """Return a model's own initial values with the caller's in their place."""
    return {**defaults, **dict(as_values(initial, "initial", Location("initial")))}
