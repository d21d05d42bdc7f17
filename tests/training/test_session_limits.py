"""Constraints and quantised weights in a training session: what the network reads is what is
promised, and what is simulated afterwards is what was trained."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from training_networks import STEPS, layers, samples

import pygenn_lite as pg
from pygenn_lite.errors import ArgumentError
from pygenn_lite.runtime.training.session import TrainingSession

W_IN, W_OUT = "groups.w_in.weight", "groups.w_out.weight"
C = pg.constraints


def session(
    constraints: Any = None, net: pg.Network | None = None, **options: Any
) -> TrainingSession:
    given = {"optimiser": pg.optimisers.Adam(20.0), **options}
    return TrainingSession(
        net or layers(), loss=pg.losses.CrossEntropy("out.V"), steps=STEPS, batch=20,
        constraints=constraints, **given,
    )  # fmt: skip


def test_signs_bounds_frozen_parts_and_norms_hold_while_training() -> None:
    frozen = np.zeros((12, 3), bool)
    frozen[:4] = True
    made = session(
        {W_IN: [C.Sign(), C.Norm(700.0)], "*w_out*": [C.Frozen(frozen), C.Bounds(-50, 60)]}
    )
    start = {path: made.parameters[path] for path in (W_IN, W_OUT)}
    assert np.linalg.norm(layers_weights(), axis=0).max() > 700  # it has something to do
    for _ in range(5):
        made.run(made.stage(samples()))
    w_in, w_out = made.parameters[W_IN], made.parameters[W_OUT]
    assert (w_in * np.sign(start[W_IN]) >= 0).all()
    assert (w_in == 0).any() and (w_in != start[W_IN]).any()
    assert (np.linalg.norm(w_in.astype(float), axis=0) < 700.001).all()
    assert (w_out[:4] == start[W_OUT][:4]).all()
    assert (w_out[4:] != start[W_OUT][4:]).any()
    assert w_out[4:].min() >= -50 and w_out[4:].max() <= 60


def layers_weights() -> np.ndarray:
    return session().parameters[W_IN]


def test_dale_s_principle_holds_in_sparse_groups() -> None:
    net = layers()
    sparse = pg.FixedProbability(0.4)
    net.connect("hidden", "hidden", pg.ExponentialCurrent(5.0), sparse, weight=40.0, name="w_rec")
    made = session({"*w_rec*": C.Dale()}, net, optimiser=pg.optimisers.Adam(30.0))
    before = made.parameters["groups.w_rec.weight"]
    assert before.ndim == 1
    for _ in range(4):
        made.run(made.stage(samples()))
    after = made.parameters["groups.w_rec.weight"]
    assert (after != before).any()
    assert (after >= 0).all() and (after == 0).any()


@pytest.mark.parametrize("per", ["array", "row"])
def test_the_network_reads_rounded_weights_and_learns_those_behind(per: str) -> None:
    adam = pg.optimisers.Adam(5.0)
    made = session({"groups.*.weight": C.Quantised(5, per)}, optimiser=adam)
    plain = session(None, optimiser=adam)
    data = made.stage(samples())
    for path in (W_IN, W_OUT):
        plain.set(path, pg.quantise(made.parameters[path], 5, per).values)
    first, wanted = made.run(data, train=False), plain.run(plain.stage(samples()), train=False)
    assert (first.losses == wanted.losses).all()
    made.run(data, np.arange(20))
    plain.run(plain.stage(samples()), np.arange(20))
    for path in (W_IN, W_OUT):  # the gradient of what is read goes straight through
        assert (made.gradients[path] == plain.gradients[path]).all()
    before = first.loss
    for _ in range(40):
        made.run(data)
    assert made.run(data, train=False).loss < 0.9 * before
    master = made.parameters[W_IN]
    levels = pg.quantise(master, 5, per)
    assert len(np.unique(levels.integers)) <= 31
    assert not (master == levels.values).all()
    trained = made.trained_network()
    again = session(None, trained)
    assert (again.parameters[W_IN] == levels.values).all()
    assert (again.run(again.stage(samples()), train=False).losses
            == made.run(data, train=False).losses).all()  # fmt: skip


def test_quantised_training_resumes_bit_for_bit() -> None:
    made = session({W_IN: C.Quantised(4)})
    data = made.stage(samples())
    made.run(data)
    kept = made.state()
    made.run(data)
    wanted = made.parameters[W_IN]
    other = session({W_IN: C.Quantised(4)})
    other.restore(kept)
    other.run(other.stage(samples()))
    assert (other.parameters[W_IN] == wanted).all()


def test_constraints_that_cannot_hold_are_refused_before_anything_runs() -> None:
    with pytest.raises(ArgumentError, match=r"constraints of '\*tau\*', which is not trained"):
        session({"*tau*": C.Bounds(1.0, 2.0)})
    with pytest.raises(ArgumentError, match="there is no optimiser"):
        session({W_IN: C.Sign()}, optimiser=None)
    with pytest.raises(ArgumentError, match="only weights are quantised"):
        session({"*": C.Quantised(8)}, trainable="populations.*.initial.V")
    with pytest.raises(ArgumentError, match=r"write constraints=\{"):
        session([C.Sign()])


def test_cards_keep_limits_and_read_rounded_weights_to_the_same_bits() -> None:
    constraints = {W_IN: [C.Sign(), C.Norm(700.0)], W_OUT: C.Quantised(4)}
    found = []
    for where in ({"backend": "cpp"}, {"backend": "cuda", "driver": "emulator"}):
        made = session(constraints, **where)
        data = made.stage(samples(6))
        losses = [made.run(data, train=False).losses, made.run(data).losses]
        losses.append(made.run(data, train=False).losses)
        found.append((losses, made.state()))
    for one, other in zip(found[0][0], found[1][0], strict=True):
        assert (one == other).all()
    assert all((found[0][1][name] == value).all() for name, value in found[1][1].items())
