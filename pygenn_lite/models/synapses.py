"""Static synapses: what a spike adds, how it decays, and which current that makes.

Each function returns a :class:`~pygenn_lite.declaration.SynapseModel`. The weight's unit is the
receptor variable's: pA for currents (mV for neurons whose input is in mV), nS for conductances, mV
for `Delta`. ``input`` names the neuron's input that receives the current, ``variable`` the
neuron's membrane potential.
"""

from __future__ import annotations

from pygenn_lite.declaration import SynapseModel, ValueLike
from pygenn_lite.errors import Location, ModelError
from pygenn_lite.models.arguments import library_model

__all__ = [
    "AlphaConductance",
    "AlphaCurrent",
    "Delta",
    "ExponentialConductance",
    "ExponentialCurrent",
]


@library_model(positive=("tau",))
def ExponentialCurrent(
    tau: float = 5.0, *, initial: ValueLike = 0.0, input: str = "I"
) -> SynapseModel:
    """Current that jumps by the weight and decays exponentially.

    ``dI_syn/dt = -I_syn/tau``, at a spike ``I_syn += weight``; ``I = I_syn``.

    Parameters
    ----------
    tau
        Decay time, ms.
    initial
        Current at the start, in the weight's unit; a number or a distribution.

    Notes
    -----
    A spike of weight w through ``dV/dt = -V/tau_m + I/C`` makes the potential
    ``w/C (exp(-t/tau_m) - exp(-t/tau)) / (1/tau - 1/tau_m)``. Potjans and Diesmann (2014), eq. 3.

    Examples
    --------
    >>> slow = pg.ExponentialCurrent(tau=50.0)
    >>> [str(equation) for equation in slow.equations]
    ['dI_syn/dt = -I_syn / tau']
    """
    return SynapseModel(
        "dI_syn/dt = -I_syn/tau",
        inputs=f"{input} = I_syn",
        on_pre="I_syn += weight",
        parameters={"tau": tau},
        initial={"I_syn": initial},
        name="ExponentialCurrent",
    )


@library_model(positive=("tau",))
def AlphaCurrent(tau: float = 2.0, *, initial: ValueLike = 0.0, input: str = "I") -> SynapseModel:
    """Current in the form of an alpha function, with the weight as its peak.

    ``dI_syn/dt = (e rise - I_syn)/tau``, ``drise/dt = -rise/tau``, at a spike ``rise += weight``;
    ``I = I_syn``. After one spike ``I_syn = weight (t/tau) exp(1 - t/tau)``, greatest at ``tau``.

    Parameters
    ----------
    tau
        Time to the peak, ms.
    initial
        Current at the start.

    Notes
    -----
    Rall, J. Neurophysiol. 30 (1967); normalised as NEST's ``iaf_psc_alpha``.
    """
    return SynapseModel(
        """
        dI_syn/dt = (exp(1)*rise - I_syn)/tau
        drise/dt = -rise/tau
        """,
        inputs=f"{input} = I_syn",
        on_pre="rise += weight",
        parameters={"tau": tau},
        initial={"I_syn": initial, "rise": 0.0},
        name="AlphaCurrent",
    )


@library_model(positive=("tau",), not_negative=("weight",))
def ExponentialConductance(
    tau: float = 5.0,
    E_rev: float = 0.0,
    *,
    initial: ValueLike = 0.0,
    input: str = "I",
    variable: str = "V",
) -> SynapseModel:
    """Conductance that jumps by the weight and decays exponentially.

    ``dg/dt = -g/tau``, at a spike ``g += weight``; ``I = g (E_rev - V)``.

    Parameters
    ----------
    tau
        Decay time, ms.
    E_rev
        Reversal potential, mV: 0 excites, -80 inhibits.
    initial
        Conductance at the start, nS; a number or a distribution.

    Notes
    -----
    Benchmarks 1 and 3 of Brette et al., J. Comput. Neurosci. 23 (2007).
    """
    return SynapseModel(
        "dg/dt = -g/tau",
        inputs=f"{input} = g*(E_rev - {variable})",
        on_pre="g += weight",
        parameters={"tau": tau, "E_rev": E_rev},
        initial={"g": initial},
        name="ExponentialConductance",
    )


@library_model(positive=("tau",), not_negative=("weight",))
def AlphaConductance(
    tau: float = 2.0,
    E_rev: float = 0.0,
    *,
    initial: ValueLike = 0.0,
    input: str = "I",
    variable: str = "V",
) -> SynapseModel:
    """Conductance in the form of an alpha function, with the weight as its peak.

    ``dg/dt = (e rise - g)/tau``, ``drise/dt = -rise/tau``, at a spike ``rise += weight``;
    ``I = g (E_rev - V)``.

    Parameters
    ----------
    tau
        Time to the peak, ms.
    E_rev
        Reversal potential, mV.
    initial
        Conductance at the start, nS.

    Notes
    -----
    As `AlphaCurrent`; normalised as NEST's ``iaf_cond_alpha``.
    """
    return SynapseModel(
        """
        dg/dt = (exp(1)*rise - g)/tau
        drise/dt = -rise/tau
        """,
        inputs=f"{input} = g*(E_rev - {variable})",
        on_pre="rise += weight",
        parameters={"tau": tau, "E_rev": E_rev},
        initial={"g": initial, "rise": 0.0},
        name="AlphaConductance",
    )


@library_model()
def Delta(variable: str = "V") -> SynapseModel:
    """Jump of a neuron's variable by the weight: ``V += weight`` at a spike.

    Parameters
    ----------
    variable
        The variable that jumps. A refractory neuron whose variable is clamped misses the spike.
    """
    if not isinstance(variable, str):
        raise ModelError(
            f"the variable that jumps is {variable!r}, which is not a valid name",
            where=Location.of("Delta"),
            hint="write Delta('V'), or Delta(); connect(..., weight=...) says how far it jumps",
        )
    return SynapseModel(on_pre=f"{variable}_post += weight", name="Delta")
