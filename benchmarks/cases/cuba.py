"""CUBA: integrate-and-fire neurons with exponential currents (Brette et al. 2007, benchmark 2).

80 synapses each whatever the size: 4,000 neurons with p = 0.02, larger networks with 80/N.
"""

from __future__ import annotations

import time
from typing import Any

from variant import OURS, Contestant, Options, Variant, field_of

TAU, E_L, V_TH, V_R, T_REF = 20.0, -49.0, -50.0, -60.0, 5.0
TAU_EXC, TAU_INH, W_EXC, W_INH = 5.0, 10.0, 1.62, -9.0
DEGREE = 80


def sizes(options: Options) -> tuple[int, int, float]:
    """Excitatory and inhibitory neurons, and the probability of a synapse."""
    size = options.case["size"]
    return size * 4 // 5, size // 5, DEGREE / size


def on_pygenn_lite(options: Options) -> Any:
    started = time.perf_counter()
    from simulators.ours import OurNetwork

    import pygenn_lite as pg

    n_exc, n_inh, p = sizes(options)
    lif = pg.NeuronModel(
        derivatives="dV/dt = (E_L - V + I) / tau",
        threshold="V > V_th",
        reset="V = V_r",
        refractory="t_ref",
        parameters={"tau": TAU, "E_L": E_L, "V_th": V_TH, "V_r": V_R, "t_ref": T_REF},
        initial={"V": pg.Uniform(V_R, V_TH)},
    )
    net = pg.Network(dt=options.dt, seed=options.seed)
    exc = net.population("exc", n_exc, lif)
    inh = net.population("inh", n_inh, lif)
    for source, weight, tau in ((exc, W_EXC, TAU_EXC), (inh, W_INH, TAU_INH)):
        for target in (exc, inh):
            net.connect(
                source,
                target,
                pg.ExponentialCurrent(tau=tau),
                pg.FixedProbability(p),
                weight=weight,
                delay=options.dt,
            )
    return OurNetwork(net, options, started)


def on_brian2(options: Options) -> Any:
    started = time.perf_counter()
    from simulators.on_brian2 import Brian2Network, prepare

    b = prepare(options)
    n_exc, n_inh, p = sizes(options)
    neurons = b.NeuronGroup(
        n_exc + n_inh,
        """
        dv/dt = (E_L - v + g_e + g_i)/tau : 1 (unless refractory)
        dg_e/dt = -g_e/tau_e : 1
        dg_i/dt = -g_i/tau_i : 1
        """,
        threshold="v > V_th",
        reset="v = V_r",
        refractory=T_REF * b.ms,
        method="exact",
        namespace={
            "tau": TAU * b.ms,
            "tau_e": TAU_EXC * b.ms,
            "tau_i": TAU_INH * b.ms,
            "E_L": E_L,
            "V_th": V_TH,
            "V_r": V_R,
        },
    )
    neurons.v = f"{V_R} + rand()*{V_TH - V_R}"
    exc, inh = neurons[:n_exc], neurons[n_exc:]
    excite = b.Synapses(exc, neurons, on_pre=f"g_e += {W_EXC}")
    inhibit = b.Synapses(inh, neurons, on_pre=f"g_i += {W_INH}")
    excite.connect(p=p)
    inhibit.connect(p=p)
    return Brian2Network([neurons, excite, inhibit], {"exc": exc, "inh": inh}, options, started)


def on_nest(options: Options) -> Any:
    started = time.perf_counter()
    from simulators.on_nest import NestNetwork, prepare

    nest = prepare(options)
    n_exc, n_inh, p = sizes(options)
    # With C_m = tau_m a current in pA counts in mV.
    parameters = {
        "tau_m": TAU,
        "C_m": TAU,
        "E_L": E_L,
        "V_th": V_TH,
        "V_reset": V_R,
        "t_ref": T_REF,
        "tau_syn_ex": TAU_EXC,
        "tau_syn_in": TAU_INH,
    }
    neurons = nest.Create("iaf_psc_exp", n_exc + n_inh, parameters)
    neurons.V_m = nest.random.uniform(V_R, V_TH)
    exc, inh = neurons[:n_exc], neurons[n_exc:]
    rule = {"rule": "pairwise_bernoulli", "p": p}
    for source, weight in ((exc, W_EXC), (inh, W_INH)):
        nest.Connect(source, neurons, rule, {"weight": weight, "delay": options.dt})
    return NestNetwork({"exc": exc, "inh": inh}, options, started)


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
    n_exc, n_inh, p = sizes(options)
    parameters = {
        "C": TAU,
        "TauM": TAU,
        "Vrest": E_L,
        "Vreset": V_R,
        "Vthresh": V_TH,
        "Ioffset": 0.0,
        "TauRefrac": T_REF,
    }
    initial = {"V": init_var("Uniform", {"min": V_R, "max": V_TH}), "RefracTime": 0.0}
    groups = {
        name: model.add_neuron_population(name, size, "LIF", parameters, initial)
        for name, size in (("exc", n_exc), ("inh", n_inh))
    }
    for source, weight, tau in (("exc", W_EXC, TAU_EXC), ("inh", W_INH, TAU_INH)):
        for target in groups:
            model.add_synapse_population(
                f"{source}_{target}",
                "SPARSE",
                groups[source],
                groups[target],
                init_weight_update("StaticPulseConstantWeight", {"g": weight}),
                init_postsynaptic("ExpCurr", {"tau": tau}),
                init_sparse_connectivity("FixedProbability", {"prob": p}),
            )
    return GennNetwork(model, options, started)


def _variant(size: int, tolerance: float, reach: float) -> Variant:
    return Variant(
        f"cuba-{size // 1000}k",
        "cuba",
        f"CUBA, {size:,} neurons, 80 synapses each",
        field_of("genn", "brian2", "nest"),
        {"size": size},
        # A quarter of a second of ours each: the first milliseconds after the others are slow.
        duration=64e6 / size,
        tolerance=tolerance,
        reach=reach,
    )


VARIANTS = (
    # Networks of 4,000 differ among each other by 4 % (s.d.); larger ones by less.
    _variant(4000, 0.2, 3.0),
    _variant(16000, 0.1, 4.0),
    _variant(64000, 0.06, 4.0),
    Variant(
        "cuba-4k-double",
        "cuba",
        "CUBA, 4,000 neurons, all at float64",
        (Contestant(OURS, 1), Contestant("brian2", 1)),
        {"size": 4000},
        tolerance=0.2,
    ),
)
