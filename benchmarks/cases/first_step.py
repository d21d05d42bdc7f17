"""From a fresh process to the first time step of a one-population model (1,000 LIF neurons).

Cold: an empty cache of compiled code. Warm: the same again with what the first run left. The time
runs from starting the interpreter to the answer after the step; `contest.first_steps` takes it.
"""

from __future__ import annotations

import os
import time
from typing import Any, NamedTuple

from machine import has_avx512
from variant import OURS, Options

SIZE = 1000
PARAMETERS = {"tau": 20.0, "E_L": -49.0, "V_th": -50.0, "V_r": -60.0, "t_ref": 5.0}


class Start(NamedTuple):
    """Who starts, on which cache, and what is wanted of it (seconds)."""

    simulator: str
    title: str
    warm: bool
    reach: float | None = None


# Half of what it took before, on a machine of either kind.
COLD_REACH = 1.1 if has_avx512() else 2.45

STARTS = (
    Start(OURS, "pygenn_lite", False, COLD_REACH),
    Start(OURS, "pygenn_lite", True, 0.7),
    Start("genn", "GeNN CPU", False),
    Start("genn", "GeNN CPU, model unchanged", True),
    Start("brian2", "Brian2 C++ standalone", False),
    Start("brian2_cython", "Brian2 Cython", False),
    Start("brian2_cython", "Brian2 Cython", True),
    Start("nest", "NEST (nothing to compile)", True),
)


def on_pygenn_lite(options: Options) -> Any:
    started = time.perf_counter()
    os.environ["PYGENN_LITE_CACHE"] = os.path.join(options.directory, "cache")
    from simulators.ours import OurNetwork

    import pygenn_lite as pg

    lif = pg.NeuronModel(
        derivatives="dV/dt = (E_L - V + I) / tau",
        threshold="V > V_th",
        reset="V = V_r",
        refractory="t_ref",
        parameters=PARAMETERS,
        initial={"V": pg.Uniform(-60.0, -50.0)},
    )
    net = pg.Network(dt=options.dt, seed=options.seed)
    net.population("lif", SIZE, lif)
    return OurNetwork(net, options, started)


def _brian2_neurons(b: Any) -> Any:
    neurons = b.NeuronGroup(
        SIZE,
        "dv/dt = (E_L - v)/(tau*ms) : 1 (unless refractory)",
        threshold="v > V_th",
        reset="v = V_r",
        refractory=PARAMETERS["t_ref"] * b.ms,
        method="exact",
        namespace=PARAMETERS,
    )
    neurons.v = "-60 + rand()*10"
    return neurons


def on_brian2(options: Options) -> Any:
    started = time.perf_counter()
    from simulators.on_brian2 import Brian2Network, prepare

    neurons = _brian2_neurons(prepare(options))
    return Brian2Network([neurons], {"lif": neurons}, options, started)


class CythonNetwork:
    """Brian2 in its runtime mode."""

    def __init__(self, options: Options, started: float) -> None:
        import brian2

        self.brian2 = brian2
        brian2.prefs.codegen.target = "cython"
        brian2.prefs.codegen.runtime.cython.cache_dir = os.path.join(options.directory, "cython")
        brian2.seed(options.seed)
        brian2.defaultclock.dt = options.dt * brian2.ms
        self.network = brian2.Network(_brian2_neurons(brian2))
        self.build_seconds = time.perf_counter() - started

    def warmup(self, ms: float) -> None:
        """Nothing to warm up."""

    def simulate(self, ms: float) -> float:
        start = time.perf_counter()
        self.network.run(ms * self.brian2.ms)
        return time.perf_counter() - start

    def rates(self) -> dict[str, float]:
        return {}

    def versions(self) -> dict[str, str]:
        return {"brian2": self.brian2.__version__}


def on_brian2_cython(options: Options) -> Any:
    return CythonNetwork(options, time.perf_counter())


def on_nest(options: Options) -> Any:
    started = time.perf_counter()
    from simulators.on_nest import NestNetwork, prepare

    nest = prepare(options)
    group = nest.Create(
        "iaf_psc_exp",
        SIZE,
        {
            "tau_m": PARAMETERS["tau"],
            "C_m": PARAMETERS["tau"],
            "E_L": PARAMETERS["E_L"],
            "V_th": PARAMETERS["V_th"],
            "V_reset": PARAMETERS["V_r"],
            "t_ref": PARAMETERS["t_ref"],
        },
    )
    group.V_m = nest.random.uniform(-60.0, -50.0)
    return NestNetwork({"lif": group}, options, started)


def on_genn(options: Options) -> Any:
    started = time.perf_counter()
    from pygenn import init_var
    from simulators.on_genn import GennNetwork, prepare

    model = prepare(options)
    model.add_neuron_population(
        "lif",
        SIZE,
        "LIF",
        {
            "C": PARAMETERS["tau"],
            "TauM": PARAMETERS["tau"],
            "Vrest": PARAMETERS["E_L"],
            "Vreset": PARAMETERS["V_r"],
            "Vthresh": PARAMETERS["V_th"],
            "Ioffset": 0.0,
            "TauRefrac": PARAMETERS["t_ref"],
        },
        {"V": init_var("Uniform", {"min": -60.0, "max": -50.0}), "RefracTime": 0.0},
    )
    return GennNetwork(model, options, started)
