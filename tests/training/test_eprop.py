"""e-prop, as a cut in a surrogate backward pass, against explicit eligibility traces."""

from __future__ import annotations

import numpy as np
import pytest
from eprop_by_hand import Layers, eprop
from training_networks import Samples

import pygenn_lite as pg
from pygenn_lite.errors import ArgumentError, UnsupportedFeatureError
from pygenn_lite.runtime.training.session import TrainingSession

STEPS, INPUTS, HIDDEN, OUT = 60, 8, 10, 3
GROUPS = ("w_in", "w_rec", "w_out")


def network() -> pg.Network:
    net = pg.Network(dt=1.0, seed=5)
    source = net.spike_source("source", INPUTS, [1.0], [0])
    lif = pg.NeuronModel(
        "dV/dt = (-V + I)/tau", threshold="V > 1", reset="V = 0", parameters={"tau": 20.0}
    )
    hidden = net.population("hidden", HIDDEN, lif)
    leaky = pg.NeuronModel("dV/dt = (-V + I)/tau", parameters={"tau": 30.0})
    out = net.population("out", OUT, leaky)
    psc = pg.ExponentialCurrent(5.0)
    net.connect(
        source, hidden, psc, pg.AllToAll(), weight=pg.Normal(3.0, 2.0), delay=1.0, name="w_in"
    )
    net.connect(
        hidden, hidden, psc, pg.AllToAll(), weight=pg.Normal(0.0, 1.0), delay=1.0, name="w_rec"
    )
    net.connect(
        hidden, out, psc, pg.AllToAll(), weight=pg.Normal(0.0, 1.0), delay=1.0, name="w_out"
    )
    return net


def data() -> Samples:
    array = np.random.default_rng(3).random((4, STEPS, INPUTS)) < 0.1
    return Samples(array.astype(np.uint8), np.array([0, 1, 2, 1]))


def psi(u: np.ndarray) -> np.ndarray:
    return 1 / (1 + 10.0 * np.abs(u)) ** 2


def session(gradient: object = "surrogate", **options: object) -> TrainingSession:
    return TrainingSession(
        network(), loss=pg.losses.CrossEntropy("out.V"), steps=STEPS, batch=4, gradient=gradient,
        surrogate=pg.surrogates.superspike(10.0), precision="float64", **options,
    )  # fmt: skip


def by_hand(made: TrainingSession, feedback: np.ndarray) -> dict[str, np.ndarray]:
    w = {name: made.parameters[f"groups.{name}.weight"] for name in GROUPS}
    layers = Layers(w["w_in"], w["w_rec"], w["w_out"], feedback)
    all_samples = data()
    sums = dict.fromkeys(GROUPS, 0.0)
    for array, label in zip(all_samples.array, all_samples.labels, strict=True):
        arriving = np.roll(array, 1, axis=0)  # a spike of step s arrives in step s + 1
        arriving[0] = 0
        gradients, _ = eprop(layers, arriving.astype(float), label, psi)
        for name in GROUPS:
            sums[name] = sums[name] + gradients[name] / len(all_samples)
    return sums


def check(made: TrainingSession, feedback: np.ndarray) -> None:
    made.run(made.stage(data()))
    wanted = by_hand(made, feedback)
    for name in GROUPS:
        found = made.gradients[f"groups.{name}.weight"]
        assert np.abs(wanted[name]).max() > 1e-3
        assert np.allclose(found, wanted[name], rtol=1e-9, atol=1e-12 * np.abs(wanted[name]).max())


def test_symmetric_eprop_is_what_eligibility_traces_give() -> None:
    made = session(pg.EProp("symmetric"))
    check(made, made.parameters["groups.w_out.weight"])


def test_random_feedback_is_what_eligibility_traces_give() -> None:
    gradient = pg.EProp("random", std=0.7, seed=4)
    made = session(gradient)
    weights = made.parameters["groups.w_out.weight"]
    feedback = gradient.feedback_weights("w_out", weights)
    assert not np.allclose(feedback, weights)
    assert feedback.std() == pytest.approx(0.7, rel=0.4)
    check(made, feedback)
    assert (made.state()["feedback/w_out"] == feedback).all()


def test_adaptive_feedback_gets_the_updates_of_the_weights_and_becomes_like_them() -> None:
    adam = pg.optimisers.AdamW(0.05, weight_decay=1.0, clip_norm=1e-3)
    made = session(pg.EProp("adaptive"), optimiser=adam)
    staged = made.stage(data())

    def both() -> tuple[np.ndarray, np.ndarray]:
        state = made.state()
        return state["value/groups.w_out.weight"], state["feedback/w_out"]

    weights, feedback = both()
    before = np.abs(weights - feedback)
    for number in range(1, 4):
        outcome = made.run(staged)
        squares = [np.sum(g**2) for g in made.gradients.values()]  # not counted twice
        assert outcome.norms[0] == pytest.approx(np.sqrt(sum(squares)), rel=1e-12)
        new_weights, new_feedback = both()
        change = new_feedback - 0.95 * feedback  # what is left after 5 % of decay
        assert np.allclose(new_weights - 0.95 * weights, change, rtol=1e-9, atol=1e-12)
        assert np.allclose(np.abs(new_weights - new_feedback), 0.95**number * before)
        weights, feedback = new_weights, new_feedback


def test_training_by_eprop_resumes_bit_for_bit() -> None:
    made = session(pg.EProp("adaptive", seed=1), optimiser=pg.optimisers.Adam(0.01))
    staged = made.stage(data())
    made.run(staged)
    kept = made.state()
    made.run(staged)
    wanted = made.state()
    other = session(pg.EProp("adaptive", seed=2), optimiser=pg.optimisers.Adam(0.01))
    other.restore(kept)
    other.run(other.stage(data()))
    found = other.state()
    assert sorted(found) == sorted(wanted)
    assert all((found[name] == wanted[name]).all() for name in wanted)


def test_a_population_without_a_learning_signal_is_refused_by_name() -> None:
    net = network()
    deep = net.population("deep", 4, net.populations["hidden"].model)
    psc = pg.ExponentialCurrent(5.0)
    net.connect("source", deep, psc, pg.AllToAll(), weight=1.0, name="w_deep")
    net.connect(deep, "hidden", psc, pg.AllToAll(), weight=1.0, name="w_up")
    with pytest.raises(UnsupportedFeatureError, match="no learning signal for population 'deep'"):
        TrainingSession(net, loss=pg.losses.CrossEntropy("out.V"), steps=STEPS, gradient=pg.EProp())
    with pytest.raises(ArgumentError, match="feedback = 'mirrored'"):
        pg.EProp("mirrored")


def test_groups_whose_names_end_alike_have_feedback_of_their_own() -> None:
    weights = np.ones((4, 3))
    first, second = (
        pg.EProp("random").feedback_weights(f"{name}_to_read_out", weights) for name in ("a", "b")
    )
    assert np.all(first != second)
