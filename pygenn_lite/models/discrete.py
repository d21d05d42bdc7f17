"""Neurons in steps, as machine-learning frameworks have them: a state is multiplied by a factor in
every step, whatever ``dt`` is.

All are driven by :func:`Delta` synapses with a delay of one step, or through their input ``I``,
which is added in every step. Potentials are dimensionless, with a threshold of about 1. The order
of a step is that of Spyx 1.0 (Heckel and Nowotny, arXiv 2402.18994): a spike is taken from the
state before this step's input, decay, input and reset come in one expression, and a reset
subtracts. Recurrent ones are the same neurons with a group from the population to itself.
"""

from __future__ import annotations

from pygenn_lite.declaration import NeuronModel, ValueLike
from pygenn_lite.models.arguments import library_model
from pygenn_lite.models.neurons import Initial, merged_initial

__all__ = [
    "DiscreteALIF",
    "DiscreteCuBaLIF",
    "DiscreteIF",
    "DiscreteLI",
    "DiscreteLIF",
    "ResetFreeLIF",
    "ResonateFire",
]


@library_model()
def DiscreteIF(*, V_th: ValueLike = 1.0, initial: Initial = None) -> NeuronModel:
    """Integrate-and-fire neuron in steps: ``V' = V + x - s V_th``.

    x is what arrives in the step, with ``I``; s is 1 in the step after a crossing.

    Parameters
    ----------
    V_th
        Threshold, and what a spike subtracts.

    Notes
    -----
    ``spyx.nn.IF``; recurrent: ``RIF``. V is shown after the reset. ``delay`` of one step, from
    population to population, is what a layer of Spyx adds.
    """
    return NeuronModel(
        update="V = V + I",
        threshold="V > V_th",
        reset="V = V - V_th",
        parameters={"V_th": V_th},
        initial=merged_initial({"V": 0.0}, initial),
        name="DiscreteIF",
    )


@library_model()
def DiscreteLIF(
    *, beta: ValueLike = 0.9, V_th: ValueLike = 1.0, initial: Initial = None
) -> NeuronModel:
    """Leaky integrate-and-fire neuron in steps: ``V' = beta V + x - s V_th``.

    Parameters
    ----------
    beta
        Factor of a step, clipped to [0, 1] where it is used: beyond, its gradient is 0.
    V_th
        Threshold, and what a spike subtracts, in the step after it, undecayed.

    Notes
    -----
    ``spyx.nn.LIF``, which draws ``beta=pg.TruncatedNormal(0.5, 0.25, 0.0, 1.0)`` if none is given;
    recurrent: ``RLIF``. snnTorch's ``Leaky(reset_mechanism="subtract")`` has the same V, and its
    layers pass spikes on one step earlier. S holds the spike until the next step resets V.
    """
    return NeuronModel(
        update="V = clip(beta, 0, 1)*V + I - S*V_th; S = 0",
        threshold="V > V_th",
        reset="S = 1",
        parameters={"beta": beta, "V_th": V_th},
        initial=merged_initial({"V": 0.0, "S": 0.0}, initial),
        name="DiscreteLIF",
    )


@library_model()
def DiscreteLI(*, beta: ValueLike = 0.8, initial: Initial = None) -> NeuronModel:
    """Leaky integrator in steps, without spikes: ``V' = beta V + x``.

    Connect it with ``Delta("x")``: what arrives at the beginning of a step is in V at its end.

    Parameters
    ----------
    beta
        Factor of a step, clipped to [0, 1] where it is used.

    Notes
    -----
    ``spyx.nn.LI``, the read-out of classifiers. Nothing of it crosses a threshold, so that arrivals
    wait in x for the next step: V comes one step later than in Spyx.
    """
    return NeuronModel(
        update="V = clip(beta, 0, 1)*V + x + I; x = 0",
        parameters={"beta": beta},
        initial=merged_initial({"V": 0.0, "x": 0.0}, initial),
        name="DiscreteLI",
    )


