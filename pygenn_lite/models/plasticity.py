"""Plastic synapses: pair and triplet STDP, inhibitory plasticity, short-term plasticity.

Each rule is composed with a receptor, a static SynapseModel such as ``ExponentialCurrent(5.0)`` or
``ExponentialConductance(10.0, E_rev=-80.0)``: the receptor says what a spike does to the neuron,
the rule what spikes do to the weight. A spike arrives with the weight as it was and changes it
afterwards; of two spikes at the same time the presynaptic one comes first. All traces are kept per
neuron, not per synapse, and a presynaptic trace is seen with the synapse's delay.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

from pygenn_lite.declaration import SynapseModel, SynapticTrace
from pygenn_lite.declaration.domains import attach_domains
from pygenn_lite.declaration.language.equations import Equation
from pygenn_lite.errors import Location, ModelError
from pygenn_lite.models.arguments import library_model
from pygenn_lite.models.synapses import ExponentialCurrent

__all__ = ["PairSTDP", "TripletSTDP", "TsodyksMarkram", "VogelsSTDP"]


@library_model(positive=("tau_plus", "tau_minus"), weight_bounds=("w_min", "w_max"))
def PairSTDP(
    receptor: SynapseModel | None = None,
    *,
    A_plus: float = 0.01,
    A_minus: float = 0.0105,
    tau_plus: float = 20.0,
    tau_minus: float = 20.0,
    w_min: float = 0.0,
    w_max: float = 1.0,
    rule: str = "additive",
    pairing: str = "all_to_all",
) -> SynapseModel:
    """Spike-timing dependent plasticity of pairs of spikes.

    The traces ``x`` (presynaptic) and ``y`` (postsynaptic) decay with ``tau_plus`` and
    ``tau_minus`` and grow by 1 at a spike (all_to_all) or are set to 1 (nearest). At a
    presynaptic spike the weight falls by ``A_minus y`` times w_max (additive) or the distance to
    w_min (multiplicative); at a postsynaptic one it rises by ``A_plus x`` times w_max (additive)
    or the distance to w_max (multiplicative). It stays within ``w_min .. w_max``.
    Inhibitory weights (w_min < 0, w_max = 0) grow towards w_min: the bounds change places.

    Parameters
    ----------
    receptor
        What a spike does to the neuron; ``ExponentialCurrent(5.0)`` by default.
    A_plus, A_minus
        Amplitudes of potentiation and depression, as fractions.
    tau_plus, tau_minus
        Time constants of the window, ms.
    w_min, w_max
        Bounds of the weight.
    rule
        "additive" or "multiplicative".
    pairing
        "all_to_all" or "nearest": each spike with all, or with the last one, of the other side.

    Notes
    -----
    Additive: Song, Miller and Abbott, Nat. Neurosci. 3 (2000).
    Multiplicative: Rubin, Lee and Sompolinsky, Phys. Rev. Lett. 86 (2001). Nearest: the symmetric
    scheme of Morrison, Diesmann and Gerstner, Biol. Cybern. 98 (2008).

    Examples
    --------
    >>> rule = pg.PairSTDP(pg.ExponentialConductance(5.0), A_plus=0.005, w_max=10.0)
    >>> net = pg.Network()
    >>> pre = net.population("pre", 5, pg.PoissonNeuron())
    >>> post = net.population("post", 5, pg.LIF())
    >>> learning = net.connect(pre, post, rule, pg.AllToAll(), weight=pg.Uniform(0.0, 10.0))
    """
    _check("PairSTDP", "rule", rule, ("additive", "multiplicative"))
    _check("PairSTDP", "pairing", pairing, ("all_to_all", "nearest"))
    jump = "+= 1" if pairing == "all_to_all" else "= 1"
    near, far = _bounds(w_min, w_max)
    fall, rise = (far, far) if rule == "additive" else (f"(weight - {near})", f"({far} - weight)")
    return compose(
        receptor,
        on_pre=f"weight = clip(weight - A_minus*y*{fall}, w_min, w_max)",
        on_post=f"weight = clip(weight + A_plus*x*{rise}, w_min, w_max)",
        **pair_traces("tau_plus", "tau_minus", jump),
        parameters={
            "A_plus": A_plus,
            "A_minus": A_minus,
            "tau_plus": tau_plus,
            "tau_minus": tau_minus,
            "w_min": w_min,
            "w_max": w_max,
        },
        name="PairSTDP",
    )


@library_model(
    positive=("tau_plus", "tau_x", "tau_minus", "tau_y"), weight_bounds=("w_min", "w_max")
)
def TripletSTDP(
    receptor: SynapseModel | None = None,
    *,
    A2_plus: float = 5e-10,
    A3_plus: float = 6.2e-3,
    A2_minus: float = 7e-3,
    A3_minus: float = 2.3e-4,
    tau_plus: float = 16.8,
    tau_x: float = 101.0,
    tau_minus: float = 33.7,
    tau_y: float = 125.0,
    w_min: float = 0.0,
    w_max: float = 1.0,
    pairing: str = "all_to_all",
) -> SynapseModel:
    """Spike-timing dependent plasticity of triplets of spikes.

    Traces: ``r1`` (tau_plus) and ``r2`` (tau_x) of the presynaptic spikes, ``o1`` (tau_minus) and
    ``o2`` (tau_y) of the postsynaptic ones. At a presynaptic spike
    ``weight -= o1 (A2_minus + A3_minus r2)``, at a postsynaptic one
    ``weight += r1 (A2_plus + A3_plus o2)``, with r2 and o2 as they were just before the spike.
    Inhibitory weights (w_min < 0, w_max = 0) grow downwards: both signs are turned.

    Parameters
    ----------
    receptor
        What a spike does to the neuron; ``ExponentialCurrent(5.0)`` by default.
    A2_plus, A3_plus, A2_minus, A3_minus
        Amplitudes of pairs and triplets, in the weight's unit.
    tau_plus, tau_x, tau_minus, tau_y
        Time constants, ms.
    w_min, w_max
        Bounds of the weight.
    pairing
        "all_to_all" (traces grow by 1) or "nearest" (traces are set to 1).

    Notes
    -----
    Pfister and Gerstner, J. Neurosci. 26 (2006), equations 3 and 4; the defaults are the
    all-to-all fit to visual cortex, table 3.
    """
    _check("TripletSTDP", "pairing", pairing, ("all_to_all", "nearest"))
    jump = "+= 1" if pairing == "all_to_all" else "= 1"
    plus, minus = _signs(w_min, w_max)
    return compose(
        receptor,
        on_pre=f"weight = clip(weight {minus} o1*(A2_minus + A3_minus*r2_before), w_min, w_max)",
        on_post=f"weight = clip(weight {plus} r1*(A2_plus + A3_plus*o2), w_min, w_max)",
        # A synapse sees its source's trace with the arriving spike already in it; the value just
        # before that spike is kept beside it. The postsynaptic traces grow only after on_post.
        pre_trace=SynapticTrace(
            "dr1/dt = -r1/tau_plus; dr2/dt = -r2/tau_x",
            on_spike=f"r2_before = r2; r1 {jump}; r2 {jump}",
        ),
        post_trace=SynapticTrace(
            "do1/dt = -o1/tau_minus; do2/dt = -o2/tau_y", on_spike=f"o1 {jump}; o2 {jump}"
        ),
        parameters={
            "A2_plus": A2_plus,
            "A3_plus": A3_plus,
            "A2_minus": A2_minus,
            "A3_minus": A3_minus,
            "tau_plus": tau_plus,
            "tau_x": tau_x,
            "tau_minus": tau_minus,
            "tau_y": tau_y,
            "w_min": w_min,
            "w_max": w_max,
        },
        name="TripletSTDP",
    )


@library_model(
    positive=("tau_stdp",), not_negative=("target_rate",), weight_bounds=("w_min", "w_max")
)
def VogelsSTDP(
    receptor: SynapseModel | None = None,
    *,
    eta: float = 0.01,
    target_rate: float = 3.0,
    tau_stdp: float = 20.0,
    w_min: float = 0.0,
    w_max: float = 100.0,
) -> SynapseModel:
    """Inhibitory plasticity that holds the postsynaptic neuron at a target rate.

    The traces ``x`` and ``y`` decay with ``tau_stdp`` and grow by 1 at a spike. At a presynaptic
    spike ``weight += eta (y - alpha)``, with ``alpha = 2 target_rate tau_stdp``; at a postsynaptic
    one ``weight += eta x``. Negative weights (w_min < 0, w_max = 0) grow downwards: both signs are
    turned.

    Parameters
    ----------
    receptor
        What a spike does to the neuron; ``ExponentialCurrent(5.0)`` by default. For an inhibitory
        effect give an inhibitory conductance, or negative weights and bounds.
    eta
        Learning rate, in the weight's unit.
    target_rate
        Postsynaptic rate at which the weight has no drift, Hz.
    tau_stdp
        Time constant of the traces, ms.
    w_min, w_max
        Bounds of the weight.

    Notes
    -----
    Vogels, Sprekeler, Zenke, Clopath and Gerstner, Science 334 (2011), and its supplement.
    """
    plus, _ = _signs(w_min, w_max)
    return compose(
        receptor,
        on_pre=f"weight = clip(weight {plus} eta*(y - 2*target_rate*tau_stdp/1000), w_min, w_max)",
        on_post=f"weight = clip(weight {plus} eta*x, w_min, w_max)",
        **pair_traces("tau_stdp", "tau_stdp"),
        parameters={
            "eta": eta,
            "target_rate": target_rate,
            "tau_stdp": tau_stdp,
            "w_min": w_min,
            "w_max": w_max,
        },
        name="VogelsSTDP",
    )


@library_model(fraction=("U",), positive=("tau_rec",), not_negative=("tau_facil",))
def TsodyksMarkram(
    receptor: SynapseModel | None = None,
    *,
    U: float = 0.5,
    tau_rec: float = 800.0,
    tau_facil: float = 0.0,
) -> SynapseModel:
    """Short-term depression and facilitation.

    ``dR/dt = (1 - R)/tau_rec``, ``du/dt = -u/tau_facil``; at a spike ``u += U (1 - u)``,
    ``release = u R``, ``R -= release``, and the weight arrives multiplied by ``release``.

    Parameters
    ----------
    receptor
        What a spike does to the neuron; ``ExponentialCurrent(5.0)`` by default.
    U
        Fraction of the resources that the first spike uses.
    tau_rec
        Recovery time of the resources, ms.
    tau_facil
        Decay time of the facilitation, ms; 0 means none (then u = U).

    Notes
    -----
    Tsodyks, Uziel and Markram, J. Neurosci. 20 (2000), with instantaneous inactivation; the same
    as Tsodyks, Pawelzik and Markram, Neural Comput. 10 (1998). R before a spike tends, at
    intervals T and without facilitation, to ``(1 - E)/(1 - (1 - U) E)``, ``E = exp(-T/tau_rec)``.
    The dynamics depend on the source's spikes alone and are kept once per source neuron.

    Examples
    --------
    >>> depressing = pg.TsodyksMarkram(pg.ExponentialCurrent(3.0), U=0.5, tau_rec=800.0)
    >>> depressing.name
    'TsodyksMarkram'
    """
    parameters = {"U": U, "tau_rec": tau_rec}
    recovery, use = "dR/dt = (1 - R)/tau_rec", "release = U*R; R -= release"
    initial = {"R": 1.0, "release": 0.0}
    if tau_facil > 0:
        parameters["tau_facil"] = tau_facil
        recovery += "; du/dt = -u/tau_facil"
        use = "u += U*(1 - u); release = u*R; R -= release"
        initial["u"] = 0.0
    return compose(
        receptor,
        released="release",
        pre_trace=SynapticTrace(recovery, on_spike=use, initial=initial),
        parameters=parameters,
        name="TsodyksMarkram",
    )


class PairTraces(TypedDict):
    """The traces of pairs of spikes, as `compose` takes them."""

    pre_trace: SynapticTrace
    post_trace: SynapticTrace


def pair_traces(tau_pre: str, tau_post: str, jump: str = "+= 1", beside: str = "") -> PairTraces:
    """Traces ``x`` of the source and ``y`` of the target, which decay with time constants of these
    names and jump at spikes; `beside` is a further derivative of the target's."""
    return {
        "pre_trace": SynapticTrace(f"dx/dt = -x/{tau_pre}", on_spike=f"x {jump}"),
        "post_trace": SynapticTrace(f"dy/dt = -y/{tau_post}; {beside}", on_spike=f"y {jump}"),
    }


