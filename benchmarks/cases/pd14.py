"""PD14: the cortical microcircuit of Potjans and Diesmann (2014), at a scale of size and in-degree.

Scaled as the reference implementation does: as many synapses as scale**2 times the full number,
weights over sqrt(scale), and a direct current that restores the mean input from the full-scale
rates. Poisson drive; spikes are not recorded.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from variant import OURS, Contestant, Options, Variant, field_of

NAMES = ("L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I")
SIZES = (20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948)
K_EXT = (1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100)
V_MEAN = (-68.28, -63.16, -63.33, -63.45, -63.11, -61.66, -66.72, -61.43)
V_SD = (5.36, 4.57, 4.74, 4.94, 4.94, 4.55, 5.46, 4.48)
RATES = (0.903, 2.965, 4.414, 5.876, 7.569, 8.633, 1.105, 7.829)  # full scale, Hz
# Connection probabilities: row = target, column = source
P = (
    (0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0000, 0.0076, 0.0000),
    (0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0000, 0.0042, 0.0000),
    (0.0077, 0.0059, 0.0497, 0.1350, 0.0067, 0.0003, 0.0453, 0.0000),
    (0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0000, 0.1057, 0.0000),
    (0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0000),
    (0.0548, 0.0269, 0.0257, 0.0022, 0.0600, 0.3158, 0.0086, 0.0000),
    (0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252),
    (0.0364, 0.0010, 0.0034, 0.0005, 0.0277, 0.0080, 0.0658, 0.1443),
)
C_M, TAU_M, TAU_S, E_L, V_TH, T_REF = 250.0, 10.0, 0.5, -65.0, -50.0, 2.0
W, G, RELATIVE_SD, BACKGROUND = 87.8085, -4.0, 0.1, 8.0
DELAY = {"E": (1.5, 0.75), "I": (0.75, 0.375)}  # mean, s.d.
INFINITE = 1e9


class Projection(NamedTuple):
    """Synapses from one population to another, scaled."""

    target: int
    source: int
    number: int
    weight: float
    delay: tuple[float, float]

    @property
    def name(self) -> str:
        return f"{NAMES[self.source]}_{NAMES[self.target]}"


def full_weight(target: int, source: int) -> float:
    """Mean weight at full scale, pA."""
    if NAMES[source].endswith("I"):
        return G * W
    return 2 * W if (NAMES[target], NAMES[source]) == ("L23E", "L4E") else W


def full_number(target: int, source: int) -> float:
    """Number of synapses at full scale."""
    p = P[target][source]
    pairs = SIZES[target] * SIZES[source]
    return math.log1p(-p) / math.log1p(-1 / pairs) if p else 0.0


def scaled_size(k: int, scale: float) -> int:
    return round(SIZES[k] * scale)


def projections(scale: float) -> Iterator[Projection]:
    """All projections that have synapses."""
    for target in range(8):
        for source in range(8):
            number = round(full_number(target, source) * scale * scale)
            if number:
                weight = full_weight(target, source) / math.sqrt(scale)
                yield Projection(target, source, number, weight, DELAY[NAMES[source][-1]])


def direct_current(target: int, scale: float) -> float:
    """Current, pA, that stands for the synapses left out, recurrent and external."""
    recurrent = sum(
        full_weight(target, source) * full_number(target, source) / SIZES[target] * RATES[source]
        for source in range(8)
    )
    external = W * K_EXT[target] * BACKGROUND
    return 0.001 * TAU_S * (1 - math.sqrt(scale)) * (recurrent + external)


def on_pygenn_lite(options: Options) -> Any:
    started = time.perf_counter()
    from simulators.ours import OurNetwork

    import pygenn_lite as pg

    scale = options.case["scale"]
    net = pg.Network(dt=options.dt, seed=options.seed)
    neuron = pg.LIF(tau=TAU_M, C=C_M, E_L=E_L, V_th=V_TH, V_r=E_L, t_ref=T_REF)
    synapse = pg.ExponentialCurrent(tau=TAU_S)
    groups = []
    for k, name in enumerate(NAMES):
        group = net.population(
            name, scaled_size(k, scale), neuron, initial={"V": pg.Normal(V_MEAN[k], V_SD[k])}
        )
        groups.append(group)
        net.poisson(
            group,
            BACKGROUND,
            sources=round(K_EXT[k] * scale),
            weight=W / math.sqrt(scale),
            synapse=synapse,
        )
        if scale != 1:
            net.current(group, direct_current(k, scale))
    for projection in projections(scale):
        mean, sd = projection.delay
        net.connect(
            groups[projection.source],
            groups[projection.target],
            synapse,
            pg.FixedTotalNumber(projection.number),
            weight=pg.Normal(projection.weight, RELATIVE_SD * abs(projection.weight)),
            delay=pg.TruncatedNormal(mean, sd, low=options.dt),
        )
    return OurNetwork(net, options, started)


def on_brian2(options: Options) -> Any:
    started = time.perf_counter()
    import numpy as np
    from simulators.on_brian2 import Brian2Network, prepare

    b = prepare(options)
    scale = options.case["scale"]
    sizes = [scaled_size(k, scale) for k in range(8)]
    begin = np.concatenate([[0], np.cumsum(sizes)])
    neurons = b.NeuronGroup(
        int(begin[-1]),
        """
        dv/dt = (E_L - v)/tau_m + (I_syn + I_dc)/(C_m*ms) : 1 (unless refractory)
        dI_syn/dt = -I_syn/tau_s : 1
        I_dc : 1 (constant)
        """,
        threshold="v > V_th",
        reset="v = E_L",
        refractory=T_REF * b.ms,
        method="exact",
        namespace={
            "tau_m": TAU_M * b.ms,
            "tau_s": TAU_S * b.ms,
            "C_m": C_M,
            "E_L": E_L,
            "V_th": V_TH,
        },
    )
    rng = np.random.default_rng(options.seed)
    groups = [neurons[begin[k] : begin[k + 1]] for k in range(8)]
    drives = []
    for k, group in enumerate(groups):
        group.v = rng.normal(V_MEAN[k], V_SD[k], sizes[k])
        group.I_dc = direct_current(k, scale)
        drives.append(
            b.PoissonInput(
                group, "I_syn", round(K_EXT[k] * scale), BACKGROUND * b.Hz, W / math.sqrt(scale)
            )
        )
    pre, post, weight, delay = [], [], [], []
    for q in projections(scale):
        pre.append(rng.integers(begin[q.source], begin[q.source + 1], q.number))
        post.append(rng.integers(begin[q.target], begin[q.target + 1], q.number))
        weight.append(rng.normal(q.weight, RELATIVE_SD * abs(q.weight), q.number))
        delay.append(truncated_normal(rng, *q.delay, options.dt, q.number))
    # Sorted by source: the rows of a spiking neuron lie together.
    order = np.argsort(np.concatenate(pre), kind="stable")
    synapses = b.Synapses(neurons, neurons, "w : 1 (constant)", on_pre="I_syn_post += w")
    synapses.connect(i=np.concatenate(pre)[order], j=np.concatenate(post)[order])
    synapses.w = np.concatenate(weight)[order]
    synapses.delay = np.concatenate(delay)[order] * b.ms
    return Brian2Network(
        [neurons, synapses, *drives], dict(zip(NAMES, groups, strict=True)), options, started
    )


def truncated_normal(rng: Any, mean: float, sd: float, low: float, number: int) -> Any:
    """Normal numbers, drawn again where they are below `low`."""
    values = rng.normal(mean, sd, number)
    while (below := values < low).any():
        values[below] = rng.normal(mean, sd, int(below.sum()))
    return values


def on_nest(options: Options) -> Any:
    started = time.perf_counter()
    from simulators.on_nest import NestNetwork, prepare

    nest = prepare(options)
    scale = options.case["scale"]
    groups = []
    for k in range(8):
        group = nest.Create(
            "iaf_psc_exp",
            scaled_size(k, scale),
            {
                "C_m": C_M,
                "tau_m": TAU_M,
                "tau_syn_ex": TAU_S,
                "tau_syn_in": TAU_S,
                "E_L": E_L,
                "V_reset": E_L,
                "V_th": V_TH,
                "t_ref": T_REF,
                "I_e": direct_current(k, scale),
            },
        )
        group.V_m = nest.random.normal(V_MEAN[k], V_SD[k])
        groups.append(group)
        drive = nest.Create(
            "poisson_generator", params={"rate": round(K_EXT[k] * scale) * BACKGROUND}
        )
        nest.Connect(drive, group, syn_spec={"weight": W / math.sqrt(scale), "delay": 1.5})
    for q in projections(scale):
        signed = {"min": 0.0, "max": INFINITE} if q.weight > 0 else {"min": -INFINITE, "max": 0.0}
        nest.Connect(
            groups[q.source],
            groups[q.target],
            {"rule": "fixed_total_number", "N": q.number},
            {
                "weight": nest.math.redraw(
                    nest.random.normal(q.weight, RELATIVE_SD * abs(q.weight)), **signed
                ),
                "delay": nest.math.redraw(
                    nest.random.normal(*q.delay), min=options.dt, max=INFINITE
                ),
            },
        )
    return NestNetwork(dict(zip(NAMES, groups, strict=True)), options, started)


def on_genn(options: Options) -> Any:
    started = time.perf_counter()
    from pygenn import (
        init_postsynaptic,
        init_sparse_connectivity,
        init_var,
        init_weight_update,
    )
    from simulators.on_genn import GennNetwork, prepare

    model = prepare(options)
    scale = options.case["scale"]
    groups = []
    for k, name in enumerate(NAMES):
        parameters = {
            "C": C_M,
            "TauM": TAU_M,
            "Vrest": E_L,
            "Vreset": E_L,
            "Vthresh": V_TH,
            "Ioffset": direct_current(k, scale),
            "TauRefrac": T_REF,
        }
        initial = {
            "V": init_var("Normal", {"mean": V_MEAN[k], "sd": V_SD[k]}),
            "RefracTime": 0.0,
        }
        group = model.add_neuron_population(name, scaled_size(k, scale), "LIF", parameters, initial)
        groups.append(group)
        model.add_current_source(
            f"{name}_poisson",
            "PoissonExp",
            group,
            {
                "weight": W / math.sqrt(scale),
                "tauSyn": TAU_S,
                "rate": round(K_EXT[k] * scale) * BACKGROUND,
            },
            {"current": 0.0},
        )
    longest = {kind: mean + 4 * sd for kind, (mean, sd) in DELAY.items()}
    slots = round(max(longest.values()) / options.dt) + 1
    for q in projections(scale):
        bounds = {"min": 0.0, "max": INFINITE} if q.weight > 0 else {"min": -INFINITE, "max": 0.0}
        mean, sd = q.delay
        group = model.add_synapse_population(
            q.name,
            "SPARSE",
            groups[q.source],
            groups[q.target],
            init_weight_update(
                "StaticPulseDendriticDelay",
                {},
                {
                    "g": init_var(
                        "NormalClipped",
                        {"mean": q.weight, "sd": RELATIVE_SD * abs(q.weight), **bounds},
                    ),
                    "d": init_var(
                        "NormalClippedDelay",
                        {
                            "mean": mean,
                            "sd": sd,
                            "min": options.dt,
                            "max": longest[NAMES[q.source][-1]],
                        },
                    ),
                },
            ),
            init_postsynaptic("ExpCurr", {"tau": TAU_S}),
            init_sparse_connectivity("FixedNumberTotalWithReplacement", {"num": q.number}),
        )
        group.max_dendritic_delay_timesteps = slots
    return GennNetwork(model, options, started)


VARIANTS = (
    Variant(
        "pd14-10",
        "pd14",
        "PD14 at 10 %, 7,717 neurons, 3 million synapses",
        field_of("genn", "brian2", "nest"),
        {"scale": 0.1},
        warmup=500.0,
        tolerance=0.15,
        slack=0.25,
        reach=5.0,
    ),
    Variant(
        "pd14-full",
        "pd14",
        "PD14 at full scale, 77,169 neurons, 0.3 billion synapses",
        (
            Contestant(OURS, 1, "float32"),
            Contestant(OURS, 2, "float32"),
            Contestant("genn", 1, "float32", optional=True),
            Contestant("nest", 2, optional=True),
        ),
        {"scale": 1.0},
        warmup=500.0,
        duration=2000.0,
        tolerance=0.1,
        slack=0.15,
        real_time=True,
        reach_text="real-time factor with 2 threads < 1, without AVX-512 <= 1.9; build <= 10 s",
    ),
)
