"""A backward pass through every step, with the threshold's derivative replaced by a smooth one: the
same as plain back-propagation through time in NumPy. States are kept in every step, or every few
steps and computed again between."""

from __future__ import annotations

import numpy as np
import pytest
from helpers_programs import added, at_once, compiled, extension, kernel, set_, variables

import pygenn_lite as pg
from pygenn_lite.codegen.program.extension import SpikeRecord, StateRecord
from pygenn_lite.codegen.program.extension_ops import (
    Gather,
    Keep,
    Recall,
    Redeliver,
    Restart,
    Simulated,
)
from pygenn_lite.codegen.program.schedule import Call, Loop, Schedule

pytestmark = pytest.mark.schedules("gradients")

ALPHA, BETA, STEPS, DELAY, BLOCK = 0.9, 0.8, 50, 2, 8
N_IN, N_HIDDEN, N_OUT = 4, 90, 3
GOAL = np.array([1.0, -2.0, 0.5])

HIDDEN = pg.NeuronModel(
    update=["before = alpha*V + J", "V = before", "J = 0*J"],
    threshold="V > 1",
    reset="V = V - 1",
    parameters=dict(alpha=ALPHA),
    inputs=(),
)
OUT = pg.NeuronModel(update=["U = beta*U + J", "J = 0*J"], parameters=dict(beta=BETA), inputs=())
ADD = pg.SynapseModel(on_pre="J_post += weight")


def network():
    rng = np.random.default_rng(8)
    net = pg.Network(dt=1.0, seed=1)
    times, neurons = np.nonzero(rng.uniform(size=(STEPS, N_IN)) < 0.3)
    net.spike_source("in", N_IN, times + 0.0, neurons)
    net.population("hidden", N_HIDDEN, HIDDEN)
    net.population("out", N_OUT, OUT)
    w_in, w_out = rng.normal(0.4, 0.3, (N_IN, N_HIDDEN)), rng.normal(0, 0.2, (N_HIDDEN, N_OUT))
    net.connect("in", "hidden", ADD, pg.AllToAll(), weight=w_in, delay=1.0, name="w_in")
    net.connect("hidden", "out", ADD, pg.AllToAll(), weight=w_out, delay=float(DELAY), name="w_out")
    raster = np.zeros((STEPS + 1, N_IN))
    raster[times, neurons] = 1.0
    return net, raster, w_in, w_out


def in_numpy(raster, w_in, w_out):
    """Gradients by w_in and w_out of half the squared distance of the last U from its goal."""
    V, U = np.zeros(N_HIDDEN), np.zeros(N_OUT)
    before, spikes = np.zeros((STEPS + 1, N_HIDDEN)), np.zeros((STEPS + 1, N_HIDDEN))
    for n in range(STEPS):
        sent = spikes[n - DELAY] if n >= DELAY else np.zeros(N_HIDDEN)
        U = BETA * U + sent @ w_out
        before[n + 1] = ALPHA * V + (raster[n - 1] @ w_in if n else 0.0)
        spikes[n + 1] = before[n + 1] > 1
        V = before[n + 1] - spikes[n + 1]
    d_in, d_out = np.zeros_like(w_in), np.zeros_like(w_out)
    at_arrival = np.zeros((STEPS + DELAY + 1, N_OUT))  # derivative by what arrives at a step
    lam_U, lam_V = U - GOAL, np.zeros(N_HIDDEN)
    for n in reversed(range(STEPS)):
        # By the spikes at n + 1, then by V before them.
        by_spikes = at_arrival[n + 1 + DELAY] @ w_out.T
        lam_V = lam_V + by_spikes / (1 + 5 * np.abs(before[n + 1] - 1)) ** 2
        at_arrival[n] = lam_U
        if n:
            d_in += np.outer(raster[n - 1], lam_V)
        if n >= DELAY:
            d_out += np.outer(spikes[n - DELAY], lam_U)
        lam_U, lam_V = BETA * lam_U, ALPHA * lam_V
    return d_in, d_out, spikes