def _bounds(w_min: float, w_max: float) -> tuple[str, str]:
    """The bound that depression leads to, and the one that potentiation leads to."""
    return ("w_max", "w_min") if _inhibits(w_min, w_max) else ("w_min", "w_max")


def _signs(w_min: float, w_max: float) -> tuple[str, str]:
    """The signs of potentiation and depression."""
    return ("-", "+") if _inhibits(w_min, w_max) else ("+", "-")


def _inhibits(w_min: float, w_max: float) -> bool:
    return w_min < 0 and w_max <= 0


def compose(
    receptor: SynapseModel | None,
    *,
    before: str = "",
    on_pre: str = "",
    on_post: str = "",
    released: str = "",
    pre_trace: SynapticTrace,
    post_trace: SynapticTrace | None = None,
    synapse_derivatives: str = "",
    event_driven: bool = True,
    variables: Mapping[str, float] | None = None,
    parameters: Mapping[str, float],
    name: str,
) -> SynapseModel:
    """Return the receptor's dynamics and arrival with a rule's traces and updates: `before` and
    `on_pre` are done before and after the weight arrives."""
    receptor = ExponentialCurrent(5.0) if receptor is None else receptor
    if not isinstance(receptor, SynapseModel):
        given = getattr(receptor, "__name__", repr(receptor))
        raise ModelError(
            f"the receptor {given} is not a synapse model",
            where=Location.of(name),
            hint="pass a model, for example ExponentialCurrent(5.0)",
        )
    if not receptor.is_static:
        raise ModelError(
            "the receptor of a plasticity rule must be a static synapse",
            where=Location.of(name),
            hint="pass for example ExponentialCurrent(5.0), without plasticity of its own",
        )
    own = dict(receptor.parameters)
    taken = sorted(set(own) & set(parameters))
    if taken:
        raise ModelError(
            f"the receptor has a parameter of the rule's name '{taken[0]}'",
            where=Location.of(name),
            hint="rename the receptor's parameter",
        )
    arrival = [_arrival(equation, released) for equation in receptor.on_pre]
    made = SynapseModel(
        "\n".join(str(equation) for equation in receptor.equations),
        inputs="\n".join(str(equation) for equation in receptor.inputs),
        on_pre="\n".join([before, *arrival, on_pre]),
        on_post=on_post,
        pre_trace=pre_trace,
        post_trace=post_trace,
        synapse_derivatives=synapse_derivatives,
        event_driven=event_driven,
        variables=variables,
        parameters={**own, **parameters},
        initial=dict(receptor.initial),
        name=name,
    )
    attach_domains(made, receptor.domains)
    return made


def _arrival(equation: Equation, released: str) -> str:
    factor = f"*{released}" if released else ""
    return f"{equation.name} {equation.operator} ({equation.text}){factor}"


def _check(model: str, parameter: str, given: str, known: tuple[str, ...]) -> None:
    if not isinstance(given, str) or given not in known:
        raise ModelError(
            f"unknown {parameter} '{given}'",
            where=Location.of(model),
            hint="write " + " or ".join(known),
        )
