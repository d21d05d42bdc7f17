"""Sparse groups that choose their synapses while a session trains them."""

from __future__ import annotations

import signal
from typing import Any

import numpy as np
import pytest
from training_networks import STEPS, samples

import pygenn_lite as pg
from pygenn_lite.errors import ArgumentError, CheckpointError
from pygenn_lite.runtime.training.session import TrainingSession

W_IN = "groups.w_in.weight"


def network(connectivity: pg.Connectivity | None = None) -> pg.Network:
    net = pg.Network(dt=1.0, seed=3)
    source = net.spike_source("source", 9, [1.0], [0])
    hidden = net.population("hidden", 12, pg.LIF())
    out = net.population("out", 3, pg.LIF(V_th=1e6))
    psc = pg.ExponentialCurrent(5.0)
    sparse = connectivity or pg.FixedProbability(0.4)
    net.connect(source, hidden, psc, sparse, weight=pg.Normal(400.0, 250.0), name="w_in")
    net.connect(hidden, out, psc, pg.AllToAll(), weight=pg.Normal(0.0, 60.0), name="w_out")
    return net


def session(net: pg.Network | None = None, **options: Any) -> TrainingSession:
    given = {"optimiser": pg.optimisers.Adam(40.0), **options}
    return TrainingSession(
        net or network(), loss=pg.losses.CrossEntropy("out.V"), steps=STEPS, batch=20, **given
    )


def ends(made: TrainingSession) -> tuple[np.ndarray, np.ndarray]:
    state = made.state()
    return state["sources/w_in"], state["targets/w_in"]


def test_synapses_move_and_the_network_afterwards_is_the_one_that_was_trained() -> None:
    rewiring = pg.DeepRewiring("w_in", every=2, seed=1)
    made = session(rewiring=rewiring, optimiser=pg.optimisers.Adam(20.0))
    before = ends(made)
    count = len(before[0])
    data = made.stage(samples())
    first = made.run(data, train=False).loss
    for _ in range(10):
        outcome = made.run(data)
    assert len(outcome.losses) == 60 and len(outcome.norms) == 3
    pre, post = ends(made)
    codes = pre * 12 + post
    assert len(codes) == count and (np.diff(codes) > 0).all()
    assert (codes != before[0] * 12 + before[1]).any()
    signs = made.state()["signs/w_in"]
    assert (made.parameters[W_IN] * signs >= 0).all()
    assert made.run(data, train=False).loss < first
    again = session(made.trained_network(), optimiser=None)
    assert (again.run(again.stage(samples())).losses == made.run(data, train=False).losses).all()


def test_rewired_training_resumes_bit_for_bit_and_does_not_depend_on_how_it_is_cut() -> None:
    rewiring = pg.DeepRewiring("w_in", every=2, noise=1.0, signs="source")
    made = session(rewiring=rewiring)
    data = made.stage(samples())
    order = np.tile(np.arange(60), 2)
    made.run(data, order[:60])
    kept = made.state()
    made.run(data, order[60:])
    wanted = made.state()
    other = session(rewiring=rewiring)
    other.restore(kept)
    other_data = other.stage(samples())
    for part in np.split(order[60:], 3):
        other.run(other_data, part)
    found = other.state()
    assert sorted(found) == sorted(wanted)
    assert all((found[name] == wanted[name]).all() for name in wanted)


def test_ctrl_c_while_synapses_are_exchanged_waits_until_they_are(monkeypatch) -> None:
    made = session(rewiring=pg.DeepRewiring("w_in", every=1))
    rewired = made._parts.rewired
    assert rewired is not None
    rewire = rewired.rewire

    def interrupted(updates: int) -> int:
        signal.raise_signal(signal.SIGINT)
        return rewire(updates)

    monkeypatch.setattr(rewired, "rewire", interrupted)
    outcome = made.run(made.stage(samples()))
    assert outcome.interrupted and len(outcome) == 20 and made.updates == 1


def test_synapses_that_lead_nowhere_are_refused_and_change_nothing() -> None:
    made = session(rewiring=pg.DeepRewiring("w_in"))
    start = made.state()
    for name, wrong in (("targets/w_in", 12), ("sources/w_in", -1), ("targets/w_in", 0)):
        with pytest.raises(CheckpointError, match=name):
            made.restore({**start, name: np.full_like(start[name], wrong)})
    assert all((made.state()[name] == start[name]).all() for name in start)


def test_groups_that_cannot_be_rewired_are_refused_by_name() -> None:
    with pytest.raises(ArgumentError, match="w_in cannot be rewired: it has a synapse for every"):
        session(network(pg.AllToAll()), rewiring=pg.DeepRewiring("w_in"))
    with pytest.raises(ArgumentError, match="no group 'v_*' has trained weights".replace("*", ".")):
        session(rewiring=pg.DeepRewiring("v_*"))
    with pytest.raises(ArgumentError, match="there is no optimiser"):
        session(rewiring=pg.DeepRewiring("w_in"), optimiser=None)
