"""A forward and a backward pass of a LIF network, written by hand as an extension.

Spikes are located inside their steps (Newton's method on the closed form), neurons are reset there,
and arrivals at the read-out act at their real times, so that the loss is a smooth function of the
weights. Currents are J: tau V' = -V + J, tau_s J' = -J, threshold 1, reset to 0. The read-out does
not spike; its loss is half the sum of (S - goal)^2, S the integral of V over the trial.

Backwards (lam: derivatives of the loss by V, J, S), at a spike of a hidden neuron r ms before the
end of its step: lam_V- = (lam_V+ J/tau - e)/speed, e the price of moving all its arrivals.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import sympy
from helpers_programs import added, at_once, extension, kernel, set_, variables, x

import pygenn_lite as pg
from pygenn_lite.codegen.program.extension import Extension, SpikeRecord
from pygenn_lite.codegen.program.extension_ops import Combine, Gather, Present, Restart, Simulated
from pygenn_lite.codegen.program.kernel import LinearFlow
from pygenn_lite.codegen.program.schedule import Call, Exchange, Loop, Op, Reduce, Schedule
from pygenn_lite.codegen.program.until import Until

TAU, TAU_S, DT = 20.0, 5.0, 0.5
N_IN, N_HIDDEN, N_OUT, STEPS = 5, 70, 3, 80
CARRIED = ("rest", "J_spike", "f_J", "f_V", "f_S")

# V after h ms from V0 and J0; its slope.
AFTER = "(V0*exp(-h/tau) + J0/3*(exp(-h/tau) - exp(-h/tau_s)))"
SLOPE = f"((J0*exp(-h/tau_s) - {AFTER})/tau)"
HIDDEN = pg.NeuronModel(
    update=[
        "V0 = V", "J0 = J",
        "V = V0*exp(-dt/tau) + J0/3*(exp(-dt/tau) - exp(-dt/tau_s))",
        "J = J0*exp(-dt/tau_s)",
        *(f"{name} = {name}" for name in ("h", *CARRIED)),
    ],
    threshold="V > 1",
    reset=[
        "h = dt*(1 - V0)/(V - V0)",
        *[f"h = h - ({AFTER} - 1)/{SLOPE}"] * 5,
        "rest = dt - h",
        "J_spike = J0*exp(-h/tau_s)",
        "V = J_spike/3*(exp(-rest/tau) - exp(-rest/tau_s))",
        # What a unit of weight makes of J, V and S of a read-out, `rest` ms later.
        "f_J = exp(-rest/tau_s)",
        "f_V = (exp(-rest/tau) - exp(-rest/tau_s))/3",
        "f_S = (tau*(1 - exp(-rest/tau)) - tau_s*(1 - exp(-rest/tau_s)))/3",
    ],
    parameters=dict(tau=TAU, tau_s=TAU_S),
    inputs=(),
)  # fmt: skip
OUT = pg.NeuronModel(
    ["dS/dt = V", "dV/dt = (J - V)/tau", "dJ/dt = -J/tau_s"],
    parameters=dict(tau=TAU, tau_s=TAU_S),
    inputs=(),
)
AT_ONCE = pg.SynapseModel(on_pre="J_post += weight")
IN_TIME = pg.SynapseModel(
    on_pre=["J_post += weight*f_J_pre", "V_post += weight*f_V_pre", "S_post += weight*f_S_pre"]
)


def network(seed: int = 5, n_hidden: int = N_HIDDEN) -> pg.Network:
    rng = np.random.default_rng(seed)
    net = pg.Network(dt=DT, seed=seed)
    times = np.sort(rng.integers(1, 50, 40)) * DT
    net.spike_source("in", N_IN, times, np.arange(40) % N_IN)
    net.population("hidden", n_hidden, HIDDEN)
    net.population("out", N_OUT, OUT)
    w_in = rng.normal(1.2, 0.6, (N_IN, n_hidden))
    w_out = rng.normal(0.0, 0.1, (n_hidden, N_OUT))
    net.connect("in", "hidden", AT_ONCE, pg.AllToAll(), weight=w_in, name="w_in")
    net.connect("hidden", "out", IN_TIME, pg.AllToAll(), weight=w_out, delay=1.5, name="w_out")
    return net


def flow(*names: str, minus: str = "") -> LinearFlow:
    """The propagator of J to V to S, or of the first two, as the variables P_<to>_<from>."""
    entries = {("J", "J"): "-1/tau_s", ("V", "J"): "1/tau", ("V", "V"): "-1/tau", ("S", "V"): "1"}
    chosen = [
        (names.index(i), names.index(j), x(v))
        for (i, j), v in entries.items()
        if {i, j} <= {*names}
    ]
    outputs = [
        (a, b, f"{minus}P_{i}_{j}")
        for a, i in enumerate(names)
        for b, j in enumerate(names)
        if "JVS".index(j) <= "JVS".index(i)
    ]
    return LinearFlow(names, (), tuple(chosen), tuple(outputs), ())


def backwards(*names: str, minus: str = "") -> Any:
    """Adjoints through the transposed propagator."""
    return at_once(
        **{
            f"lam_{j}": " + ".join(
                f"{minus}P_{i}_{j}*lam_{i}" for i in names if "JVS".index(j) <= "JVS".index(i)
            )
            for j in names
        }
    )


def kernels() -> list[Any]:
    dt = sympy.Symbol("dt", real=True)
    rest = sympy.Symbol("rest", real=True)
    lams = "lam_V lam_J"
    return [
        kernel(
            "begin_out", "population all", variables("S goal lam_S lam_V lam_J error"),
            set_("lam_S", "S - goal"), set_("lam_V", "0*S"), set_("lam_J", "0*S"),
            set_("error", "(S - goal)**2/2"),
        ),
        kernel(
            "begin_hidden", "population all", variables(f"V {lams}"),
            set_("lam_V", "0*V"), set_("lam_J", "0*V"),
        ),
        kernel(
            "back_out", "population all", variables("lam_S lam_V lam_J", "tau tau_s"),
            flow("S", "V", "J").over(dt), backwards("S", "V", "J"),
        ),
        kernel(
            "back_hidden", "population all", variables(lams, "tau tau_s"),
            flow("V", "J").over(dt), backwards("V", "J"),
        ),
        kernel(
            "undo_spike", "population spiking",
            variables(f"{lams} {' '.join(CARRIED)} back_J back_V back_S", "tau tau_s"),
            flow("V", "J").over(rest),
            backwards("V", "J"),
            set_("price_J", "f_J*back_J + f_V*back_V + f_S*back_S"),
            set_("price_V", "exp(-rest/tau)*back_V + tau*(1 - exp(-rest/tau))*back_S"),
            set_("price", "price_J/tau_s - price_V/tau"),
            set_("lam_V", "(lam_V*J_spike/tau - price)/((J_spike - 1)/tau)"),
            flow("V", "J", minus="U").over(-rest),
            backwards("V", "J", minus="U"),
        ),
        kernel(
            "no_gradient", "synapses all", variables("weight gradient"),
            set_("gradient", "0*weight"),
        ),
        kernel(
            "descend", "synapses all", variables("weight gradient", "rate"),
            set_("weight", "weight - rate*gradient"), set_("gradient", "0*weight"),
        ),
    ]  # fmt: skip


BACK = Loop(
    "steps",
    (
        Call("undo_spike", "hidden", "spiking"),
        Call("back_hidden", "hidden"),
        Call("back_out", "out"),
        Gather("w_out", "lam_J", "back_J", "lam_J", "gradient", factor="f_J"),
        Gather("w_out", "lam_V", "back_V", "lam_V", "gradient", factor="f_V"),
        Gather("w_out", "lam_S", "back_S", "lam_S", "gradient", factor="f_S"),
        Gather("w_in", gradient_of="lam_J", gradient="gradient"),
        Gather("w_in", gradient_of="lam_J", gradient="weighted", weighted=True),
    ),
    direction=-1,
)
LOSS: tuple[Op, ...] = (
    Call("begin_out", "out"), Call("begin_hidden", "hidden"),
    Reduce("out", "sum", "loss", "error"), Exchange(),
)  # fmt: skip
FORWARD = Loop("steps", (Simulated(),), count=STEPS)


def eventprop(key: str = "eventprop by hand", room: int = 4000) -> Extension:
    goal = Present("goals", "out", "goal")
    one = Loop("batches", (Restart(), goal, FORWARD, *LOSS))
    both = Loop(
        "batches",
        (
            Restart(),
            goal,
            Call("no_gradient", "w_in"),
            Call("no_gradient", "w_out"),
            FORWARD,
            *LOSS,
            BACK,
        ),
    )
    batch = (
        Loop("batches", (Restart(), goal, FORWARD, *LOSS, BACK), count=2),
        Loop("batches", tuple(Combine(w, "gradient", into="first") for w in ("w_in", "w_out"))),
    )
    step = (Call("descend", "w_in"), Call("descend", "w_out"))
    shared = Loop("epochs", (*batch, *(replace(loop, body=step) for loop in batch[1:])), count=5)
    descent = Loop(
        "epochs",
        (both, Call("descend", "w_in"), Call("descend", "w_out")),
        count=200,
        until=Until("loss", "<", 0.01),
    )
    return extension(
        key, kernels(),
        *added(
            out="goal lam_S lam_V lam_J error", hidden="lam_V lam_J back_J back_V back_S",
            w_in="gradient weighted", w_out="gradient", network="loss rate=0.00002",
        ),
        schedules=dict(
            loss=Schedule((one,)), gradient=Schedule((both,)), batch=Schedule(batch),
            epochs=Schedule((shared,)),
            descent=Schedule((descent,)),
        ),
        spikes=(
            SpikeRecord("hidden", room, tuple((n, n) for n in CARRIED)),
            SpikeRecord("in", 40),
        ),
    )  # fmt: skip
