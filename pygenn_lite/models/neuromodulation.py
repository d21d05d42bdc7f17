"""Plasticity under a third factor: dopamine- and reward-modulated STDP.

Pairs of spikes do not change the weight but leave an eligibility in the synapse, which decays in
seconds or less; the weight changes where eligibility meets the third factor. That factor is set by
the host (in a callback, between runs), or is a variable of the target neurons that spikes raise.
"""

from __future__ import annotations

from collections.abc import Mapping

from pygenn_lite.declaration import SynapseModel
from pygenn_lite.declaration.language.names import check_name
from pygenn_lite.errors import Location
from pygenn_lite.models.arguments import library_model
from pygenn_lite.models.plasticity import PairTraces, compose, pair_traces

__all__ = ["DopamineSTDP", "RewardSTDP"]

_WITHIN = "weight = clip(weight, w_min, w_max)"


@library_model(
    positive=("tau_plus", "tau_minus", "tau_c", "tau_d"), weight_bounds=("w_min", "w_max")
)
def DopamineSTDP(
    receptor: SynapseModel | None = None,
    *,
    A_plus: float = 0.1,
    A_minus: float = 0.15,
    tau_plus: float = 20.0,
    tau_minus: float = 20.0,
    tau_c: float = 1000.0,
    tau_d: float = 200.0,
    w_min: float = 0.0,
    w_max: float = 1.0,
    dopamine: str = "",
) -> SynapseModel:
    """Spike-timing dependent plasticity that dopamine turns into changes of the weight.

    Pairs of spikes change the eligibility ``c`` of the synapse as they change the weight in pair
    STDP: a presynaptic spike by ``-A_minus y``, a postsynaptic one by ``A_plus x``, with traces
    ``x`` and ``y`` that decay with ``tau_plus`` and ``tau_minus``. Then ``dc/dt = -c/tau_c`` and
    ``dweight/dt = c d``: the dopamine ``d`` decides. It decays, ``dd/dt = -d/tau_d``, and is raised
    by the host: ``sim["group"]["d"] += 0.5`` in a callback or between runs.

    Parameters
    ----------
    receptor
        What a spike does to the neuron; ``ExponentialCurrent(5.0)`` by default.
    A_plus, A_minus
        Changes of the eligibility; with d = 1, the weight changes by tau_c times as much.
    tau_plus, tau_minus
        Time constants of the window, ms.
    tau_c
        Time constant of the eligibility, ms.
    tau_d
        Time constant of the dopamine, ms.
    w_min, w_max
        Bounds of the weight: it is cut at every spike of either neuron.
    dopamine
        Name of a variable of the target's neuron model that is the dopamine, instead of the
        group's own ``d``. Whatever raises it does so for all groups that read it: the host, or
        spikes, through ``Delta(variable)``.

    Notes
    -----
    Izhikevich, Cereb. Cortex 17 (2007), equations 1 to 3. Integrated in every step, for every
    synapse; the dopamine is held during a step, which is off by a part of ``dt/(2 tau_d)``.

    Examples
    --------
    >>> net = pg.Network(dt=1.0)
    >>> pre = net.spike_source("pre", 1, [10.0], [0])
    >>> post = net.spike_source("post", 1, [20.0], [0])
    >>> cell = net.population("cell", 1, pg.LIF())
    >>> fires = net.connect(post, cell, pg.Delta(), pg.AllToAll(), weight=50.0)
    >>> learning = net.connect(
    ...     pre, cell, pg.DopamineSTDP(), pg.AllToAll(), weight=0.2, name="learning"
    ... )
    >>> sim = net.compile()
    >>> result = sim.run(100.0)
    >>> sim["learning"]["d"] = 0.1  # a reward
    >>> result = sim.run(1000.0)
    >>> bool(sim["learning"]["weight"][0] > 0.2)
    True
    """
    own = not dopamine
    if not own:
        check_name(dopamine, "variable", Location.of("DopamineSTDP").entry("dopamine"))
    parameters = {
        "A_plus": A_plus,
        "A_minus": A_minus,
        "tau_plus": tau_plus,
        "tau_minus": tau_minus,
        "tau_c": tau_c,
        "w_min": w_min,
        "w_max": w_max,
    }
    if own:
        parameters["tau_d"] = tau_d
    return _eligible(
        receptor,
        "c",
        "c*d" if own else f"c*{dopamine}_post",
        traces=pair_traces("tau_plus", "tau_minus", beside="dd/dt = -d/tau_d" if own else ""),
        event_driven=False,
        parameters=parameters,
        name="DopamineSTDP",
    )


@library_model(positive=("tau_plus", "tau_minus", "tau_e"), weight_bounds=("w_min", "w_max"))
def RewardSTDP(
    receptor: SynapseModel | None = None,
    *,
    A_plus: float = 1.0,
    A_minus: float = 1.0,
    tau_plus: float = 20.0,
    tau_minus: float = 20.0,
    tau_e: float = 25.0,
    learning_rate: float = 0.01,
    reward: float = 0.0,
    w_min: float = 0.0,
    w_max: float = 1.0,
) -> SynapseModel:
    """Spike-timing dependent plasticity that learns while there is reward or punishment.

    Pairs of spikes change the eligibility ``e`` of the synapse: a presynaptic spike by
    ``-A_minus y``, a postsynaptic one by ``A_plus x``. Then ``de/dt = -e/tau_e`` and
    ``dweight/dt = learning_rate reward e``. The reward (negative: punishment) is a parameter, one
    number for the group that the host sets: ``sim["group"]["reward"] = 1.0`` in a callback or
    between runs.

    Parameters
    ----------
    receptor
        What a spike does to the neuron; ``ExponentialCurrent(5.0)`` by default.
    A_plus, A_minus
        Changes of the eligibility at a pair.
    tau_plus, tau_minus
        Time constants of the window, ms.
    tau_e
        Time constant of the eligibility, ms.
    learning_rate
        In the weight's unit per ms.
    reward
        At the start.
    w_min, w_max
        Bounds of the weight: it is cut at every spike of either neuron.

    Notes
    -----
    Florian, Neural Comput. 19 (2007): STDP modulated by reward with an eligibility trace (MSTDPET).
    Eligibility and weight are solved from event to event, exactly: a reward costs nothing between
    spikes, and setting it brings all synapses up to that time.
    """
    return _eligible(
        receptor,
        "e",
        "learning_rate*reward*e",
        traces=pair_traces("tau_plus", "tau_minus"),
        event_driven=True,
        parameters={
            "A_plus": A_plus,
            "A_minus": A_minus,
            "tau_plus": tau_plus,
            "tau_minus": tau_minus,
            "tau_e": tau_e,
            "learning_rate": learning_rate,
            "reward": reward,
            "w_min": w_min,
            "w_max": w_max,
        },
        name="RewardSTDP",
    )


def _eligible(
    receptor: SynapseModel | None,
    eligibility: str,
    change: str,
    *,
    traces: PairTraces,
    event_driven: bool,
    parameters: Mapping[str, float],
    name: str,
) -> SynapseModel:
    """Pairs of spikes change a variable of this name, which decays; `change` is the rate at which
    the weight then follows."""
    return compose(
        receptor,
        before=_WITHIN,
        on_pre=f"{eligibility} -= A_minus*y",
        on_post=f"{_WITHIN}; {eligibility} += A_plus*x",
        **traces,
        synapse_derivatives=f"d{eligibility}/dt = -{eligibility}/tau_{eligibility}; "
        f"dweight/dt = {change}",
        event_driven=event_driven,
        variables={eligibility: 0.0},
        parameters=parameters,
        name=name,
    )
