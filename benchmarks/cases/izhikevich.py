"""Izhikevich (2003) network at 10,000 neurons with 1,000 synapses each, static or with pair STDP.

The network of the paper's figure 3 enlarged tenfold with the same number of inputs: 8,000
excitatory neurons (regular spiking to chattering) and 2,000 inhibitory ones (low-threshold to fast
spiking), parameters spread by r = uniform(0, 1); every neuron has 800 excitatory and 200 inhibitory
targets, drawn with replacement (fixed out-degree); weights uniform(0, 0.5) and uniform(-1, 0); a
normal current, s.d. 5 and 2, redrawn every step; dt 1 ms, V in two half steps, then u. A spike
acts for one step.

With STDP the 8 million excitatory synapses have additive pair STDP, all-to-all, tau 20 ms,
A+ 0.001 and A- 0.00105 times w_max = 0.5: slow enough for the rates to stay where they are.
"""

from __future__ import annotations

import time
from typing import Any

from variant import Options, Variant, field_of

SD = {"exc": 5.0, "inh": 2.0}
WEIGHT = {"exc": (0.0, 0.5), "inh": (-1.0, 0.0)}
TAU_STDP, A_PLUS, A_MINUS, W_MAX = 20.0, 0.001, 0.00105, 0.5


def sizes(options: Options) -> dict[str, int]:
    """Number of neurons of the two populations."""
    size = options.case["size"]
    return {"exc": size * 4 // 5, "inh": size // 5}


def degrees(options: Options) -> dict[str, int]:
    """Number of targets of a neuron in the two populations."""
    degree = options.case.get("degree", 0)
    return {"exc": degree * 4 // 5, "inh": degree // 5}


def parameters(options: Options) -> dict[str, dict[str, Any]]:
    """Values a, b, c, d, the same ones for every simulator."""
    import numpy as np

    rng = np.random.default_rng(2003)
    n = sizes(options)
    r = rng.uniform(size=n["exc"])
    s = rng.uniform(size=n["inh"])
    one, other = np.ones_like(r), np.ones_like(s)
    return {
        "exc": {"a": 0.02 * one, "b": 0.2 * one, "c": -65 + 15 * r**2, "d": 8 - 6 * r**2},
        "inh": {"a": 0.02 + 0.08 * s, "b": 0.25 - 0.05 * s, "c": -65 * other, "d": 2 * other},
    }


def declare(options: Options) -> Any:
    """The network as pygenn_lite declares it."""
    import pygenn_lite as pg

    model = pg.NeuronModel(
        update="""
        V = V + 0.5*dt*(0.04*V**2 + 5*V + 140 - u + I + pulse)
        V = V + 0.5*dt*(0.04*V**2 + 5*V + 140 - u + I + pulse)
        u = u + dt*a*(b*V - u)
        pulse = 0
        """,
        threshold="V >= 30",
        reset="V = c; u += d",
        parameters={"a": 0.02, "b": 0.2, "c": -65.0, "d": 8.0},
        initial={"V": -65.0, "u": -13.0, "pulse": 0.0},
    )
    static = pg.SynapseModel(on_pre="pulse_post += weight")
    plastic = pg.PairSTDP(
        static,
        A_plus=A_PLUS,
        A_minus=A_MINUS,
        tau_plus=TAU_STDP,
        tau_minus=TAU_STDP,
        w_max=W_MAX,
    )
    net = pg.Network(dt=options.dt, seed=options.seed)
    groups = {}
    for name, values in parameters(options).items():
        groups[name] = net.population(
            name,
            sizes(options)[name],
            model,
            parameters=values,
            initial={"u": -65.0 * values["b"]},
        )
        # Mean and standard deviation by position: the names differ in commits to compare with.
        net.noise_current(groups[name], 0.0, SD[name])
    for source in groups:
        for target, degree in degrees(options).items():
            if degree:
                stdp = options.case.get("stdp", False) and source == "exc"
                net.connect(
                    groups[source],
                    groups[target],
                    plastic if stdp else static,
                    pg.FixedOutDegree(degree),
                    weight=pg.Uniform(*WEIGHT[source]),
                    delay=options.dt,
                )
    return net


def on_pygenn_lite(options: Options) -> Any:
    started = time.perf_counter()
    from simulators.ours import OurNetwork

    return OurNetwork(declare(options), options, started)


def on_brian2(options: Options) -> Any:
    started = time.perf_counter()
    import numpy as np
    from simulators.on_brian2 import Brian2Network, prepare

    b = prepare(options)
    n = sizes(options)
    total = n["exc"] + n["inh"]
    stdp = options.case.get("stdp", False)
    traces = "x : 1\ny : 1" if stdp else ""
    # Traces per neuron, not per synapse: as cheap as Brian2 can have them.
    neurons = b.NeuronGroup(
        total,
        f"""
        V : 1
        u : 1
        pulse : 1
        a : 1 (constant)
        b : 1 (constant)
        c : 1 (constant)
        d : 1 (constant)
        sd : 1 (constant)
        {traces}
        """,
        threshold="V >= 30",
        reset="V = c\nu += d" + ("\nx += 1\ny += 1" if stdp else ""),
        namespace={"decay": float(np.exp(-options.dt / TAU_STDP))},
    )
    neurons.run_regularly(
        """
        current = sd*randn() + pulse
        V = V + 0.5*(0.04*V**2 + 5*V + 140 - u + current)
        V = V + 0.5*(0.04*V**2 + 5*V + 140 - u + current)
        u = u + a*(b*V - u)
        pulse = 0
        """
        + ("x = x*decay\ny = y*decay" if stdp else ""),
        when="groups",
    )
    groups = {"exc": neurons[: n["exc"]], "inh": neurons[n["exc"] :]}
    for name, values in parameters(options).items():
        for key, value in values.items():
            setattr(groups[name], key, value)
        groups[name].V = -65.0
        groups[name].u = -65.0 * values["b"]
        groups[name].sd = SD[name]
    objects: list[Any] = [neurons]
    degree = degrees(options)
    rng = np.random.default_rng(options.seed)
    begin = {"exc": 0, "inh": n["exc"]}
    for source in groups:
        if not degree["exc"]:
            continue
        targets = np.concatenate(
            [begin[t] + rng.integers(n[t], size=(n[source], degree[t])) for t in groups], axis=1
        )
        plastic = stdp and source == "exc"
        synapses = b.Synapses(
            groups[source],
            neurons,
            "w : 1" if plastic else "w : 1 (constant)",
            on_pre="pulse_post += w"
            + (f"\nw = clip(w - {A_MINUS * W_MAX}*y_post, 0, {W_MAX})" if plastic else ""),
            on_post=f"w = clip(w + {A_PLUS * W_MAX}*x_pre, 0, {W_MAX})" if plastic else None,
        )
        synapses.connect(i=np.repeat(np.arange(n[source]), targets.shape[1]), j=targets.ravel())
        synapses.w = rng.uniform(*WEIGHT[source], targets.size)
        objects.append(synapses)
    return Brian2Network(objects, groups, options, started)


def on_nest(options: Options) -> Any:
    started = time.perf_counter()
    from simulators.on_nest import NestNetwork, prepare

    nest = prepare(options)
    groups = {}
    for name, values in parameters(options).items():
        group = nest.Create("izhikevich", sizes(options)[name])
        group.set(
            consistent_integration=False,  # the paper's scheme
            V_m=-65.0,
            V_th=30.0,
            U_m=list(-65.0 * values["b"]),
            **{key: list(value) for key, value in values.items()},
        )
        noise = nest.Create("noise_generator", params={"std": SD[name], "dt": options.dt})
        nest.Connect(noise, group, syn_spec={"delay": options.dt})
        if options.case.get("stdp", False):
            group.tau_minus = TAU_STDP
        groups[name] = group
    if options.case.get("stdp", False):
        nest.CopyModel(
            "stdp_synapse_hom",
            "plastic",
            {
                "tau_plus": TAU_STDP,
                "lambda": A_PLUS,
                "alpha": A_MINUS / A_PLUS,
                "mu_plus": 0.0,
                "mu_minus": 0.0,
                "Wmax": W_MAX,
            },
        )
    for source in groups:
        stdp = options.case.get("stdp", False) and source == "exc"
        for target, degree in degrees(options).items():
            if degree:
                nest.Connect(
                    groups[source],
                    groups[target],
                    {"rule": "fixed_outdegree", "outdegree": degree},
                    {
                        "synapse_model": "plastic" if stdp else "static_synapse",
                        "weight": nest.random.uniform(*WEIGHT[source]),
                        "delay": options.dt,
                    },
                )
    return NestNetwork(groups, options, started)


def on_genn(options: Options) -> Any:
    started = time.perf_counter()
    import numpy as np
    from pygenn import (
        create_neuron_model,
        create_weight_update_model,
        init_postsynaptic,
        init_sparse_connectivity,
        init_var,
        init_weight_update,
    )
    from simulators.on_genn import GennNetwork, prepare

    model = prepare(options)
    constants = [(key, "scalar") for key in "abcd"]
    neuron = create_neuron_model(
        "izhikevich_with_noise",
        params=["sd"],
        vars=[("V", "scalar"), ("u", "scalar"), *constants],
        sim_code="""
        const scalar current = Isyn + gennrand_normal()*sd;
        V += 0.5*dt*(0.04*V*V + 5.0*V + 140.0 - u + current);
        V += 0.5*dt*(0.04*V*V + 5.0*V + 140.0 - u + current);
        u += dt*a*(b*V - u);
        """,
        threshold_condition_code="V >= 30.0",
        reset_code="V = c; u += d;",
    )
    decay = float(np.exp(-options.dt / TAU_STDP))
    stdp_model = create_weight_update_model(
        "additive_pair_stdp",
        params=["fall", "rise", "w_max", "decay"],
        vars=[("g", "scalar")],
        pre_vars=[("x", "scalar")],
        post_vars=[("y", "scalar")],
        pre_spike_syn_code="addToPost(g); g = fmax(0.0, g - fall*y);",
        post_spike_syn_code="g = fmin(w_max, g + rise*x);",
        pre_spike_code="x += 1.0;",
        post_spike_code="y += 1.0;",
        pre_dynamics_code="x *= decay;",
        post_dynamics_code="y *= decay;",
    )
    groups = {}
    for name, values in parameters(options).items():
        groups[name] = model.add_neuron_population(
            name,
            sizes(options)[name],
            neuron,
            {"sd": SD[name]},
            {"V": -65.0, "u": -65.0 * values["b"], **values},
        )
    for source in groups:
        low, high = WEIGHT[source]
        weight = init_var("Uniform", {"min": low, "max": high})
        for target, degree in degrees(options).items():
            if not degree:
                continue
            if options.case.get("stdp", False) and source == "exc":
                update = init_weight_update(
                    stdp_model,
                    {
                        "fall": A_MINUS * W_MAX,
                        "rise": A_PLUS * W_MAX,
                        "w_max": W_MAX,
                        "decay": decay,
                    },
                    {"g": weight},
                    {"x": 0.0},
                    {"y": 0.0},
                )
            else:
                update = init_weight_update("StaticPulse", {}, {"g": weight})
            model.add_synapse_population(
                f"{source}_{target}",
                "SPARSE",
                groups[source],
                groups[target],
                update,
                init_postsynaptic("DeltaCurr"),
                init_sparse_connectivity("FixedNumberPostWithReplacement", {"num": degree}),
            )
    return GennNetwork(model, options, started)


def _variant(name: str, title: str, stdp: bool) -> Variant:
    return Variant(
        name,
        "izhikevich",
        title,
        field_of("genn", "brian2", "nest"),
        {"size": 10000, "degree": 1000, "stdp": stdp},
        dt=1.0,
        warmup=500.0,
        duration=1000.0 if stdp else 4000.0,  # as with CUBA: a quarter of a second of ours
        tolerance=0.1,
        reach=4.0,
    )


VARIANTS = (
    _variant("izhikevich", "Izhikevich, 10,000 neurons, 1,000 synapses each, dt 1 ms", False),
    _variant(
        "izhikevich-stdp",
        "the same with additive pair STDP on the 8 million excitatory synapses",
        True,
    ),
)