def kernels():
    return [
        kernel("begin", "population all", variables("U lam goal"), set_("lam", "U - goal")),
        kernel(
            "back_hidden", "population all", variables("lam lam_J past back", "alpha"),
            set_("lam_J", "lam + back/(1 + 5*abs(past - 1))**2"), set_("lam", "alpha*lam_J"),
        ),
        # What arrives at t_n has the weight lam as it is at t_{n+1}.
        kernel(
            "back_out", "population all", variables("lam lam_J", "beta"),
            at_once(lam_J="lam", lam="beta*lam"),
        ),
        kernel(
            "again", "population all", variables("V_again J_again past", "alpha"),
            set_("past", "alpha*V_again + J_again"),
            set_("V_again", "where(past > 1, past - 1, past)"), set_("J_again", "0*past"),
        ),
    ]  # fmt: skip


BACK = (
    Call("back_hidden", "hidden"),
    Call("back_out", "out"),
    Gather("w_out", "lam_J", "back", of_all=True),
    Gather("w_out", gradient_of="lam_J", gradient="gradient"),
    Gather("w_in", gradient_of="lam_J", gradient="gradient"),
)
VARIABLES = added(
    hidden="lam lam_J past back V_again J_again", out="lam lam_J goal",
    w_in="gradient", w_out="gradient",
)  # fmt: skip


def every_step():
    kept = Keep("hidden", ("before",), "states")
    forward = Loop("steps", (Simulated(), kept), count=STEPS)
    back = Loop("steps", (Recall("hidden", ("past",), "states"), *BACK), direction=-1)
    schedule = Loop("batches", (Restart(), forward, Call("begin", "out"), back))
    return schedule, (StateRecord("states", "hidden", 1, STEPS),)


def every_few_steps():
    kept = Keep("hidden", ("V",), "checkpoints", every=BLOCK)
    forward = Loop("steps", (kept, Simulated()), count=STEPS)
    again = Loop(
        "steps",
        (
            Recall("hidden", ("V_again",), "checkpoints", every=BLOCK),
            Redeliver("w_in", "J_again"),
            Call("again", "hidden"),
            Keep("hidden", ("past",), "block"),
        ),
    )
    back = Loop("steps", (Recall("hidden", ("past",), "block"), *BACK), direction=-1)
    blocks = Loop("blocks", (again, back), direction=-1, size=BLOCK)
    schedule = Loop("batches", (Restart(), forward, Call("begin", "out"), blocks))
    records = (
        StateRecord("checkpoints", "hidden", 1, -(-STEPS // BLOCK), every=BLOCK),
        StateRecord("block", "hidden", 1, BLOCK),
    )
    return schedule, records


@pytest.mark.parametrize("made", [every_step, every_few_steps])
def test_surrogate_gradients_are_those_of_back_propagation_through_time(backend, made):
    schedule, records = made()
    ext = extension(
        made.__name__, kernels(), *VARIABLES,
        schedules=dict(gradient=Schedule((schedule,))), states=records,
        spikes=(SpikeRecord("in", 200), SpikeRecord("hidden", STEPS * N_HIDDEN)),
    )  # fmt: skip
    net, raster, w_in, w_out = network()
    d_in, d_out, spikes = in_numpy(raster, w_in, w_out)
    assert spikes.sum() > 200
    found = []
    for threads in (1, 2) if backend == "cpp" else (1,):
        sim = compiled(net, ext, backend, threads=threads)
        programs = sim._device.programs
        programs.write(0, "out", "goal", GOAL)
        sim._run_schedule("gradient")
        assert sim._device.instances[0].spike_totals()[1] == spikes.sum()
        found.append([programs.read(0, group, "gradient") for group in ("w_in", "w_out")])
    for one, expected in zip(found[0], (d_in, d_out), strict=True):
        np.testing.assert_allclose(one.reshape(expected.shape), expected, rtol=1e-8, atol=1e-9)
    for one, other in zip(found[0], found[-1], strict=True):
        np.testing.assert_array_equal(one, other)
