"""Neurons without spikes or with more than one compartment: rate units, soma and dendrite."""

from __future__ import annotations

from pygenn_lite.declaration import NeuronModel, ValueLike
from pygenn_lite.declaration.values import ValuesLike, as_values
from pygenn_lite.errors import Location
from pygenn_lite.models.arguments import library_model
from pygenn_lite.models.neurons import Initial, merged_initial

__all__ = ["RateNeuron", "TwoCompartment"]


@library_model(positive=("tau",))
def RateNeuron(
    *,
    tau: ValueLike = 10.0,
    transfer: str = "tanh(I)",
    parameters: ValuesLike = None,
    initial: Initial = None,
    integrator: str = "auto",
) -> NeuronModel:
    """Leaky rate unit with any transfer function.

    ``dr/dt = (-r + f(I))/tau``; it has no threshold and never spikes.

    Parameters
    ----------
    tau
        Time constant, ms.
    transfer
        f, an expression of the input ``I``: ``"tanh(I)"``, ``"max(I, 0)"``,
        ``"1/(1 + exp(-gain*(I - I_0)))"``.
    parameters
        Values of other names in `transfer`.

    Notes
    -----
    Without a bound of f large weights make rates grow without end.
    Wilson and Cowan, Biophys. J. 12 (1972); Dayan and Abbott (2001), eq. 7.11.
    """
    return NeuronModel(
        f"dr/dt = (-r + ({transfer}))/tau",
        parameters=(("tau", tau), *as_values(parameters, "parameters", Location.of("RateNeuron"))),
        initial=merged_initial({"r": 0.0}, initial),
        integrator=integrator,
        name="RateNeuron",
    )


@library_model(positive=("C", "C_d", "g_L", "g_d"), not_negative=("g_c", "t_ref"))
def TwoCompartment(
    *,
    C: ValueLike = 200.0,
    C_d: ValueLike = 100.0,
    g_L: ValueLike = 10.0,
    g_d: ValueLike = 5.0,
    g_c: ValueLike = 10.0,
    E_L: ValueLike = -70.0,
    V_th: ValueLike = -50.0,
    V_reset: ValueLike = -60.0,
    t_ref: ValueLike = 2.0,
    initial: Initial = None,
    integrator: str = "auto",
) -> NeuronModel:
    """Leaky integrate-and-fire soma with a passive dendrite.

    ``dV/dt = (g_L (E_L - V) + g_c (U - V) + I)/C`` for the soma,
    ``dU/dt = (g_d (E_L - U) + g_c (V - U) + I_d)/C_d`` for the dendrite. Synapses choose where they
    end by their input: ``I`` or ``I_d``.

    Parameters
    ----------
    C, C_d
        Capacitance of soma and dendrite, pF.
    g_L, g_d, g_c
        Leak of the soma, leak of the dendrite, coupling of the two, nS.
    E_L, V_th, V_reset
        Resting potential, threshold and reset, mV.
    t_ref
        Refractory period, ms: the soma is clamped, the dendrite is not.

    Notes
    -----
    Currents are in pA. Both equations are linear together and solved exactly.
    Urbanczik and Senn, Neuron 81 (2014), without their conductances of spikes.
    """
    return NeuronModel(
        """
        dV/dt = (g_L*(E_L - V) + g_c*(U - V) + I)/C
        dU/dt = (g_d*(E_L - U) + g_c*(V - U) + I_d)/C_d
        """,
        threshold="V > V_th",
        reset="V = V_reset",
        refractory="t_ref",
        inputs=("I", "I_d"),
        parameters={
            "C": C,
            "C_d": C_d,
            "g_L": g_L,
            "g_d": g_d,
            "g_c": g_c,
            "E_L": E_L,
            "V_th": V_th,
            "V_reset": V_reset,
            "t_ref": t_ref,
        },
        initial=merged_initial({"V": E_L, "U": E_L}, initial),
        integrator=integrator,
        name="TwoCompartment",
        units=dict(V="mV", U="mV"),
    )