@library_model()
def DiscreteALIF(
    *, beta: ValueLike = 0.9, gamma: ValueLike = 0.95, V_th: ValueLike = 1.0,
    initial: Initial = None,
) -> NeuronModel:  # fmt: skip
    """Leaky integrate-and-fire neuron in steps whose threshold rises with every spike.

    ``V' = beta V + x - s (V_th + T)``, ``T' = gamma T + (1 - gamma) s``; a spike when
    ``V > V_th + T``.

    Parameters
    ----------
    beta, gamma
        Factors of a step, of V and of the threshold's rise T, clipped to [0, 1] where they are
        used.
    V_th
        Threshold at rest.

    Notes
    -----
    ``spyx.nn.ALIF``, after Bellec et al., NeurIPS (2018). S holds the spike until the next step.
    """
    return NeuronModel(
        update="""
        V = clip(beta, 0, 1)*V + I - S*(V_th + T)
        T = clip(gamma, 0, 1)*T + (1 - clip(gamma, 0, 1))*S
        S = 0
        """,
        threshold="V > V_th + T",
        reset="S = 1",
        parameters={"beta": beta, "gamma": gamma, "V_th": V_th},
        initial=merged_initial({"V": 0.0, "T": 0.0, "S": 0.0}, initial),
        name="DiscreteALIF",
    )


@library_model()
def DiscreteCuBaLIF(
    *, alpha: ValueLike = 0.8, beta: ValueLike = 0.9, V_th: ValueLike = 1.0,
    initial: Initial = None,
) -> NeuronModel:  # fmt: skip
    """Leaky integrate-and-fire neuron in steps with a synaptic current.

    ``I_syn' = alpha I_syn + x``, ``V' = beta (V - s V_th) + I_syn'``. Connect it with
    ``Delta("I_syn")``.

    Parameters
    ----------
    alpha, beta
        Factors of a step, of the current and of the potential, clipped to [0, 1] where they are
        used.
    V_th
        Threshold, and what a spike subtracts; so the reset decays with V.

    Notes
    -----
    ``spyx.nn.CuBaLIF``; recurrent: ``RCuBaLIF``. The present current acts on V at once: V is
    ``U + I_syn``, with U what is left of the V before, after the reset.
    """
    return NeuronModel(
        update="""
        U = clip(beta, 0, 1)*(U + I_syn)
        I_syn = clip(alpha, 0, 1)*I_syn + I
        """,
        threshold="U + I_syn > V_th",
        reset="U = U - V_th",
        parameters={"alpha": alpha, "beta": beta, "V_th": V_th},
        initial=merged_initial({"U": 0.0, "I_syn": 0.0}, initial),
        name="DiscreteCuBaLIF",
    )


@library_model()
def ResetFreeLIF(
    *, beta: ValueLike = 0.9, V_th: ValueLike = 1.0, initial: Initial = None
) -> NeuronModel:
    """Leaky integrate-and-fire neuron in steps without a reset: ``V' = beta V + x``.

    It spikes in every step at whose end ``V > V_th``.

    Parameters
    ----------
    beta
        Factor of a step, clipped to [0, 1] where it is used.
    V_th
        Threshold.

    Notes
    -----
    ``spyx.nn.PSU_LIF``, which takes the spike after the input: a ``delay`` of one step makes each
    of its layers a step later than there. snnTorch's ``StateLeaky(beta)`` is the same with
    ``exp(beta - 1)`` in place of beta.
    """
    return NeuronModel(
        update="V = clip(beta, 0, 1)*V + I",
        threshold="V > V_th",
        parameters={"beta": beta, "V_th": V_th},
        initial=merged_initial({"V": 0.0}, initial),
        name="ResetFreeLIF",
    )


@library_model(not_negative=("decay",))
def ResonateFire(
    *, decay: ValueLike = 0.1, omega: ValueLike = 1.0, V_th: ValueLike = 1.0,
    initial: Initial = None,
) -> NeuronModel:  # fmt: skip
    """Resonate-and-fire neuron without a reset: a damped oscillator.

    ``dV/dt = -decay V - omega W + I``, ``dW/dt = omega V - decay W``; it spikes in every step at
    whose end ``V > V_th``.

    Parameters
    ----------
    decay
        Damping, 1/ms.
    omega
        Angular frequency, rad/ms.
    V_th
        Threshold of V, the real part of ``z = V + i W``.

    Notes
    -----
    Izhikevich, Neural Netw. 14 (2001), without its reset, as ``spyx.phasor.ResonateFire``: solved
    exactly, so that ``z' = exp(dt (-decay + i omega)) z + x`` with what arrives through
    ``Delta("V")``. Spyx keeps ``l`` with ``decay = log(1 + exp(l))``, and takes the spike after
    the input: see :func:`ResetFreeLIF`.
    """
    return NeuronModel(
        """
        dV/dt = -decay*V - omega*W + I
        dW/dt = omega*V - decay*W
        """,
        threshold="V > V_th",
        parameters={"decay": decay, "omega": omega, "V_th": V_th},
        initial=merged_initial({"V": 0.0, "W": 0.0}, initial),
        name="ResonateFire",
    )
