"""COBAHH: Hodgkin-Huxley cells with exponential conductances (Brette et al. 2007, benchmark 3).

Exponential Euler in pygenn_lite and Brian2; NEST's `hh_cond_exp_traub` integrates adaptively and
finds spikes by their peak, so that its rate may differ by more.
"""

from __future__ import annotations

import time
from typing import Any

from variant import OURS, Contestant, Options, Variant

# ms, mV, nS, pA, pF
C, G_L, E_L, G_NA, E_NA, G_K, E_K, V_T = 200.0, 10.0, -60.0, 20000.0, 50.0, 6000.0, -90.0, -63.0
TAU_EXC, TAU_INH, E_EXC, E_INH, W_EXC, W_INH = 5.0, 10.0, 0.0, -80.0, 6.0, 67.0
V_INITIAL, G_EXC_INITIAL, G_INH_INITIAL = (-65.0, 5.0), (40.0, 15.0), (200.0, 120.0)


def sizes(options: Options) -> tuple[int, int, float]:
    """Excitatory and inhibitory neurons, and the probability of a synapse."""
    size = options.case["size"]
    return size * 4 // 5, size // 5, 80 / size


def on_pygenn_lite(options: Options) -> Any:
    started = time.perf_counter()
    from simulators.ours import OurNetwork

    import pygenn_lite as pg

    n_exc, n_inh, p = sizes(options)
    cell = pg.TraubMilesHH(
        initial={"V": pg.Normal(*V_INITIAL), "m": 0.0, "n": 0.0, "h": 0.0},
        integrator="exponential_euler",
    )
    net = pg.Network(dt=options.dt, seed=options.seed)
    exc = net.population("exc", n_exc, cell)
    inh = net.population("inh", n_inh, cell)
    receptors = {
        "exc": pg.ExponentialConductance(TAU_EXC, E_EXC, initial=pg.Normal(*G_EXC_INITIAL)),
        "inh": pg.ExponentialConductance(TAU_INH, E_INH, initial=pg.Normal(*G_INH_INITIAL)),
    }
    # Unconnected (for the cost of the neurons alone) the conductances are still there.
    rule = pg.FixedProbability(p if options.case.get("connected", True) else 0.0)
    for source, weight in ((exc, W_EXC), (inh, W_INH)):
        for target in (exc, inh):
            net.connect(
                source, target, receptors[source.name], rule, weight=weight, delay=options.dt
            )
    return OurNetwork(net, options, started)


def on_brian2(options: Options) -> Any:
    started = time.perf_counter()
    from simulators.on_brian2 import Brian2Network, prepare

    b = prepare(options)
    n_exc, n_inh, p = sizes(options)
    # As in Brian2's own example of this benchmark, written without units.
    neurons = b.NeuronGroup(
        n_exc + n_inh,
        """
        dv/dt = (g_l*(E_l - v) + g_e*(E_e - v) + g_i*(E_i - v)
                 - g_na*(m*m*m)*h*(v - E_na) - g_k*(n*n*n*n)*(v - E_k))/(C*ms) : 1
        dm/dt = (alpha_m*(1 - m) - beta_m*m)/ms : 1
        dn/dt = (alpha_n*(1 - n) - beta_n*n)/ms : 1
        dh/dt = (alpha_h*(1 - h) - beta_h*h)/ms : 1
        dg_e/dt = -g_e/tau_e : 1
        dg_i/dt = -g_i/tau_i : 1
        alpha_m = 0.32*4/exprel((13 - v + V_T)/4) : 1
        beta_m = 0.28*5/exprel((v - V_T - 40)/5) : 1
        alpha_h = 0.128*exp((17 - v + V_T)/18) : 1
        beta_h = 4./(1 + exp((40 - v + V_T)/5)) : 1
        alpha_n = 0.032*5/exprel((15 - v + V_T)/5) : 1
        beta_n = .5*exp((10 - v + V_T)/40) : 1
        """,
        threshold="v > -20",
        refractory=3 * b.ms,
        method="exponential_euler",
        namespace={
            "g_l": G_L,
            "E_l": E_L,
            "E_e": E_EXC,
            "E_i": E_INH,
            "g_na": G_NA,
            "E_na": E_NA,
            "g_k": G_K,
            "E_k": E_K,
            "C": C,
            "V_T": V_T,
            "tau_e": TAU_EXC * b.ms,
            "tau_i": TAU_INH * b.ms,
        },
    )
    neurons.v = "{} + {}*randn()".format(*V_INITIAL)
    neurons.g_e = "{} + {}*randn()".format(*G_EXC_INITIAL)
    neurons.g_i = "{} + {}*randn()".format(*G_INH_INITIAL)
    exc, inh = neurons[:n_exc], neurons[n_exc:]
    objects = [neurons]
    if options.case.get("connected", True):
        excite = b.Synapses(exc, neurons, on_pre=f"g_e += {W_EXC}")
        inhibit = b.Synapses(inh, neurons, on_pre=f"g_i += {W_INH}")
        excite.connect(p=p)
        inhibit.connect(p=p)
        objects += [excite, inhibit]
    return Brian2Network(objects, {"exc": exc, "inh": inh}, options, started)


def on_nest(options: Options) -> Any:
    started = time.perf_counter()
    from simulators.on_nest import NestNetwork, prepare

    nest = prepare(options)
    n_exc, n_inh, p = sizes(options)
    neurons = nest.Create(
        "hh_cond_exp_traub",
        n_exc + n_inh,
        {
            "C_m": C,
            "g_L": G_L,
            "E_L": E_L,
            "g_Na": G_NA,
            "E_Na": E_NA,
            "g_K": G_K,
            "E_K": E_K,
            "V_T": V_T,
            "tau_syn_ex": TAU_EXC,
            "tau_syn_in": TAU_INH,
            "E_ex": E_EXC,
            "E_in": E_INH,
            "t_ref": 3.0,
            "Act_m": 0.0,
            "Act_n": 0.0,
            "Inact_h": 0.0,
        },
    )
    neurons.V_m = nest.random.normal(*V_INITIAL)
    # The conductances cannot be set: one early spike with random weights stands for their start.
    for mean, sd in (G_EXC_INITIAL, (-G_INH_INITIAL[0], G_INH_INITIAL[1])):
        start = nest.Create("spike_generator", params={"spike_times": [options.dt]})
        weight = nest.random.normal(mean, sd)
        nest.Connect(start, neurons, syn_spec={"weight": weight, "delay": options.dt})
    exc, inh = neurons[:n_exc], neurons[n_exc:]
    rule = {"rule": "pairwise_bernoulli", "p": p}
    for source, weight in ((exc, W_EXC), (inh, -W_INH)):  # the sign chooses the receptor
        nest.Connect(source, neurons, rule, {"weight": weight, "delay": options.dt})
    return NestNetwork({"exc": exc, "inh": inh}, options, started)


VARIANTS = (
    Variant(
        "cobahh-4k",
        "cobahh",
        "COBAHH, 4,000 neurons",
        tuple(
            contestant
            for threads in (1, 2)
            for contestant in (
                Contestant(OURS, threads, "float32"),
                Contestant(OURS, threads, "float64"),
                Contestant("brian2", threads),
                Contestant("nest", threads),
            )
        ),
        {"size": 4000},
        tolerance=0.25,
        reach=15.0,
        reach_text="float32 against Brian2 at float64",
    ),
)
