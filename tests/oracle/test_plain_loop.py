"""A network with all that can meet at one time, against a plain loop over docs/time.md."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from helpers_oracle import both

import pygenn_lite as pg

pytestmark = pytest.mark.usefixtures("backend")

DT, STEPS, N, M = 0.1, 300, 12, 20
TAU, V_TH, V_R = 8.0, 1.0, 0.0
TAU_X, TAU_Y, A_PLUS, A_MINUS, W_MAX = 12.0, 15.0, 0.02, 0.025, 1.0
U, TAU_REC, TAU_FACIL = 0.3, 25.0, 10.0


class Inputs:
    """What both are given: trains with several spikes in a step, pairs, delays, weights."""

    def __init__(self, seed, refractory):
        rng = np.random.default_rng(seed)
        steps, neurons = rng.integers(0, STEPS, 500), rng.integers(0, N, 500)
        copies = rng.choice([1, 1, 1, 2, 3], 500)
        self.steps, self.neurons = np.repeat(steps, copies), np.repeat(neurons, copies)
        self.refractory = refractory
        self.start = rng.uniform(0, 0.9, M)
        # Of the source: plastic, short-term; of the cells: plastic and (negative) static ones.
        self.groups = {
            "learning": self.pairs(rng, N, 90, 0.1, 0.5),
            "tiring": self.pairs(rng, N, 90, 0.2, 0.9),
            "recurrent": self.pairs(rng, M, 60, 0.1, 0.5),
            "inhibition": self.pairs(rng, M, 60, -0.6, -0.1),
        }

    @staticmethod
    def pairs(rng, n, count, low, high):
        pre, post, delay = (rng.integers(a, b, count) for a, b in ((0, n), (0, M), (1, 15)))
        order = np.lexsort((delay, post, pre))
        return pre[order], post[order], delay[order], rng.uniform(low, high, count)


def declared(given):
    net = pg.Network(dt=DT)
    source = net.spike_source("source", N, given.steps * DT, given.neurons)
    lif = pg.NeuronModel(
        "dV/dt = -V/tau", threshold="V > 1", reset="V = 0", refractory="r",
        parameters=dict(tau=TAU, r=given.refractory * DT),
    )  # fmt: skip
    cells = net.population("cells", M, lif, initial=dict(V=given.start))
    stdp = pg.PairSTDP(
        pg.Delta(), A_plus=A_PLUS, A_minus=A_MINUS, tau_plus=TAU_X, tau_minus=TAU_Y, w_max=W_MAX
    )
    tiring = pg.TsodyksMarkram(pg.Delta(), U=U, tau_rec=TAU_REC, tau_facil=TAU_FACIL)
    for (name, (pre, post, delay, weight)), origin, model in zip(
        given.groups.items(),
        (source, source, cells, cells),
        (stdp, tiring, stdp, pg.Delta()),
        strict=True,
    ):
        net.connect(
            origin, cells, model, pg.PairList(pre, post), weight=weight, delay=delay * DT, name=name
        )
    return net


def by_hand(given):
    """Spikes of the cells and weights of the plastic groups, one event after another."""
    V, left = given.start.copy(), np.zeros(M, int)
    y = np.zeros(M)
    x = {"source": np.zeros(N), "cells": np.zeros(M)}
    u, resources = np.zeros(N), np.ones(N)
    weights = {name: group[3].copy() for name, group in given.groups.items()}
    past = {"source": [], "cells": []}  # the pre trace at each step, as on_post sees it
    due = defaultdict(list)  # arrival step -> group, synapse, what it carries
    spikes, last = [], np.empty(0, int)

    def depart(origin, neuron, step, released):
        for name in ("learning", "tiring") if origin == "source" else ("recurrent", "inhibition"):
            pre, _, delay, _ = given.groups[name]
            for k in np.flatnonzero(pre == neuron):
                due[step + delay[k]].append((name, k, released))

    def train(step):
        for neuron in np.sort(given.neurons[given.steps == step]):
            x["source"][neuron] += 1
            u[neuron] += U * (1 - u[neuron])
            released = u[neuron] * resources[neuron]
            resources[neuron] -= released
            depart("source", neuron, step, released)

    train(0)
    for step in range(STEPS):
        for origin, values in x.items():
            past[origin].append(values.copy())
        for neuron in last:  # postsynaptic spikes at this step
            for name, origin in (("learning", "source"), ("recurrent", "cells")):
                pre, post, delay, _ = given.groups[name]
                for k in np.flatnonzero(post == neuron):
                    seen = past[origin][step - delay[k]][pre[k]] if step >= delay[k] else 0.0
                    grown = weights[name][k] + A_PLUS * seen * W_MAX
                    weights[name][k] = np.clip(grown, 0, W_MAX)
        y[last] += 1
        # to the end of the step
        V = np.where(left == 0, V * np.exp(-DT / TAU), V)
        y *= np.exp(-DT / TAU_Y)
        for values in x.values():
            values *= np.exp(-DT / TAU_X)
        u *= np.exp(-DT / TAU_FACIL)
        resources = 1 - (1 - resources) * np.exp(-DT / TAU_REC)
        jumps = np.zeros(M)
        for name, k, released in due.pop(step + 1, ()):
            target = given.groups[name][1][k]
            factor = released if name == "tiring" else 1.0
            jumps[target] += weights[name][k] * factor
            if name in ("learning", "recurrent"):
                fallen = weights[name][k] - A_MINUS * y[target] * W_MAX
                weights[name][k] = np.clip(fallen, 0, W_MAX)
        left = np.maximum(left - 1, 0)
        V = np.where(left == 0, V + jumps, V)
        last = np.flatnonzero((V > V_TH) & (left == 0))
        V[last], left[last] = V_R, given.refractory
        x["cells"][last] += 1
        for neuron in last:
            depart("cells", neuron, step + 1, 1.0)
        spikes += [(step + 1, int(neuron)) for neuron in last]
        train(step + 1)
    return spikes, weights


@pytest.mark.parametrize("refractory", [0, 1, 12])
def test_compiled_code_and_interpreter_do_what_a_plain_loop_does(refractory):
    given = Inputs(refractory, refractory)
    run = both(declared(given), STEPS, threads=2)
    spikes, weights = by_hand(given)
    assert len(spikes) > 100
    assert list(zip(*(part.tolist() for part in run.spikes["cells"]), strict=True)) == spikes
    for name in ("learning", "recurrent"):
        np.testing.assert_allclose(run.synapses[name]["weight"], weights[name], rtol=1e-10)
        assert np.abs(weights[name] - given.groups[name][3]).max() > 0.05
