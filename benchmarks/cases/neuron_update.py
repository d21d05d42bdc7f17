"""What a neuron costs by itself: no synapses, one thread, ns per neuron and step.

LIF with Poisson drive is PD14's neuron with 1,000 sources of 8 Hz, near its threshold. COBAHH's and
Izhikevich's cells are those of their networks, with receptors and noise, unconnected.
"""

from __future__ import annotations

import time
from typing import Any

from variant import OURS, Contestant, Options, Variant

from cases import cobahh, izhikevich, pd14

SOURCES = 1000
NETWORKS = {"cobahh": cobahh, "izhikevich": izhikevich}


def on_pygenn_lite(options: Options) -> Any:
    if options.case["model"] in NETWORKS:
        return NETWORKS[options.case["model"]].on_pygenn_lite(options)
    started = time.perf_counter()
    from simulators.ours import OurNetwork

    import pygenn_lite as pg

    net = pg.Network(dt=options.dt, seed=options.seed)
    neuron = pg.LIF(
        tau=pd14.TAU_M,
        C=pd14.C_M,
        E_L=pd14.E_L,
        V_th=pd14.V_TH,
        V_r=pd14.E_L,
        t_ref=pd14.T_REF,
        initial={"V": pg.Normal(-60.0, 5.0)},
    )
    group = net.population("lif", options.case["size"], neuron)
    net.poisson(
        group,
        pd14.BACKGROUND,
        sources=SOURCES,
        weight=pd14.W,
        synapse=pg.ExponentialCurrent(tau=pd14.TAU_S),
    )
    return OurNetwork(net, options, started)


def on_brian2(options: Options) -> Any:
    if options.case["model"] in NETWORKS:
        return NETWORKS[options.case["model"]].on_brian2(options)
    started = time.perf_counter()
    from simulators.on_brian2 import Brian2Network, prepare

    b = prepare(options)
    neurons = b.NeuronGroup(
        options.case["size"],
        """
        dv/dt = (E_L - v)/tau_m + I_syn/(C_m*ms) : 1 (unless refractory)
        dI_syn/dt = -I_syn/tau_s : 1
        """,
        threshold="v > V_th",
        reset="v = E_L",
        refractory=pd14.T_REF * b.ms,
        method="exact",
        namespace={
            "tau_m": pd14.TAU_M * b.ms,
            "tau_s": pd14.TAU_S * b.ms,
            "C_m": pd14.C_M,
            "E_L": pd14.E_L,
            "V_th": pd14.V_TH,
        },
    )
    neurons.v = "-60 + 5*randn()"
    drive = b.PoissonInput(neurons, "I_syn", SOURCES, pd14.BACKGROUND * b.Hz, pd14.W)
    return Brian2Network([neurons, drive], {"lif": neurons}, options, started)


def on_nest(options: Options) -> Any:
    if options.case["model"] in NETWORKS:
        return NETWORKS[options.case["model"]].on_nest(options)
    started = time.perf_counter()
    from simulators.on_nest import NestNetwork, prepare

    nest = prepare(options)
    group = nest.Create(
        "iaf_psc_exp",
        options.case["size"],
        {
            "C_m": pd14.C_M,
            "tau_m": pd14.TAU_M,
            "tau_syn_ex": pd14.TAU_S,
            "E_L": pd14.E_L,
            "V_reset": pd14.E_L,
            "V_th": pd14.V_TH,
            "t_ref": pd14.T_REF,
        },
    )
    group.V_m = nest.random.normal(-60.0, 5.0)
    drive = nest.Create("poisson_generator", params={"rate": SOURCES * pd14.BACKGROUND})
    nest.Connect(drive, group, syn_spec={"weight": pd14.W, "delay": options.dt})
    return NestNetwork({"lif": group}, options, started)


def on_genn(options: Options) -> Any:
    if options.case["model"] in NETWORKS:
        return NETWORKS[options.case["model"]].on_genn(options)
    started = time.perf_counter()
    from pygenn import init_var
    from simulators.on_genn import GennNetwork, prepare

    model = prepare(options)
    group = model.add_neuron_population(
        "lif",
        options.case["size"],
        "LIF",
        {
            "C": pd14.C_M,
            "TauM": pd14.TAU_M,
            "Vrest": pd14.E_L,
            "Vreset": pd14.E_L,
            "Vthresh": pd14.V_TH,
            "Ioffset": 0.0,
            "TauRefrac": pd14.T_REF,
        },
        {"V": init_var("Normal", {"mean": -60.0, "sd": 5.0}), "RefracTime": 0.0},
    )
    model.add_current_source(
        "drive",
        "PoissonExp",
        group,
        {"weight": pd14.W, "tauSyn": pd14.TAU_S, "rate": SOURCES * pd14.BACKGROUND},
        {"current": 0.0},
    )
    return GennNetwork(model, options, started)


def _field(*peers: str) -> tuple[Contestant, ...]:
    return (
        Contestant(OURS, 1, "float32"),
        Contestant(OURS, 1, "float64"),
        *(Contestant(peer, 1, "float32" if peer == "genn" else "float64") for peer in peers),
    )


VARIANTS = (
    Variant(
        "update-lif",
        "neuron_update",
        "LIF with Poisson drive, 20,000 neurons unconnected",
        _field("genn", "brian2", "nest"),
        {"model": "lif", "size": 20000},
        warmup=100.0,
        duration=200.0,
        tolerance=0.05,
        neurons=20000,
        reach_text="<= 1 ns, without AVX-512 <= 1.8 ns",
    ),
    Variant(
        "update-cobahh",
        "neuron_update",
        "COBAHH, 4,000 neurons unconnected",
        _field("brian2"),
        {"model": "cobahh", "size": 4000, "connected": False},
        warmup=100.0,
        duration=1000.0,  # 13 spikes of nearly simultaneous neurons: one more or less is 8 %
        slack=0.5,
        neurons=4000,
        reach_text="<= 15 ns",
    ),
    Variant(
        "update-izhikevich",
        "neuron_update",
        "Izhikevich with noise, 20,000 neurons unconnected",
        _field("genn", "brian2", "nest"),
        {"model": "izhikevich", "size": 20000},
        dt=1.0,
        warmup=500.0,
        duration=1000.0,
        tolerance=0.05,
        neurons=20000,
    ),
)
